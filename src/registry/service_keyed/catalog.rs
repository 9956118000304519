//! What the catalog shows of services on 1.x (`CatalogController`), and what `/service/list`
//! filters by. Everything is read as it is; nothing here looks at the protect threshold but to say
//! whether it is reached.

use super::{Cluster, Service, ServiceKeyed, list};
use crate::model::{
    CatalogHost, CheckTimes, HostView, Metadata, MetadataFilter, PickHosts, Refusal, ServiceCounts,
    ServiceDetail, ServiceRef,
};
use crate::registry::Listing;
use crate::registry::addresses::Registered;
use crate::registry::scope::Scope;
use std::sync::Arc;

impl ServiceKeyed {
    /// Grouped names of a namespace's services, in the order of the server's map.
    pub fn listing(&mut self, namespace: &str) -> Option<Listing> {
        self.index.listing(namespace, |_| true)
    }

    /// Namespaces that ever had a service.
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        self.index.namespaces()
    }

    /// Whether the service, or one of its instances, has a metadata entry.
    pub fn has_metadata(&self, service: ServiceRef<'_>, filter: &MetadataFilter) -> bool {
        let matches = |map: &Metadata| map.get(&filter.key) == Some(&*filter.value);
        let Some(found) = self.find(service) else { return false };
        if !filter.of_instance {
            return matches(&found.metadata);
        }
        let mut entries = entries(found);
        entries.any(|entry| entry.instance.metadata.as_ref().is_some_and(matches))
    }

    /// Whether a service has an instance at an address: `ip`, or `ip:port`.
    pub fn has_address(&self, service: ServiceRef<'_>, address: &str) -> bool {
        let with_port = address.contains(':');
        let at = |entry: &Registered| {
            let (ip, port) = (entry.instance.ip(), entry.instance.port);
            if with_port { format!("{ip}:{port}") == address } else { ip == address }
        };
        self.find(service).is_some_and(|found| entries(found).any(at))
    }

    /// Whether a service has an instance.
    pub fn has_instances(&self, service: ServiceRef<'_>) -> bool {
        self.find(service).is_some_and(|found| entries(found).next().is_some())
    }

    /// A row of `/catalog/services`.
    pub fn service_counts(&mut self, service: ServiceRef<'_>) -> Option<ServiceCounts> {
        let found = self.find(service)?;
        let (instances, healthy) = entries(found).fold((0, 0), |(all, healthy), entry| {
            (all + 1, healthy + usize::from(entry.instance.healthy))
        });
        let clusters = found.clusters.len();
        Some(ServiceCounts::new(clusters, instances, healthy, found.protect_threshold))
    }

    /// Metadata and hosts by cluster of a service, for `/catalog/services?withInstances=true`.
    pub fn service_hosts<T>(
        &mut self,
        service: ServiceRef<'_>,
        write: impl FnOnce(&Metadata, &[(&str, Vec<HostView<'_>>)]) -> T,
    ) -> Option<T> {
        let found = self.find(service)?;
        let name = &found.key.name;
        let mut clusters: Vec<(&str, Vec<HostView<'_>>)> = Vec::new();
        for cluster in &found.clusters {
            let shown = cluster.in_order().into_iter();
            let hosts = shown.map(|entry| list::host(name, entry, entry.instance.healthy));
            clusters.push((&cluster.name, hosts.collect()));
        }
        Some(write(&found.metadata, &clusters))
    }

    /// GET `/catalog/instances`: the hosts of a page of a cluster.
    pub fn cluster_hosts<T>(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        cluster: &str,
        pick: PickHosts<'_>,
        write: impl FnOnce(usize, &[CatalogHost<'_>]) -> T,
    ) -> Result<T, Refusal> {
        let Some(found) = self.find(service) else {
            // The word is upstream's.
            return Err(Refusal::nacos(404, format!("serivce {} is not found!", service.name)));
        };
        let Some(cluster) = found.cluster(cluster) else {
            return Err(Refusal::nacos(404, format!("cluster {cluster} is not found!")));
        };
        let entries = cluster.in_order();
        let page: Vec<CatalogHost<'_>> = entries[pick(entries.len())?]
            .iter()
            .map(|entry| CatalogHost {
                host: list::host(&found.key.name, entry, entry.instance.healthy),
                last_beat: entry.last_beat,
                times: scope.probes.times(entry.probe),
                copied: entry.copied,
            })
            .collect();
        Ok(write(entries.len(), &page))
    }

    /// GET `/catalog/service`.
    pub fn catalog_service(
        &self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<ServiceDetail, Refusal> {
        self.service(scope, service, service.name)
    }

    /// GET `/catalog/rt/service`: how long the checks of each cluster take.
    pub fn check_times(
        &self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<Vec<(String, CheckTimes)>, Refusal> {
        let Some(found) = self.find(service) else {
            return Err(Refusal::illegal("request service doesn't exist"));
        };
        let times = |cluster: &&Cluster| {
            let each = cluster.persistent.iter().map(|entry| scope.probes.times(entry.probe));
            (cluster.name.to_string(), each.fold(CheckTimes::default(), CheckTimes::joined))
        };
        Ok(found.clusters_in_order().iter().map(times).collect())
    }
}

fn entries(service: &Service) -> impl Iterator<Item = &Registered> {
    let tables = service.clusters.iter().flat_map(|c| [&c.persistent, &c.ephemeral]);
    tables.flat_map(|table| table.iter())
}
