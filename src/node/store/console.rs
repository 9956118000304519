//! What the console keeps, as it is stored: keys are JSON arrays of names, values JSON objects.

use super::record::{Change, Table, json};
use crate::model::{
    Config, ConfigKey, ConfigScope, ConsoleWrite, Millis, Namespace, Permission, RoleGrant,
};
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beta_ips: Option<String>,
}

impl From<&Config> for StoredConfig {
    fn from(config: &Config) -> Self {
        Self {
            content: config.content.to_string(),
            kind: config.kind.clone(),
            app: config.app.clone(),
            modified_ms: config.modified.0,
            beta_ips: config.beta_ips.clone(),
        }
    }
}

impl From<StoredConfig> for Config {
    fn from(stored: StoredConfig) -> Self {
        Self {
            content: stored.content.into(),
            kind: stored.kind,
            app: stored.app,
            modified: Millis(stored.modified_ms),
            beta_ips: stored.beta_ips,
        }
    }
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
        ConsoleWrite::Config { key: ConfigKey { namespace, group, data_id }, scope, config } => {
            let (table, key) = match scope {
                ConfigScope::All => (Table::Configs, json(&(namespace, group, data_id))),
                ConfigScope::Beta => (Table::BetaConfigs, json(&(namespace, group, data_id))),
                ConfigScope::Tag(tag) => {
                    (Table::TaggedConfigs, json(&(namespace, group, data_id, tag)))
                }
            };
            let value = config.as_ref().map(|config| json(&StoredConfig::from(config)));
            Change { table, key, value }
        }
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
        Table::Configs => config(serde_json::from_str(key)?, ConfigScope::All, value)?,
        Table::BetaConfigs => config(serde_json::from_str(key)?, ConfigScope::Beta, value)?,
        Table::TaggedConfigs => {
            let (namespace, group, data_id, tag) = serde_json::from_str(key)?;
            config((namespace, group, data_id), ConfigScope::Tag(tag), value)?
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

fn config(
    (namespace, group, data_id): (String, String, String),
    scope: ConfigScope,
    value: &str,
) -> serde_json::Result<ConsoleWrite> {
    let stored: StoredConfig = serde_json::from_str(value)?;
    let key = ConfigKey { namespace, group, data_id };
    Ok(ConsoleWrite::Config { key, scope, config: Some(stored.into()) })
}
