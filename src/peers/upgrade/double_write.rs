//! Double write: what is to be copied from one core to the other, and when
//! (`DoubleWriteDelayTaskEngine`, `ServiceChangeV1Task`, `ServiceChangeV2Task`).
//!
//! A service waits once for each direction and kind. What comes while it waits joins it and begins
//! its second anew, so that a service that changes more often is not copied until it rests. A
//! change and a removal together are a removal.

use crate::model::{Millis, ServiceKey};
use crate::peers::upgrade::Core;
use std::collections::{BTreeMap, BTreeSet};

/// From a change to its copy, ms.
const DELAY_MS: u64 = 1_000;
/// The engine looks at its tasks so often, ms.
const TICK_MS: u64 = 100;

/// What of a service is to be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// Its list of instances of the kind.
    Instances,
    /// Its settings.
    Settings,
    /// Both.
    All,
    /// That it is gone.
    Removal,
}

impl What {
    fn joined(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Removal, _) | (_, Self::Removal) => Self::Removal,
            _ => Self::All,
        }
    }
}

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
    pub what: What,
}

type Key = (Core, ServiceKey, bool);

/// All that waits: at most one for each core, service and kind.
#[derive(Debug, Default)]
pub(super) struct DoubleWrite {
    waiting: BTreeMap<Key, (Millis, What)>,
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
        let due = Millis((now + DELAY_MS).0.div_ceil(TICK_MS) * TICK_MS);
        self.queue.insert((due, key.clone()));
        self.waiting.insert(key, (due, what));
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
