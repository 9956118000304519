//! The console and the configuration centre of a node: behind a lock of their own, so that nothing
//! of them ever waits with a beat.

use super::passwords::Passwords;
use super::store::{Receipt, Store, StoreError};
use crate::console::{Console, ConsoleEffect, PollId};
use crate::model::{AuthSettings, ConfigKey, Millis, Refusal};
use crate::registry::StoreWrite;
use crate::wire::jwt::Tokens;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// The console of one node.
pub struct Desk {
    state: Mutex<State>,
    store: Arc<dyn Store>,
    /// Computes passwords.
    pub passwords: Passwords,
    /// Makes and reads login tokens.
    pub tokens: Tokens,
    /// How callers are known.
    pub auth: AuthSettings,
}

struct State {
    console: Console,
    waiting: FxHashMap<PollId, oneshot::Sender<ConfigKey>>,
}

/// Whether a poll is answered at once.
pub enum Answered<T> {
    /// Yes, with this.
    Now(T),
    /// No: it is held until one of these configurations changes, but not longer than that.
    Held(Vec<ConfigKey>, Millis),
}

impl Desk {
    /// The console with what the store kept.
    pub fn open(
        now: Millis,
        cold_start: bool,
        store: Arc<dyn Store>,
        auth: AuthSettings,
    ) -> Result<Arc<Self>, StoreError> {
        let console = kept(now, cold_start, &*store)?;
        let state = Mutex::new(State { console, waiting: FxHashMap::default() });
        let tokens = Tokens::new(&auth.token_key);
        Ok(Arc::new(Self { state, store, passwords: Passwords::default(), tokens, auth }))
    }

    /// Forgets everything, and what the store kept of it. Who waits is answered.
    pub fn reset(&self, now: Millis) -> Result<(), StoreError> {
        let removals = self.store.load()?.into_iter().filter_map(|write| match write {
            StoreWrite::Console(write) => Some(StoreWrite::Console(write.removal())),
            _ => None,
        });
        self.store.apply(&removals.collect::<Vec<_>>())?;
        let console = kept(now, false, &*self.store)?;
        let mut state = self.state.lock();
        let mut polls = std::mem::take(&mut state.console.polls);
        let answers = polls.expire(Millis(u64::MAX)).into_iter().map(ConsoleEffect::Unchanged);
        let _ = self.run(&mut state, answers.collect());
        // A poll that ends late must not be taken for one that begins later.
        state.console = Console { polls, ..console };
        Ok(())
    }

    /// Runs an operation that changes nothing to be stored.
    pub fn read<T>(&self, operation: impl FnOnce(&mut Console) -> T) -> T {
        operation(&mut self.state.lock().console)
    }

    /// Runs an operation that changes something: its value, and the receipt of what must be
    /// durable before the caller is answered.
    pub fn change<T>(
        &self,
        operation: impl FnOnce(&mut Console) -> Result<(T, Vec<ConsoleEffect>), Refusal>,
    ) -> Result<(T, Option<Receipt>), Refusal> {
        let mut state = self.state.lock();
        let (value, effects) = operation(&mut state.console)?;
        Ok((value, self.run(&mut state, effects)))
    }

    /// Queues what must be durable, and answers those who wait.
    fn run(&self, state: &mut State, effects: Vec<ConsoleEffect>) -> Option<Receipt> {
        let mut writes = Vec::new();
        for effect in effects {
            match effect {
                ConsoleEffect::Store(write) => writes.push(StoreWrite::Console(write)),
                ConsoleEffect::Changed(poll, key) => {
                    if let Some(client) = state.waiting.remove(&poll) {
                        // A client that went away needs no answer.
                        let _ = client.send(key);
                    }
                }
                ConsoleEffect::Unchanged(poll) => drop(state.waiting.remove(&poll)),
            }
        }
        (!writes.is_empty()).then(|| self.store.begin(&writes))
    }

    /// Answers a poll or holds it for a client of this address; no change gets in between.
    pub fn poll<T>(
        self: &Arc<Self>,
        ip: &str,
        look: impl FnOnce(&mut Console) -> Answered<T>,
    ) -> Result<T, HeldPoll> {
        let mut state = self.state.lock();
        let (keys, due) = match look(&mut state.console) {
            Answered::Now(answer) => return Ok(answer),
            Answered::Held(keys, due) => (keys, due),
        };
        let id = state.console.polls.hold(keys, ip, due);
        let (client, answer) = oneshot::channel();
        state.waiting.insert(id, client);
        Err(HeldPoll { desk: self.clone(), id, due, answer })
    }

    /// Answers the polls whose time is over.
    pub(super) fn tick(&self, now: Millis) {
        let mut state = self.state.lock();
        let effects = state.console.tick(now);
        // Time stores nothing.
        let _ = self.run(&mut state, effects);
    }

    /// When the next poll's time is over.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        self.state.lock().console.polls.next_deadline()
    }
}

/// A console with what a store kept; what the schema brings along is stored.
fn kept(now: Millis, cold_start: bool, store: &dyn Store) -> Result<Console, StoreError> {
    let writes = store.load()?.into_iter().filter_map(|write| match write {
        StoreWrite::Console(write) => Some(write),
        _ => None,
    });
    let (console, effects) = Console::restored(now, cold_start, writes);
    let seeded = effects.into_iter().filter_map(|effect| match effect {
        ConsoleEffect::Store(write) => Some(StoreWrite::Console(write)),
        _ => None,
    });
    store.apply(&seeded.collect::<Vec<_>>())?;
    Ok(console)
}

/// A client that waits. Its end is the configuration that changed, or `None` when the time is
/// over; dropping it ends the wait.
pub struct HeldPoll {
    desk: Arc<Desk>,
    id: PollId,
    /// When its time is over.
    pub due: Millis,
    answer: oneshot::Receiver<ConfigKey>,
}

impl Future for HeldPoll {
    type Output = Option<ConfigKey>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map(Result::ok)
    }
}

impl Drop for HeldPoll {
    fn drop(&mut self) {
        let mut state = self.desk.state.lock();
        state.console.polls.forget(self.id);
        state.waiting.remove(&self.id);
    }
}
