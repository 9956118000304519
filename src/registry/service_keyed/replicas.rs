//! What a node of 1.x takes over from the other members: lists of instances, records of services,
//! health (`Service.onChange`, `ServiceManager.onChange`; `cluster/sync-to-other-nodes`).
//!
//! A list replaces what was there. Whoever is still there keeps the health seen here, and takes the
//! sender's time of the last beat, which is why instances vanish when responsibility moves
//! (`peer-wire.md` §6).

use super::register::clamp_weight;
use super::{Service, ServiceKeyed};
use crate::model::names::DEFAULT_CLUSTER;
use crate::model::{
    Instance, KeptInstance, NamespaceChecksums, ServicePart, ServiceRecord, ServiceRef, java,
};
use crate::registry::addresses::{Addresses, InstanceId, Registered};
use crate::registry::scope::Scope;
use crate::registry::{Effect, ServiceSettings, StoreWrite};
use md5::{Digest, Md5};
use std::fmt::Write;
use std::sync::Arc;

impl ServiceKeyed {
    /// Takes over a list. Distro creates a service for it, raft does not.
    pub fn take_list(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        ephemeral: bool,
        list: &[KeptInstance],
    ) {
        let creates = ephemeral && scope.switches.default_instance_ephemeral;
        let slot = match self.slot(service) {
            Some(slot) => Some(slot),
            None if creates => self.make(scope, service).ok(),
            None => None,
        };
        let Some(slot) = slot else { return };
        self.replace(scope, slot, ephemeral, list);
        scope.copied(&self.services[slot].key, ephemeral, ServicePart::Instances);
        if ephemeral {
            self.check_again(scope, slot, scope.now);
        }
    }

    /// Puts a list in the place of the one that is there.
    pub(super) fn replace(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        ephemeral: bool,
        list: &[KeptInstance],
    ) {
        let service = &mut self.services[slot];
        service.has_ephemeral_datum |= ephemeral;
        let taken = |cluster: &mut super::Cluster| {
            (cluster.name.clone(), std::mem::take(cluster.kind_mut(ephemeral)))
        };
        let mut before: Vec<(Box<str>, Addresses)> =
            service.clusters.iter_mut().map(taken).collect();
        for kept in list {
            let given = &*kept.instance;
            let name = if given.cluster.is_empty() { DEFAULT_CLUSTER } else { &*given.cluster };
            if service.cluster(name).is_none() {
                service.add_cluster(name);
            }
            let known = before.iter_mut().find(|(known, _)| **known == *name);
            let known = known.and_then(|(_, known)| known.remove(given.ip(), given.port));
            let mut instance = Instance {
                weight: clamp_weight(given.weight),
                cluster: name.into(),
                ephemeral,
                ..given.clone()
            };
            let mut probe = 0;
            if let Some(known) = &known {
                instance.healthy = known.instance.healthy;
                probe = known.probe;
            } else if !ephemeral {
                let address = (given.ip(), given.port);
                probe = scope.probes.start(scope.timers, scope.now, slot, name, address);
            }
            let instance = match &known {
                Some(known) if *known.instance == instance => known.instance.clone(),
                _ => {
                    store(scope, service, &instance, Some(&instance));
                    Arc::new(instance)
                }
            };
            let id = id_of(kept, &instance, &service.key.name);
            let entry = Registered { instance, id, last_beat: kept.last_beat, probe, copied: true };
            if let Some(cluster) = service.cluster_mut(name) {
                cluster.kind_mut(ephemeral).insert(entry);
            }
        }
        for entry in before.iter().flat_map(|(_, left)| left.iter()) {
            scope.probes.stop(entry.probe);
            store(scope, service, &entry.instance, None);
        }
        self.changed(scope, slot);
    }

    /// Forgets that there is a list; the instances stay.
    pub fn forget_list(&mut self, service: ServiceRef<'_>) {
        if let Some(slot) = self.slot(service) {
            self.services[slot].has_ephemeral_datum = false;
        }
    }

    /// Takes over the record of a service.
    pub fn take_record(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        record: &ServiceRecord,
    ) {
        let slot = match self.slot(service) {
            Some(slot) => Ok(slot),
            None => self.make(scope, service),
        };
        let Ok(slot) = slot else { return };
        let found = &mut self.services[slot];
        found.created_by_api = record.group.is_empty();
        found.modified = record.modified;
        found.take_settings(ServiceSettings {
            protect_threshold: record.protect_threshold,
            metadata: record.metadata.clone(),
            selector: record.selector.clone(),
            ephemeral: false,
            clusters: record.clusters.clone(),
        });
        let settings = Some(found.settings());
        let service = found.key.clone();
        scope.copied(&service, true, ServicePart::Settings);
        scope.effects.push(Effect::Store(StoreWrite::Service { service, settings }));
    }

    /// Raft forgot the record of a service: the service goes, unless the version keeps one that
    /// has instances.
    pub fn forget_record(&mut self, scope: &mut Scope<'_>, service: ServiceRef<'_>) {
        let Some(slot) = self.slot(service) else { return };
        if scope.quirks.service.delete_needs_empty && !self.services[slot].is_empty() {
            return;
        }
        let ephemeral = self.services[slot].entries(false).next().is_none();
        self.drop_service(scope, slot);
        let service = service.to_key();
        scope.copied(&service, ephemeral, ServicePart::Removal);
        let settings = None;
        scope
            .effects
            .push(Effect::Store(StoreWrite::Service { service: service.clone(), settings }));
        scope.effects.push(Effect::Gone(service));
    }

