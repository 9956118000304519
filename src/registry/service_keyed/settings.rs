//! Services and clusters as objects of their own on 1.x: POST, PUT, GET, DELETE `/service`, GET
//! `/service/list` and PUT `/cluster`. What is set here is durable; a service that only a
//! registration created is not.

use super::{Cluster, Service, ServiceKeyed, publish};
use crate::model::{
    ClusterSettings, DatumKey, NewService, Refusal, ServiceDetail, ServiceExtras, ServiceKey,
    ServiceRef, validate,
};
use crate::registry::scope::Scope;
use crate::registry::{Effect, ReadExtras, ServiceSettings, SetCluster, StoreWrite};

impl Service {
    /// What is durable about it.
    pub fn settings(&self) -> ServiceSettings {
        let cluster = |cluster: &Cluster| (cluster.name.to_string(), cluster.settings.clone());
        ServiceSettings {
            protect_threshold: self.protect_threshold,
            metadata: self.metadata.clone(),
            selector: self.selector.clone(),
            ephemeral: false,
            clusters: self.clusters.iter().map(cluster).collect(),
        }
    }

    /// Becomes what is durable about it; clusters come and none goes.
    pub fn take_settings(&mut self, settings: ServiceSettings) {
        self.durable = true;
        self.protect_threshold = settings.protect_threshold;
        self.metadata = settings.metadata;
        self.selector = settings.selector;
        for (name, settings) in settings.clusters {
            if self.cluster(&name).is_none() {
                self.add_cluster(&name);
            }
            if let Some(cluster) = self.cluster_mut(&name) {
                cluster.settings = settings;
            }
        }
        self.forget_renderings();
    }
}

impl ServiceKeyed {
    /// POST `/service`: looks for the service, then reads what it shall be.
    pub fn create_service(
        &mut self,
        scope: &mut Scope<'_>,
        &NewService { service, protect_threshold, .. }: &NewService<'_>,
        extras: ReadExtras<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        if self.contains(service) {
            let name = service.name;
            return Err(Refusal::illegal(format!(
                "specified service already exists, serviceName : {name}"
            )));
        }
        let ServiceExtras { metadata, selector } = extras()?;
        validate::service_name(service.name)?;
        let mut created = Service::new(self.index.key(service), scope.now);
        created.protect_threshold = protect_threshold;
        created.metadata = metadata;
        created.selector = selector;
        created.created_by_api = true;
        if scope.proposes {
            publish::record(scope, &mut created);
        } else {
            let slot = self.add(created);
            self.store(scope, slot);
        }
        Ok(scope.take_effects())
    }

    /// PUT `/service`: replaces threshold, metadata and selector, in this order, as far as they can
    /// be read. Nobody is pushed to.
    pub fn update_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        protect_threshold: f32,
        extras: ReadExtras<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.slot(service) else {
            return Err(Refusal::nacos(400, format!("service {} not found!", service.name)));
        };
        let found = &mut self.services[slot];
        found.forget_renderings();
        found.protect_threshold = protect_threshold;
        let ServiceExtras { metadata, selector } = extras()?;
        found.metadata = metadata;
        found.selector = selector;
        self.store(scope, slot);
        Ok(scope.take_effects())
    }

    /// DELETE `/service`.
    pub fn delete_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let name = service.name;
        let Some(slot) = self.slot(service) else {
            return Err(Refusal::illegal(format!(
                "specified service not exist, serviceName : {name}"
            )));
        };
        if scope.quirks.service.delete_needs_empty && !self.services[slot].is_empty() {
            return Err(Refusal::illegal(format!(
                "specified service has instances, serviceName : {name}"
            )));
        }
        self.unstore(scope, slot, service.to_key());
        Ok(scope.take_effects())
    }

    /// GET `/service`.
    pub fn service(
        &self,
        _scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        named_as: &str,
    ) -> Result<ServiceDetail, Refusal> {
        let Some(found) = self.find(service) else {
            return Err(Refusal::nacos(404, format!("service {named_as} is not found!")));
        };
        let clusters = found.clusters_in_order();
        let cluster = |c: &&Cluster| (c.name.to_string(), c.settings.clone());
        Ok(ServiceDetail {
            protect_threshold: found.protect_threshold,
            metadata: found.metadata.clone(),
            selector: found.selector.clone(),
            clusters: clusters.iter().map(cluster).collect(),
        })
    }

    /// PUT `/cluster`: creates the cluster when absent, with whatever could be read into one that
    /// was there before.
    pub fn update_cluster(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        cluster: &str,
        set: SetCluster<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.slot(service) else {
            return Err(Refusal::nacos(400, format!("service not found:{}", service.name)));
        };
        let found = &mut self.services[slot];
        found.forget_renderings();
        match found.cluster_mut(cluster) {
            Some(known) => set(&mut known.settings)?,
            None => {
                validate::cluster_name(cluster)?;
                let mut settings = ClusterSettings::default();
                set(&mut settings)?;
                found.add_cluster(cluster).settings = settings;
            }
        }
        self.store(scope, slot);
        Ok(scope.take_effects())
    }

    /// Drops a service, or has raft do it where there is one.
    pub(super) fn unstore(&mut self, scope: &mut Scope<'_>, slot: usize, service: ServiceKey) {
        if scope.proposes {
            scope.effects.push(Effect::Unpublish(DatumKey::Service(service)));
            return;
        }
        self.drop_service(scope, slot);
        scope.effects.push(Effect::Store(StoreWrite::Service { service, settings: None }));
    }

    /// Makes a service's settings durable, or has raft do it where there is one.
    pub(super) fn store(&mut self, scope: &mut Scope<'_>, slot: usize) {
        let service = &mut self.services[slot];
        service.modified = scope.now;
        if scope.proposes {
            return publish::record(scope, service);
        }
        service.durable = true;
        scope.effects.push(Effect::Store(StoreWrite::Service {
            service: service.key.clone(),
            settings: Some(service.settings()),
        }));
    }

    /// Restores a service from durable state.
    pub fn restore_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        settings: ServiceSettings,
    ) -> Result<(), Refusal> {
        let slot = match self.slot(service) {
            Some(slot) => slot,
            None => self.make(scope, service)?,
        };
        self.services[slot].take_settings(settings);
        Ok(())
    }
}
