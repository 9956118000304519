//! The registry's face for the core beside it on a member of 2.0.x: what is copied from one to the
//! other, and which of them answers (`peers::upgrade`).

use crate::model::names::{DEFAULT_GROUP, GROUP_SEPARATOR, group_of};
use crate::model::{
    Deregistration, Instance, KeptInstance, Millis, Refusal, Registration, ServiceKey,
    ServiceRecord, ServiceRef,
};
use crate::registry::face::{Core, ask_core, on_core};
use crate::registry::scope::Scope;
use crate::registry::{
    ClusterSettings, Effect, Place, Registry, ServiceSettings, StoreWrite, Totals,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many instances a service has, and whether some of them are persistent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Instances of both kinds.
    pub instances: usize,
    /// Whether some are persistent.
    pub has_persistent: bool,
    /// Whether the service is shown as one of ephemeral instances (2.x).
    pub ephemeral: bool,
}

/// Instances as the other core copies them.
pub type Instances = Vec<Arc<Instance>>;

impl Registry {
    /// Whether its core is that of 1.x.
    pub fn is_of_1x(&self) -> bool {
        matches!(self.core, Core::ServiceKeyed(_))
    }

    /// From now on this core answers, or another does.
    pub fn set_place(&mut self, now: Millis, place: Place) {
        self.place = place;
        if place == Place::Awake {
            self.responsibility_moved(now);
        }
    }

    /// Builds every list anew (`RefreshStorageDataTask`).
    pub fn refresh_lists(&mut self) {
        if let Core::ClientKeyed(core) = &mut self.core {
            core.refresh_lists();
        }
    }

    /// How much of the core of 1.x the node is responsible for.
    pub fn responsible_totals(&self) -> Totals {
        let Core::ServiceKeyed(core) = &self.core else { return Totals::default() };
        core.totals_of(|name| self.responsibility.as_ref().is_none_or(|all| all.is_mine(name)))
    }

    /// Every service with what it holds.
    pub fn held(&self) -> BTreeMap<ServiceKey, Held> {
        ask_core!(self, |core| core.held())
    }

    /// One kind of a service's instances on 1.x; `None` when there is no such service.
    pub fn instances_of_1x(&self, service: ServiceRef<'_>, ephemeral: bool) -> Option<Instances> {
        let Core::ServiceKeyed(core) = &self.core else { return None };
        core.kind_of(service, ephemeral)
    }

    /// The instances that a service of 2.x shows.
    pub fn instances_of_2x(&mut self, service: ServiceRef<'_>) -> Instances {
        match &mut self.core {
            Core::ClientKeyed(core) => core.shown(service),
            Core::ServiceKeyed(_) => Vec::new(),
        }
    }

    /// The settings of a service; `None` when it has none.
    pub fn settings_of(&self, service: ServiceRef<'_>) -> Option<ServiceSettings> {
        ask_core!(self, |core| core.settings_of(service))
    }

    /// Takes over the instances of one kind from 1.x: all are registered, and whoever is not among
    /// them is deregistered (`ServiceChangeV1Task`).
    ///
    /// # Errors
    /// One of them can not be registered here.
    pub fn copy_instances_to_2x(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        ephemeral: bool,
        list: &[Arc<Instance>],
    ) -> Result<Vec<Effect>, Refusal> {
        let mut effects = Vec::new();
        for instance in list {
            let instance = Instance { ephemeral, ..(**instance).clone() };
            let call = Registration { service, named_as: None, instance };
            effects.append(&mut self.register(now, &call)?);
        }
        let is_listed = |ip: &str, port| list.iter().any(|one| (one.ip(), one.port) == (ip, port));
        for gone in self.instances_of_2x(service) {
            if !is_listed(gone.ip(), gone.port) {
                effects.append(&mut self.leave(now, service, &gone)?);
            }
        }
        Ok(effects)
    }

    fn leave(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        instance: &Instance,
    ) -> Result<Vec<Effect>, Refusal> {
        self.deregister(
            now,
            &Deregistration {
                service,
                ip: instance.ip(),
                port: instance.port,
                cluster: &instance.cluster,
                ephemeral: instance.ephemeral,
            },
        )
    }

