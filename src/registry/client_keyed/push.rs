//! Pushes and the renewal of snapshots on 2.x (`PushDelayTask`): 500 ms after the first change the
//! snapshot is taken anew and pushed to every subscriber; what changes meanwhile goes with it
//! (`grpc/push-merge`). A new subscriber is sent the list once by itself (`push/register`). With
//! pushes switched off nothing is pushed and lists stand still (`push/switched-off`). A push over a
//! stream that is refused or not answered is repeated with fresh data a second later
//! (`grpc/push-refused`, `grpc/push-not-acknowledged`).

use super::service::{PushTask, Reader, Route, Variant};
use super::{ClientKeyed, Service, list};
use crate::model::names::GROUP_SEPARATOR;
use crate::model::{ConnectionId, InfoHead, Millis, ServicePart, ServiceRef};
use crate::profile::PushSwitch;
use crate::registry::asks::Ask;
use crate::registry::scope::Scope;
use crate::registry::timers::{Timer, on_grid};
use crate::registry::{Datagram, Effect};
use bytes::Bytes;

/// The engine looks at its tasks so often, ms.
const ENGINE_TICK_MS: u64 = 100;
/// From the failure of a push to its repetition, ms.
const RETRY_MS: u64 = 1_000;

/// Whom a push task is for, and how long it waits.
struct Wanted {
    ephemeral: bool,
    target: Option<usize>,
    delay_ms: u64,
}

impl ClientKeyed {
    /// Something about a service changed: everybody who subscribed is to be told.
    pub(super) fn changed(&mut self, scope: &mut Scope<'_>, slot: usize, ephemeral: bool) {
        let service = &self.services[slot];
        scope.copied(&service.key, service.shown_kind(), ServicePart::Instances);
        let delay_ms = scope.quirks.push.delay_ms;
        self.set_push(scope, slot, Wanted { ephemeral, target: None, delay_ms });
    }

    /// A client subscribed: it is to be told once.
    pub(super) fn subscribed(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        client: usize,
        ephemeral: bool,
    ) {
        let delay_ms = scope.quirks.push.delay_ms;
        self.set_push(scope, slot, Wanted { ephemeral, target: Some(client), delay_ms });
    }

    /// A push over a stream came to nothing: it is repeated, unless the subscriber is gone.
    pub fn push_again(&mut self, scope: &mut Scope<'_>, to: ConnectionId, of: ServiceRef<'_>) {
        scope.acks.counts.roll(scope.now);
        scope.acks.counts.failed += 1;
        scope.acks.failed += 1;
        let Some(client) = self.clients.find_connected(to) else { return };
        let Some(slot) = self.slot(of) else { return };
        let ephemeral = self.services[slot].shown_kind();
        let wanted = Wanted { ephemeral, target: Some(client), delay_ms: RETRY_MS };
        self.set_push(scope, slot, wanted);
    }

    /// Sets a task, or merges it into the one that is set: the earliest beginning and the last
    /// delay count.
    fn set_push(&mut self, scope: &mut Scope<'_>, slot: usize, wanted: Wanted) {
        let Some(service) = self.services.get_mut(slot).filter(|_| !scope.is_asleep()) else {
            return;
        };
        let old = service.push.take();
        let since = old.as_ref().map_or(scope.now, |old| old.since);
        let targets = match (old.as_ref(), wanted.target) {
            (None, target) => target.map(|target| vec![target]),
            (Some(PushTask { targets: Some(known), .. }), Some(target)) => {
                let mut targets = known.clone();
                targets.push(target);
                Some(targets)
            }
            _ => None,
        };
        let due = on_grid(Millis(0), ENGINE_TICK_MS, (since + wanted.delay_ms).max(scope.now));
        if old.is_none_or(|old| old.due != due) {
            scope.timers.set(due, Timer::Push(slot));
        }
        service.push = Some(PushTask { since, due, ephemeral: wanted.ephemeral, targets });
    }

    /// A service's push task is due.
    pub fn push(&mut self, scope: &mut Scope<'_>, slot: usize, at: Millis) {
        let Some(service) = self.services.get_mut(slot) else { return };
        if service.push.as_ref().is_none_or(|task| task.due != at) {
            return;
        }
        let held = scope.quirks.push.obeys_switch == PushSwitch::Everything
            && !scope.switches.push_enabled;
        if held {
            if let Some(task) = &mut service.push {
                task.due = at + ENGINE_TICK_MS;
                scope.timers.set(task.due, Timer::Push(slot));
            }
            return;
        }
        let Some(task) = service.push.take() else { return };
        service.take_snapshot(task.ephemeral);
        let nanos = scope.acks.event_nanos(scope.now);
        // All streams are told the same.
        let mut info = None;
        for known in &service.subscribers {
            if task.targets.as_ref().is_some_and(|targets| !targets.contains(&known.client)) {
                continue;
            }
            match &known.to {
                Route::Datagram(to) => {
                    let variant = pushed(Reader::Http, known.clusters.clone(), scope);
                    let view = list::view(service, &variant, scope.now);
                    let datagram = Datagram {
                        to: *to,
                        bytes: scope.render.datagram(&view, nanos),
                        service: service.key.clone(),
                        last_ref_nanos: nanos,
                        again: false,
                    };
                    let effect = scope.acks.send(scope.timers, scope.now, datagram);
                    scope.effects.push(effect);
                }
                Route::Stream(to, _) => {
                    let info = info.get_or_insert_with(|| notice(service, scope)).clone();
                    let ask = Ask::Notify { service: service.key.clone(), info, since: task.since };
                    scope.acks.counts.roll(scope.now);
                    scope.acks.counts.sent += 1;
                    let asked = scope.asks.ask(scope.timers, scope.now, *to, ask);
                    scope.effects.push(Effect::Ask(asked));
                }
            }
        }
        self.release(slot);
    }
}

fn pushed(reader: Reader, clusters: Box<str>, scope: &Scope<'_>) -> Variant {
    let cache_millis = scope.switches.push_cache_millis as u64;
    Variant { reader, clusters, healthy_only: false, cache_millis }
}

/// The `serviceInfo` that streams are told: all clusters, whatever the subscriber asked for.
fn notice(service: &Service, scope: &Scope<'_>) -> Bytes {
    let variant = pushed(Reader::Query, "".into(), scope);
    let view = list::view(service, &variant, scope.now);
    let (group, name) = service.key.name.split_once(GROUP_SEPARATOR).unwrap_or_default();
    let head = InfoHead { name: Some(name), group: Some(group), clusters: Some("") };
    Bytes::from(scope.render.service_info(&head, &view).at(scope.now))
}
