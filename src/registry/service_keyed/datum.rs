//! What 1.x servers keep under a key each: services and persistent instances through raft,
//! ephemeral instances through distro (`operator/raft-service-datum`, `operator/distro-reads`).

use super::{Service, ServiceKeyed};
use crate::model::names::group_of;
use crate::model::{ClusterDatum, Instance, InstanceDatum, ServiceDatum, ServiceRef, java};
use crate::registry::addresses::Registered;

impl ServiceKeyed {
    /// A service that raft knows.
    pub fn service_datum(&self, service: ServiceRef<'_>) -> Option<ServiceDatum<'_>> {
        let found = self.find(service).filter(|found| found.durable)?;
        let clusters = found.clusters_in_order();
        let clusters = clusters.into_iter().map(|known| ClusterDatum {
            name: &known.name,
            settings: &known.settings,
            checker: known.settings.checker.sorted_text(),
        });
        Some(ServiceDatum {
            key: &found.key,
            group: if found.created_by_api { "" } else { group_of(&found.key.name) },
            checksum: found.known_checksum(),
            modified: found.modified,
            protect_threshold: found.protect_threshold,
            metadata: &found.metadata,
            selector: &found.selector,
            is_empty: found.is_empty(),
            clusters: clusters.collect(),
        })
    }

    /// The list of one kind, in the order of a hash map of `ip:port:unknown:cluster`; `None` when
    /// nothing was ever written under its key.
    pub fn instance_datum(
        &self,
        service: ServiceRef<'_>,
        ephemeral: bool,
    ) -> Option<Vec<InstanceDatum<'_>>> {
        let found = self.find(service)?;
        if ephemeral && !found.has_ephemeral_datum {
            return None;
        }
        let name = &*found.key.name;
        let entries = found.list(ephemeral).into_iter();
        let datums = entries.map(|entry| {
            let (instance, last_beat) = (&*entry.instance, entry.last_beat);
            InstanceDatum { service: name, instance, id: entry.id.text(instance, name), last_beat }
        });
        Some(datums.collect())
    }
}

impl Service {
    /// The entries of one kind, in no order that means anything.
    pub(super) fn entries(&self, ephemeral: bool) -> impl Iterator<Item = &Registered> {
        self.clusters.iter().flat_map(move |cluster| cluster.kind(ephemeral).iter())
    }

    /// The entries of one kind in the order of that map.
    pub(super) fn list(&self, ephemeral: bool) -> Vec<&Registered> {
        in_map_order(self.entries(ephemeral).collect(), |entry| &entry.instance)
    }
}

/// Sorts as a hash map of `ip:port:unknown:cluster` (`Instance.getDatumKey`) iterates.
pub(super) fn in_map_order<T>(items: Vec<T>, instance: impl Fn(&T) -> &Instance) -> Vec<T> {
    let key = |item: &T| {
        let instance = instance(item);
        format!("{}:{}:unknown:{}", instance.ip(), instance.port, instance.cluster)
    };
    let mut keyed: Vec<(String, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
    keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    java::sort_by_hash_order(&mut keyed, |(key, _)| key);
    keyed.into_iter().map(|(_, item)| item).collect()
}
