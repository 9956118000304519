//! What 1.x servers keep and send to each other under a key: services, lists of instances, and the
//! switches.

use crate::model::{ClusterSettings, Instance, Metadata, Millis, Selector, ServiceKey, Switches};
use std::borrow::Cow;
use std::sync::Arc;

/// A key of raft or distro.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DatumKey {
    /// A service with its settings (raft).
    Service(ServiceKey),
    /// A service's persistent instances (raft).
    Persistent(ServiceKey),
    /// A service's ephemeral instances (distro).
    Ephemeral(ServiceKey),
    /// The switches (raft).
    Switches,
}

const LISTS: &str = "com.alibaba.nacos.naming.iplist.";
const BRIEF_LISTS: &str = "iplist.";
const BRIEF_SERVICES: &str = "meta.";
const EPHEMERAL: &str = "ephemeral.";
const SERVICES: &str = "com.alibaba.nacos.naming.domains.meta.";
const SWITCHES: &str = "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00";
const CONNECTOR: &str = "##";

impl DatumKey {
    /// Reads a key; `None` for what is no key of a known kind.
    pub fn read(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix(SERVICES) {
            return if name == SWITCHES {
                Some(Self::Switches)
            } else {
                service(name).map(Self::Service)
            };
        }
        let name = text.strip_prefix(LISTS)?;
        match name.strip_prefix(EPHEMERAL) {
            Some(name) => service(name).map(Self::Ephemeral),
            None => service(name).map(Self::Persistent),
        }
    }

    /// As servers write it.
    pub fn text(&self) -> String {
        let full = |prefix: &str, service: &ServiceKey| {
            format!("{prefix}{}{CONNECTOR}{}", service.namespace, service.name)
        };
        match self {
            Self::Service(service) => full(SERVICES, service),
            Self::Persistent(service) => full(LISTS, service),
            Self::Ephemeral(service) => full(&format!("{LISTS}{EPHEMERAL}"), service),
            Self::Switches => format!("{SERVICES}{SWITCHES}"),
        }
    }

    /// As a leader's beat writes it, without what all keys begin with.
    pub fn brief(&self) -> String {
        let text = self.text();
        let brief = text.strip_prefix(SERVICES).map(|name| format!("{BRIEF_SERVICES}{name}"));
        let brief = brief.or_else(|| Some(format!("{BRIEF_LISTS}{}", text.strip_prefix(LISTS)?)));
        brief.unwrap_or(text)
    }

    /// Reads a key of a leader's beat; `None` for what is none.
    pub fn read_brief(text: &str) -> Option<Self> {
        match (text.strip_prefix(BRIEF_SERVICES), text.strip_prefix(BRIEF_LISTS)) {
            (Some(name), _) => Self::read(&format!("{SERVICES}{name}")),
            (None, Some(name)) => Self::read(&format!("{LISTS}{name}")),
            (None, None) => Self::read(text),
        }
    }

    /// The service whose key it is; `None` for the switches.
    pub fn service(&self) -> Option<&ServiceKey> {
        match self {
            Self::Service(service) | Self::Persistent(service) | Self::Ephemeral(service) => {
                Some(service)
            }
            Self::Switches => None,
        }
    }

    /// The prefix that a server listens to for services that it does not know yet.
    pub fn services_prefix() -> &'static str {
        SERVICES
    }
}

fn service(text: &str) -> Option<ServiceKey> {
    let (namespace, name) = text.split_once(CONNECTOR)?;
    Some(ServiceKey { namespace: namespace.into(), name: name.into() })
}

/// An instance inside a list that servers keep under a key.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceDatum<'a> {
    /// Grouped name of its service.
    pub service: &'a str,
    /// The instance.
    pub instance: &'a Instance,
    /// Its `instanceId`.
    pub id: Option<Cow<'a, str>>,
    /// The last sign of life.
    pub last_beat: Millis,
}

/// A service as raft keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceDatum<'a> {
    /// Its identity.
    pub key: &'a ServiceKey,
    /// Group as the record says: POST `/service` leaves it empty.
    pub group: &'a str,
    /// The checksum computed last.
    pub checksum: &'a str,
    /// When it was created, or its settings changed last.
    pub modified: Millis,
    /// Protect threshold.
    pub protect_threshold: f32,
    /// Service metadata.
    pub metadata: &'a Metadata,
    /// Its selector.
    pub selector: &'a Selector,
    /// Whether it has no instance at all.
    pub is_empty: bool,
    /// Its clusters in the order of a hash map.
    pub clusters: Vec<ClusterDatum<'a>>,
}

/// A cluster inside a service that raft keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterDatum<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its settings.
    pub settings: &'a ClusterSettings,
    /// Its checker as fastjson writes it.
    pub checker: String,
}

/// What is kept under a key, for itself: as it travels between members.
#[derive(Debug, Clone, PartialEq)]
pub struct Datum {
    /// Its key.
    pub key: DatumKey,
    /// How often it was written; distro's are new each time.
    pub stamp: u64,
    /// What is there.
    pub value: Arc<DatumValue>,
}

/// The value of a datum.
#[derive(Debug, Clone, PartialEq)]
pub enum DatumValue {
    /// A list of instances.
    Instances(Vec<KeptInstance>),
    /// A service with its settings.
    Service(Box<ServiceRecord>),
    /// The switches.
    Switches(Box<Switches>),
}

/// An instance of a list, for itself.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptInstance {
    /// The instance, with the health that the sender saw.
    pub instance: Arc<Instance>,
    /// Its `instanceId`.
    pub id: Option<Box<str>>,
    /// The last sign of life that the sender saw.
    pub last_beat: Millis,
}

/// A service as raft keeps it, for itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceRecord {
    /// Group as the record says: POST `/service` leaves it empty.
    pub group: String,
    /// The checksum computed last.
    pub checksum: String,
    /// When it was created, or its settings changed last.
    pub modified: Millis,
    /// Protect threshold.
    pub protect_threshold: f32,
    /// Service metadata.
    pub metadata: Metadata,
    /// Its selector.
    pub selector: Selector,
    /// Whether it has no instance at all.
    pub is_empty: bool,
    /// Its clusters with their settings, in the order of a hash map.
    pub clusters: Vec<(String, ClusterSettings)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_they_are_written() {
        let service = || ServiceKey { namespace: "public".into(), name: "G@@S".into() };
        for key in [
            DatumKey::Service(service()),
            DatumKey::Persistent(service()),
            DatumKey::Ephemeral(service()),
            DatumKey::Switches,
        ] {
            assert_eq!(DatumKey::read_brief(&key.brief()), Some(key.clone()));
            assert_eq!(DatumKey::read(&key.text()), Some(key));
        }
        for text in ["", "com.alibaba.nacos.naming.iplist.x", "public##G@@S"] {
            assert_eq!(DatumKey::read(text), None, "{text}");
        }
    }
}
