//! What 1.x counts: checksums and numbers of services and instances.

use super::{Service, ServiceKeyed};
use crate::model::{Instance, Refusal, ServiceRef, java};
use crate::registry::{Tally, Totals};
use md5::{Digest, Md5};
use std::fmt::Write;

impl ServiceKeyed {
    /// How much there is.
    pub fn totals(&self) -> Totals {
        self.totals_of(|_| true)
    }

    /// How much there is of the services of chosen names.
    pub fn totals_of(&self, choose: impl Fn(&str) -> bool) -> Totals {
        let services = self.services.iter().map(|(_, service)| service);
        let mut totals = Totals::default();
        for service in services.filter(|service| choose(&service.key.name)) {
            totals.services += 1;
            totals.subscribers += service.subscribers.len();
            for cluster in &service.clusters {
                totals.instances += cluster.persistent.len() + cluster.ephemeral.len();
            }
        }
        totals
    }
}

impl ServiceKeyed {
    /// Counts each service.
    pub fn tallies(&self, look: &mut dyn FnMut(ServiceRef<'_>, Tally)) {
        for (_, service) in &self.services {
            let mut tally = Tally { subscribers: service.subscribers.len(), ..Tally::default() };
            for cluster in &service.clusters {
                tally.add(&cluster.ephemeral, &cluster.persistent);
            }
            look(service.key.as_ref(), tally);
        }
    }

    /// PUT `/service/checksum`.
    pub fn service_checksum(&mut self, service: ServiceRef<'_>) -> Result<String, Refusal> {
        let Some(slot) = self.slot(service) else {
            return Err(Refusal::nacos(404, format!("serviceName not found: {}", service.name)));
        };
        Ok(self.services[slot].checksum().to_owned())
    }
}

/// `Service.recalculateChecksum`: MD5 over the service's description and its sorted instances, as
/// hexadecimal without leading zeros.
pub(super) fn checksum(service: &Service) -> String {
    let mut instances = service.instances("");
    instances.sort_by_cached_key(|entry| described(&entry.instance));
    let invalid = instances.iter().filter(|entry| !entry.instance.healthy).count();
    let mut text = describe(service, invalid, instances.len());
    for entry in &instances {
        let instance = &entry.instance;
        let weight = java::double_text(instance.weight);
        let (ip, port, cluster) = (instance.ip(), instance.port, &instance.cluster);
        let _ = write!(text, "{ip}:{port}_{weight}_{}_{cluster},", instance.healthy);
    }
    let digest: [u8; 16] = Md5::digest(text.as_bytes()).into();
    format!("{:x}", u128::from_be_bytes(digest))
}

/// `Instance.toString`.
pub(super) fn described(instance: &Instance) -> String {
    let weight = java::double_text(instance.weight);
    let (ip, port, cluster) = (instance.ip(), instance.port, &instance.cluster);
    format!("{ip}:{port}:unknown:{cluster}_{weight}_{}_false_{cluster}", instance.healthy)
}

/// `Service.getServiceString`: fastjson's text of a `HashMap`.
fn describe(service: &Service, invalid: usize, total: usize) -> String {
    let name = &service.key.name;
    let threshold = java::float_text(service.protect_threshold);
    let mut clusters: Vec<String> = Vec::new();
    for cluster in service.clusters_in_order() {
        let settings = &cluster.settings;
        let kind = settings.checker.sorted_text();
        clusters.push(format!(
            "{{\"healthChecker\":{kind},\"defIPPort\":80,\"defCkport\":{},\"name\":\"{}\",\
             \"useIPPort4Check\":{},\"sitegroup\":\"\"}}",
            settings.check_port, cluster.name, settings.use_instance_port
        ));
    }
    format!(
        "{{\"invalidIPCount\":{invalid},\"name\":\"{name}\",\"ipCount\":{total},\"owners\":[],\
         \"protectThreshold\":{threshold},\"clusters\":[{}],\"token\":null}}",
        clusters.join(",")
    )
}
