//! Double write: what is to be copied from one core to the other, and when
//! (`DoubleWriteDelayTaskEngine`, `ServiceChangeV1Task`, `ServiceChangeV2Task`).
//!
//! A service waits once for each direction and kind. What comes while it waits joins it and begins
//! its second anew, so that a service that changes more often is not copied until it rests. A
//! change and a removal together are a removal.

use crate::model::{Millis, ServiceKey, ServicePart};
use crate::peers::upgrade::Core;
use std::collections::{BTreeMap, BTreeSet};

/// From a change to its copy, ms.
const DELAY_MS: u64 = 1_000;
/// The engine looks at its tasks so often, ms.
const TICK_MS: u64 = 100;
/// When something is due that can not be done.
const PARKED: Millis = Millis(u64::MAX);

/// Something to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copying {
    /// Into which core.
    pub to: Core,
    /// The service.
    pub service: ServiceKey,
    /// Which kind of its instances.
    pub ephemeral: bool,
    /// What of it.
    pub what: ServicePart,
}

type Key = (Core, ServiceKey, bool);

/// All that waits: at most one for each core, service and kind.
#[derive(Debug, Default)]
pub(super) struct DoubleWrite {
    waiting: BTreeMap<Key, (Millis, ServicePart)>,
    queue: BTreeSet<(Millis, Key)>,
}

impl DoubleWrite {
    pub(super) fn add(&mut self, now: Millis, copying: Copying) {
        let Copying { to, service, ephemeral, mut what } = copying;
        let key = (to, service, ephemeral);
        if let Some((due, waiting)) = self.waiting.get(&key) {
            what = what.joined(*waiting);
            self.queue.remove(&(*due, key.clone()));
        }
        let due = due_after(now);
        self.queue.insert((due, key.clone()));
        self.waiting.insert(key, (due, what));
    }

    /// What can not be done waits until that changes: the real server tries it each second, and
    /// nobody sees more of that than that it waits.
    pub(super) fn park(&mut self, copying: Copying) {
        let Copying { to, service, ephemeral, what } = copying;
        self.waiting.insert((to, service, ephemeral), (PARKED, what));
    }

    /// What could not be done is tried again.
    pub(super) fn resume(&mut self, now: Millis) {
        let parked = self.waiting.iter().filter(|(_, (due, _))| *due == PARKED);
        let parked: Vec<Key> = parked.map(|(key, _)| key.clone()).collect();
        for key in parked {
            let Some((due, _)) = self.waiting.get_mut(&key) else { continue };
            *due = due_after(now);
            self.queue.insert((*due, key));
        }
    }

    pub(super) fn next(&self) -> Option<Millis> {
        self.queue.first().map(|(due, _)| *due)
    }

    pub(super) fn pop_due(&mut self, now: Millis) -> Option<Copying> {
        if self.next()? > now {
            return None;
        }
        let (_, key) = self.queue.pop_first()?;
        let (_, what) = self.waiting.remove(&key)?;
        let (to, service, ephemeral) = key;
        Some(Copying { to, service, ephemeral, what })
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

fn due_after(now: Millis) -> Millis {
    Millis((now + DELAY_MS).0.div_ceil(TICK_MS) * TICK_MS)
}
