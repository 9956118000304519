//! PUT `/instance/beat` on 1.x. A full beat registers an unknown instance from what it says; a
//! light one (from 1.2.0) only finds it (`instance/beat-forms`, `instance/beat-registers`). A beat
//! makes an unhealthy ephemeral instance healthy and is pushed only then (`push/beat`). Beats for
//! persistent instances change nothing (`instance/persistent-beat`).

use super::ServiceKeyed;
use crate::model::names::DEFAULT_CLUSTER;
use crate::model::{BeatCall, BeatReply, FullBeat, Instance, Refusal, metadata};
use crate::registry::Effect;
use crate::registry::scope::Scope;

/// What a beat is answered when nothing sets another period, ms.
const DEFAULT_INTERVAL_MS: i64 = 5_000;

impl ServiceKeyed {
    /// Takes a beat.
    pub fn beat(
        &mut self,
        scope: &mut Scope<'_>,
        call: &BeatCall<'_>,
    ) -> Result<(BeatReply, Vec<Effect>), Refusal> {
        let reply = |interval_ms, known| BeatReply {
            interval_ms,
            known,
            light_beat_enabled: scope.switches.light_beat_enabled,
        };
        let (known, unknown) =
            (reply(DEFAULT_INTERVAL_MS, true), reply(scope.switches.client_beat_interval, false));
        if let Some(beat) = &call.beat
            && scope.quirks.beat.persistent_ignored
            && !scope.switches.default_instance_ephemeral
            && !beat.ephemeral
        {
            let interval_ms = scope.switches.client_beat_interval;
            return Ok((BeatReply { interval_ms, ..known }, Vec::new()));
        }
        let (ip, port, cluster) = address(scope, call);
        if self.refresh(scope, call, ip, port, cluster).is_none() {
            let Some(beat) = &call.beat else { return Ok((unknown, Vec::new())) };
            self.enroll(scope, call.service, &instance_of(beat, cluster))?;
        }
        let interval_ms = self.interval_of(call, ip, port, cluster);
        Ok((BeatReply { interval_ms, ..known }, scope.take_effects()))
    }

    /// Notes the sign of life; `None` when there is no such instance.
    fn refresh(
        &mut self,
        scope: &mut Scope<'_>,
        call: &BeatCall<'_>,
        ip: &str,
        port: i32,
        cluster: &str,
    ) -> Option<()> {
        let slot = self.slot(call.service)?;
        let cluster = self.services.get_mut(slot)?.cluster_mut(cluster)?;
        let persistent = cluster.persistent.get(ip, port).is_some();
        let Some(entry) = cluster.ephemeral.get_mut(ip, port) else {
            return persistent.then_some(());
        };
        let names_cluster = |beat: &FullBeat| beat.cluster.as_deref().is_some_and(is_named);
        if scope.quirks.beat.needs_cluster && !call.beat.as_ref().is_none_or(names_cluster) {
            return Some(());
        }
        entry.last_beat = scope.now;
        if entry.set_healthy(true) {
            let instance = entry.instance.clone();
            let due = super::expiry::first_due(scope, &instance, scope.now);
            let service = &mut self.services[slot];
            Self::check_by(scope, slot, service, due);
            self.changed(scope, slot);
        }
        Some(())
    }

    /// The registered instance's own period, else the constant: the switch does not show here.
    fn interval_of(&self, call: &BeatCall<'_>, ip: &str, port: i32, cluster: &str) -> i64 {
        self.find(call.service)
            .and_then(|service| service.cluster(cluster))
            .and_then(|cluster| cluster.at(ip, port))
            .and_then(|entry| entry.instance.metadata.as_ref())
            .and_then(|map| super::expiry::whole_number(map.get(metadata::HEART_BEAT_INTERVAL)))
            .map_or(DEFAULT_INTERVAL_MS, |ms| i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

/// The address a beat is about: a full beat names its own, and its cluster unless it is blank.
fn address<'a>(scope: &Scope<'_>, call: &'a BeatCall<'_>) -> (&'a str, i32, &'a str) {
    let fallback = if scope.quirks.beat.requires_body { DEFAULT_CLUSTER } else { call.cluster };
    match &call.beat {
        None => (call.ip, call.port, call.cluster),
        Some(beat) => {
            let named = beat.cluster.as_deref().filter(|name| is_named(name));
            (beat.ip.as_deref().unwrap_or(""), beat.port, named.unwrap_or(fallback))
        }
    }
}

fn is_named(cluster: &str) -> bool {
    !cluster.trim().is_empty()
}

/// The instance that a full beat registers: no check of ip or weight, no `app`.
fn instance_of(beat: &FullBeat, cluster: &str) -> Instance {
    Instance {
        ip: beat.ip.clone(),
        port: beat.port,
        cluster: cluster.into(),
        weight: beat.weight,
        healthy: true,
        enabled: true,
        ephemeral: beat.ephemeral,
        metadata: beat.metadata.clone(),
        app: "".into(),
    }
}
