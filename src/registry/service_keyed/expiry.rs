//! Expiry of beats on 1.x (`ClientBeatCheckTask`): each service is looked at every 5 s from its
//! creation on. An ephemeral instance without a beat for 15 s turns unhealthy, after 30 s it is
//! removed (`timing/no-beats`); its metadata may set other limits, whole numbers only
//! (`timing/own-timeouts`, `timing/bad-timeouts`).

use super::ServiceKeyed;
use crate::model::{Instance, Millis, metadata};
use crate::registry::scope::Scope;

/// Silence after which an instance is unhealthy, ms.
const BEAT_TIMEOUT_MS: u64 = 15_000;
/// Silence after which an instance is removed, ms.
const DELETE_TIMEOUT_MS: u64 = 30_000;

/// A metadata value that counts: digits only, as `^\d+$`.
pub(super) fn whole_number(text: Option<&str>) -> Option<u64> {
    let text = text?;
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn limit(instance: &Instance, key: &str, default_ms: u64) -> u64 {
    let map = instance.metadata.as_ref();
    map.and_then(|map| whole_number(map.get(key))).unwrap_or(default_ms)
}

fn beat_timeout(instance: &Instance) -> u64 {
    limit(instance, metadata::HEART_BEAT_TIMEOUT, BEAT_TIMEOUT_MS)
}

fn delete_timeout(instance: &Instance) -> u64 {
    limit(instance, metadata::IP_DELETE_TIMEOUT, DELETE_TIMEOUT_MS)
}

/// The first moment at which a check finds something to do about an instance that last beat then.
pub(super) fn first_due(scope: &Scope<'_>, instance: &Instance, last_beat: Millis) -> Millis {
    let removal = last_beat + delete_timeout(instance) + 1;
    let sickness = last_beat + beat_timeout(instance) + 1;
    match (instance.healthy, scope.options.expire_instances) {
        (true, true) => sickness.min(removal),
        (true, false) => sickness,
        (false, true) => removal,
        (false, false) => Millis(u64::MAX / 2),
    }
}

impl ServiceKeyed {
    /// A service's check is due.
    pub fn check(&mut self, scope: &mut Scope<'_>, slot: usize, at: Millis) {
        let Some(service) = self.services.get_mut(slot) else { return };
        if service.check_due != Some(at) {
            return;
        }
        service.check_due = None;
        if scope.is_asleep() || !scope.is_mine(&service.key.name) {
            // It begins again when the core wakes or responsibility moves here.
            return;
        }
        let paused = scope.is_expiry_paused();
        let mut changed = false;
        let mut expired = 0;
        if !paused {
            for cluster in &mut service.clusters {
                for entry in cluster.ephemeral.iter_mut() {
                    let silent_ms = at.since(entry.last_beat);
                    if silent_ms > beat_timeout(&entry.instance) {
                        changed |= entry.set_healthy(false);
                    }
                }
                if scope.options.expire_instances {
                    let gone = cluster.ephemeral.retain(|entry| {
                        at.since(entry.last_beat) <= delete_timeout(&entry.instance)
                    });
                    expired += gone;
                }
            }
        }
        if expired > 0 {
            scope.acks.expired += expired as u64;
            scope.list_changed(&service.key);
        }
        self.check_again(scope, slot, at + 1);
        if changed || expired > 0 {
            self.changed(scope, slot);
        }
    }

    /// Sets the check that finds something to do, not before `earliest`.
    pub(super) fn check_again(&mut self, scope: &mut Scope<'_>, slot: usize, earliest: Millis) {
        let Some(service) = self.services.get_mut(slot) else { return };
        let entries = service.clusters.iter().flat_map(|cluster| cluster.ephemeral.iter());
        let due = entries.map(|entry| first_due(scope, &entry.instance, entry.last_beat)).min();
        if let Some(due) = due {
            Self::check_by(scope, slot, service, due.max(earliest));
        }
    }

    /// The node answers for other services than before: it looks after those.
    pub fn responsibility_moved(&mut self, scope: &mut Scope<'_>) {
        let slots: Vec<usize> = self.services.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            if scope.is_mine(&self.services[slot].key.name) {
                self.check_again(scope, slot, scope.now);
            }
        }
    }
}
