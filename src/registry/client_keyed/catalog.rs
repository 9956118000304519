//! What the catalog shows of services on 2.x (`CatalogServiceV2Impl`). It reads the snapshot that
//! lists read and takes one where there is none; but clusters are counted, and looked for, before
//! that (`catalog/instances`, `service/cluster-new`). What 2.x still asks its registry of 1.x for
//! is not found on a node that stands alone (`catalog/rt-service`, `service/checksum`).

use super::{ClientKeyed, read};
use crate::model::{
    CatalogHost, CheckTimes, HostView, Metadata, MetadataFilter, PickHosts, Refusal, ServiceCounts,
    ServiceDetail, ServiceRef, java,
};
use crate::registry::Listing;
use crate::registry::scope::Scope;
use std::sync::Arc;

impl ClientKeyed {
    /// Grouped names of a namespace's services, in the order of the server's set.
    pub fn listing(&mut self, namespace: &str) -> Option<Listing> {
        let services = &self.services;
        self.index.listing(namespace, |slot| services[slot].exists())
    }

    /// Namespaces that ever had a service.
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        self.index.namespaces()
    }

    /// 2.x filters no list by metadata.
    pub fn has_metadata(&self, _service: ServiceRef<'_>, _filter: &MetadataFilter) -> bool {
        true
    }

    /// 2.x filters no list by address.
    pub fn has_address(&self, _service: ServiceRef<'_>, _address: &str) -> bool {
        true
    }

    /// Whether there is an instance in the snapshot that lists read.
    pub fn has_instances(&mut self, service: ServiceRef<'_>) -> bool {
        let Some(slot) = self.existing(service) else { return false };
        let kind = self.services[slot].shown_kind();
        self.snapshot(service, kind).is_some_and(|snapshot| !snapshot.hosts.is_empty())
    }

    /// A row of `/catalog/services`.
    pub fn service_counts(&mut self, service: ServiceRef<'_>) -> Option<ServiceCounts> {
        let slot = self.existing(service)?;
        let clusters = self.cluster_names(slot).len();
        let kind = self.services[slot].shown_kind();
        let snapshot = self.snapshot(service, kind)?;
        let healthy = snapshot.hosts.iter().filter(|host| host.instance.healthy).count();
        let instances = snapshot.hosts.len();
        let settings = self.services[slot].settings.as_ref();
        let threshold = settings.map_or(0.0, |settings| settings.protect_threshold);
        Some(ServiceCounts::new(clusters, instances, healthy, threshold))
    }

    /// Metadata and hosts by cluster of a service, for `/catalog/services?withInstances=true`.
    pub fn service_hosts<T>(
        &mut self,
        service: ServiceRef<'_>,
        write: impl FnOnce(&Metadata, &[(&str, Vec<HostView<'_>>)]) -> T,
    ) -> Option<T> {
        let slot = self.existing(service)?;
        let kind = self.services[slot].shown_kind();
        self.snapshot(service, kind)?;
        let found = &self.services[slot];
        let snapshot = found.snapshot.as_ref()?;
        let mut clusters: Vec<(&str, Vec<HostView<'_>>)> = Vec::new();
        for host in &snapshot.hosts {
            let shown =
                read::view(&found.key.name, host, snapshot.ephemeral, host.instance.healthy);
            let name = &*host.instance.cluster;
            match clusters.iter_mut().find(|(known, _)| *known == name) {
                Some((_, hosts)) => hosts.push(shown),
                None => clusters.push((name, vec![shown])),
            }
        }
        let settings = found.settings.as_ref();
        let metadata = settings.map_or(super::update::NO_METADATA, |settings| &settings.metadata);
        Some(write(metadata, &clusters))
    }

    /// GET `/catalog/instances`: the hosts of a page of a cluster.
    pub fn cluster_hosts<T>(
        &mut self,
        _scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        cluster: &str,
        pick: PickHosts<'_>,
        write: impl FnOnce(usize, &[CatalogHost<'_>]) -> T,
    ) -> Result<T, Refusal> {
        let slot = self.existing(service).ok_or_else(|| no_service(service))?;
        if !self.cluster_names(slot).iter().any(|name| name == cluster) {
            return Err(Refusal::nacos(404, format!("cluster {cluster} is not found!")));
        }
        let found = &self.services[slot];
        let snapshot = found.snapshot.as_ref().ok_or_else(Refusal::null_pointer)?;
        let of_cluster = |host: &&super::service::Host| *host.instance.cluster == *cluster;
        let hosts: Vec<_> = snapshot.hosts.iter().filter(of_cluster).collect();
        let name = &found.key.name;
        let page: Vec<CatalogHost<'_>> = hosts[pick(hosts.len())?]
            .iter()
            .map(|host| read::view(name, host, snapshot.ephemeral, host.instance.healthy).into())
            .collect();
        Ok(write(hosts.len(), &page))
    }

    /// GET `/catalog/service`: an unknown one is refused here.
    pub fn catalog_service(
        &self,
        _scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<ServiceDetail, Refusal> {
        if !self.contains(service) {
            return Err(no_service(service));
        }
        Ok(self.detail(service))
    }

    /// GET `/catalog/rt/service`.
    pub fn check_times(
        &self,
        _scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<Vec<(String, CheckTimes)>, Refusal> {
        Err(not_in_1x(service))
    }

    /// PUT `/service/checksum`.
    pub fn service_checksum(&mut self, service: ServiceRef<'_>) -> Result<String, Refusal> {
        Err(not_in_1x(service))
    }

    /// Names of the clusters in the snapshot, in the order of the server's set; none before there
    /// is one.
    pub(super) fn cluster_names(&self, slot: usize) -> Vec<String> {
        let hosts = self.services[slot].snapshot.iter().flat_map(|snapshot| &snapshot.hosts);
        let mut names: Vec<String> = Vec::new();
        for host in hosts {
            if !names.iter().any(|known| **known == *host.instance.cluster) {
                names.push(host.instance.cluster.to_string());
            }
        }
        java::sort_by_hash_order(&mut names, |name| name);
        names
    }
}

fn no_service(service: ServiceRef<'_>) -> Refusal {
    Refusal::nacos(404, format!("service {} is not found!", service.name))
}

/// `ServiceManager.checkServiceIsNull` of the registry of 1.x inside 2.x.
fn not_in_1x(service: ServiceRef<'_>) -> Refusal {
    Refusal::no_such_service(service.namespace, service.name)
}
