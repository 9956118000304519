//! Services and clusters as objects of their own on 2.x: POST, PUT, GET, DELETE `/service`, GET
//! `/service/list` and PUT `/cluster` write and read the service's metadata record. POST makes the
//! service a persistent one in lists, whoever registers into it.

use super::ClientKeyed;
use crate::model::{
    ClientCounts, ClusterSettings, NewService, Refusal, ServiceDetail, ServiceExtras, ServicePart,
    ServiceRef, names,
};
use crate::registry::scope::Scope;
use crate::registry::{Effect, ReadExtras, ServiceSettings, SetCluster, StoreWrite, Totals};

impl ClientKeyed {
    /// POST `/service`: reads what it shall be, then looks for the service. Clusters of a record
    /// that outlived its service come back.
    pub fn create_service(
        &mut self,
        scope: &mut Scope<'_>,
        &NewService { service, protect_threshold, ephemeral }: &NewService<'_>,
        extras: ReadExtras<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let extras = extras()?;
        if self.contains(service) {
            let name = names::shown(service.name)?;
            return Err(Refusal::nacos(400, format!("specified service {name} already exists!")));
        }
        let slot = self.slot_for(service);
        if !scope.proposes {
            self.create(slot, scope.now, ephemeral);
        }
        let kind =
            self.services[slot].singleton.as_ref().map_or(ephemeral, |known| known.ephemeral);
        self.write_settings(scope, slot, protect_threshold, (extras, kind));
        self.release(slot);
        Ok(scope.take_effects())
    }

    /// PUT `/service`: replaces threshold, metadata and selector, keeps the clusters.
    pub fn update_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        protect_threshold: f32,
        extras: ReadExtras<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let extras = extras()?;
        let Some(slot) = self.existing(service) else {
            let name = names::shown(service.name)?;
            return Err(Refusal::nacos(400, format!("service {name} not found!")));
        };
        let kind = self.services[slot].shown_kind();
        self.write_settings(scope, slot, protect_threshold, (extras, kind));
        Ok(scope.take_effects())
    }

    fn write_settings(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        protect_threshold: f32,
        (ServiceExtras { metadata, selector }, ephemeral): (ServiceExtras, bool),
    ) {
        let known = self.services[slot].settings.clone().unwrap_or_default();
        let settings =
            ServiceSettings { protect_threshold, metadata, selector, ephemeral, ..known };
        self.store_settings(scope, slot, settings);
    }

    /// DELETE `/service`: `ok` for an unknown one, too, where the version does not refuse it.
    pub fn delete_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        if scope.quirks.service.unknown_refused && !self.contains(service) {
            let name = names::shown(service.name)?;
            return Err(Refusal::nacos(400, format!("service {name} not found!")));
        }
        let Some(slot) = self.slot(service) else { return Ok(Vec::new()) };
        let found = &mut self.services[slot];
        found.take_snapshot(true);
        if found.snapshot.as_ref().is_some_and(|snapshot| !snapshot.hosts.is_empty()) {
            let name = service.name;
            return Err(Refusal::nacos(
                400,
                format!(
                    "Service {name} is not empty, can't be delete. Please unregister instance first"
                ),
            ));
        }
        let key = found.key.clone();
        let write = || StoreWrite::Service { service: key.clone(), settings: None };
        if !scope.decides(write) {
            return Ok(scope.take_effects());
        }
        found.settings = None;
        found.settings_expiring = None;
        self.destroy(slot);
        self.release(slot);
        scope.effects.push(Effect::Store(StoreWrite::Service { service: key, settings: None }));
        Ok(scope.take_effects())
    }

    /// GET `/service`: defaults for an unknown one; clusters are those that lists show.
    pub fn service(
        &self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        named_as: &str,
    ) -> Result<ServiceDetail, Refusal> {
        if scope.quirks.service.unknown_refused && !self.contains(service) {
            let namespace = service.namespace;
            let text =
                format!("service not found, namespace: {namespace}, serviceName: {named_as}");
            return Err(Refusal::nacos(400, text));
        }
        Ok(self.detail(service))
    }

    /// What is known of a service: settings, and the clusters that lists show.
    pub(super) fn detail(&self, service: ServiceRef<'_>) -> ServiceDetail {
        let Some(slot) = self.slot(service) else { return ServiceDetail::default() };
        let settings = self.services[slot].settings.clone().unwrap_or_default();
        let with_settings = |name: String| {
            let set = settings.clusters.iter().find(|(known, _)| *known == name);
            let set = set.map(|(_, set)| set.clone()).unwrap_or_default();
            (name, set)
        };
        ServiceDetail {
            protect_threshold: settings.protect_threshold,
            metadata: settings.metadata.clone(),
            selector: settings.selector.clone(),
            clusters: self.cluster_names(slot).into_iter().map(with_settings).collect(),
        }
    }

    /// PUT `/cluster`: any name is taken; a cluster is shown once it has an instance.
    pub fn update_cluster(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        cluster: &str,
        set: SetCluster<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let mut given = ClusterSettings::default();
        set(&mut given)?;
        let Some(slot) = self.existing(service) else {
            return Err(Refusal::nacos(400, format!("service not found:{}", service.name)));
        };
        let mut settings = self.services[slot].settings.clone().unwrap_or_default();
        match settings.clusters.iter_mut().find(|(name, _)| name == cluster) {
            Some((_, known)) => *known = given,
            None => settings.clusters.push((cluster.to_owned(), given)),
        }
        settings.ephemeral = self.services[slot].shown_kind();
        self.store_settings(scope, slot, settings);
        Ok(scope.take_effects())
    }

    pub(super) fn store_settings(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        settings: ServiceSettings,
    ) {
        let service = &mut self.services[slot];
        let write = || StoreWrite::Service {
            service: service.key.clone(),
            settings: Some(settings.clone()),
        };
        if !scope.decides(write) {
            return;
        }
        scope.effects.push(Effect::Store(write()));
        service.forget_renderings();
        service.settings = Some(settings);
        let (key, ephemeral) = (service.key.clone(), service.shown_kind());
        scope.copied(&key, ephemeral, ServicePart::Settings);
    }

    /// Restores a service from durable state.
    pub fn restore_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        settings: ServiceSettings,
    ) -> Result<(), Refusal> {
        let slot = self.slot_for(service);
        self.create(slot, scope.now, settings.ephemeral);
        self.services[slot].settings = Some(settings);
        Ok(())
    }

    /// How many addresses are clients.
    pub fn client_counts(&self) -> ClientCounts {
        self.clients.counts()
    }

    /// How much there is.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (_, service) in &self.services {
            totals.services += usize::from(service.exists());
            totals.instances += service.count();
            totals.subscribers += service.subscribers.len();
        }
        totals
    }
}
