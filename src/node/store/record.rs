//! The stored form: one JSON text per entry, under a key that is a JSON array of its names, or for
//! raft the text of its key.
//!
//! `form.rs` has the shapes of the values.

use super::console;
use super::form::{StoredInstance, StoredRecord, StoredSettings, StoredSwitches};
use crate::model::{DatumKey, ServiceKey};
use crate::registry::StoreWrite;
use serde::Serialize;

/// A table of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Switches,
    Services,
    PersistentInstances,
    InstanceRecords,
    Namespaces,
    Configs,
    BetaConfigs,
    TaggedConfigs,
    Users,
    Roles,
    Permissions,
    Raft,
    Upgrade,
}

impl Table {
    /// Every table, in the order in which they are loaded.
    pub(super) const ALL: [Table; 13] = [
        Table::Switches,
        Table::Services,
        Table::PersistentInstances,
        Table::InstanceRecords,
        Table::Namespaces,
        Table::Configs,
        Table::BetaConfigs,
        Table::TaggedConfigs,
        Table::Users,
        Table::Roles,
        Table::Permissions,
        Table::Raft,
        Table::Upgrade,
    ];

    /// Its name in the file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Switches => "switches",
            Self::Services => "services",
            Self::PersistentInstances => "persistent_instances",
            Self::InstanceRecords => "instance_records",
            Self::Namespaces => "namespaces",
            Self::Configs => "configs",
            Self::BetaConfigs => "beta_configs",
            Self::TaggedConfigs => "tagged_configs",
            Self::Users => "users",
            Self::Roles => "roles",
            Self::Permissions => "permissions",
            Self::Raft => "raft",
            Self::Upgrade => "upgrade",
        }
    }
}

/// A change as the file sees it; no value removes the key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) table: Table,
    pub(super) key: String,
    pub(super) value: Option<String>,
}

/// The only key of a table that keeps one thing.
const ONLY_KEY: &str = "[]";

/// What the file keeps of `write`.
pub(super) fn encode(write: &StoreWrite) -> Change {
    match write {
        StoreWrite::PersistentInstance { service, ip, port, cluster, instance } => Change {
            table: Table::PersistentInstances,
            key: json(&(&*service.namespace, &*service.name, cluster, ip, port)),
            value: instance.as_ref().map(|instance| json(&StoredInstance(instance.clone()))),
        },
        StoreWrite::Service { service, settings } => Change {
            table: Table::Services,
            key: json(&(&*service.namespace, &*service.name)),
            value: settings.as_ref().map(|settings| json(&StoredSettings(settings.clone()))),
        },
        StoreWrite::InstanceRecord { service, metadata_id, record } => Change {
            table: Table::InstanceRecords,
            key: json(&(&*service.namespace, &*service.name, metadata_id)),
            value: record.as_ref().map(|record| json(&StoredRecord(record.clone()))),
        },
        StoreWrite::Switches(switches) => Change {
            table: Table::Switches,
            key: ONLY_KEY.to_owned(),
            value: Some(json(&StoredSwitches((**switches).clone()))),
        },
        StoreWrite::Raft { key, number } => Change {
            table: Table::Raft,
            key: json(&key.as_ref().map(DatumKey::text)),
            value: number.map(|number| json(&number)),
        },
        StoreWrite::Upgraded(upgraded) => {
            Change { table: Table::Upgrade, key: ONLY_KEY.to_owned(), value: Some(json(upgraded)) }
        }
        StoreWrite::Console(write) => console::encode(write),
    }
}

/// The write that made an entry.
pub(super) fn decode(table: Table, key: &str, value: &str) -> serde_json::Result<StoreWrite> {
    Ok(match table {
        Table::PersistentInstances => {
            let (namespace, name, cluster, ip, port) =
                serde_json::from_str::<(String, String, String, String, i32)>(key)?;
            let StoredInstance(instance) = serde_json::from_str(value)?;
            let service = service_key(namespace, name);
            StoreWrite::PersistentInstance { service, ip, port, cluster, instance: Some(instance) }
        }
        Table::Services => {
            let (namespace, name) = serde_json::from_str::<(String, String)>(key)?;
            let StoredSettings(settings) = serde_json::from_str(value)?;
            StoreWrite::Service { service: service_key(namespace, name), settings: Some(settings) }
        }
        Table::InstanceRecords => {
            let (namespace, name, metadata_id) =
                serde_json::from_str::<(String, String, String)>(key)?;
            let StoredRecord(record) = serde_json::from_str(value)?;
            let service = service_key(namespace, name);
            StoreWrite::InstanceRecord { service, metadata_id, record: Some(record) }
        }
        Table::Switches => {
            let StoredSwitches(switches) = serde_json::from_str(value)?;
            StoreWrite::Switches(Box::new(switches))
        }
        Table::Raft => {
            let key: Option<String> = serde_json::from_str(key)?;
            let read = |key: String| DatumKey::read(&key).ok_or_else(|| unknown(&key));
            let key = key.map(read).transpose()?;
            StoreWrite::Raft { key, number: Some(serde_json::from_str(value)?) }
        }
        Table::Upgrade => StoreWrite::Upgraded(serde_json::from_str(value)?),
        Table::Namespaces
        | Table::Configs
        | Table::BetaConfigs
        | Table::TaggedConfigs
        | Table::Users
        | Table::Roles
        | Table::Permissions => StoreWrite::Console(console::decode(table, key, value)?),
    })
}

fn unknown(key: &str) -> serde_json::Error {
    serde::de::Error::custom(format!("{key} is no key of raft"))
}

fn service_key(namespace: String, name: String) -> ServiceKey {
    ServiceKey { namespace: namespace.into(), name: name.into() }
}

pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and lists of them always have a JSON form")
}
