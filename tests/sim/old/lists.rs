//! The part of a 1.x registry that distro and beats touch: lists of ephemeral instances, each with
//! health and last beat. What arrives from another node replaces a list and keeps the health that
//! was known; health itself travels by `service/status`.

use crate::node::{NAMESPACE, PORT, Provider, Shown, instance};
use facos::model::{Datum, DatumKey, DatumValue, KeptInstance, Millis, ServiceKey, ServiceRef};
use facos::peers::view::{Choose, DistroData, NamespaceChecksums};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A silent instance is unhealthy after so long, ms.
const UNHEALTHY_MS: u64 = 15_000;
/// And removed after so long, ms.
const REMOVED_MS: u64 = 30_000;

#[derive(Debug, Clone)]
struct Entry {
    healthy: bool,
    last_beat: Millis,
}

/// The lists of one node.
#[derive(Debug, Default)]
pub struct Lists {
    services: BTreeMap<String, BTreeMap<String, Entry>>,
    /// Services under whose key there is a list: one may be forgotten and its instances stay.
    keys: BTreeSet<String>,
}

fn service_of(key: &DatumKey) -> Option<&str> {
    match key {
        DatumKey::Ephemeral(service) => Some(&service.name),
        _ => None,
    }
}

fn key_of(service: &str) -> DatumKey {
    DatumKey::Ephemeral(ServiceKey { namespace: NAMESPACE.into(), name: service.into() })
}

impl Lists {
    /// Registers; the list that changed.
    pub fn register(&mut self, now: Millis, provider: &Provider) -> DatumKey {
        let service = self.services.entry(provider.service.clone()).or_default();
        service.insert(provider.address(), Entry { healthy: true, last_beat: now });
        self.keys.insert(provider.service.clone());
        key_of(&provider.service)
    }

    /// A full beat; the list that changed, when it registered something.
    pub fn beat(&mut self, now: Millis, provider: &Provider) -> Option<DatumKey> {
        let service = self.services.entry(provider.service.clone()).or_default();
        match service.get_mut(&provider.address()) {
            Some(entry) => {
                *entry = Entry { healthy: true, last_beat: now };
                None
            }
            None => Some(self.register(now, provider)),
        }
    }

    /// Deregisters; the list that changed.
    pub fn deregister(&mut self, provider: &Provider) -> Option<DatumKey> {
        let service = self.services.get_mut(&provider.service)?;
        service.remove(&provider.address())?;
        self.keys.insert(provider.service.clone());
        Some(key_of(&provider.service))
    }

    /// Looks at the beats of the chosen services; the lists that changed.
    pub fn check(&mut self, now: Millis, choose: Choose<'_>) -> Vec<DatumKey> {
        let mut changed = Vec::new();
        for (name, service) in self.services.iter_mut().filter(|(name, _)| choose(name)) {
            let before = service.len();
            service.retain(|_, entry| now.since(entry.last_beat) <= REMOVED_MS);
            for entry in service.values_mut() {
                entry.healthy &= now.since(entry.last_beat) <= UNHEALTHY_MS;
            }
            if service.len() != before {
                self.keys.insert(name.clone());
                changed.push(key_of(name));
            }
        }
        changed
    }

    /// Another node's list arrives.
    pub fn apply(&mut self, datum: &Datum) {
        let (Some(name), DatumValue::Instances(told)) = (service_of(&datum.key), &*datum.value)
        else {
            return;
        };
        let service = self.services.entry(name.to_owned()).or_default();
        let known = std::mem::take(service);
        for kept in told {
            let address = format!("{}:{}", kept.instance.ip(), kept.instance.port);
            let healthy = known.get(&address).map_or(kept.instance.healthy, |known| known.healthy);
            service.insert(address, Entry { healthy, last_beat: kept.last_beat });
        }
        self.keys.insert(name.to_owned());
    }

    /// There is no list under the key any more; its instances stay.
    pub fn forget(&mut self, key: &DatumKey) {
        if let Some(name) = service_of(key) {
            self.keys.remove(name);
        }
    }

    /// Sets the health of a service's instances.
    pub fn set_health(&mut self, service: &str, statuses: &[(String, bool)]) {
        for (address, entry) in self.services.get_mut(service).into_iter().flatten() {
            entry.healthy = statuses.iter().any(|(named, healthy)| named == address && *healthy);
        }
    }

    /// Address and health of a service's instances.
    pub fn statuses(&self, service: &str) -> Vec<(String, bool)> {
        let entries = self.services.get(service).into_iter().flatten();
        entries.map(|(address, entry)| (address.clone(), entry.healthy)).collect()
    }

    /// Services with instances and no list.
    pub fn unlisted(&self) -> impl Iterator<Item = &String> {
        let filled = self.services.iter().filter(|(_, service)| !service.is_empty());
        filled.map(|(name, _)| name).filter(|name| !self.keys.contains(*name))
    }

    /// Every list.
    pub fn all(&mut self) -> Vec<Datum> {
        let keys: Vec<DatumKey> = self.keys.iter().map(|name| key_of(name)).collect();
        self.lists(&keys)
    }

    /// What it lists.
    pub fn shown(&self) -> Shown {
        let mut shown = Shown::new();
        for (name, service) in &self.services {
            let entries = service.iter();
            shown.extend(
                entries.map(|(address, entry)| ((name.clone(), address.clone()), entry.healthy)),
            );
        }
        shown
    }
}

impl DistroData for Lists {
    fn keys(&mut self, choose: Choose<'_>) -> Vec<DatumKey> {
        self.keys.iter().filter(|name| choose(name)).map(|name| key_of(name)).collect()
    }

    fn checksum(&mut self, key: &DatumKey) -> Option<String> {
        let name = service_of(key).filter(|name| self.keys.contains(*name))?;
        Some(format!("{:?}", self.statuses(name)))
    }

    fn lists(&mut self, keys: &[DatumKey]) -> Vec<Datum> {
        let mut lists = Vec::new();
        for key in keys {
            let Some(name) = service_of(key).filter(|name| self.keys.contains(*name)) else {
                continue;
            };
            let entries = self.services.get(name).into_iter().flatten();
            let kept = entries.map(|(address, entry)| {
                let (ip, port) = address.rsplit_once(':').unwrap_or((address, ""));
                let instance = instance(ip, port.parse().unwrap_or(PORT), true);
                let instance = facos::model::Instance { healthy: entry.healthy, ..instance };
                KeptInstance { instance: Arc::new(instance), id: None, last_beat: entry.last_beat }
            });
            let value = Arc::new(DatumValue::Instances(kept.collect()));
            lists.push(Datum { key: key.clone(), stamp: 1, value });
        }
        lists
    }

    fn services(&mut self, choose: Choose<'_>, _with_empty: bool) -> Vec<NamespaceChecksums> {
        let chosen = self.services.keys().filter(|name| choose(name));
        let checksums =
            chosen.map(|name| (Arc::from(&**name), format!("{:?}", self.statuses(name))));
        vec![(NAMESPACE.into(), checksums.collect())]
    }

    fn service(&mut self, service: ServiceRef<'_>) -> Option<String> {
        self.services
            .contains_key(service.name)
            .then(|| format!("{:?}", self.statuses(service.name)))
    }
}
