//! What a node of 1.x in a deployment has raft write instead of doing it: the record of a service,
//! and the whole list of its persistent instances (`cluster/persistent-through-any-node`). It is
//! done when raft gives it back (`replicas`).

use super::datum::in_map_order;
use super::register::instance_id;
use super::{Service, ServiceKeyed};
use crate::model::names::group_of;
use crate::model::{DatumKey, DatumValue, Deregistration, Instance, KeptInstance, ServiceRecord};
use crate::registry::Effect;
use crate::registry::addresses::Registered;
use crate::registry::scope::Scope;
use std::sync::Arc;

/// Has raft write the record of a service as it is now.
pub(super) fn record(scope: &mut Scope<'_>, service: &mut Service) {
    service.modified = scope.now;
    let (key, record) = (DatumKey::Service(service.key.clone()), Box::new(service.record()));
    scope.effects.push(Effect::Publish(key, DatumValue::Service(record)));
}

impl Service {
    /// As raft keeps it.
    pub(super) fn record(&mut self) -> ServiceRecord {
        let checksum = self.checksum().to_owned();
        let clusters = self.clusters_in_order();
        let clusters = clusters.into_iter().map(|one| (one.name.to_string(), one.settings.clone()));
        ServiceRecord {
            group: if self.created_by_api {
                String::new()
            } else {
                group_of(&self.key.name).to_owned()
            },
            checksum,
            modified: self.modified,
            protect_threshold: self.protect_threshold,
            metadata: self.metadata.clone(),
            selector: self.selector.clone(),
            is_empty: self.is_empty(),
            clusters: clusters.collect(),
        }
    }

    /// One kind of its instances as they travel.
    pub(super) fn kept(&self, ephemeral: bool) -> Vec<KeptInstance> {
        self.list(ephemeral).into_iter().map(|entry| kept(entry, &self.key.name)).collect()
    }
}

fn kept(entry: &Registered, service: &str) -> KeptInstance {
    KeptInstance {
        instance: entry.instance.clone(),
        id: entry.id.text(&entry.instance, service).map(|id| id.into()),
        last_beat: entry.last_beat,
    }
}

impl ServiceKeyed {
    /// Has raft write the list with one more instance, or another one at its address.
    pub(super) fn publish_with(&mut self, scope: &mut Scope<'_>, slot: usize, given: &Instance) {
        let service = &self.services[slot];
        let mut instance = given.clone();
        let known = service.cluster(&given.cluster);
        if let Some(known) = known.and_then(|known| known.persistent.get(given.ip(), given.port)) {
            instance.healthy = known.instance.healthy;
        }
        let id = instance_id(service, given);
        let entry = Registered {
            instance: Arc::new(instance),
            id,
            last_beat: scope.now,
            probe: 0,
            copied: false,
        };
        let mut list = self.without(slot, (given.ip(), given.port, &given.cluster));
        list.push(kept(&entry, &service.key.name));
        self.publish_list(scope, slot, list);
    }

    /// Has raft write the list without an address, whether it was there or not.
    pub(super) fn publish_without(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        call: &Deregistration<'_>,
    ) {
        let list = self.without(slot, (call.ip, call.port, call.cluster));
        self.publish_list(scope, slot, list);
    }

    fn without(&self, slot: usize, (ip, port, cluster): (&str, i32, &str)) -> Vec<KeptInstance> {
        let service = &self.services[slot];
        let others = service.entries(false).filter(|Registered { instance, .. }| {
            (instance.ip(), instance.port, &*instance.cluster) != (ip, port, cluster)
        });
        others.map(|entry| kept(entry, &service.key.name)).collect()
    }

    fn publish_list(&self, scope: &mut Scope<'_>, slot: usize, list: Vec<KeptInstance>) {
        let list = in_map_order(list, |kept| &kept.instance);
        let key = DatumKey::Persistent(self.services[slot].key.clone());
        scope.effects.push(Effect::Publish(key, DatumValue::Instances(list)));
    }
}
