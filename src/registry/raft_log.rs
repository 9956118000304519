//! What the raft of a 1.x node that stands alone would show: its term, and how often each key was
//! written. Each write adds 100 to the term (`RaftCore.PUBLISH_TERM_INCREASE_COUNT`); a removal
//! adds nothing and begins the key's count anew (`operator/raft-service-datum`).

use crate::model::DatumKey;
use crate::registry::{Effect, StoreWrite};
use rustc_hash::FxHashMap;

/// `PUBLISH_TERM_INCREASE_COUNT`.
const TERM_PER_WRITE: i64 = 100;

/// Term and counts.
#[derive(Debug, Default)]
pub(super) struct RaftLog {
    term: i64,
    stamps: FxHashMap<DatumKey, u64>,
}

impl RaftLog {
    /// Notes what was written.
    pub(super) fn note(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Store(write) = effect {
                self.note_write(write);
            }
        }
    }

    /// Notes one write.
    pub(super) fn note_write(&mut self, write: &StoreWrite) {
        match write {
            StoreWrite::Switches(_) => self.written(DatumKey::Switches),
            StoreWrite::Service { service, settings: Some(_) } => {
                self.written(DatumKey::Service(service.clone()));
            }
            StoreWrite::Service { service, settings: None } => {
                self.stamps.remove(&DatumKey::Service(service.clone()));
                self.stamps.remove(&DatumKey::Persistent(service.clone()));
            }
            StoreWrite::PersistentInstance { service, .. } => {
                self.written(DatumKey::Persistent(service.clone()));
            }
            StoreWrite::Raft { key: None, number } => self.term = number.unwrap_or_default(),
            StoreWrite::Raft { key: Some(key), number: None } => {
                self.stamps.remove(key);
            }
            StoreWrite::Raft { key: Some(key), number: Some(number) } => {
                self.stamps.insert(key.clone(), u64::try_from(*number).unwrap_or_default());
            }
            StoreWrite::InstanceRecord { .. }
            | StoreWrite::Upgraded(_)
            | StoreWrite::Console(_) => {}
        }
    }

    fn written(&mut self, key: DatumKey) {
        self.term += TERM_PER_WRITE;
        *self.stamps.entry(key).or_default() += 1;
    }

    /// The term.
    pub(super) fn term(&self) -> i64 {
        self.term
    }

    /// How often a key was written; `None` when raft does not know it.
    pub(super) fn stamp(&self, key: &DatumKey) -> Option<u64> {
        self.stamps.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ServiceKey;
    use crate::registry::ServiceSettings;

    #[test]
    fn a_write_adds_a_hundred_to_the_term_and_a_removal_forgets_the_key() {
        let service = ServiceKey { namespace: "public".into(), name: "g@@s".into() };
        let write = |settings| StoreWrite::Service { service: service.clone(), settings };
        let mut log = RaftLog::default();
        let settings = || Some(ServiceSettings::default());
        log.note(&[Effect::Store(write(settings())), Effect::Store(write(settings()))]);
        log.note_write(&StoreWrite::Switches(Box::default()));
        assert_eq!((log.term(), log.stamp(&DatumKey::Service(service.clone()))), (300, Some(2)));
        log.note_write(&write(None));
        assert_eq!((log.term(), log.stamp(&DatumKey::Service(service.clone()))), (300, None));
        log.note_write(&write(settings()));
        assert_eq!(log.stamp(&DatumKey::Service(service.clone())), Some(1));
    }
}
