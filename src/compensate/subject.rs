//! Which instances of a snapshot are kept alive, in groups of one service and cluster. Pure.
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::snapshot::file::{InstancePart, RegisteredBy, ServicePart, Snapshot};

/// Metadata in which a client names its beat period, in milliseconds.
const BEAT_INTERVAL_KEY: &str = "preserved.heart.beat.interval";
/// Periods that a client may name.
const PERIODS_MS: std::ops::RangeInclusive<u64> = 200..=60_000;

/// An instance that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its group.
    pub group: usize,
    /// The address.
    pub ip: String,
    /// The port.
    pub port: i64,
    /// The weight.
    pub weight: f64,
    /// The metadata.
    pub metadata: BTreeMap<String, String>,
    /// Whether it may be registered by a full beat: not when a connection may keep it.
    pub may_register: bool,
    /// Its beat period, in milliseconds.
    pub period_ms: u64,
    /// Its full beat as it stands in a query, once it was sent.
    pub full: OnceCell<Box<str>>,
}

impl Kept {
    /// Takes over weight and metadata as they are now, not as they were once.
    pub fn becomes(&mut self, weight: f64, metadata: &BTreeMap<String, String>) {
        if weight == self.weight && *metadata == self.metadata {
            return;
        }
        self.weight = weight;
        self.metadata.clone_from(metadata);
        self.full.take();
    }
}

/// Instances of one service and cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `namespaceId`.
    pub namespace: String,
    /// `group@@service`.
    pub service: String,
    /// The cluster.
    pub cluster: String,
    /// The places of its instances, which follow each other.
    pub members: std::ops::Range<usize>,
}

/// What is left alone, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Disabled by an operator.
    pub disabled: usize,
    /// Persistent.
    pub persistent: usize,
    /// Kept by a connection.
    pub connection: usize,
    /// Without an address to beat for.
    pub nameless: usize,
}

/// What is kept, sorted by service, and what is not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subjects {
    /// Services and clusters.
    pub groups: Vec<Group>,
    /// Instances, those of a group side by side.
    pub kept: Vec<Kept>,
    /// The rest.
    pub skipped: Skipped,
}

/// Chooses from a snapshot. Clients that name no period beat each `period`.
pub fn subjects(snapshot: &Snapshot, period: Duration) -> Subjects {
    let mut subjects = Subjects::default();
    for service in &snapshot.services {
        let mut clusters: BTreeMap<&str, Vec<&InstancePart>> = BTreeMap::new();
        for instance in &service.instances {
            if subjects.skipped.counts(instance) {
                continue;
            }
            clusters.entry(&instance.cluster).or_default().push(instance);
        }
        for (cluster, instances) in clusters {
            subjects.push(service, cluster, &instances, period);
        }
    }
    subjects
}

impl Skipped {
    /// Whether an instance is none to beat for, which is then counted.
    fn counts(&mut self, instance: &InstancePart) -> bool {
        let reason = if instance.ip.is_empty() {
            &mut self.nameless
        } else if !instance.ephemeral {
            &mut self.persistent
        } else if instance.registered_by == RegisteredBy::Connection {
            &mut self.connection
        } else if !instance.enabled {
            &mut self.disabled
        } else {
            return false;
        };
        *reason += 1;
        true
    }
}

impl Subjects {
    fn push(
        &mut self,
        service: &ServicePart,
        cluster: &str,
        instances: &[&InstancePart],
        period: Duration,
    ) {
        let first = self.kept.len();
        let group = self.groups.len();
        let usual = u64::try_from(period.as_millis()).unwrap_or(u64::MAX);
        self.kept.extend(instances.iter().map(|instance| Kept {
            group,
            ip: instance.ip.clone(),
            port: instance.port,
            weight: instance.weight,
            metadata: instance.metadata.clone(),
            may_register: instance.registered_by == RegisteredBy::Beats,
            period_ms: named_period(&instance.metadata).unwrap_or(usual),
            full: OnceCell::new(),
        }));
        self.groups.push(Group {
            namespace: service.namespace.clone(),
            service: service.grouped(),
            cluster: cluster.to_owned(),
            members: first..self.kept.len(),
        });
    }
}

