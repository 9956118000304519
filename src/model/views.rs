//! What a reader sees, before it is written as JSON.

use crate::model::{ClusterSettings, Instance, Metadata, Millis, Selector};
use std::borrow::Cow;

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
