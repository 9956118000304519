//! `SubscribeServiceRequest`: answered with what is stored, then pushed to. Only a subscription
//! that is new brings a push of its own (`grpc/subscribe-first-push`); the clusters asked for cut
//! the answer, not the pushes (`grpc/subscribe-clusters`).
//!
//! A subscription in no namespace is answered and pushed to with no hosts
//! (`client-wire/nacos_rust_client-0.3.3-grpc-on-2.0.2`). Then it stands in the way: a second one
//! of the connection, or its end, fails as soon as the two are compared (`Service.equals`), and
//! that of another connection is answered, but never gets into the index that is pushed to.

use super::super::ClientKeyed;
use super::super::service::{Reader, Route, Subscriber, Variant};
use crate::model::names::NO_NAMESPACE;
use crate::model::{Refusal, RemoteSubscription, RenderedList, ServiceRef, java};
use crate::registry::Effect;
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Subscribes a connection to a service, or takes that back.
    pub fn subscribe_remote(
        &mut self,
        scope: &mut Scope<'_>,
        call: &RemoteSubscription<'_>,
    ) -> Result<(RenderedList, Vec<Effect>), Refusal> {
        call.service.check()?;
        let grouped = call.service.grouped();
        let clusters = call.clusters.unwrap_or_default();
        let raw = java::is_blank(clusters) && !scope.quirks.grpc.subscribe_protects;
        let variant = Variant {
            reader: if raw { Reader::Raw } else { Reader::Subscription },
            clusters: if java::is_blank(clusters) { "".into() } else { clusters.into() },
            healthy_only: false,
            cache_millis: scope.switches.push_cache_millis as u64,
        };
        let list = self.info(scope, call.service, &grouped, variant);
        if !call.by.is_naming() {
            return Err(Refusal::null_pointer());
        }
        let namespace = call.service.namespace.unwrap_or(NO_NAMESPACE);
        let service = ServiceRef { namespace, name: &grouped };
        if call.service.namespace.is_none() && self.is_subscribed(call, service) {
            return Err(Refusal::null_pointer());
        }
        if call.subscribe {
            self.add_subscriber(scope, call, service);
        } else {
            self.remove_subscriber(call, service);
        }
        Ok((list, scope.take_effects()))
    }

    fn is_subscribed(&self, call: &RemoteSubscription<'_>, service: ServiceRef<'_>) -> bool {
        let client = self.clients.find_connected(call.by.id);
        let owner = client.and_then(|client| self.clients.get(client));
        let slot = self.slot(service);
        owner.zip(slot).is_some_and(|(owner, slot)| owner.subscribed.contains(&slot))
    }

    fn add_subscriber(
        &mut self,
        scope: &mut Scope<'_>,
        call: &RemoteSubscription<'_>,
        service: ServiceRef<'_>,
    ) {
        let client = self.clients.seen_connected(scope.now, call.by);
        let slot = self.slot_for(service);
        let subscriber = Subscriber {
            client,
            to: Route::Stream(call.by.id, call.by.client_ip.clone()),
            agent: call.by.agent().into(),
            clusters: call.clusters.unwrap_or_default().into(),
            app: call.app.into(),
        };
        let known = &mut self.services[slot].subscribers;
        // The client's own list is short where the service's may be long.
        let Some(owner) = self.clients.get_mut(client) else { return };
        if owner.subscribed.contains(&slot) {
            if let Some(before) = known.iter_mut().find(|known| known.client == client) {
                *before = subscriber;
            }
            return;
        }
        owner.subscribed.push(slot);
        let unheard = call.service.namespace.is_none() && !known.is_empty();
        known.push(subscriber);
        if unheard {
            return;
        }
        let shown = self.services[slot].shown_kind();
        self.subscribed(scope, slot, client, shown);
    }

    fn remove_subscriber(&mut self, call: &RemoteSubscription<'_>, service: ServiceRef<'_>) {
        let Some(client) = self.clients.find_connected(call.by.id) else { return };
        let Some(slot) = self.slot(service) else { return };
        if let Some(owner) = self.clients.get_mut(client) {
            owner.subscribed.retain(|known| *known != slot);
        }
        self.services[slot].subscribers.retain(|known| known.client != client);
        self.release(slot);
    }
}
