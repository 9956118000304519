//! What is still to be told, to whom and when (`DistroDelayTaskExecuteEngine`): one entry for each
//! member and client. What comes while something waits takes its place and keeps the earlier
//! beginning, so that a client that changes all the time is told of all the same.

use crate::model::{ClientId, MemberId, Millis};
use std::collections::{BTreeMap, BTreeSet};

/// The engine looks at its tasks so often, ms.
const TICK_MS: u64 = 100;

/// What is to be told of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// What it publishes, whatever that is by then.
    Changed,
    /// That it is gone.
    Gone,
}

#[derive(Debug)]
struct Task {
    since: Millis,
    due: Millis,
    what: News,
}

/// All that waits.
#[derive(Debug, Default)]
pub struct Pending {
    tasks: BTreeMap<(MemberId, ClientId), Task>,
    queue: BTreeSet<(Millis, MemberId, ClientId)>,
}

impl Pending {
    /// Tells a member of a client after a delay.
    pub fn add(
        &mut self,
        now: Millis,
        (to, id): (&MemberId, &ClientId),
        what: News,
        delay_ms: u64,
    ) {
        let key = (to.clone(), id.clone());
        let since = match self.tasks.get(&key) {
            None => now,
            Some(waiting) => {
                self.queue.remove(&(waiting.due, key.0.clone(), key.1.clone()));
                waiting.since
            }
        };
        let due = Millis((since + delay_ms).max(now).0.div_ceil(TICK_MS) * TICK_MS);
        self.queue.insert((due, key.0.clone(), key.1.clone()));
        self.tasks.insert(key, Task { since, due, what });
    }

    /// Tells it once more, unless something newer waits.
    pub fn retry(
        &mut self,
        now: Millis,
        (to, id): (&MemberId, &ClientId),
        what: News,
        delay_ms: u64,
    ) {
        if !self.tasks.contains_key(&(to.clone(), id.clone())) {
            self.add(now, (to, id), what, delay_ms);
        }
    }

    /// When something is due.
    pub fn next(&self) -> Option<Millis> {
        self.queue.first().map(|(due, ..)| *due)
    }

    /// Takes what is due first.
    pub fn pop_due(&mut self, now: Millis) -> Option<(MemberId, ClientId, News)> {
        if self.next()? > now {
            return None;
        }
        let (_, to, id) = self.queue.pop_first()?;
        let key = (to, id);
        let task = self.tasks.remove(&key)?;
        Some((key.0, key.1, task.what))
    }

    /// How much waits.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }
}
