//! The registry of 2.x: a client owns what it publishes. Over HTTP a client is an ip and port; it
//! publishes at most one instance into a service, whatever the cluster
//! (`instance/same-address-two-clusters`). Lists are read from a snapshot that only the push task
//! renews (`instance/list-lag`), and what an operator writes over an instance is a record of its
//! own that outlives registrations (`metadata/*`).

mod agreed;
mod batch;
mod beat;
mod catalog;
mod client;
mod connected;
mod copies;
mod deregister;
mod double_write;
mod expiry;
mod health;
mod kinds;
mod list;
mod push;
mod read;
mod register;
mod service;
mod settings;
mod sweep;
mod telling;
mod update;

pub use service::{Service, Subscriber};
pub use sweep::{CLIENT_SWEEP_MS, FIRST_SERVICE_SWEEP_MS};

use crate::model::names::{self, group_of, service_of};
use crate::model::{JavaException, Millis, Refusal, ServiceRef, java};
use crate::profile::ServiceKinds;
use crate::registry::index::Index;
use crate::registry::scope::Scope;
use client::Clients;
use slab::Slab;

/// All clients and services of one node.
#[derive(Debug)]
pub struct ClientKeyed {
    clients: Clients,
    services: Slab<Service>,
    index: Index,
}

/// Buckets of a `ConcurrentHashMap`.
const FIRST_BUCKETS: u32 = 16;

impl Default for ClientKeyed {
    fn default() -> Self {
        let hash = |namespace: &str, name: &str| {
            java::objects_hash(&[namespace, group_of(name), service_of(name)])
        };
        Self {
            clients: Clients::default(),
            services: Slab::new(),
            index: Index::new(hash, FIRST_BUCKETS),
        }
    }
}

impl ClientKeyed {
    /// The core whose clients may hold connections: this one.
    pub fn clients(&mut self) -> Option<&mut ClientKeyed> {
        Some(self)
    }

    /// The core whose lists travel between members: not this one.
    pub fn lists(&mut self) -> Option<&mut super::service_keyed::ServiceKeyed> {
        None
    }

    /// The slot of a service that is known in any way: it exists, or somebody subscribed to it, or
    /// records stand under its name.
    fn slot(&self, service: ServiceRef<'_>) -> Option<usize> {
        self.index.slot(service)
    }

    /// A service that is known in any way.
    fn find(&self, service: ServiceRef<'_>) -> Option<&Service> {
        self.slot(service).and_then(|slot| self.services.get(slot))
    }

    /// The slot of a service that exists.
    fn existing(&self, service: ServiceRef<'_>) -> Option<usize> {
        self.slot(service).filter(|slot| self.services[*slot].exists())
    }

    /// Whether a service exists.
    pub fn contains(&self, service: ServiceRef<'_>) -> bool {
        self.existing(service).is_some()
    }

    /// The slot for a name, made when nothing was known under it.
    fn slot_for(&mut self, service: ServiceRef<'_>) -> usize {
        if let Some(slot) = self.slot(service) {
            return slot;
        }
        let key = self.index.key(service);
        let slot = self.services.insert(Service::new(key.clone()));
        self.index.insert(key, slot);
        slot
    }

    /// The service exists from now on; the first creator's kind stays.
    fn create(&mut self, slot: usize, now: Millis, ephemeral: bool) {
        let service = &mut self.services[slot];
        if !service.exists() {
            service.create(now, ephemeral);
            self.index.list(&service.key);
        }
    }

    /// Makes the service for an instance of a kind; a version may refuse the other kind
    /// (`instance/ephemeral-flip`).
    fn create_for(
        &mut self,
        scope: &Scope<'_>,
        slot: usize,
        ephemeral: bool,
    ) -> Result<(), Refusal> {
        self.create(slot, scope.now, ephemeral);
        self.may_hold(scope, slot, ephemeral)
    }

    /// Whether a service takes instances of a kind; one that does not exist takes any.
    fn may_hold(&self, scope: &Scope<'_>, slot: usize, ephemeral: bool) -> Result<(), Refusal> {
        let service = &self.services[slot];
        let mixed = scope.quirks.service.kinds == ServiceKinds::Mixed;
        if mixed || !service.exists() || service.shown_kind() == ephemeral {
            return Ok(());
        }
        let name = names::shown(&service.key.name)?;
        let (is, other) =
            if ephemeral { ("persistent", "ephemeral") } else { ("ephemeral", "persistent") };
        Err(Refusal::new(
            JavaException::NacosRuntime(400),
            format!(
                "errCode: 400, errMsg: Current service {name} is {is} service, can't register \
                 {other} instance. "
            ),
        ))
    }

    /// The service is gone: lists are empty, whatever is still published.
    fn destroy(&mut self, slot: usize) {
        let service = &mut self.services[slot];
        if service.exists() {
            self.index.unlist(&service.key);
        }
        service.destroy();
    }

    /// Forgets a slot about which nothing is known any more.
    fn release(&mut self, slot: usize) {
        if !self.services.get(slot).is_some_and(Service::is_forgotten) {
            return;
        }
        let service = self.services.remove(slot);
        self.index.remove(&service.key);
    }

    /// Everything written so far is stale: the version's manner of writing changed.
    pub fn forget_renderings(&mut self) {
        self.services.iter_mut().for_each(|(_, service)| service.forget_renderings());
    }
}
