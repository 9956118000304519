//! The registry of 1.x: services own their instances, and a service is the unit of everything:
//! its beat check, its pushes, its protect threshold. An instance is one ip, port and cluster
//! inside a service; ephemeral and persistent ones are kept apart.
//!
//! One operation stands in one file. A write is visible as soon as it is answered; the real server
//! applies it some milliseconds later.

mod beat;
mod catalog;
mod cleaning;
mod datum;
mod deregister;
mod double_write;
mod expiry;
mod health;
mod list;
mod patch;
mod publish;
mod push;
mod read;
mod register;
mod replicas;
mod service;
mod settings;
mod statistics;
mod update;

pub use push::PURGE_PERIOD_MS;
pub use service::{Cluster, Service, Subscriber};

use crate::model::{Refusal, ServiceKey, ServiceRef, java, names, validate};
use crate::registry::index::Index;
use crate::registry::scope::Scope;
use crate::registry::timers::{Timer, on_grid};
use crate::registry::{Effect, StoreWrite};
use rustc_hash::FxHashMap;
use slab::Slab;

/// Period of a service's beat check, ms.
pub(super) const CHECK_PERIOD_MS: u64 = 5_000;
/// A check runs a little behind its grid: the real one is queued behind a thread pool, so the third
/// check after a registration already finds 15 s exceeded (measured 15.0 to 15.2 s).
pub(super) const CHECK_LAG_MS: u64 = 20;

/// All services of one node.
#[derive(Debug)]
pub struct ServiceKeyed {
    services: Slab<Service>,
    index: Index,
    /// Subscribers of services that were deleted: they are pushed to when the service comes back.
    left_over: FxHashMap<ServiceKey, Vec<Subscriber>>,
}

/// Buckets of `new ConcurrentHashMap<>(16)`, which makes room for 16 entries.
const FIRST_BUCKETS: u32 = 32;

impl Default for ServiceKeyed {
    fn default() -> Self {
        Self {
            services: Slab::new(),
            index: Index::new(|_, name| java::string_hash(name), FIRST_BUCKETS),
            left_over: FxHashMap::default(),
        }
    }
}

impl ServiceKeyed {
    /// The core whose clients may hold connections: not this one.
    pub fn clients(&mut self) -> Option<&mut super::client_keyed::ClientKeyed> {
        None
    }

    /// The core whose lists travel between members: this one.
    pub fn lists(&mut self) -> Option<&mut Self> {
        Some(self)
    }

    /// The slot of a service.
    fn slot(&self, service: ServiceRef<'_>) -> Option<usize> {
        self.index.slot(service)
    }

    /// A service.
    fn find(&self, service: ServiceRef<'_>) -> Option<&Service> {
        self.slot(service).and_then(|slot| self.services.get(slot))
    }

    /// Whether a service exists.
    pub fn contains(&self, service: ServiceRef<'_>) -> bool {
        self.slot(service).is_some()
    }

    /// The service's slot, created with default settings when absent (`createEmptyService`).
    fn find_or_create(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<usize, Refusal> {
        if let Some(slot) = self.slot(service) {
            return Ok(slot);
        }
        if java::split(service.name, names::GROUP_SEPARATOR).is_empty() {
            return Err(Refusal::array_index(0, 0));
        }
        self.make(scope, service)
    }

    /// Makes a service, whose group is not looked at (`addOrReplaceService`).
    fn make(&mut self, scope: &mut Scope<'_>, service: ServiceRef<'_>) -> Result<usize, Refusal> {
        validate::service_name(service.name)?;
        Ok(self.add(Service::new(self.index.key(service), scope.now)))
    }

    /// Adds a service that was not there.
    fn add(&mut self, service: Service) -> usize {
        let key = service.key.clone();
        let slot = self.services.insert(service);
        self.services[slot].subscribers = self.left_over.remove(&key).unwrap_or_default();
        self.index.insert(key.clone(), slot);
        self.index.list(&key);
        slot
    }

    /// Forgets a service with everything in it but its subscribers.
    fn drop_service(&mut self, scope: &mut Scope<'_>, slot: usize) {
        let service = self.services.remove(slot);
        for cluster in &service.clusters {
            for entry in cluster.persistent.iter() {
                scope.probes.stop(entry.probe);
                scope.effects.push(Effect::Store(StoreWrite::PersistentInstance {
                    service: service.key.clone(),
                    ip: entry.instance.ip().to_owned(),
                    port: entry.instance.port,
                    cluster: cluster.name.to_string(),
                    instance: None,
                }));
            }
        }
        self.index.unlist(&service.key);
        self.index.remove(&service.key);
        if !service.subscribers.is_empty() {
            self.left_over.insert(service.key, service.subscribers);
        }
    }

    /// What every change of a service's instances brings with it: rendered lists are stale and a
    /// push is due (`PushService.serviceChanged`).
    fn changed(&mut self, scope: &mut Scope<'_>, slot: usize) {
        let Some(service) = self.services.get_mut(slot) else { return };
        service.forget_renderings();
        push::schedule(scope, slot, service);
    }

    /// Makes sure that the service is checked no later than at the grid point behind `at`.
    fn check_by(
        scope: &mut Scope<'_>,
        slot: usize,
        service: &mut Service,
        at: crate::model::Millis,
    ) {
        let due = on_grid(service.created + CHECK_LAG_MS, CHECK_PERIOD_MS, at);
        if service.check_due.is_none_or(|set| due < set) {
            service.check_due = Some(due);
            scope.timers.set(due, Timer::Check(slot));
        }
    }

    /// Everything written so far is stale: the version's manner of writing changed.
    pub fn forget_renderings(&mut self) {
        self.services.iter_mut().for_each(|(_, service)| service.forget_renderings());
    }
}
