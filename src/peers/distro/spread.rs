//! A changed list goes to the other members at once (`TaskDispatcher`, `DataSyncer`).
//!
//! Keys stand in one of as many queues as the machine has processors. A key that arrives more than
//! 200 ms after its queue's last flush takes everything before it along; one that arrives earlier
//! waits for the next key, and if none comes, the checksums mend it. What could not be delivered
//! is tried again every 5 s as long as the member is healthy.

use super::{Distro, Pending};
use crate::model::{DatumKey, MemberId, Millis, PeerCall, java};
use crate::peers::Deed;
use crate::peers::view::Turn;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// A queue's shortest time from one flush to the next, ms.
const DISPATCH_PERIOD_MS: u64 = 200;
/// So many keys are flushed whenever the last flush was.
const BATCH_KEYS: usize = 1_000;
/// Wait before a failed delivery is tried again, ms.
const RETRY_MS: u64 = 5_000;
/// Queues; the recorded servers ran on two processors.
const QUEUES: usize = 2;

/// What is on its way to other members.
#[derive(Debug, Default)]
pub(super) struct Spread {
    queues: [Queue; QUEUES],
    /// What is on its way to whom: such a key is not sent again meanwhile.
    under_way: FxHashMap<MemberId, FxHashSet<DatumKey>>,
    retries: Vec<(Millis, MemberId, Vec<DatumKey>)>,
}

#[derive(Debug, Default)]
struct Queue {
    keys: Vec<DatumKey>,
    flushed: Option<Millis>,
}

impl Spread {
    pub(super) fn due(&self) -> Option<Millis> {
        self.retries.iter().map(|(at, ..)| *at).min()
    }
}

impl Distro {
    /// A list was changed by a client of this node.
    pub fn changed(&mut self, turn: &mut Turn<'_>, key: DatumKey) -> Vec<Deed> {
        let text = key.text();
        let queue = java::string_hash(&text).unsigned_abs() as usize % QUEUES;
        let queue = &mut self.spread.queues[queue];
        if !queue.keys.contains(&key) {
            queue.keys.push(key);
        }
        let early = queue.flushed.is_some_and(|at| turn.now.since(at) <= DISPATCH_PERIOD_MS);
        if early && queue.keys.len() < BATCH_KEYS {
            return Vec::new();
        }
        queue.flushed = Some(turn.now);
        let keys = std::mem::take(&mut queue.keys);
        let mut effects = Vec::new();
        for to in self.others.healthy.clone() {
            self.deliver(turn, to, &keys, &mut effects);
        }
        effects
    }

    /// Sends what is not on its way to that member yet.
    fn deliver(
        &mut self,
        turn: &mut Turn<'_>,
        to: MemberId,
        keys: &[DatumKey],
        effects: &mut Vec<Deed>,
    ) {
        let flags = self.spread.under_way.entry(to.clone()).or_default();
        let keys: Vec<_> =
            keys.iter().filter(|key| flags.insert((*key).clone())).cloned().collect();
        if !keys.is_empty() {
            self.put(turn, to, keys, effects);
        }
    }

    fn put(
        &mut self,
        turn: &mut Turn<'_>,
        to: MemberId,
        keys: Vec<DatumKey>,
        effects: &mut Vec<Deed>,
    ) {
        let lists = turn.data.lists(&keys);
        if lists.is_empty() {
            self.delivered(&to, &keys);
            return;
        }
        let call = PeerCall::DistroPut(Arc::new(lists));
        self.call(to.clone(), call, Pending::Put { to, keys }, effects);
    }

    pub(super) fn put_answered(
        &mut self,
        now: Millis,
        to: MemberId,
        keys: Vec<DatumKey>,
        taken: bool,
    ) {
        if taken || !self.others.healthy.contains(&to) {
            self.delivered(&to, &keys);
        } else {
            self.spread.retries.push((now + RETRY_MS, to, keys));
        }
    }

    fn delivered(&mut self, to: &MemberId, keys: &[DatumKey]) {
        if let Some(flags) = self.spread.under_way.get_mut(to) {
            keys.iter().for_each(|key| {
                flags.remove(key);
            });
            if flags.is_empty() {
                self.spread.under_way.remove(to);
            }
        }
    }

    pub(super) fn retry_puts(&mut self, turn: &mut Turn<'_>, effects: &mut Vec<Deed>) {
        let all = std::mem::take(&mut self.spread.retries);
        let (due, later) = all.into_iter().partition(|(at, ..)| *at <= turn.now);
        self.spread.retries = later;
        let due: Vec<(Millis, MemberId, Vec<DatumKey>)> = due;
        for (_, to, keys) in due {
            if self.others.healthy.contains(&to) {
                self.put(turn, to, keys, effects);
            } else {
                self.delivered(&to, &keys);
            }
        }
    }
}
