//! What 2.x cleans up: clients that publish nothing and stay silent, services that stay empty
//! (`timing/empty-service`), and records whose instance or service left a minute ago
//! (`metadata/dropped-after-a-minute`, `timing/recreated-service-lost`).

use super::ClientKeyed;
use super::client::Client;
use crate::model::{Millis, ServicePart};
use crate::registry::scope::Scope;
use crate::registry::timers::Timer;
use crate::registry::{Effect, StoreWrite};

/// Period of the client sweep, ms.
pub const CLIENT_SWEEP_MS: u64 = 5_000;
/// From the start to the first sweep of empty services, ms.
pub const FIRST_SERVICE_SWEEP_MS: u64 = 30_000;
/// How long a client that publishes nothing may be silent, and another member about its
/// connection, ms.
const CLIENT_IDLE_MS: u64 = 30_000;

impl ClientKeyed {
    /// A standing sweep is due.
    pub fn sweep(&mut self, scope: &mut Scope<'_>, timer: Timer, at: Millis) {
        let period_ms = match timer {
            Timer::Records => {
                self.sweep_records(scope, at);
                scope.options.cleaning.record_interval_ms
            }
            Timer::EmptyServices => {
                self.sweep_services(scope, at);
                scope.options.cleaning.empty_service_interval_ms
            }
            _ => {
                self.sweep_copies(scope, at);
                self.sweep_clients(scope, at);
                CLIENT_SWEEP_MS
            }
        };
        scope.timers.set(at + period_ms, timer);
    }

    fn sweep_clients(&mut self, scope: &mut Scope<'_>, at: Millis) {
        let push_cache_ms = scope.switches.push_cache_millis as u64;
        let gone = self.clients.select(|client| {
            let idle_ms = at.since(client.last_seen);
            client.beats()
                && client.published.is_empty()
                && idle_ms > CLIENT_IDLE_MS
                && (client.subscribed.is_empty() || idle_ms > push_cache_ms)
        });
        for slot in gone {
            self.tell_gone(scope, slot);
            let Some(client) = self.clients.remove(slot) else { continue };
            for service in client.subscribed {
                if let Some(service) = self.services.get_mut(service) {
                    service.subscribers.retain(|known| known.client != slot);
                }
                self.release(service);
            }
        }
    }

    /// Forgets the connections of other members of which these have long said nothing.
    fn sweep_copies(&mut self, scope: &mut Scope<'_>, at: Millis) {
        let silent =
            |client: &Client| client.is_foreign() && at.since(client.last_seen) > CLIENT_IDLE_MS;
        for slot in self.clients.select(silent) {
            self.forget_connected(scope, slot);
        }
    }

    fn sweep_services(&mut self, scope: &Scope<'_>, at: Millis) {
        let empty_ms = scope.options.cleaning.empty_service_ms;
        let empty = |service: &super::Service| {
            let updated = service.singleton.as_ref().map(|singleton| singleton.updated);
            service.is_unpublished() && updated.is_some_and(|updated| at.since(updated) >= empty_ms)
        };
        let slots: Vec<usize> =
            self.services.iter().filter(|(_, s)| empty(s)).map(|(slot, _)| slot).collect();
        for slot in slots {
            self.destroy(slot);
            let service = &mut self.services[slot];
            if service.settings.is_some() {
                service.settings_expiring = Some(at);
            }
            self.release(slot);
        }
    }

    /// A service and what somebody set for it are gone, whatever is published into it.
    pub(super) fn drop_service(&mut self, scope: &mut Scope<'_>, slot: usize) {
        let ephemeral = self.services[slot].shown_kind();
        self.destroy(slot);
        let service = &mut self.services[slot];
        service.settings_expiring = None;
        service.settings = None;
        let service = service.key.clone();
        scope.copied(&service, ephemeral, ServicePart::Removal);
        scope.effects.push(Effect::Store(StoreWrite::Service { service, settings: None }));
    }

    /// An operator's record is gone.
    pub(super) fn drop_record(&mut self, scope: &mut Scope<'_>, slot: usize, id: &str) {
        let service = &mut self.services[slot];
        if service.records.remove(id).is_none() {
            return;
        }
        // The real server forgets the service's settings with its last record.
        if service.records.is_empty() {
            service.settings = None;
        }
        let (service, metadata_id) = (service.key.clone(), id.to_owned());
        let write = StoreWrite::InstanceRecord { service, metadata_id, record: None };
        scope.effects.push(Effect::Store(write));
    }

    fn sweep_records(&mut self, scope: &mut Scope<'_>, at: Millis) {
        let record_ms = scope.options.cleaning.record_ms;
        let over = |since: Option<Millis>| since.is_some_and(|since| at.since(since) > record_ms);
        let slots: Vec<usize> = self
            .services
            .iter()
            .filter(|(_, s)| s.settings_expiring.is_some() || !s.records.is_empty())
            .map(|(slot, _)| slot)
            .collect();
        for slot in slots {
            if over(self.services[slot].settings_expiring) {
                let service = self.services[slot].key.clone();
                self.services[slot].settings_expiring = None;
                if scope.decides(|| StoreWrite::Service { service, settings: None }) {
                    self.drop_service(scope, slot);
                }
            }
            let service = &mut self.services[slot];
            let (key, mut gone) = (service.key.clone(), Vec::new());
            for (id, record) in service.records.iter_mut().filter(|(_, known)| over(known.expiring))
            {
                record.expiring = None;
                let (service, metadata_id) = (key.clone(), id.to_string());
                let write = || StoreWrite::InstanceRecord { service, metadata_id, record: None };
                if scope.decides(write) {
                    gone.push(id.clone());
                }
            }
            for id in gone {
                self.drop_record(scope, slot, &id);
            }
            self.release(slot);
        }
    }
}