    /// Takes over the settings of a service of 1.x, unless they are what every service has
    /// (`DoubleWriteMetadataChangeToV2Task`).
    pub fn copy_settings_to_2x(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        ephemeral: bool,
        settings: ServiceSettings,
    ) -> Vec<Effect> {
        let mut settings = ServiceSettings { ephemeral, ..settings };
        settings.clusters.retain(|(_, cluster)| *cluster != ClusterSettings::default());
        let is_usual = ServiceSettings { ephemeral: true, ..ServiceSettings::default() };
        if settings == is_usual {
            return Vec::new();
        }
        let (service, settings) = (service.to_key(), Some(settings));
        self.write(now, StoreWrite::Service { service, settings })
    }

    /// Does a durable change, or proposes it where members agree on such.
    fn write(&mut self, now: Millis, write: StoreWrite) -> Vec<Effect> {
        if self.proposes { vec![Effect::Propose(write)] } else { self.agreed(now, &write) }
    }

    /// A service of 1.x is gone. The real server takes its instances out of the service of that
    /// name in the default group, whichever group it was in
    /// (`DoubleWriteServiceRemovalToV2Task`).
    pub fn copy_removal_to_2x(&mut self, now: Millis, service: ServiceRef<'_>) -> Vec<Effect> {
        let bare = service.name.split_once(GROUP_SEPARATOR).map_or(service.name, |(_, name)| name);
        let named = format!("{DEFAULT_GROUP}{GROUP_SEPARATOR}{bare}");
        let named = ServiceRef { namespace: service.namespace, name: &named };
        let mut effects = Vec::new();
        for instance in self.instances_of_2x(service) {
            effects.append(&mut self.leave(now, named, &instance).unwrap_or_default());
        }
        let write = StoreWrite::Service { service: service.to_key(), settings: None };
        effects.append(&mut self.write(now, write));
        effects
    }

    /// Makes an empty service for one of 2.x (`createEmptyService`).
    ///
    /// # Errors
    /// 1.x knows no service of such a name.
    pub fn copy_service_to_1x(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        on_core!(self, now, |core, scope| {
            if let Some(core) = core.lists() {
                core.make_copy(scope, service)?;
            }
            Ok(scope.take_effects())
        })
    }

    /// Takes over what a service of 2.x shows, as one list of its kind
    /// (`DoubleWriteInstanceChangeToV1Task`).
    ///
    /// # Errors
    /// 1.x knows no service of such a name.
    pub fn copy_instances_to_1x(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        ephemeral: bool,
        list: Instances,
    ) -> Result<Vec<Effect>, Refusal> {
        let kept = |instance| KeptInstance { instance, id: None, last_beat: now };
        let list: Vec<KeptInstance> = list.into_iter().map(kept).collect();
        on_core!(self, now, |core, scope| {
            if let Some(core) = core.lists() {
                core.take_copy(scope, service, ephemeral, &list)?;
            }
            Ok(scope.take_effects())
        })
    }

    /// Takes over the settings of a service of 2.x (`DoubleWriteMetadataChangeToV1Task`).
    pub fn copy_settings_to_1x(
        &mut self,
        now: Millis,
        service: ServiceRef<'_>,
        settings: ServiceSettings,
    ) -> Vec<Effect> {
        let record = ServiceRecord {
            group: group_of(service.name).to_owned(),
            checksum: String::new(),
            modified: now,
            protect_threshold: settings.protect_threshold,
            metadata: settings.metadata,
            selector: settings.selector,
            is_empty: false,
            clusters: settings.clusters,
        };
        on_core!(self, now, |core, scope| {
            if let Some(core) = core.lists() {
                core.take_record(scope, service, &record);
            }
            scope.take_effects()
        })
    }

    /// A service of 2.x is gone (`DoubleWriteServiceRemovalToV1Task`).
    pub fn copy_removal_to_1x(&mut self, now: Millis, service: ServiceRef<'_>) -> Vec<Effect> {
        on_core!(self, now, |core, scope| {
            if let Some(core) = core.lists() {
                core.drop_copy(scope, service);
            }
            scope.take_effects()
        })
    }
}
