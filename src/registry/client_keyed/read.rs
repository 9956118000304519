//! GET `/instance`, `/instance/statuses` and subscribers on 2.x; all but the last read the snapshot
//! (`instance/list-lag`).

use super::ClientKeyed;
use super::service::{Host, Snapshot};
use crate::model::{HostView, InstanceCall, InstanceView, Refusal, ServiceRef, SubscriberView};
use crate::registry::addresses::Registered;
use crate::registry::scope::Scope;
use std::borrow::Cow;

impl ClientKeyed {
    /// The snapshot that reads see, taken now when there is none; `None` when the service does not
    /// exist.
    pub(super) fn snapshot(&mut self, service: ServiceRef<'_>, kind: bool) -> Option<&Snapshot> {
        let slot = self.existing(service)?;
        let service = &mut self.services[slot];
        if service.snapshot.is_none() {
            service.take_snapshot(kind);
        }
        service.snapshot.as_ref()
    }

    /// One instance as lists see it, disabled ones too.
    pub fn instance(
        &mut self,
        _scope: &mut Scope<'_>,
        call: &InstanceCall<'_>,
    ) -> Result<InstanceView<'_>, Refusal> {
        let name = call.service.name;
        let slot = self.slot(call.service);
        let snapshot = self.snapshot(call.service, true).filter(|s| !s.hosts.is_empty());
        let Some(snapshot) = snapshot else {
            let cluster = call.cluster;
            return Err(Refusal::nacos(
                404,
                format!("no ips found for cluster {cluster} in service {name}"),
            ));
        };
        let found = snapshot.hosts.iter().position(|host| {
            let known = &host.instance;
            *known.cluster == *call.cluster && known.ip() == call.ip && known.port == call.port
        });
        let (Some(slot), Some(at)) = (slot, found) else {
            return Err(Refusal::nacos(404, "no matched ip found!"));
        };
        let service = &self.services[slot];
        let snapshot = service.snapshot.as_ref().ok_or_else(Refusal::null_pointer)?;
        let shown = &snapshot.hosts[at];
        let host = view(&service.key.name, shown, snapshot.ephemeral, shown.instance.healthy);
        Ok(InstanceView { service: &service.key.name, host })
    }

    /// `ip:port_healthy` of each host.
    pub fn statuses(
        &mut self,
        _scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<Vec<String>, Refusal> {
        let Some(snapshot) = self.snapshot(service, true) else { return Ok(Vec::new()) };
        let hosts = snapshot.hosts.iter().map(|host| &host.instance);
        Ok(hosts.map(|i| format!("{}:{}_{}", i.ip(), i.port, i.healthy)).collect())
    }

    /// Shows every instance.
    pub fn each_instance(&self, look: &mut dyn FnMut(ServiceRef<'_>, &Registered)) {
        for (_, service) in &self.services {
            service.published().for_each(|entry| look(service.key.as_ref(), entry));
        }
    }

    /// Subscribers of every service that `matches`.
    pub fn subscribers(&self, matches: &dyn Fn(ServiceRef<'_>) -> bool) -> Vec<SubscriberView> {
        let services = self.services.iter().map(|(_, service)| service);
        services
            .filter(|service| matches(service.key.as_ref()))
            .flat_map(|service| service.subscribers.iter().map(move |known| (service, known)))
            .map(|(service, known)| {
                let (ip, port) = known.to.shown();
                SubscriberView {
                    ip,
                    port,
                    agent: known.agent.to_string(),
                    app: known.app.to_string(),
                    namespace: service.key.namespace.to_string(),
                    service: service.key.name.to_string(),
                    clusters: known.clusters.to_string(),
                }
            })
            .collect()
    }
}

/// A host as shown.
pub(super) fn view<'a>(
    service: &str,
    host: &'a Host,
    ephemeral: bool,
    healthy: bool,
) -> HostView<'a> {
    let instance = &*host.instance;
    let overlay = host.overlay.as_deref();
    let registered = instance.metadata.as_ref().unwrap_or(super::update::NO_METADATA);
    HostView {
        instance,
        instance_id: host.id.text(instance, service),
        healthy,
        enabled: overlay.map_or(instance.enabled, |o| o.enabled),
        ephemeral,
        weight: overlay.map_or(instance.weight, |o| o.weight),
        metadata: Some(Cow::Borrowed(overlay.map_or(registered, |o| &o.metadata))),
    }
}
