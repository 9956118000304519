//! What the core of 1.x on the same server copies from this one, or asks about it.

use super::ClientKeyed;
use super::service::Host;
use crate::model::{Instance, ServiceKey, ServiceRef};
use crate::registry::ServiceSettings;
use crate::registry::double_write::{Held, Instances};
use std::collections::BTreeMap;
use std::sync::Arc;

impl ClientKeyed {
    /// Builds the list of every service anew.
    pub fn refresh_lists(&mut self) {
        for (_, service) in self.services.iter_mut().filter(|(_, service)| service.exists()) {
            service.take_snapshot(service.shown_kind());
        }
    }

    /// Every service with what it holds.
    pub fn held(&self) -> BTreeMap<ServiceKey, Held> {
        let services = self.services.iter().map(|(_, service)| service);
        let held = services.filter(|service| service.exists()).map(|service| {
            let held = Held {
                instances: service.count(),
                has_persistent: !service.persistent.is_empty(),
                ephemeral: service.shown_kind(),
            };
            (service.key.clone(), held)
        });
        held.collect()
    }

    /// The instances of a service, operators' records applied.
    pub fn shown(&mut self, service: ServiceRef<'_>) -> Instances {
        let Some(slot) = self.existing(service) else { return Vec::new() };
        let service = &mut self.services[slot];
        service.take_snapshot(service.shown_kind());
        let hosts = service.snapshot.iter().flat_map(|snapshot| &snapshot.hosts);
        hosts.map(overlaid).collect()
    }

    /// What somebody set for a service.
    pub fn settings_of(&self, service: ServiceRef<'_>) -> Option<ServiceSettings> {
        let slot = self.slot(service)?;
        self.services[slot].settings.clone()
    }
}

fn overlaid(host: &Host) -> Arc<Instance> {
    match host.overlay.as_deref() {
        None => host.instance.clone(),
        Some(overlay) => Arc::new(Instance {
            weight: overlay.weight,
            enabled: overlay.enabled,
            metadata: Some(overlay.metadata.clone()),
            ..(*host.instance).clone()
        }),
    }
}
