//! What survives a restart: persistent instances, service settings, operators' records, switches.
//!
//! Nacos keeps them below `~/nacos/data` through raft (`RaftStore` in 1.x, JRaft and Derby in 2.x);
//! a standalone 1.1.4, 1.2.1 or 2.0.2 shows a persistent instance again after a restart. facos
//! keeps them with `--data DIR` in one file, `DIR/facos.redb`, and without it in memory only.
//!
//! The node calls [`Store::begin`] while it holds the registry's lock, so that the file sees
//! changes in the order of the registry, and awaits the [`Receipt`] after it let go of the lock.
//! Ephemeral instances never come here: they live by their beats.

mod console;
mod disk;
mod error;
mod file;
mod form;
mod guard;
mod record;

pub use disk::DiskStore;
pub use error::StoreError;
pub use file::{FILE_NAME, SCHEMA};

use crate::model::Refusal;
use crate::registry::StoreWrite;
use tokio::sync::oneshot;

/// Durable state behind one node.
pub trait Store: Send + Sync {
    /// Queues changes; the receipt says when they are durable. Returns at once while the queue has
    /// room. Batches become durable in the order of the calls, each whole or not at all.
    fn begin(&self, writes: &[StoreWrite]) -> Receipt;

    /// Makes changes durable and returns then. Blocks for at least one fsync: never to be called
    /// on a thread that serves sockets, nor under a lock that such a thread wants.
    fn apply(&self, writes: &[StoreWrite]) -> Result<(), StoreError>;

    /// Everything stored, each entry as the write that made it: switches first, then services,
    /// then instances, then records. Blocks.
    fn load(&self) -> Result<Vec<StoreWrite>, StoreError>;
}

/// The promise of a queued change. A caller is answered only after [`Receipt::durable`].
#[must_use = "an answer must not be sent before the change is durable"]
#[derive(Debug)]
pub struct Receipt(Promise);

/// What is waited for.
#[derive(Debug)]
enum Promise {
    Nothing,
    Disk(oneshot::Receiver<Result<(), StoreError>>),
    /// Other members, and then this node's own disk.
    Members(oneshot::Receiver<Result<Vec<Receipt>, Refusal>>),
}

/// Why a change was not made durable.
#[derive(Debug, thiserror::Error)]
pub enum Undone {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The members refused it.
    #[error(transparent)]
    Refused(Refusal),
}

impl Receipt {
    /// The receipt of something that needs no disk.
    pub fn nothing_to_wait_for() -> Self {
        Self(Promise::Nothing)
    }

    fn of_disk(answer: oneshot::Receiver<Result<(), StoreError>>) -> Self {
        Self(Promise::Disk(answer))
    }

    /// The receipt of what other members have to take, too: their answer brings the receipts of
    /// what was queued here.
    pub fn of_members(answer: oneshot::Receiver<Result<Vec<Receipt>, Refusal>>) -> Self {
        Self(Promise::Members(answer))
    }

    /// Whether the change may still be refused.
    pub fn may_be_refused(&self) -> bool {
        matches!(self.0, Promise::Members(_))
    }

    /// Waits until the change survives a crash, or says why it will not.
    ///
    /// # Errors
    /// The store failed, or the members refused it.
    pub async fn durable(self) -> Result<(), Undone> {
        match self.0 {
            Promise::Nothing => Ok(()),
            Promise::Disk(answer) => Ok(answer.await.unwrap_or(Err(StoreError::Closed))?),
            Promise::Members(answer) => {
                // Whoever would have answered has ended.
                let receipts = answer.await.unwrap_or(Err(Refusal::null_pointer()));
                for receipt in receipts.map_err(Undone::Refused)? {
                    Box::pin(receipt.durable()).await?;
                }
                Ok(())
            }
        }
    }
}

/// A node without `--data`: everything is in memory and nothing touches the disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl Store for NoStore {
    fn begin(&self, _writes: &[StoreWrite]) -> Receipt {
        Receipt::nothing_to_wait_for()
    }

    fn apply(&self, _writes: &[StoreWrite]) -> Result<(), StoreError> {
        Ok(())
    }

    fn load(&self) -> Result<Vec<StoreWrite>, StoreError> {
        Ok(Vec::new())
    }
}
