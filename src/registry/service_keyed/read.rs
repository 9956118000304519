//! GET `/instance`, `/instance/statuses` and the subscribers of a service on 1.x. Reads show the
//! real health and keep nothing alive (`instance/register-list-detail`, `instance/statuses`,
//! `timing/reads-are-no-beats`).

use super::{ServiceKeyed, list};
use crate::model::{InstanceCall, InstanceView, Refusal, ServiceRef, SubscriberView};
use crate::registry::addresses::Registered;
use crate::registry::scope::Scope;

impl ServiceKeyed {
    /// One instance with its real health.
    pub fn instance(
        &self,
        _scope: &mut Scope<'_>,
        call: &InstanceCall<'_>,
    ) -> Result<InstanceView<'_>, Refusal> {
        let name = call.service.name;
        let Some(service) = self.find(call.service) else {
            return Err(Refusal::nacos(404, format!("no service {name} found!")));
        };
        let cluster = service.cluster(call.cluster);
        let Some(cluster) = cluster.filter(|c| !c.persistent.is_empty() || !c.ephemeral.is_empty())
        else {
            let cluster = call.cluster;
            return Err(Refusal::nacos(
                404,
                format!("no ips found for cluster {cluster} in service {name}"),
            ));
        };
        let entry = cluster
            .at(call.ip, call.port)
            .ok_or_else(|| Refusal::nacos(404, "no matched ip found!"))?;
        let host = list::host(&service.key.name, entry, entry.instance.healthy);
        Ok(InstanceView { service: &service.key.name, host })
    }

    /// `ip:port_healthy` of each instance.
    pub fn statuses(
        &self,
        _scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<Vec<String>, Refusal> {
        let Some(found) = self.find(service) else {
            return Err(Refusal::nacos(404, format!("service: {} not found.", service.name)));
        };
        let status = |ip: &str, port: i32, healthy: bool| format!("{ip}:{port}_{healthy}");
        Ok(found
            .instances("")
            .into_iter()
            .map(|entry| status(entry.instance.ip(), entry.instance.port, entry.instance.healthy))
            .collect())
    }

    /// Shows every instance.
    pub fn each_instance(&self, look: &mut dyn FnMut(ServiceRef<'_>, &Registered)) {
        for (_, service) in &self.services {
            for cluster in &service.clusters {
                let all = cluster.persistent.iter().chain(cluster.ephemeral.iter());
                all.for_each(|entry| look(service.key.as_ref(), entry));
            }
        }
    }

    /// Subscribers of every service that `matches` (namespace, grouped name).
    pub fn subscribers(&self, matches: &dyn Fn(ServiceRef<'_>) -> bool) -> Vec<SubscriberView> {
        let living = self.services.iter().map(|(_, service)| (&service.key, &service.subscribers));
        living
            .chain(&self.left_over)
            .filter(|(service, _)| matches(service.as_ref()))
            .flat_map(|(service, known)| known.iter().map(move |known| (service, known)))
            .map(|(service, known)| SubscriberView {
                ip: known.to.ip().to_string(),
                port: known.to.port(),
                agent: known.agent.to_string(),
                app: known.app.to_string(),
                namespace: service.namespace.to_string(),
                service: service.name.to_string(),
                clusters: known.clusters.to_string(),
            })
            .collect()
    }
}
