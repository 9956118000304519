//! The registry of 2.x: a client owns what it publishes. Over HTTP a client is an ip and port; it
//! publishes at most one instance into a service, whatever the cluster
//! (`instance/same-address-two-clusters`). Lists are read from a snapshot that only the push task
//! renews (`instance/list-lag`), and what an operator writes over an instance is a record of its
//! own that outlives registrations (`metadata/*`).

mod all_names;
mod batch;
mod beat;
mod client;
mod deregister;
mod expiry;
mod health;
mod list;
mod push;
mod read;
mod register;
mod service;
mod settings;
mod sweep;
mod update;

pub use service::{Service, Subscriber};
pub use sweep::{CLIENT_SWEEP_MS, FIRST_SERVICE_SWEEP_MS, RECORD_SWEEP_MS};

use crate::model::{ServiceKey, ServiceRef};
use client::Clients;
use rustc_hash::FxHashMap;
use slab::Slab;
use std::sync::Arc;

/// All clients and services of one node.
#[derive(Debug, Default)]
pub struct ClientKeyed {
    clients: Clients,
    services: Slab<Service>,
    /// namespace -> grouped name -> slot.
    index: FxHashMap<Arc<str>, FxHashMap<Arc<str>, usize>>,
}

impl ClientKeyed {
    /// The slot of a service that is known in any way: it exists, or somebody subscribed to it, or
    /// records stand under its name.
    fn slot(&self, service: ServiceRef<'_>) -> Option<usize> {
        self.index.get(service.namespace)?.get(service.name).copied()
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
        let key = match self.index.get_key_value(service.namespace) {
            Some((namespace, _)) => {
                ServiceKey { namespace: namespace.clone(), name: service.name.into() }
            }
            None => service.to_key(),
        };
        let slot = self.services.insert(Service::new(key.clone()));
        self.index.entry(key.namespace).or_default().insert(key.name, slot);
        slot
    }

    /// Forgets a slot about which nothing is known any more.
    fn release(&mut self, slot: usize) {
        if !self.services.get(slot).is_some_and(Service::is_forgotten) {
            return;
        }
        let service = self.services.remove(slot);
        if let Some(names) = self.index.get_mut(&service.key.namespace) {
            names.remove(&service.key.name);
            if names.is_empty() {
                self.index.remove(&service.key.namespace);
            }
        }
    }

    /// Everything written so far is stale: the version's manner of writing changed.
    pub fn forget_renderings(&mut self) {
        self.services.iter_mut().for_each(|(_, service)| service.forget_renderings());
    }
}
