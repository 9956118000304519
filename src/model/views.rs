//! What a reader sees, before it is written as JSON.

use crate::model::{ClusterSettings, Instance, Metadata, Millis, Refusal, Selector};
use std::borrow::Cow;
use std::ops::Range;

/// One host of a list, as the rules of the version show it.
#[derive(Debug, Clone)]
pub struct HostView<'a> {
    /// What was registered.
    pub instance: &'a Instance,
    /// `instanceId`; absent for an instance that a 2.x beat created.
    pub instance_id: Option<Cow<'a, str>>,
    /// Health as shown (a reached protect threshold shows everybody healthy).
    pub healthy: bool,
    /// Whether it is enabled, after operator records.
    pub enabled: bool,
    /// Kind as shown.
    pub ephemeral: bool,
    /// Weight, after operator records.
    pub weight: f64,
    /// Metadata, after operator records; `None` prints as null.
    pub metadata: Option<Cow<'a, Metadata>>,
}

/// A list answer: the service and its hosts in the order the version gives.
#[derive(Debug, Clone)]
pub struct ServiceView<'a> {
    /// Grouped name.
    pub name: &'a str,
    /// Whether `dom` and `hosts[].serviceName` of the 1.x shape are grouped (Java >= 1.0.0).
    pub grouped_dom: bool,
    /// Whether the group is shown beside the name: the core of 1.x on a member of 2.0.x does not
    /// know it.
    pub shows_group: bool,
    /// Whether the service is known; 1.x answers a shorter body when not.
    pub known: bool,
    /// `clusters` as asked.
    pub clusters: &'a str,
    /// `env` as asked (1.x).
    pub env: &'a str,
    /// How long a client may keep the list, ms.
    pub cache_millis: u64,
    /// Checksum of the service (1.x); empty on 2.x.
    pub checksum: &'a str,
    /// Service metadata (1.x shape).
    pub metadata: &'a Metadata,
    /// Time of the list, ms.
    pub last_ref_time: Millis,
    /// Whether the protect threshold was reached (2.x shape).
    pub reach_protection_threshold: bool,
    /// The hosts in order.
    pub hosts: Vec<HostView<'a>>,
}

/// GET `/instance`.
#[derive(Debug, Clone)]
pub struct InstanceView<'a> {
    /// Grouped name.
    pub service: &'a str,
    /// The instance with its real health.
    pub host: HostView<'a>,
}

/// The answer to a beat that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeatReply {
    /// When the client shall beat again, ms.
    pub interval_ms: i64,
    /// False: nothing is known under that address (code 20404).
    pub known: bool,
    /// Value of the `lightBeatEnabled` switch.
    pub light_beat_enabled: bool,
}

/// GET `/service`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServiceDetail {
    /// Protect threshold.
    pub protect_threshold: f32,
    /// Service metadata.
    pub metadata: Metadata,
    /// Its selector.
    pub selector: Selector,
    /// Clusters in the order shown.
    pub clusters: Vec<(String, ClusterSettings)>,
}

/// A row of `/catalog/services`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceCounts {
    /// Clusters.
    pub clusters: usize,
    /// Instances.
    pub instances: usize,
    /// Those of them that are healthy.
    pub healthy: usize,
    /// Whether no more than the protect threshold's share is; never without an instance.
    pub threshold_reached: bool,
}

impl ServiceCounts {
    /// The row of a service with this threshold.
    pub fn new(clusters: usize, instances: usize, healthy: usize, threshold: f32) -> Self {
        // Without an instance the share is no number, which is not below anything.
        let share = healthy as f64 / instances as f64;
        let threshold_reached = share <= f64::from(threshold);
        Self { clusters, instances, healthy, threshold_reached }
    }
}

/// Which of so many hosts are on the page.
pub type PickHosts<'a> = &'a dyn Fn(usize) -> Result<Range<usize>, Refusal>;

/// A host of `/catalog/instances`: 1.x shows everything it knows about it.
#[derive(Debug, Clone)]
pub struct CatalogHost<'a> {
    /// As lists show it.
    pub host: HostView<'a>,
    /// Its last sign of life.
    pub last_beat: Millis,
    /// What its checks came to.
    pub times: CheckTimes,
    /// Whether another member told of it (1.x).
    pub copied: bool,
}

impl<'a> From<HostView<'a>> for CatalogHost<'a> {
    fn from(host: HostView<'a>) -> Self {
        Self { host, last_beat: Millis(0), times: CheckTimes::default(), copied: false }
    }
}

/// What active checks came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckTimes {
    /// The last one took so long, ms; -1 before the first.
    pub last_ms: i64,
    /// The shortest, ms.
    pub best_ms: i64,
    /// The longest, ms.
    pub worst_ms: i64,
    /// From one to the next, ms.
    pub period_ms: i64,
    /// Successes in a row.
    pub successes: i32,
    /// Failures in a row.
    pub failures: i32,
}

impl Default for CheckTimes {
    fn default() -> Self {
        let (last_ms, best_ms, worst_ms, period_ms) = (-1, i64::MAX, 0, 2_000);
        Self { last_ms, best_ms, worst_ms, period_ms, successes: 0, failures: 0 }
    }
}

impl CheckTimes {
    /// The times of two addresses as those of their cluster.
    pub fn joined(self, other: Self) -> Self {
        Self {
            best_ms: self.best_ms.min(other.best_ms),
            worst_ms: self.worst_ms.max(other.worst_ms),
            ..other
        }
    }
}

/// How many clients a 2.x node has, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientCounts {
    /// Connections of SDKs for naming.
    pub connected: usize,
    /// Addresses that keep instances by beats or subscribed.
    pub ephemeral: usize,
    /// Addresses with persistent instances.
    pub persistent: usize,
}

impl ClientCounts {
    /// All of them.
    pub fn all(&self) -> usize {
        self.connected + self.ephemeral + self.persistent
    }
}

/// A row of `/service/subscribers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberView {
    /// Address as given.
    pub ip: String,
    /// UDP port.
    pub port: u16,
    /// Agent header.
    pub agent: String,
    /// `app` of the subscription.
    pub app: String,
    /// Namespace.
    pub namespace: String,
    /// Grouped name.
    pub service: String,
    /// `clusters` of the subscription.
    pub clusters: String,
}
