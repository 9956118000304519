//! The store on disk: one redb file, one writer thread, several callers' changes in one commit.
//!
//! - A change is acknowledged after the fsync of its commit (`Durability::Immediate`), so that it
//!   survives `kill -9` and a power cut on a disk that keeps its word.
//! - Callers that arrive while a commit runs share the next one: the rate of durable changes grows
//!   with the number of callers instead of being bound by one fsync each.

use super::file::{FILE_NAME, damaged, inaccessible, open_file, unpanicked};
use super::record::{Change, Table, decode, encode};
use super::{Receipt, Store, StoreError};
use crate::registry::StoreWrite;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, TableError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Batches waiting for the writer; a caller beyond that waits for room.
const QUEUE_BATCHES: usize = 4_096;
/// Batches in one commit; bounds how long the first of them waits.
const COMMIT_BATCHES: usize = 1_024;
/// Told once whether a batch is durable.
type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Changes that are stored together.
struct Batch {
    changes: Vec<Change>,
    done: Done,
}

/// The open store. Dropping it writes what is queued and releases the file.
pub struct DiskStore {
    path: PathBuf,
    database: Arc<Database>,
    /// `None` only while being dropped.
    queue: Option<SyncSender<Batch>>,
    writer: Option<JoinHandle<()>>,
}

impl DiskStore {
    /// Opens `directory/facos.redb`; creates the directory and the file when they are missing.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory)
            .map_err(|error| inaccessible(directory, &error.to_string()))?;
        let path = directory.join(FILE_NAME);
        let database = Arc::new(unpanicked(&path, || open_file(&path))?);
        let (queue, waiting) = sync_channel(QUEUE_BATCHES);
        let written = Arc::clone(&database);
        let writer = std::thread::Builder::new()
            .name("facos-store".to_owned())
            .spawn(move || write_until_closed(&written, &waiting))
            .map_err(|error| inaccessible(&path, &error.to_string()))?;
        Ok(Self { path, database, queue: Some(queue), writer: Some(writer) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A batch that finds the writer gone is dropped with its `done`, which its caller notices.
    fn submit(&self, writes: &[StoreWrite], done: Done) {
        let batch = Batch { changes: writes.iter().map(encode).collect(), done };
        if let Some(queue) = &self.queue {
            let _ = queue.send(batch);
        }
    }
}

impl Store for DiskStore {
    fn begin(&self, writes: &[StoreWrite]) -> Receipt {
        if writes.is_empty() {
            return Receipt::nothing_to_wait_for();
        }
        let (done, receipt) = oneshot::channel();
        // A caller that went away does not make its change less durable.
        self.submit(writes, Box::new(move |result| drop(done.send(result))));
        Receipt::of_disk(receipt)
    }

    fn apply(&self, writes: &[StoreWrite]) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let (done, result) = sync_channel(1);
        self.submit(writes, Box::new(move |outcome| drop(done.send(outcome))));
        result.recv().unwrap_or(Err(StoreError::Closed))
    }

    fn load(&self) -> Result<Vec<StoreWrite>, StoreError> {
        unpanicked(&self.path, || {
            let mut writes = Vec::new();
            for table in Table::ALL {
                load_table(&self.path, &self.database, table, &mut writes)?;
            }
            Ok(writes)
        })
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told its callers by dropping their answers.
            let _ = writer.join();
        }
    }
}

impl std::fmt::Debug for DiskStore {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("DiskStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The writer thread: takes what waits, commits it at once, tells everybody.
fn write_until_closed(database: &Database, waiting: &Receiver<Batch>) {
    while let Ok(first) = waiting.recv() {
        let mut batches = vec![first];
        batches.extend(waiting.try_iter().take(COMMIT_BATCHES - 1));
        let result = commit(database, &batches)
            .map_err(|error| StoreError::NotStored { reason: error.to_string() });
        for batch in batches {
            (batch.done)(result.clone());
        }
    }
}

/// One transaction: the changes in the order of the batches, table by table.
fn commit(database: &Database, batches: &[Batch]) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    for table in Table::ALL {
        let mut changes = batches
            .iter()
            .flat_map(|batch| &batch.changes)
            .filter(|change| change.table == table)
            .peekable();
        if changes.peek().is_none() {
            continue;
        }
        let mut stored = transaction.open_table(definition(table))?;
        for change in changes {
            match &change.value {
                Some(value) => drop(stored.insert(change.key.as_str(), value.as_str())?),
                None => drop(stored.remove(change.key.as_str())?),
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

fn load_table(
    path: &Path,
    database: &Database,
    table: Table,
    writes: &mut Vec<StoreWrite>,
) -> Result<(), StoreError> {
    let broken = |error: redb::Error| damaged(path, &error.to_string());
    let transaction = database.begin_read().map_err(|error| broken(error.into()))?;
    let stored = match transaction.open_table(definition(table)) {
        Ok(stored) => stored,
        Err(TableError::TableDoesNotExist(_)) => return Ok(()),
        Err(error) => return Err(broken(error.into())),
    };
    for entry in stored.iter().map_err(|error| broken(error.into()))? {
        let (key, value) = entry.map_err(|error| broken(error.into()))?;
        let write = decode(table, key.value(), value.value()).map_err(|error| {
            damaged(path, &format!("{} {}: {error}", table.name(), key.value()))
        })?;
        writes.push(write);
    }
    Ok(())
}

fn definition(table: Table) -> TableDefinition<'static, &'static str, &'static str> {
    TableDefinition::new(table.name())
}
