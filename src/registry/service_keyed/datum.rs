//! What 1.x servers keep under a key each: services and persistent instances through raft,
//! ephemeral instances through distro (`operator/raft-service-datum`, `operator/distro-reads`).

use super::ServiceKeyed;
use crate::model::names::group_of;
use crate::model::{ClusterDatum, InstanceDatum, ServiceDatum, ServiceRef, java};

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
        let entries = found.clusters.iter().flat_map(|cluster| cluster.kind(ephemeral).iter());
        let mut keyed: Vec<(String, InstanceDatum<'_>)> = entries
            .map(|entry| {
                let (instance, service) = (&*entry.instance, &*found.key.name);
                let (ip, port, cluster) = (instance.ip(), instance.port, &instance.cluster);
                let id = entry.id.text(instance, service);
                let datum = InstanceDatum { service, instance, id, last_beat: entry.last_beat };
                (format!("{ip}:{port}:unknown:{cluster}"), datum)
            })
            .collect();
        keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        java::sort_by_hash_order(&mut keyed, |(key, _)| key);
        Some(keyed.into_iter().map(|(_, datum)| datum).collect())
    }
}
