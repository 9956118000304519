//! PUT and PATCH `/instance` on 2.x write an operator's record over the instance, whether it is
//! registered or not; the service must exist (`metadata/update-before-register`). The record's
//! weight and enabled replace the registered ones, its metadata is laid over them, and it outlives
//! registrations (`metadata/update-then-register`, `metadata/redeploy-sees-old`).

use super::ClientKeyed;
use crate::model::names::{group_of, service_of};
use crate::model::{
    Agent, Instance, InstanceCall, Metadata, PatchCall, Refusal, Registration, ServiceRef,
};
use crate::registry::scope::Scope;
use crate::registry::{Effect, InstanceRecord, StoreWrite};

impl ClientKeyed {
    /// PUT `/instance`: replaces the record.
    pub fn update(
        &mut self,
        scope: &mut Scope<'_>,
        call: &Registration<'_>,
        _agent: &Agent,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.existing(call.service) else {
            return Err(not_found(call.service, call.instance.ephemeral));
        };
        let record = InstanceRecord {
            weight: call.instance.weight,
            enabled: call.instance.enabled,
            metadata: call.instance.metadata.clone().unwrap_or_default(),
        };
        let Instance { port, cluster, .. } = &call.instance;
        self.write_record(scope, slot, (call.instance.ip(), *port, cluster), record);
        Ok(scope.take_effects())
    }

    /// Whether lists show the instance that is to be patched.
    pub fn patch_target(
        &mut self,
        scope: &mut Scope<'_>,
        target: &InstanceCall<'_>,
    ) -> Result<(), Refusal> {
        self.instance(scope, target).map(|_| ())
    }

    /// PATCH `/instance`: changes what is given; a new record starts from weight 1 and enabled.
    pub fn patch(
        &mut self,
        scope: &mut Scope<'_>,
        call: &PatchCall<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        self.patch_target(scope, &call.target)?;
        let slot = self.slot_for(call.target.service);
        let InstanceCall { ip, port, cluster, .. } = call.target;
        let mut record = self.record(slot, &format!("{ip}:{port}:{cluster}"));
        if let Some(metadata) = &call.metadata {
            record.metadata = metadata.clone();
        }
        if let Some(enabled) = call.enabled {
            record.enabled = enabled;
        }
        if let Some(weight) = call.weight {
            record.weight = weight;
        }
        self.write_record(scope, slot, (ip, port, cluster), record);
        Ok(scope.take_effects())
    }

    /// The record under a name, or what a new one starts from.
    pub(super) fn record(&self, slot: usize, id: &str) -> InstanceRecord {
        let known = self.services[slot].records.get(id);
        known.map(|known| known.record.clone()).unwrap_or_default()
    }

    /// Writes a record; lists follow with the push task, and its limits count at once
    /// (`metadata/timeouts-by-update`).
    pub(super) fn write_record(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        (ip, port, cluster): (&str, i32, &str),
        record: InstanceRecord,
    ) {
        let metadata_id = format!("{ip}:{port}:{cluster}");
        let service = &mut self.services[slot];
        let write = || StoreWrite::InstanceRecord {
            service: service.key.clone(),
            metadata_id: metadata_id.clone(),
            record: Some(record.clone()),
        };
        if !scope.decides(write) {
            return;
        }
        scope.effects.push(Effect::Store(write()));
        let entry = service.records.entry(metadata_id.as_str().into()).or_default();
        entry.record = record;
        if let Some(client) = self.clients.find(ip, port, true) {
            self.check_client_by(scope, client, slot, (ip, port));
        }
        self.changed(scope, slot, true);
    }

    /// Restores a record from durable state.
    pub fn restore_record(&mut self, service: ServiceRef<'_>, id: &str, record: InstanceRecord) {
        let slot = self.slot_for(service);
        self.services[slot].records.entry(id.into()).or_default().record = record;
    }
}

/// `Service.toString` in the refusal.
fn not_found(service: ServiceRef<'_>, ephemeral: bool) -> Refusal {
    let (namespace, group, name) =
        (service.namespace, group_of(service.name), service_of(service.name));
    Refusal::nacos(
        400,
        format!(
            "service not found, namespace: {namespace}, service: Service{{namespace='{namespace}', \
             group='{group}', name='{name}', ephemeral={ephemeral}, revision=0}}"
        ),
    )
}

/// What a record's metadata starts from.
pub(super) const NO_METADATA: &Metadata = &Metadata::new();