fn named_period(metadata: &BTreeMap<String, String>) -> Option<u64> {
    let period = metadata.get(BEAT_INTERVAL_KEY)?.parse().ok()?;
    PERIODS_MS.contains(&period).then_some(period)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::path::Path;

    /// A snapshot of one service with instances as JSON, each completed by what is usual.
    pub fn snapshot(instances: &[&str]) -> Snapshot {
        let usual = r#""port":80,"cluster":"DEFAULT","ephemeral":true,"enabled":true,"healthy":true,
            "weight":1.0,"metadata":{},"lastBeatMs":null,"registeredBy":"beats","responsible":null,
            "seenOn":[0]"#;
        let whole = instances.iter().map(|instance| {
            let usual: serde_json::Value = serde_json::from_str(&format!("{{{usual}}}")).unwrap();
            let mut whole = usual;
            let given: serde_json::Value = serde_json::from_str(instance).unwrap();
            for (key, value) in given.as_object().unwrap() {
                whole[key] = value.clone();
            }
            whole.to_string()
        });
        let instances = whole.collect::<Vec<_>>().join(",");
        let text = format!(
            r#"{{"format":"facos-snapshot","version":1,"complete":true,"takenAtMs":0,
            "sharding":"service","members":[],"nodes":[],"services":[{{"namespace":"public",
            "group":"g","service":"s","responsible":null,"instances":[{instances}]}}]}}"#
        );
        Snapshot::parse(Path::new("test"), text.as_bytes()).unwrap()
    }

    fn kept(instances: &[&str]) -> Subjects {
        subjects(&snapshot(instances), Duration::from_secs(5))
    }

    #[test]
    fn rule_1_a_disabled_instance_gets_no_beat() {
        let found = kept(&[r#"{"ip":"10.0.0.1","enabled":false}"#, r#"{"ip":"10.0.0.2"}"#]);
        assert_eq!((found.kept.len(), found.skipped.disabled), (1, 1));
        assert_eq!(found.kept[0].ip, "10.0.0.2");
    }

    #[test]
    fn rule_3_a_persistent_instance_gets_no_beat() {
        let found = kept(&[r#"{"ip":"10.0.0.1","ephemeral":false}"#]);
        assert_eq!((found.kept.len(), found.skipped.persistent), (0, 1));
    }

    #[test]
    fn rule_4_a_connections_instance_gets_no_beat_and_a_doubtful_one_no_full_beat() {
        let found = kept(&[
            r#"{"ip":"10.0.0.1","registeredBy":"connection"}"#,
            r#"{"ip":"10.0.0.2","registeredBy":"unknown"}"#,
        ]);
        assert_eq!((found.kept.len(), found.skipped.connection), (1, 1));
        assert!(!found.kept[0].may_register);
    }

    #[test]
    fn a_client_may_name_its_period() {
        let named = |period: &str| {
            let metadata = format!(r#"{{"preserved.heart.beat.interval":"{period}"}}"#);
            kept(&[&format!(r#"{{"ip":"10.0.0.1","metadata":{metadata}}}"#)]).kept[0].period_ms
        };
        assert_eq!([named("1000"), named("soon"), named("1")], [1000, 5000, 5000]);
    }

    #[test]
    fn instances_of_a_cluster_stand_side_by_side() {
        let found = kept(&[
            r#"{"ip":"10.0.0.1","cluster":"B"}"#,
            r#"{"ip":"10.0.0.2","cluster":"A"}"#,
            r#"{"ip":"10.0.0.3","cluster":"B"}"#,
        ]);
        let groups: Vec<(&str, std::ops::Range<usize>)> =
            found.groups.iter().map(|g| (g.cluster.as_str(), g.members.clone())).collect();
        assert_eq!(groups, [("A", 0..1), ("B", 1..3)]);
    }
}
