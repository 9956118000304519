//! GET `/instance/list` on 1.x (`doSrvIPXT`). Unhealthy hosts come first, then healthy ones; when
//! no more than the protect threshold's share is healthy, everybody is shown healthy - with the
//! default threshold 0 that is when nobody is (`instance/list-unhealthy`,
//! `timing/protect-threshold`).
//! Disabled hosts count for the threshold and are never shown (`timing/disabled-and-threshold`).
//! An unknown service gets a short answer and no subscriber (`push/before-the-service`).

use super::service::Variant;
use super::{Service, ServiceKeyed, Subscriber};
use crate::model::{
    Agent, AgentFamily, AgentVersion, HostView, ListCall, Metadata, Refusal, RenderedList,
    ServiceView,
};
use crate::registry::addresses::Registered;
use crate::registry::agents;
use crate::registry::scope::Scope;
use bytes::Bytes;
use std::borrow::Cow;

impl ServiceKeyed {
    /// Lists a service's instances and renews the caller's subscription.
    pub fn list(
        &mut self,
        scope: &mut Scope<'_>,
        call: &ListCall<'_>,
    ) -> Result<RenderedList, Refusal> {
        let grouped_dom = reads_grouped_names(call.agent)?;
        let Some(slot) = self.slot(call.service) else {
            return Ok(scope.render.list(&unknown(scope, call, grouped_dom)));
        };
        let service = &mut self.services[slot];
        let cache_millis = subscribe(scope, service, call, grouped_dom)?;
        if call.is_check && !service.instances(call.clusters).is_empty() {
            return Ok(RenderedList { head: Bytes::from_static(b"{}"), tail: None });
        }
        let variant = Variant {
            clusters: call.clusters.into(),
            env: call.env.into(),
            healthy_only: call.healthy_only,
            grouped_dom,
            cache_millis,
        };
        if let Some(list) = service.rendering(&variant) {
            return Ok(list.clone());
        }
        service.checksum();
        let list = scope.render.list(&view(scope, service, &variant));
        service.keep_rendering(variant, list.clone());
        Ok(list)
    }
}

/// Java clients from 1.0.0 on read grouped names in `dom` and `hosts[].serviceName`
/// (`instance/user-agents`).
fn reads_grouped_names(agent: &Agent) -> Result<bool, Refusal> {
    if agent.family != AgentFamily::Java {
        return Ok(false);
    }
    agent.version.at_least(AgentVersion::Parsed(1, 0, 0)).ok_or_else(Refusal::null_pointer)
}

fn unknown<'a>(scope: &Scope<'_>, call: &'a ListCall<'_>, grouped_dom: bool) -> ServiceView<'a> {
    const NO_METADATA: &Metadata = &Metadata::new();
    ServiceView {
        name: call.service.name,
        grouped_dom,
        shows_group: false,
        known: false,
        clusters: call.clusters,
        env: call.env,
        cache_millis: 0,
        checksum: "",
        metadata: NO_METADATA,
        last_ref_time: scope.now,
        reach_protection_threshold: false,
        hosts: Vec::new(),
    }
}

/// Adds or renews the subscriber and says how long the answer may be kept.
fn subscribe(
    scope: &mut Scope<'_>,
    service: &mut Service,
    call: &ListCall<'_>,
    grouped_dom: bool,
) -> Result<u64, Refusal> {
    let short = scope.switches.default_cache_millis as u64;
    let Some(to) = call.udp else { return Ok(short) };
    if !scope.switches.push_enabled || !agents::may_subscribe(scope, call.agent)? {
        return Ok(short);
    }
    let agent: Box<str> = call.agent.text.as_str().into();
    let known = service.subscribers.iter_mut().find(|known| {
        known.to == to && *known.clusters == *call.clusters && *known.agent == *agent
    });
    match known {
        Some(known) => known.last_seen = scope.now,
        None => service.subscribers.push(Subscriber {
            to,
            ip: call.client_ip.into(),
            agent,
            grouped_dom,
            clusters: call.clusters.into(),
            app: call.app.into(),
            last_seen: scope.now,
        }),
    }
    Ok(scope.switches.push_cache_millis as u64)
}

/// The list as one variant shows it.
pub(super) fn view<'a>(
    scope: &Scope<'_>,
    service: &'a Service,
    variant: &'a Variant,
) -> ServiceView<'a> {
    let all = service.instances(&variant.clusters);
    let healthy = all.iter().filter(|entry| entry.instance.healthy).count();
    let protected =
        !all.is_empty() && healthy as f32 / all.len() as f32 <= service.protect_threshold;
    let (well, sick): (Vec<_>, Vec<_>) = all.into_iter().partition(|e| e.instance.healthy);
    let ordered: Vec<&Registered> = match (protected, variant.healthy_only) {
        (true, _) => well.into_iter().chain(sick).collect(),
        (false, true) => well,
        (false, false) => sick.into_iter().chain(well).collect(),
    };
    let hosts = ordered
        .into_iter()
        .filter(|entry| entry.instance.enabled)
        .map(|entry| host(&service.key.name, entry, protected || entry.instance.healthy))
        .collect();
    ServiceView {
        name: &service.key.name,
        grouped_dom: variant.grouped_dom,
        shows_group: false,
        known: true,
        clusters: &variant.clusters,
        env: &variant.env,
        cache_millis: variant.cache_millis,
        checksum: service.known_checksum(),
        metadata: &service.metadata,
        last_ref_time: scope.now,
        reach_protection_threshold: protected,
        hosts,
    }
}

/// An instance as shown.
pub(super) fn host<'a>(service: &str, entry: &'a Registered, healthy: bool) -> HostView<'a> {
    HostView {
        instance: &entry.instance,
        instance_id: entry.id.text(&entry.instance, service),
        healthy,
        enabled: entry.instance.enabled,
        ephemeral: entry.instance.ephemeral,
        weight: entry.instance.weight,
        metadata: entry.instance.metadata.as_ref().map(Cow::Borrowed),
    }
}
