//! Health that is not told by beats, on 2.x: active checks of persistent instances, and PUT
//! `/health/instance` for persistent instances of a cluster whose checker is NONE.

use super::ClientKeyed;
use super::register::persistent;
use crate::model::{HealthChecker, Instance, InstanceCall, Millis, Refusal};
use crate::registry::probes::{Probes, params_of};
use crate::registry::scope::Scope;
use crate::registry::{ClusterSettings, Effect, ProbeOutcome};

impl ClientKeyed {
    /// What somebody set for a cluster.
    fn cluster_settings(&self, slot: usize, cluster: &str) -> Option<&ClusterSettings> {
        let settings = self.services.get(slot)?.settings.as_ref()?;
        settings.clusters.iter().find(|(name, _)| name == cluster).map(|(_, set)| set)
    }

    /// Sets an instance's health by hand.
    pub fn set_health(
        &mut self,
        scope: &mut Scope<'_>,
        call: &InstanceCall<'_>,
        healthy: bool,
    ) -> Result<Vec<Effect>, Refusal> {
        let slot = self.slot(call.service);
        let settings = slot.and_then(|slot| self.cluster_settings(slot, call.cluster));
        let unchecked = settings.is_some_and(|set| set.checker == HealthChecker::None);
        let (Some(slot), true) = (slot, unchecked) else {
            let (name, cluster) = (call.service.name, call.cluster);
            return Err(Refusal::nacos(
                400,
                format!("health check is still working, service: {name}, cluster: {cluster}"),
            ));
        };
        if self.services[slot].persistent.get(call.ip, call.port).is_some() {
            // It is registered anew, and taken for an ephemeral one.
            self.create_for(scope, slot, true)?;
        }
        if let Some(entry) = self.services[slot].persistent.get_mut(call.ip, call.port) {
            entry.set_healthy(healthy);
            let shown = self.services[slot].shown_kind();
            self.changed(scope, slot, shown);
        }
        Ok(scope.take_effects())
    }

    /// An active check is due.
    pub fn probe(&mut self, scope: &mut Scope<'_>, id: u64, at: Millis) {
        let Some(probe) = scope.probes.due(id, at).cloned() else { return };
        let client = self.clients.find(&probe.ip, probe.port, false);
        if client.is_some_and(|client| !self.answers_for(scope, client)) {
            scope.probes.postpone(scope.timers, scope.now, id);
            return;
        }
        let usual = ClusterSettings::default();
        let settings = self.cluster_settings(probe.service, &probe.cluster).unwrap_or(&usual);
        if scope.is_check_paused() || settings.checker == HealthChecker::None {
            scope.probes.postpone(scope.timers, scope.now, id);
            return;
        }
        let port = if settings.use_instance_port { probe.port } else { settings.check_port };
        scope.effects.push(Effect::Probe(Probes::order(id, &probe, &settings.checker, port)));
    }

    /// An active check has an outcome.
    pub fn probed(&mut self, scope: &mut Scope<'_>, id: u64, outcome: ProbeOutcome, rt_ms: u64) {
        let Some((slot, cluster)) = scope.probes.service_of(id) else { return };
        let settings = self.cluster_settings(slot, cluster);
        let checker = settings.map_or(HealthChecker::Tcp, |set| set.checker.clone());
        let params = params_of(scope.switches, &checker);
        let times = scope.switches.check_times;
        let flip =
            scope.probes.outcome(scope.timers, scope.now, (id, outcome, rt_ms), params, times);
        let Some((probe, healthy)) = flip else { return };
        let Some(service) = self.services.get_mut(slot) else { return };
        let Some(entry) = service.persistent.get_mut(&probe.ip, probe.port) else { return };
        if scope.proposes {
            let instance = Instance { healthy, ..(*entry.instance).clone() };
            if entry.instance.healthy != healthy {
                let write = persistent(&service.key, &instance, Some(instance.clone()));
                scope.effects.push(Effect::Propose(write));
            }
            return;
        }
        if entry.set_healthy(healthy) {
            let shown = self.services[slot].shown_kind();
            self.changed(scope, slot, shown);
        }
    }
}
