//! What this core and that of 2.x copy from each other on a member of 2.0.x.

use super::ServiceKeyed;
use crate::model::{KeptInstance, Refusal, ServiceKey, ServiceRef};
use crate::registry::ServiceSettings;
use crate::registry::double_write::{Held, Instances};
use crate::registry::scope::Scope;
use std::collections::BTreeMap;

impl ServiceKeyed {
    /// Every service with what it holds.
    pub fn held(&self) -> BTreeMap<ServiceKey, Held> {
        let held = self.services.iter().map(|(_, service)| {
            let persistent = service.entries(false).count();
            let held = Held {
                instances: persistent + service.entries(true).count(),
                has_persistent: persistent > 0,
                ephemeral: persistent == 0,
            };
            (service.key.clone(), held)
        });
        held.collect()
    }

    /// One kind of a service's instances.
    pub fn kind_of(&self, service: ServiceRef<'_>, ephemeral: bool) -> Option<Instances> {
        let found = self.find(service)?;
        Some(found.entries(ephemeral).map(|entry| entry.instance.clone()).collect())
    }

    /// The settings of a service.
    pub fn settings_of(&self, service: ServiceRef<'_>) -> Option<ServiceSettings> {
        self.find(service).map(super::Service::settings)
    }

    /// Makes an empty service, unless it is there.
    pub fn make_copy(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<(), Refusal> {
        self.find_or_create(scope, service).map(|_| ())
    }

    /// Holds the instances that the core of 2.x shows, in a service made for them where there was
    /// none.
    pub fn take_copy(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        ephemeral: bool,
        list: &[KeptInstance],
    ) -> Result<(), Refusal> {
        let slot = self.find_or_create(scope, service)?;
        self.replace(scope, slot, ephemeral, list);
        Ok(())
    }

    /// Forgets a service that the core of 2.x forgot.
    pub fn drop_copy(&mut self, scope: &mut Scope<'_>, service: ServiceRef<'_>) {
        if let Some(slot) = self.slot(service) {
            self.drop_service(scope, slot);
        }
    }
}
