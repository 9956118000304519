//! What the console keeps, as it is stored: keys are JSON arrays of names, values JSON objects.

use super::record::{Change, Table, json};
use crate::model::{Config, ConfigKey, ConsoleWrite, Millis, Namespace, Permission, RoleGrant};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredNamespace {
    show_name: String,
    description: Option<String>,
    created_ms: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredConfig {
    content: String,
    kind: Option<String>,
    app: Option<String>,
    modified_ms: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredUser {
    password_hash: String,
}

/// A row whose key says everything.
const PRESENT: &str = "{}";

/// What the file keeps of `write`.
pub(super) fn encode(write: &ConsoleWrite) -> Change {
    match write {
        ConsoleWrite::Namespace { id, namespace } => Change {
            table: Table::Namespaces,
            key: json(&(id,)),
            value: namespace.as_ref().map(|Namespace { show_name, description, created }| {
                json(&StoredNamespace {
                    show_name: show_name.clone(),
                    description: description.clone(),
                    created_ms: created.0,
                })
            }),
        },
        ConsoleWrite::Config { key, config } => Change {
            table: Table::Configs,
            key: json(&(&key.namespace, &key.group, &key.data_id)),
            value: config.as_ref().map(|Config { content, kind, app, modified }| {
                json(&StoredConfig {
                    content: content.to_string(),
                    kind: kind.clone(),
                    app: app.clone(),
                    modified_ms: modified.0,
                })
            }),
        },
        ConsoleWrite::User { name, password_hash } => Change {
            table: Table::Users,
            key: json(&(name,)),
            value: password_hash.clone().map(|password_hash| json(&StoredUser { password_hash })),
        },
        ConsoleWrite::Role { grant, granted } => Change {
            table: Table::Roles,
            key: json(&(&grant.user, &grant.role)),
            value: granted.then(|| PRESENT.to_owned()),
        },
        ConsoleWrite::Permission { permission: Permission { role, resource, action }, granted } => {
            Change {
                table: Table::Permissions,
                key: json(&(role, resource, action)),
                value: granted.then(|| PRESENT.to_owned()),
            }
        }
    }
}

/// The write that made an entry of one of these tables.
pub(super) fn decode(table: Table, key: &str, value: &str) -> serde_json::Result<ConsoleWrite> {
    Ok(match table {
        Table::Configs => {
            let (namespace, group, data_id) = serde_json::from_str(key)?;
            let stored: StoredConfig = serde_json::from_str(value)?;
            let config = Config {
                content: stored.content.into(),
                kind: stored.kind,
                app: stored.app,
                modified: Millis(stored.modified_ms),
            };
            let key = ConfigKey { namespace, group, data_id };
            ConsoleWrite::Config { key, config: Some(config) }
        }
        Table::Users => {
            let (name,) = serde_json::from_str(key)?;
            let StoredUser { password_hash } = serde_json::from_str(value)?;
            ConsoleWrite::User { name, password_hash: Some(password_hash) }
        }
        Table::Roles => {
            let (user, role) = serde_json::from_str(key)?;
            ConsoleWrite::Role { grant: RoleGrant { user, role }, granted: true }
        }
        Table::Permissions => {
            let (role, resource, action) = serde_json::from_str(key)?;
            let permission = Permission { role, resource, action };
            ConsoleWrite::Permission { permission, granted: true }
        }
        _ => {
            let (id,) = serde_json::from_str(key)?;
            let stored: StoredNamespace = serde_json::from_str(value)?;
            let namespace = Namespace {
                show_name: stored.show_name,
                description: stored.description,
                created: Millis(stored.created_ms),
            };
            ConsoleWrite::Namespace { id, namespace: Some(namespace) }
        }
    })
}