    /// Sets the health of every instance of a service; an address that is not named is unhealthy.
    pub fn set_statuses(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        statuses: &[(String, bool)],
    ) {
        let Some(slot) = self.slot(service) else { return };
        let mut changed = false;
        for cluster in &mut self.services[slot].clusters {
            for entry in cluster.persistent.iter_mut().chain(cluster.ephemeral.iter_mut()) {
                let address = format!("{}:{}", entry.instance.ip(), entry.instance.port);
                let told = statuses.iter().find(|(named, _)| *named == address);
                changed |= entry.set_healthy(told.is_some_and(|(_, healthy)| *healthy));
            }
        }
        if changed {
            self.changed(scope, slot);
        }
    }

    /// The services that have a list of ephemeral instances.
    pub fn listed(&self, choose: &dyn Fn(&str) -> bool) -> Vec<ServiceRef<'_>> {
        let services = self.services.iter().map(|(_, service)| service);
        let chosen = services.filter(|one| one.has_ephemeral_datum && choose(&one.key.name));
        chosen.map(|service| service.key.as_ref()).collect()
    }

    /// A list as it travels; `None` when there is none.
    pub fn kept_list(&self, service: ServiceRef<'_>, ephemeral: bool) -> Option<Vec<KeptInstance>> {
        let found = self.find(service).filter(|found| !ephemeral || found.has_ephemeral_datum)?;
        Some(found.kept(ephemeral))
    }

    /// The checksum of a list of ephemeral instances (`Instances.recalculateChecksum`).
    pub fn list_checksum(&mut self, service: ServiceRef<'_>) -> Option<&str> {
        let slot = self.slot(service)?;
        let found = &mut self.services[slot];
        if !found.has_ephemeral_datum {
            return None;
        }
        if found.list_checksum.is_none() {
            found.list_checksum = Some(checksum(found));
        }
        found.list_checksum.as_deref()
    }

    /// Every chosen service with its checksum, by namespace.
    pub fn service_checksums(
        &mut self,
        choose: &dyn Fn(&str) -> bool,
        with_empty: bool,
    ) -> Vec<NamespaceChecksums> {
        let mut all: Vec<NamespaceChecksums> =
            self.index.namespaces().into_iter().map(|namespace| (namespace, Vec::new())).collect();
        for (_, service) in &mut self.services {
            if !choose(&service.key.name) || (service.is_empty() && !with_empty) {
                continue;
            }
            let checksum = service.checksum().to_owned();
            let within = all.iter_mut().find(|(namespace, _)| *namespace == service.key.namespace);
            if let Some((_, checksums)) = within {
                checksums.push((service.key.name.clone(), checksum));
            }
        }
        all
    }

    /// The record of a service that raft knows.
    pub fn kept_record(&mut self, service: ServiceRef<'_>) -> Option<ServiceRecord> {
        let slot = self.slot(service)?;
        let found = &mut self.services[slot];
        found.durable.then(|| found.record())
    }

    /// Every service.
    pub fn keys(&self) -> Vec<crate::model::ServiceKey> {
        self.services.iter().map(|(_, service)| service.key.clone()).collect()
    }
}

/// Persistent instances are durable.
fn store(scope: &mut Scope<'_>, service: &Service, at: &Instance, instance: Option<&Instance>) {
    if !at.ephemeral {
        scope.effects.push(Effect::Store(StoreWrite::PersistentInstance {
            service: service.key.clone(),
            ip: at.ip().to_owned(),
            port: at.port,
            cluster: at.cluster.to_string(),
            instance: instance.cloned(),
        }));
    }
}

/// The id that a member gave, or the usual one.
fn id_of(kept: &KeptInstance, instance: &Instance, service: &str) -> InstanceId {
    match kept.id.as_deref() {
        None | Some("") => InstanceId::Absent,
        Some(id) if InstanceId::Usual.text(instance, service).as_deref() == Some(id) => {
            InstanceId::Usual
        }
        Some(id) => InstanceId::Own(id.into()),
    }
}

fn checksum(service: &Service) -> String {
    let mut entries: Vec<&Registered> = service.entries(true).collect();
    entries.sort_by_cached_key(|entry| super::statistics::described(&entry.instance));
    let mut text = String::new();
    for entry in entries {
        let instance = &*entry.instance;
        let weight = java::double_text(instance.weight);
        let (ip, port, cluster) = (instance.ip(), instance.port, &instance.cluster);
        let (healthy, enabled) = (instance.healthy, instance.enabled);
        let _ = write!(text, "{ip}:{port}_{weight}_{healthy}_{enabled}_{cluster}_");
        let mut pairs: Vec<_> = instance.metadata.iter().flat_map(|map| map.iter()).collect();
        pairs.sort_unstable_by(|a, b| a.0.cmp(b.0));
        for (key, value) in pairs {
            let _ = write!(text, "{key}:{},", value.unwrap_or("null"));
        }
        text.push(',');
    }
    let digest: [u8; 16] = Md5::digest(text.as_bytes()).into();
    format!("{:x}", u128::from_be_bytes(digest))
}
