//! Services and clusters as objects of their own on 2.x: POST, PUT, GET, DELETE `/service`, GET
//! `/service/list` and PUT `/cluster` write and read the service's metadata record. POST makes the
//! service a persistent one in lists, whoever registers into it.

use super::ClientKeyed;
use crate::model::names::group_of;
use crate::model::{Metadata, Refusal, ServiceRef, java, names};
use crate::registry::scope::Scope;
use crate::registry::{
    ClusterSettings, Effect, ServiceDetail, ServiceSettings, StoreWrite, Totals,
};

impl ClientKeyed {
    /// POST `/service`.
    pub fn create_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        protect_threshold: f64,
        metadata: Metadata,
    ) -> Result<Vec<Effect>, Refusal> {
        if self.contains(service) {
            return Err(Refusal::nacos(
                400,
                format!("specified service {} already exists!", service.name),
            ));
        }
        let settings = ServiceSettings { protect_threshold, metadata, clusters: Vec::new() };
        let slot = self.slot_for(service);
        self.services[slot].create(scope.now, false);
        self.store_settings(scope, slot, settings);
        Ok(scope.take_effects())
    }

    /// PUT `/service`: replaces threshold and metadata, keeps the clusters.
    pub fn update_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        protect_threshold: f64,
        metadata: Metadata,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.existing(service) else {
            return Err(Refusal::nacos(400, format!("service {} not found!", service.name)));
        };
        let known = self.services[slot].settings.clone().unwrap_or_default();
        let settings = ServiceSettings { protect_threshold, metadata, ..known };
        self.store_settings(scope, slot, settings);
        Ok(scope.take_effects())
    }

    /// DELETE `/service`: `ok` for an unknown one too.
    pub fn delete_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.slot(service) else { return Ok(Vec::new()) };
        let found = &mut self.services[slot];
        if !found.is_unpublished() {
            let name = service.name;
            return Err(Refusal::nacos(
                400,
                format!(
                    "Service {name} is not empty, can't be delete. Please unregister instance first"
                ),
            ));
        }
        found.settings = None;
        found.settings_expiring = None;
        found.destroy();
        let key = found.key.clone();
        self.release(slot);
        scope.effects.push(Effect::Store(StoreWrite::Service { service: key, settings: None }));
        Ok(scope.take_effects())
    }

    /// GET `/service`: defaults for an unknown one; clusters are those that lists show.
    pub fn service(&self, service: ServiceRef<'_>) -> Result<ServiceDetail, Refusal> {
        let Some(found) = self.find(service) else { return Ok(ServiceDetail::default()) };
        let settings = found.settings.clone().unwrap_or_default();
        let hosts = found.snapshot.iter().flat_map(|snapshot| &snapshot.hosts);
        let mut clusters: Vec<String> = Vec::new();
        for host in hosts {
            if !clusters.iter().any(|known| **known == *host.instance.cluster) {
                clusters.push(host.instance.cluster.to_string());
            }
        }
        java::sort_by_hash_order(&mut clusters, |name| name);
        let with_settings = |name: String| {
            let set = settings.clusters.iter().find(|(known, _)| *known == name);
            let set = set.map(|(_, set)| set.clone()).unwrap_or_default();
            (name, set)
        };
        Ok(ServiceDetail {
            protect_threshold: settings.protect_threshold,
            metadata: settings.metadata.clone(),
            clusters: clusters.into_iter().map(with_settings).collect(),
        })
    }

    /// Names (without group) of a group's services in the order of the server's set.
    pub fn service_names(&self, namespace: &str, group: &str) -> Vec<String> {
        let Some(known) = self.index.get(namespace) else { return Vec::new() };
        let existing = known.iter().filter(|(_, slot)| self.services[**slot].exists());
        let mut found: Vec<&str> = existing
            .map(|(name, _)| &**name)
            .filter(|name| group_of(name) == group)
            .map(names::service_of)
            .collect();
        found.sort_unstable();
        java::sort_by_hash_order(&mut found, |name| name);
        found.into_iter().map(str::to_owned).collect()
    }

    /// PUT `/cluster`.
    pub fn update_cluster(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        cluster: &str,
        set: ClusterSettings,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.existing(service) else {
            return Err(Refusal::nacos(400, format!("service not found:{}", service.name)));
        };
        let mut settings = self.services[slot].settings.clone().unwrap_or_default();
        match settings.clusters.iter_mut().find(|(name, _)| name == cluster) {
            Some((_, known)) => *known = set,
            None => settings.clusters.push((cluster.to_owned(), set)),
        }
        self.store_settings(scope, slot, settings);
        Ok(scope.take_effects())
    }

    fn store_settings(&mut self, scope: &mut Scope<'_>, slot: usize, settings: ServiceSettings) {
        let service = &mut self.services[slot];
        service.forget_renderings();
        service.settings = Some(settings.clone());
        scope.effects.push(Effect::Store(StoreWrite::Service {
            service: service.key.clone(),
            settings: Some(settings),
        }));
    }

    /// Restores a service from durable state.
    pub fn restore_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        settings: ServiceSettings,
    ) -> Result<(), Refusal> {
        let slot = self.slot_for(service);
        let found = &mut self.services[slot];
        found.create(scope.now, false);
        found.settings = Some(settings);
        Ok(())
    }

    /// How much there is.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (_, service) in &self.services {
            totals.services += usize::from(service.exists());
            totals.instances += service.ephemeral.len() + service.persistent.len();
            totals.subscribers += service.subscribers.len();
        }
        totals
    }
}
