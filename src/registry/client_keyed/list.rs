//! GET `/instance/list` on 2.x: reads the snapshot, which the first query of a service takes and
//! after that only the push task (`instance/list-lag`). The protect threshold counts only where
//! somebody set one through the API (`timing/protect-threshold`, `timing/none-healthy`). An unknown
//! service gets an empty list, and its subscriber is kept (`push/before-the-service`).

use super::service::{Reader, Route, Service, Snapshot, Subscriber, Variant};
use super::{ClientKeyed, read};
use crate::model::{HostView, ListCall, Millis, Refusal, RenderedList, ServiceView};
use crate::registry::agents;
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Lists a service's instances and keeps the caller's subscription.
    pub fn list(
        &mut self,
        scope: &mut Scope<'_>,
        call: &ListCall<'_>,
    ) -> Result<RenderedList, Refusal> {
        self.subscribe(scope, call)?;
        self.snapshot(call.service, true);
        let variant = Variant {
            reader: Reader::Http,
            clusters: call.clusters.into(),
            healthy_only: call.healthy_only,
            cache_millis: scope.switches.push_cache_millis as u64,
        };
        let Some(slot) = self.slot(call.service) else {
            return Ok(scope.render.list(&empty(call.service.name, &variant, scope.now)));
        };
        let service = &mut self.services[slot];
        if let Some(list) = service.rendering(&variant) {
            return Ok(list.clone());
        }
        let list = scope.render.list(&view(service, &variant, scope.now));
        service.keep_rendering(variant, list.clone());
        Ok(list)
    }

    /// Adds or renews the subscription of an agent that is pushed to. Only a new one is pushed to
    /// by itself.
    fn subscribe(&mut self, scope: &mut Scope<'_>, call: &ListCall<'_>) -> Result<(), Refusal> {
        let Some(to) = call.udp else { return Ok(()) };
        if !agents::may_subscribe(scope, call.agent)? {
            return Ok(());
        }
        let ip = to.ip().to_string();
        let client = self.clients.seen(scope.now, &ip, i32::from(to.port()), true);
        let slot = self.slot_for(call.service);
        if let Some(known) = self.clients.get_mut(client)
            && !known.subscribed.contains(&slot)
        {
            known.subscribed.push(slot);
        }
        let service = &mut self.services[slot];
        if let Some(known) = service.subscribers.iter_mut().find(|known| known.client == client) {
            known.clusters = call.clusters.into();
            known.agent = call.agent.text.as_str().into();
            return Ok(());
        }
        service.subscribers.push(Subscriber {
            client,
            to: Route::Datagram(to),
            agent: call.agent.text.as_str().into(),
            clusters: call.clusters.into(),
            app: call.app.into(),
        });
        let shown = service.shown_kind();
        self.subscribed(scope, slot, client, shown);
        Ok(())
    }
}

/// The list of a service that does not exist.
pub(super) fn empty<'a>(name: &'a str, variant: &'a Variant, now: Millis) -> ServiceView<'a> {
    ServiceView {
        name,
        grouped_dom: true,
        shows_group: true,
        known: false,
        clusters: &variant.clusters,
        env: "",
        cache_millis: variant.cache_millis,
        checksum: "",
        metadata: super::update::NO_METADATA,
        last_ref_time: now,
        reach_protection_threshold: false,
        hosts: Vec::new(),
    }
}

/// The list as one variant shows it.
pub(super) fn view<'a>(service: &'a Service, variant: &'a Variant, now: Millis) -> ServiceView<'a> {
    let mut shown = empty(&service.key.name, variant, now);
    let Some(snapshot) = &service.snapshot else { return shown };
    shown.known = true;
    let mut hosts = select(&service.key.name, snapshot, variant);
    if variant.reader == Reader::Raw {
        shown.hosts = hosts;
        return shown;
    }
    let healthy = hosts.iter().filter(|host| host.healthy).count();
    let threshold = service.settings.as_ref().map(|settings| settings.protect_threshold);
    let protected = threshold.is_some_and(|threshold| {
        let share = healthy as f32 / hosts.len() as f32;
        share <= threshold.max(0.0)
    });
    if protected {
        hosts.iter_mut().for_each(|host| host.healthy = true);
    } else if variant.healthy_only {
        hosts.retain(|host| host.healthy);
    }
    shown.reach_protection_threshold = protected;
    shown.hosts = hosts;
    shown
}

/// Hosts of the clusters asked for, as far as the reader is shown them.
fn select<'a>(service: &str, snapshot: &'a Snapshot, variant: &Variant) -> Vec<HostView<'a>> {
    let clusters = &*variant.clusters;
    let shows_disabled = matches!(variant.reader, Reader::Subscription | Reader::Raw);
    let mut names: Vec<&str> = clusters.split(',').collect();
    names.sort_unstable();
    let wanted = |name: &str| clusters.is_empty() || names.binary_search(&name).is_ok();
    snapshot
        .hosts
        .iter()
        .filter(|host| wanted(&host.instance.cluster))
        .map(|host| read::view(service, host, snapshot.ephemeral, host.instance.healthy))
        .filter(|host| host.enabled || shows_disabled)
        .collect()
}
