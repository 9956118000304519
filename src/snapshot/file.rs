//! The file of a snapshot: JSON with a name and a version of its format.
//!
//! ```json
//! {
//!   "format": "facos-snapshot", "version": 1,
//!   "complete": true, "takenAtMs": 1700000000000,
//!   "sharding": "service", "members": ["10.0.0.1:8848"],
//!   "nodes": [{"node": "10.0.0.1:8848", "ownAddress": "10.0.0.1:8848", "serverVersion": "1.1.4",
//!              "complete": true, "error": null, "services": 1, "instances": 1}],
//!   "services": [{"namespace": "public", "group": "DEFAULT_GROUP", "service": "orders",
//!     "responsible": "10.0.0.1:8848",
//!     "instances": [{"ip": "10.0.0.9", "port": 8080, "cluster": "DEFAULT", "ephemeral": true,
//!       "enabled": true, "healthy": true, "weight": 1.0, "metadata": {"zone": "a"},
//!       "lastBeatMs": 1699999999000, "registeredBy": "beats", "responsible": "10.0.0.1:8848",
//!       "seenOn": [0]}]}]
//! }
//! ```
//!
//! - `complete` is false when a node could not be read to its end; then its `error` says why, and
//!   what it told until then is here.
//! - Services and instances are sorted; an instance stands once, with the fields of the node that
//!   is responsible for it where that one was asked, else of the first in `seenOn`, which counts
//!   `nodes` from 0.
//! - `responsible`, `lastBeatMs` and versions are `null` where the servers do not tell.
//! - A reader takes any file of the same `version` and ignores keys that it does not know: new keys
//!   may be added, a changed meaning raises the version.
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::client::fleet::Sharding;

/// The name of the format.
pub const FORMAT: &str = "facos-snapshot";
/// The version that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// What the nodes held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`].
    pub version: u32,
    /// Whether every node was read to its end.
    pub complete: bool,
    /// When it was taken, in milliseconds since 1970 on the clock of who took it.
    pub taken_at_ms: u64,
    /// What decides who is responsible.
    pub sharding: Sharding,
    /// The healthy members that the first node tells, sorted as texts; empty when it does not.
    pub members: Vec<String>,
    /// The nodes that were asked.
    pub nodes: Vec<NodePart>,
    /// Every service, sorted by namespace, group and name.
    pub services: Vec<ServicePart>,
}

/// How one node was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodePart {
    /// `host:port` as it was given.
    pub node: String,
    /// `ip:port` by which its members know it.
    pub own_address: Option<String>,
    /// The version that it tells.
    pub server_version: Option<String>,
    /// Whether it was read to its end.
    pub complete: bool,
    /// Why it was not.
    pub error: Option<String>,
    /// Services that it holds.
    pub services: usize,
    /// Instances that it holds.
    pub instances: usize,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePart {
    /// `namespaceId`.
    pub namespace: String,
    /// The group.
    pub group: String,
    /// The name without its group.
    pub service: String,
    /// The member that answers for it, where services decide.
    pub responsible: Option<String>,
    /// Its instances, sorted by address, port and cluster.
    pub instances: Vec<InstancePart>,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstancePart {
    /// The address.
    pub ip: String,
    /// The port.
    pub port: i64,
    /// The cluster.
    pub cluster: String,
    /// Whether it lives by beats or a connection.
    pub ephemeral: bool,
    /// Whether an operator lets it be used.
    pub enabled: bool,
    /// Whether the server trusts its beats.
    pub healthy: bool,
    /// The weight.
    pub weight: f64,
    /// The metadata.
    pub metadata: BTreeMap<String, String>,
    /// Its last beat, in milliseconds of the node's clock.
    pub last_beat_ms: Option<i64>,
    /// How it was registered.
    pub registered_by: RegisteredBy,
    /// The member that answers for it.
    pub responsible: Option<String>,
    /// The nodes that list it, by their place in `nodes`.
    pub seen_on: Vec<usize>,
}

/// How an instance was registered, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisteredBy {
    /// Over HTTP: its beats keep it.
    Beats,
    /// By a client that holds a connection; a beat would make a second publisher.
    Connection,
    /// One or the other.
    Unknown,
}

