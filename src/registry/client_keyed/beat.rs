//! PUT `/instance/beat` on 2.x. A full beat registers an unknown address from what it says, without
//! an instance id; a light one never does (`instance/beat-registers`). Which instance is refreshed
//! is decided by the service name inside the beat, not by the parameter (`instance/beat-names`).

use super::ClientKeyed;
use crate::model::names::{DEFAULT_CLUSTER, GROUP_SEPARATOR, group_of, service_of};
use crate::model::{BeatCall, BeatReply, FullBeat, Instance, Refusal, ServiceRef, metadata};
use crate::registry::Effect;
use crate::registry::addresses::InstanceId;
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Takes a beat.
    pub fn beat(
        &mut self,
        scope: &mut Scope<'_>,
        call: &BeatCall<'_>,
    ) -> Result<(BeatReply, Vec<Effect>), Refusal> {
        let (ip, port, cluster) = address(call);
        let known = self.publishes(call.service, ip, port);
        let light_beat_enabled = scope.switches.light_beat_enabled;
        if !known {
            let Some(beat) = &call.beat else {
                let interval_ms = self.interval(scope, call.service, (ip, port), cluster);
                return Ok((
                    BeatReply { interval_ms, known: false, light_beat_enabled },
                    Vec::new(),
                ));
            };
            let slot = self.slot_for(call.service);
            let instance = instance_of(beat, cluster);
            let id = self.id_by_beat(scope, slot, &instance);
            self.publish(scope, slot, &instance, id)?;
            if !beat.ephemeral {
                return Err(Refusal::null_pointer());
            }
        }
        if !self.contains(call.service) {
            let (name, namespace) = (call.service.name, call.service.namespace);
            return Err(Refusal::nacos(500, format!("service not found: {name}@{namespace}")));
        }
        match call.beat.as_ref().map(|beat| beat.service_name.as_deref()) {
            None => self.refresh(scope, call.service, ip, port),
            Some(Some(named)) => self.refresh_named(scope, call.service, named, ip, port),
            Some(None) => {}
        }
        let interval_ms = self.interval(scope, call.service, (ip, port), cluster);
        let reply = BeatReply { interval_ms, known: true, light_beat_enabled };
        Ok((reply, scope.take_effects()))
    }

    /// The id of an instance that a beat registers. An ip that is not there reads null.
    fn id_by_beat(&self, scope: &Scope<'_>, slot: usize, instance: &Instance) -> InstanceId {
        if !scope.quirks.beat.makes_id {
            return InstanceId::Absent;
        }
        if instance.ip.is_some() {
            return InstanceId::Usual;
        }
        let (port, cluster) = (instance.port, &instance.cluster);
        let service = &self.services[slot].key.name;
        InstanceId::Own(format!("null#{port}#{cluster}#{service}").into())
    }

    /// Whether the client of that address publishes into the service, which need not exist.
    fn publishes(&self, service: ServiceRef<'_>, ip: &str, port: i32) -> bool {
        self.find(service).is_some_and(|service| service.ephemeral.get(ip, port).is_some())
    }

    /// Refreshes the instance of the service that the beat itself names.
    fn refresh_named(
        &mut self,
        scope: &mut Scope<'_>,
        asked: ServiceRef<'_>,
        named: &str,
        ip: &str,
        port: i32,
    ) {
        if named == asked.name {
            self.refresh(scope, asked, ip, port);
        } else {
            let name = format!("{}{GROUP_SEPARATOR}{}", group_of(named), service_of(named));
            self.refresh(scope, ServiceRef { namespace: asked.namespace, name: &name }, ip, port);
        }
    }

    fn refresh(&mut self, scope: &mut Scope<'_>, service: ServiceRef<'_>, ip: &str, port: i32) {
        let Some(slot) = self.slot(service) else { return };
        let Some(entry) = self.services[slot].ephemeral.get_mut(ip, port) else { return };
        entry.last_beat = scope.now;
        if entry.set_healthy(true) {
            self.changed(scope, slot, true);
            if let Some(client) = self.clients.find(ip, port, true) {
                self.check_client_by(scope, client, slot, (ip, port));
                self.tell_changed(scope, client);
            }
        }
    }

    /// The period for the next beat: from the operator's record, the instance, or the switch. A
    /// text that is no number is 0 (`instance/metadata-preserved`).
    fn interval(
        &self,
        scope: &Scope<'_>,
        service: ServiceRef<'_>,
        (ip, port): (&str, i32),
        cluster: &str,
    ) -> i64 {
        let found = self.find(service);
        let recorded = found.filter(|service| !service.records.is_empty()).and_then(|service| {
            let id = format!("{ip}:{port}:{cluster}");
            service.records.get(&*id)?.record.metadata.get(metadata::HEART_BEAT_INTERVAL)
        });
        let registered = || {
            let entry = found?.ephemeral.get(ip, port)?;
            entry.instance.metadata.as_ref()?.get(metadata::HEART_BEAT_INTERVAL)
        };
        let text = recorded.or_else(registered);
        text.map_or(scope.switches.client_beat_interval, super::expiry::to_long)
    }
}

/// The address a beat is about; a full beat names its own, and its cluster unless it is blank.
fn address<'a>(call: &'a BeatCall<'_>) -> (&'a str, i32, &'a str) {
    match &call.beat {
        None => (call.ip, call.port, call.cluster),
        Some(beat) => {
            let named = beat.cluster.as_deref().filter(|name| !name.trim().is_empty());
            (beat.ip.as_deref().unwrap_or(""), beat.port, named.unwrap_or(call.cluster))
        }
    }
}

/// The instance that a full beat registers.
fn instance_of(beat: &FullBeat, cluster: &str) -> Instance {
    let cluster = if cluster.is_empty() { DEFAULT_CLUSTER } else { cluster };
    Instance {
        ip: beat.ip.clone(),
        port: beat.port,
        cluster: cluster.into(),
        weight: beat.weight,
        healthy: true,
        enabled: true,
        ephemeral: beat.ephemeral,
        metadata: Some(beat.metadata.clone().unwrap_or_default()),
        app: "".into(),
    }
}
