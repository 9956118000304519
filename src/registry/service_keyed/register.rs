//! POST `/instance` on 1.x: creates service and cluster when absent and replaces whatever stands at
//! that ip, port and cluster, except its health (`instance/duplicate-register`,
//! `timing/register-again-health`). Registering counts as a beat and is pushed even when nothing
//! changed (`push/register-unchanged`).

use super::{Service, ServiceKeyed};
use crate::model::{Instance, Refusal, Registration, ServiceRef, metadata, validate};
use crate::registry::addresses::{InstanceId, Registered};
use crate::registry::scope::Scope;
use crate::registry::{Effect, StoreWrite};
use rustc_hash::FxHashSet;
use std::sync::Arc;

impl ServiceKeyed {
    /// Registers an instance.
    pub fn register(
        &mut self,
        scope: &mut Scope<'_>,
        call: &Registration<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        self.enroll(scope, call.service, &call.instance)?;
        Ok(scope.take_effects())
    }

    /// Puts an instance into a service that may have to be created.
    pub(super) fn enroll(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        instance: &Instance,
    ) -> Result<(), Refusal> {
        let is_new = !instance.ephemeral && !self.contains(service);
        let slot = self.find_or_create(scope, service)?;
        if is_new {
            // Raft learns of a service only from whoever creates it (`createServiceIfAbsent`).
            self.store(scope, slot);
        }
        self.put_instance(scope, slot, instance)
    }

    /// Puts an instance into a service that exists (`addInstance`).
    pub(super) fn put_instance(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        instance: &Instance,
    ) -> Result<(), Refusal> {
        let service = &mut self.services[slot];
        if service.cluster(&instance.cluster).is_none() {
            validate::cluster_name(&instance.cluster)?;
            service.add_cluster(&instance.cluster);
        }
        if instance.ephemeral && instance.ip.is_none() {
            service.poisoned = true;
        }
        if instance.ephemeral && service.poisoned {
            return Ok(());
        }
        if !instance.ephemeral && scope.proposes {
            self.publish_with(scope, slot, instance);
            return Ok(());
        }
        place(scope, slot, service, instance);
        self.changed(scope, slot);
        Ok(())
    }
}

/// Writes the instance into its cluster and sets what watches over it.
fn place(scope: &mut Scope<'_>, slot: usize, service: &mut Service, given: &Instance) {
    let id = instance_id(service, given);
    let key = service.key.clone();
    let Some(cluster) = service.cluster_mut(&given.cluster) else { return };
    let kind = cluster.kind_mut(given.ephemeral);
    let known = kind.get(given.ip(), given.port).map(|old| (old.instance.healthy, old.probe));
    let mut instance = given.clone();
    instance.weight = clamp_weight(instance.weight);
    let mut probe = 0;
    if let Some((healthy, running)) = known {
        instance.healthy = healthy;
        probe = running;
    } else if !given.ephemeral {
        let address = (given.ip(), given.port);
        probe = scope.probes.start(scope.timers, scope.now, slot, &given.cluster, address);
    }
    if !given.ephemeral {
        scope.effects.push(Effect::Store(StoreWrite::PersistentInstance {
            service: key,
            ip: given.ip().to_owned(),
            port: given.port,
            cluster: given.cluster.to_string(),
            instance: Some(instance.clone()),
        }));
    }
    let instance = Arc::new(instance);
    kind.insert(Registered { instance, id, last_beat: scope.now, probe, copied: false });
    if given.ephemeral {
        service.has_ephemeral_datum = true;
        let due = super::expiry::first_due(scope, given, scope.now);
        ServiceKeyed::check_by(scope, slot, service, due);
        scope.list_changed(&service.key);
    }
}

/// `Service.onChange`: weights above 10000 and tiny ones are pulled into the range.
pub(super) fn clamp_weight(weight: f64) -> f64 {
    if weight > 10_000.0 {
        10_000.0
    } else if weight < 0.01 && weight > 0.0 {
        0.01
    } else {
        weight
    }
}

/// `generateInstanceId`: `ip#port#cluster#service`, or with the snowflake generator the smallest
/// number no other instance of its kind has (`instance/id-generator`).
pub(super) fn instance_id(service: &Service, instance: &Instance) -> InstanceId {
    let generator = instance.metadata.as_ref().and_then(|m| m.get(metadata::INSTANCE_ID_GENERATOR));
    if generator != Some("snowflake") {
        return InstanceId::Usual;
    }
    let taken: FxHashSet<&str> = service
        .clusters
        .iter()
        .flat_map(|cluster| cluster.kind(instance.ephemeral).iter())
        .filter_map(|entry| match &entry.id {
            InstanceId::Own(id) => Some(&**id),
            InstanceId::Usual | InstanceId::Absent => None,
        })
        .collect();
    let free = (0u64..).map(|n| n.to_string()).find(|id| !taken.contains(id.as_str()));
    InstanceId::Own(free.unwrap_or_default().into())
}