/// Why a file is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file can not be read.
    #[error("cannot read {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Not JSON, or not the JSON of a snapshot.
    #[error("{path} is no snapshot: {why}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A snapshot of another version of the format.
    #[error("{path} is a snapshot of version {found}, and this facos reads version {VERSION}")]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

impl Snapshot {
    /// Reads a file.
    ///
    /// # Errors
    /// It is none, or not one of this version.
    pub fn load(path: &Path) -> Result<Self, SnapshotError> {
        let unreadable = |error| SnapshotError::Unreadable { path: path.to_owned(), error };
        let text = std::fs::read(path).map_err(unreadable)?;
        Self::parse(path, &text)
    }

    /// Reads what stands in a file of that name.
    ///
    /// # Errors
    /// As of [`Snapshot::load`].
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, SnapshotError> {
        let foreign = |why: String| SnapshotError::Foreign { path: path.to_owned(), why };
        let head: serde_json::Value =
            serde_json::from_slice(text).map_err(|error| foreign(error.to_string()))?;
        if head.get("format").and_then(serde_json::Value::as_str) != Some(FORMAT) {
            return Err(foreign(format!("it does not say \"format\": \"{FORMAT}\"")));
        }
        match head.get("version").and_then(serde_json::Value::as_u64) {
            Some(found) if found == u64::from(VERSION) => {}
            Some(found) => {
                return Err(SnapshotError::OtherVersion { path: path.to_owned(), found });
            }
            None => return Err(foreign("it has no version".to_owned())),
        }
        // From the text once more: the message then names line and column.
        serde_json::from_slice(text).map_err(|error| foreign(error.to_string()))
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Every instance with its service.
    pub fn instances(&self) -> impl Iterator<Item = (&ServicePart, &InstancePart)> {
        self.services
            .iter()
            .flat_map(|service| service.instances.iter().map(move |instance| (service, instance)))
    }
}

impl ServicePart {
    /// `group@@service`.
    pub fn grouped(&self) -> String {
        format!("{}@@{}", self.group, self.service)
    }
}

impl InstancePart {
    /// `ip:port`.
    pub fn address(&self) -> String {
        format!("{}:{}", self.ip, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Snapshot, String> {
        Snapshot::parse(Path::new("a.json"), text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_snapshot_reads_back_as_it_was_and_ignores_new_keys() {
        let text = r#"{"format":"facos-snapshot","version":1,"complete":true,"takenAtMs":1,
            "sharding":"client","members":["a:1"],"new":{},"nodes":[{"node":"a:1","ownAddress":null,
            "serverVersion":null,"complete":true,"error":null,"services":1,"instances":1}],
            "services":[{"namespace":"public","group":"g","service":"s","responsible":null,
            "instances":[{"ip":"10.0.0.1","port":80,"cluster":"DEFAULT","ephemeral":true,
            "enabled":true,"healthy":false,"weight":0.5,"metadata":{"a":"b"},"lastBeatMs":null,
            "registeredBy":"connection","responsible":"a:1","seenOn":[0]}]}]}"#;
        let snapshot = parse(text).unwrap();
        assert_eq!(snapshot.instances().next().unwrap().1.registered_by, RegisteredBy::Connection);
        assert_eq!(parse(&snapshot.to_json()).unwrap(), snapshot);
    }

    #[test]
    fn a_foreign_file_is_told_from_one_of_another_version() {
        let cases = [
            ("nothing", "a.json is no snapshot: expected ident at line 1 column 2"),
            ("{}", "a.json is no snapshot: it does not say \"format\": \"facos-snapshot\""),
            ("[1]", "a.json is no snapshot: it does not say \"format\": \"facos-snapshot\""),
            (r#"{"format":"facos-snapshot"}"#, "a.json is no snapshot: it has no version"),
            (
                r#"{"format":"facos-snapshot","version":2}"#,
                "a.json is a snapshot of version 2, and this facos reads version 1",
            ),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text).unwrap_err(), error, "{text}");
        }
        let half = r#"{"format":"facos-snapshot","version":1,"complete":true}"#;
        assert!(parse(half).unwrap_err().starts_with("a.json is no snapshot: missing field"));
        let missing = Snapshot::load(Path::new("no/such.json")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read no/such.json: "), "{missing}");
    }
}
