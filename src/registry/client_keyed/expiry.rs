//! Expiry of beats on 2.x (`ClientBeatCheckTaskV2`): each client is looked at every 5 s from its
//! first registration on; 15 s without a beat make an instance unhealthy, 30 s remove it. Limits of
//! the operator's record come before those registered, and a text that is no number is 0
//! (`timing/bad-timeouts`, `metadata/timeouts-by-update`). Only the responsible member looks.

use super::ClientKeyed;
use super::service::{Service, metadata_id};
use crate::model::{Instance, Millis, metadata};
use crate::registry::scope::Scope;
use crate::registry::timers::{Timer, on_grid};

/// Period of a client's check, ms.
const CHECK_PERIOD_MS: u64 = 5_000;
/// A check runs a little behind its grid, as on a busy thread pool, ms.
const CHECK_LAG_MS: u64 = 20;
/// Silence after which an instance is unhealthy, ms.
const BEAT_TIMEOUT_MS: i64 = 15_000;
/// Silence after which an instance is removed, ms.
const DELETE_TIMEOUT_MS: i64 = 30_000;
/// Metadata that exempts an instance from the check.
const ENABLE_CLIENT_BEAT: &str = "enableClientBeat";

/// `ConvertUtils.toLong`: 0 when the text is no whole number.
pub(super) fn to_long(text: &str) -> i64 {
    text.parse().unwrap_or(0)
}

/// A limit in ms: from the record, the instance, or the default.
fn limit(service: &Service, instance: &Instance, key: &str, default_ms: i64) -> i64 {
    let recorded = if service.records.is_empty() {
        None
    } else {
        let record = service.records.get(&*metadata_id(instance));
        record.and_then(|known| known.record.metadata.get(key))
    };
    let registered = || instance.metadata.as_ref().and_then(|map| map.get(key));
    recorded.or_else(registered).map_or(default_ms, to_long)
}

/// What a check at `now` does about an instance, and when it next has to look.
struct Verdict {
    sick: bool,
    gone: bool,
    next: Millis,
}

fn judge(scope: &Scope<'_>, service: &Service, instance: &Instance, beat: Millis) -> Verdict {
    let exempt = instance.metadata.as_ref().and_then(|map| map.get(ENABLE_CLIENT_BEAT));
    if exempt == Some("true") {
        return Verdict { sick: false, gone: false, next: scope.now + CHECK_PERIOD_MS * 12 };
    }
    let silent_ms = scope.now.since(beat) as i64;
    let timeout = limit(service, instance, metadata::HEART_BEAT_TIMEOUT, BEAT_TIMEOUT_MS);
    let removal = limit(service, instance, metadata::IP_DELETE_TIMEOUT, DELETE_TIMEOUT_MS);
    let removal = if scope.options.expire_instances { removal } else { i64::MAX / 2 };
    let after = |ms: i64| beat + ms.max(0) as u64 + 1;
    let wait = if instance.healthy { timeout.min(removal) } else { removal };
    Verdict {
        sick: instance.healthy && silent_ms > timeout,
        gone: silent_ms > removal,
        next: after(wait),
    }
}

impl ClientKeyed {
    /// Makes sure that a client is checked no later than when its instance there could expire.
    pub(super) fn check_client_by(
        &mut self,
        scope: &mut Scope<'_>,
        client: usize,
        slot: usize,
        (ip, port): (&str, i32),
    ) {
        let service = &self.services[slot];
        let Some(entry) = service.ephemeral.get(ip, port) else { return };
        let next = judge(scope, service, &entry.instance, entry.last_beat).next;
        self.set_check(scope, client, next);
    }

    fn set_check(&mut self, scope: &mut Scope<'_>, client: usize, at: Millis) {
        if scope.is_asleep() || !self.answers_for(scope, client) {
            // It is set when the core wakes or responsibility moves here.
            return;
        }
        let Some(known) = self.clients.get_mut(client) else { return };
        let first = known.created + CHECK_LAG_MS + CHECK_PERIOD_MS;
        let due = on_grid(first, CHECK_PERIOD_MS, at.max(scope.now + 1));
        if known.check_due.is_none_or(|set| due < set) {
            known.check_due = Some(due);
            scope.timers.set(due, Timer::Check(client));
        }
    }

    /// A client's check is due.
    pub fn check(&mut self, scope: &mut Scope<'_>, client: usize, at: Millis) {
        let Some(known) = self.clients.get_mut(client) else { return };
        if known.check_due != Some(at) {
            return;
        }
        known.check_due = None;
        if scope.is_asleep() || !self.answers_for(scope, client) {
            return;
        }
        let Some(known) = self.clients.get(client) else { return };
        let Some((ip, port)) = known.address().map(|(ip, port)| (Box::<str>::from(ip), port))
        else {
            return;
        };
        let published = known.published.clone();
        let paused = scope.is_expiry_paused();
        let mut next = None;
        for slot in published {
            let looked = if paused {
                Some(at + CHECK_PERIOD_MS)
            } else {
                self.check_instance(scope, client, slot, (&ip, port))
            };
            next = match (next, looked) {
                (Some(known), Some(other)) => Some(std::cmp::min::<Millis>(known, other)),
                (one, other) => one.or(other),
            };
        }
        if let Some(next) = next {
            self.set_check(scope, client, next);
        }
    }

    /// Looks at one instance; `None` when it is gone.
    fn check_instance(
        &mut self,
        scope: &mut Scope<'_>,
        client: usize,
        slot: usize,
        (ip, port): (&str, i32),
    ) -> Option<Millis> {
        let service = self.services.get(slot)?;
        let entry = service.ephemeral.get(ip, port)?;
        let last_beat = entry.last_beat;
        let verdict = judge(scope, service, &entry.instance, last_beat);
        let shown = service.shown_kind();
        if verdict.gone {
            let service = &mut self.services[slot];
            if scope.quirks.expiry.ends_record
                && let Some(gone) = service.ephemeral.get(ip, port)
                && let Some(record) = service.records.get_mut(&*metadata_id(&gone.instance))
            {
                record.expiring = Some(scope.now);
            }
            service.ephemeral.remove(ip, port);
            scope.acks.expired += 1;
            self.unpublished(scope, client, slot, last_beat);
            self.tell_changed(scope, client);
            return None;
        }
        if !verdict.sick {
            return Some(verdict.next);
        }
        let service = &mut self.services[slot];
        service.ephemeral.get_mut(ip, port)?.set_healthy(false);
        self.changed(scope, slot, shown);
        self.tell_changed(scope, client);
        let service = &self.services[slot];
        let entry = service.ephemeral.get(ip, port)?;
        Some(judge(scope, service, &entry.instance, last_beat).next)
    }
}
