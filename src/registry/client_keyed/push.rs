//! Pushes and the renewal of snapshots on 2.x (`PushDelayTask`): 500 ms after the first change the
//! snapshot is taken anew and pushed to every subscriber; what changes meanwhile goes with it. A
//! new subscriber is sent the list once by itself (`push/register`). With pushes switched off
//! nothing is pushed and lists stand still (`push/switched-off`).

use super::service::{PushTask, Variant};
use super::{ClientKeyed, list};
use crate::model::Millis;
use crate::profile::PushSwitch;
use crate::registry::Datagram;
use crate::registry::scope::Scope;
use crate::registry::timers::{Timer, on_grid};

/// The engine looks at its tasks so often, ms.
const ENGINE_TICK_MS: u64 = 100;

impl ClientKeyed {
    /// Something about a service changed: everybody who subscribed is to be told.
    pub(super) fn changed(&mut self, scope: &mut Scope<'_>, slot: usize, ephemeral: bool) {
        self.set_push(scope, slot, ephemeral, None);
    }

    /// A client subscribed: it is to be told once.
    pub(super) fn subscribed(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        client: usize,
        ephemeral: bool,
    ) {
        self.set_push(scope, slot, ephemeral, Some(client));
    }

    fn set_push(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        ephemeral: bool,
        target: Option<usize>,
    ) {
        let Some(service) = self.services.get_mut(slot) else { return };
        if let Some(task) = &mut service.push {
            task.ephemeral = ephemeral;
            task.targets = match (task.targets.take(), target) {
                (Some(mut targets), Some(target)) => {
                    targets.push(target);
                    Some(targets)
                }
                _ => None,
            };
            return;
        }
        let due = on_grid(Millis(0), ENGINE_TICK_MS, scope.now + scope.quirks.push.delay_ms);
        let targets = target.map(|target| vec![target]);
        service.push = Some(PushTask { due, ephemeral, targets });
        scope.timers.set(due, Timer::Push(slot));
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
        let meant = |client: &usize| task.targets.as_ref().is_none_or(|t| t.contains(client));
        for known in service.subscribers.iter().filter(|known| meant(&known.client)) {
            let variant = Variant {
                clusters: known.clusters.clone(),
                healthy_only: false,
                cache_millis: scope.switches.push_cache_millis as u64,
            };
            let view = list::view(service, &variant, scope.now);
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
        self.release(slot);
    }
}
