//! The registry's face for lists of services: names in order, and what the catalog shows of each.

use crate::model::{
    CatalogHost, CheckTimes, HostView, Metadata, MetadataFilter, Millis, PickHosts, Refusal,
    ServiceCounts, ServiceDetail, ServiceRef,
};
use crate::registry::Listing;
use crate::registry::face::{Core, Registry, ask_core, on_core};
use crate::registry::scope::Scope;
use std::sync::Arc;

impl Registry {
    /// Grouped names of a namespace's services, in the order in which the server's map of them
    /// iterates; `None` when the namespace never had a service.
    pub fn listing(&mut self, namespace: &str) -> Option<Listing> {
        match &mut self.core {
            Core::ServiceKeyed(core) => core.listing(namespace),
            Core::ClientKeyed(core) => core.listing(namespace),
        }
    }

    /// Namespaces that ever had a service, in the order of a Java map.
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        ask_core!(self, |core| core.namespaces())
    }

    /// Whether a service passes the filter of `/service/list`.
    pub fn has_metadata(&self, service: ServiceRef<'_>, filter: &MetadataFilter) -> bool {
        ask_core!(self, |core| core.has_metadata(service, filter))
    }

    /// Whether a service passes the filter `instance` of `/catalog/services`.
    pub fn has_address(&self, service: ServiceRef<'_>, address: &str) -> bool {
        ask_core!(self, |core| core.has_address(service, address))
    }

    /// Whether a service has an instance, as `hasIpCount` asks of every service at once.
    pub fn has_instances(&mut self, service: ServiceRef<'_>) -> bool {
        match &mut self.core {
            Core::ServiceKeyed(core) => core.has_instances(service),
            Core::ClientKeyed(core) => core.has_instances(service),
        }
    }

    /// A row of `/catalog/services`; `None` when the service is gone.
    pub fn service_counts(&mut self, service: ServiceRef<'_>) -> Option<ServiceCounts> {
        match &mut self.core {
            Core::ServiceKeyed(core) => core.service_counts(service),
            Core::ClientKeyed(core) => core.service_counts(service),
        }
    }

    /// An entry of `/catalog/services?withInstances=true`; `None` when the service is gone.
    pub fn service_hosts<T>(
        &mut self,
        service: ServiceRef<'_>,
        write: impl FnOnce(&Metadata, &[(&str, Vec<HostView<'_>>)]) -> T,
    ) -> Option<T> {
        match &mut self.core {
            Core::ServiceKeyed(core) => core.service_hosts(service, write),
            Core::ClientKeyed(core) => core.service_hosts(service, write),
        }
    }

    /// GET `/catalog/instances`.
    pub fn cluster_hosts<T>(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        cluster: &str,
        pick: PickHosts<'_>,
        write: impl FnOnce(usize, &[CatalogHost<'_>]) -> T,
    ) -> Result<T, Refusal> {
        on_core!(self, now, |core, scope| core.cluster_hosts(scope, service, cluster, pick, write))
    }

    /// GET `/catalog/service`.
    pub fn catalog_service(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
    ) -> Result<ServiceDetail, Refusal> {
        on_core!(self, now, |core, scope| core.catalog_service(scope, service))
    }

    /// GET `/catalog/rt/service`.
    pub fn check_times(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
    ) -> Result<Vec<(String, CheckTimes)>, Refusal> {
        on_core!(self, now, |core, scope| core.check_times(scope, service))
    }

    /// PUT `/service/checksum`.
    pub fn service_checksum(&mut self, service: ServiceRef<'_>) -> Result<String, Refusal> {
        match &mut self.core {
            Core::ServiceKeyed(core) => core.service_checksum(service),
            Core::ClientKeyed(core) => core.service_checksum(service),
        }
    }
}
