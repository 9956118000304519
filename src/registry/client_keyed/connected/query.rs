//! `ServiceQueryRequest`: enabled hosts of the clusters asked for, protected like a list over HTTP;
//! an unknown service gets an empty list with the names as they came (`grpc/query-filters`).

use super::super::service::{Reader, Variant};
use super::super::{ClientKeyed, list};
use crate::model::names::PUBLIC_NAMESPACE;
use crate::model::{InfoHead, Refusal, RemoteQuery, RemoteService, RenderedList, ServiceRef};
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Lists a service's instances for a connection.
    pub fn query_remote(
        &mut self,
        scope: &mut Scope<'_>,
        call: &RemoteQuery<'_>,
    ) -> Result<RenderedList, Refusal> {
        let grouped = call.service.grouped();
        if self.exists_remote(call.service, &grouped) {
            call.service.check()?;
        }
        let variant = Variant {
            reader: Reader::Query,
            clusters: call.cluster.into(),
            healthy_only: call.healthy_only,
            cache_millis: scope.switches.push_cache_millis as u64,
        };
        Ok(self.info(scope, call.service, &grouped, variant))
    }

    fn exists_remote(&self, service: RemoteService<'_>, grouped: &str) -> bool {
        let Some(namespace) = service.namespace else { return false };
        self.contains(ServiceRef { namespace, name: grouped })
    }

    /// The `serviceInfo` of a variant, kept for the next reader.
    pub(super) fn info(
        &mut self,
        scope: &Scope<'_>,
        service: RemoteService<'_>,
        grouped: &str,
        variant: Variant,
    ) -> RenderedList {
        let raw = variant.reader == Reader::Raw;
        let clusters = variant.clusters.clone();
        let clusters = (!raw || !clusters.is_empty()).then_some(&*clusters);
        let head = InfoHead { name: service.name, group: service.group, clusters };
        // A service in no namespace is never known.
        let namespace = service.namespace.unwrap_or(PUBLIC_NAMESPACE);
        let found = ServiceRef { namespace, name: grouped };
        let found = if service.namespace.is_some() { self.slot(found) } else { None };
        let Some(slot) = found else {
            let view = list::empty(grouped, &variant, scope.now);
            return scope.render.service_info(&head, &view);
        };
        if self.services[slot].snapshot.is_none() {
            self.services[slot].take_snapshot(true);
        }
        if let Some(list) = self.services[slot].rendering(&variant) {
            return list.clone();
        }
        let view = list::view(&self.services[slot], &variant, scope.now);
        let list = scope.render.service_info(&head, &view);
        self.services[slot].keep_rendering(variant, list.clone());
        list
    }
}
