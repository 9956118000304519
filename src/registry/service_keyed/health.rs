//! Health that is not told by beats, on 1.x: active checks of persistent instances and
//! PUT `/health/instance`, which works where the cluster's checker is NONE (`push/health-set`,
//! `timing/persistent-unchecked`).

use super::ServiceKeyed;
use crate::model::{HealthChecker, InstanceCall, Millis, Refusal};
use crate::registry::probes::{Probes, params_of};
use crate::registry::scope::Scope;
use crate::registry::{Effect, ProbeOutcome};

impl ServiceKeyed {
    /// Sets an instance's health by hand.
    pub fn set_health(
        &mut self,
        scope: &mut Scope<'_>,
        call: &InstanceCall<'_>,
        healthy: bool,
    ) -> Result<Vec<Effect>, Refusal> {
        let slot = self.slot(call.service).ok_or_else(Refusal::null_pointer)?;
        let cluster =
            self.services[slot].cluster_mut(call.cluster).ok_or_else(Refusal::null_pointer)?;
        if cluster.settings.checker != HealthChecker::None {
            let name = call.service.name;
            return Err(Refusal::illegal(format!(
                "health check is still working, service: {name}"
            )));
        }
        let entries = cluster.persistent.iter_mut().chain(cluster.ephemeral.iter_mut());
        let mut found = false;
        for entry in entries {
            if entry.instance.ip() == call.ip && entry.instance.port == call.port {
                entry.set_healthy(healthy);
                found = true;
            }
        }
        if found {
            self.changed(scope, slot);
        }
        Ok(scope.take_effects())
    }

    /// An active check is due.
    pub fn probe(&mut self, scope: &mut Scope<'_>, id: u64, at: Millis) {
        let slot = scope.probes.service_of(id).map(|(slot, _)| slot);
        let service = slot.and_then(|slot| self.services.get(slot));
        let is_mine = service.is_some_and(|service| scope.is_mine(&service.key.name));
        let paused = scope.is_check_paused();
        let Some(probe) = scope.probes.due(id, at) else { return };
        let settings = self
            .services
            .get(probe.service)
            .and_then(|service| service.cluster(&probe.cluster))
            .map(|cluster| &cluster.settings);
        let Some(settings) = settings else { return };
        let is_checked = settings.checker != HealthChecker::None && is_mine;
        if paused || !is_checked {
            scope.probes.postpone(scope.timers, scope.now, id);
            return;
        }
        let port = if settings.use_instance_port { probe.port } else { settings.check_port };
        scope.effects.push(Effect::Probe(Probes::order(id, probe, &settings.checker, port)));
    }

    /// An active check has an outcome.
    pub fn probed(&mut self, scope: &mut Scope<'_>, id: u64, outcome: ProbeOutcome, rt_ms: u64) {
        let Some((slot, cluster)) = scope.probes.service_of(id) else { return };
        let checker = self
            .services
            .get(slot)
            .and_then(|service| service.cluster(cluster))
            .map(|cluster| cluster.settings.checker.clone());
        let params = params_of(scope.switches, &checker.unwrap_or_default());
        let times = scope.switches.check_times;
        let flip =
            scope.probes.outcome(scope.timers, scope.now, (id, outcome, rt_ms), params, times);
        let Some((probe, healthy)) = flip else { return };
        let entry = self
            .services
            .get_mut(slot)
            .and_then(|service| service.cluster_mut(&probe.cluster))
            .and_then(|cluster| cluster.persistent.get_mut(&probe.ip, probe.port));
        if let Some(entry) = entry
            && entry.set_healthy(healthy)
        {
            self.changed(scope, slot);
        }
    }
}
