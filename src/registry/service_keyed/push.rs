//! UDP push on 1.x (`PushService`). The first change of a service sets a push 1 s later; what
//! changes meanwhile goes with it (`push/merged`). A subscriber that has not asked for a list
//! within `defaultPushCacheMillis` is not pushed to any more (`push/zombie`). Switching pushes off
//! refuses new subscribers and still serves those already there (`push/switched-off`).

use super::service::Variant;
use super::{Service, ServiceKeyed, Subscriber, list};
use crate::model::Millis;
use crate::registry::Datagram;
use crate::registry::scope::Scope;
use crate::registry::timers::Timer;

/// `cacheMillis` inside a pushed list, whatever the switch says, ms.
const PUSHED_CACHE_MILLIS: u64 = 10_000;
/// Period of the purge of silent subscribers, ms.
pub const PURGE_PERIOD_MS: u64 = 20_000;

/// Sets the push of a changed service unless one is set.
pub(super) fn schedule(scope: &mut Scope<'_>, slot: usize, service: &mut Service) {
    if service.push_due.is_some() || scope.is_asleep() {
        return;
    }
    let due = scope.now + scope.quirks.push.delay_ms;
    service.push_due = Some(due);
    scope.timers.set(due, Timer::Push(slot));
}

impl ServiceKeyed {
    /// A service's push is due.
    pub fn push(&mut self, scope: &mut Scope<'_>, slot: usize, at: Millis) {
        let Some(service) = self.services.get_mut(slot) else { return };
        if service.push_due != Some(at) {
            return;
        }
        service.push_due = None;
        drop_silent(scope, service);
        service.checksum();
        let nanos = scope.acks.event_nanos(scope.now);
        for known in &service.subscribers {
            let variant = Variant {
                clusters: known.clusters.clone(),
                env: "".into(),
                healthy_only: false,
                grouped_dom: known.grouped_dom,
                cache_millis: PUSHED_CACHE_MILLIS,
            };
            let view = list::view(scope, service, &variant);
            let datagram = Datagram {
                to: known.to,
                bytes: scope.render.datagram(&view, nanos),
                service: service.key.clone(),
                last_ref_nanos: nanos,
                again: false,
            };
            let effect = scope.acks.send(scope.timers, scope.now, datagram);
            scope.effects.push(effect);
        }
    }

    /// Forgets every subscriber that stopped asking, or services that stayed empty; records are
    /// not of 1.x.
    pub fn sweep(&mut self, scope: &mut Scope<'_>, timer: Timer, at: Millis) {
        match timer {
            Timer::Subscribers => {
                for (_, service) in &mut self.services {
                    drop_silent(scope, service);
                }
                self.left_over.retain(|_, subscribers| {
                    keep_speaking(scope, subscribers);
                    !subscribers.is_empty()
                });
                scope.timers.set(at + PURGE_PERIOD_MS, timer);
            }
            Timer::EmptyServices => {
                self.clean(scope);
                scope.timers.set(at + scope.options.cleaning.old_period_ms, timer);
            }
            _ => {}
        }
    }
}

fn drop_silent(scope: &Scope<'_>, service: &mut Service) {
    keep_speaking(scope, &mut service.subscribers);
}

fn keep_speaking(scope: &Scope<'_>, subscribers: &mut Vec<Subscriber>) {
    let limit_ms = scope.switches.push_cache_millis as u64;
    subscribers.retain(|known| scope.now.since(known.last_seen) <= limit_ms);
}
