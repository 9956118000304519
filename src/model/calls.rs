//! What a request asks for, decoded: one struct per operation, borrowed from the request where the
//! hot path profits. `wire` makes them, `registry` takes them.

use crate::model::{Agent, Instance, Metadata, Selector, ServiceRef};
use std::net::SocketAddr;

/// POST and PUT `/instance`.
#[derive(Debug, Clone)]
pub struct Registration<'a> {
    /// The service that is created when it does not exist.
    pub service: ServiceRef<'a>,
    /// The service's name as the request gave it, where the version cut it: it stands in the
    /// `instanceId` (`instance/service-names`).
    pub named_as: Option<&'a str>,
    /// The instance as given.
    pub instance: Instance,
}

/// DELETE `/instance`. Nothing about it is validated.
#[derive(Debug, Clone)]
pub struct Deregistration<'a> {
    /// The service.
    pub service: ServiceRef<'a>,
    /// Address.
    pub ip: &'a str,
    /// Port.
    pub port: i32,
    /// Cluster; 2.x ignores it.
    pub cluster: &'a str,
    /// Which of the two kinds is meant.
    pub ephemeral: bool,
}

/// PATCH `/instance`: absent fields stay.
#[derive(Debug, Clone)]
pub struct PatchCall<'a> {
    /// Which instance.
    pub target: InstanceCall<'a>,
    /// Replaces the metadata.
    pub metadata: Option<Metadata>,
    /// New weight.
    pub weight: Option<f64>,
    /// New `enabled`.
    pub enabled: Option<bool>,
    /// New health; only 1.x applies it.
    pub healthy: Option<bool>,
    /// New `app`; only 1.x applies it.
    pub app: Option<&'a str>,
}

/// An address inside a service: GET `/instance`, and the target of PATCH and PUT `/health`.
#[derive(Debug, Clone, Copy)]
pub struct InstanceCall<'a> {
    /// The service.
    pub service: ServiceRef<'a>,
    /// Address.
    pub ip: &'a str,
    /// Port.
    pub port: i32,
    /// Cluster.
    pub cluster: &'a str,
}

/// PUT `/instance/beat`.
#[derive(Debug, Clone)]
pub struct BeatCall<'a> {
    /// The service that the parameters name; the one inside the beat counts only where noted.
    pub service: ServiceRef<'a>,
    /// Address of a light beat; empty when not given.
    pub ip: &'a str,
    /// Port of a light beat; 0 when not given.
    pub port: i32,
    /// Cluster of a light beat.
    pub cluster: &'a str,
    /// The beat itself; absent in a light beat.
    pub beat: Option<FullBeat>,
}

/// The JSON of a full beat (`RsInfo`).
#[derive(Debug, Clone, PartialEq)]
pub struct FullBeat {
    /// Address; may be missing.
    pub ip: Option<Box<str>>,
    /// Port, 0 when missing.
    pub port: i32,
    /// Cluster; `None` when missing.
    pub cluster: Option<Box<str>>,
    /// Service name inside the JSON; 2.x refreshes the instance of this one.
    pub service_name: Option<Box<str>>,
    /// Weight, 0.0 when missing.
    pub weight: f64,
    /// True when missing.
    pub ephemeral: bool,
    /// `None` when missing or null.
    pub metadata: Option<Metadata>,
}

/// GET `/instance/list`.
#[derive(Debug, Clone)]
pub struct ListCall<'a> {
    /// The service.
    pub service: ServiceRef<'a>,
    /// `clusters` as given: a comma list, empty for all.
    pub clusters: &'a str,
    /// `healthyOnly`.
    pub healthy_only: bool,
    /// `env`, echoed by 1.x.
    pub env: &'a str,
    /// `isCheck`: 1.x answers `{}` when there is an instance.
    pub is_check: bool,
    /// `app`, kept with the subscriber.
    pub app: &'a str,
    /// Who asks; decides about pushes and the form of names.
    pub agent: &'a Agent,
    /// `clientIP`, may be blank.
    pub client_ip: &'a str,
    /// Where pushes are wanted; `None` without a usable `udpPort`. Blank `clientIP` means loopback.
    pub udp: Option<SocketAddr>,
    /// `udpPort` was given but `clientIP` does not resolve (host names are not resolved here).
    pub udp_unresolvable: bool,
}

/// POST `/service`.
#[derive(Debug, Clone, Copy)]
pub struct NewService<'a> {
    /// The service.
    pub service: ServiceRef<'a>,
    /// Share of healthy instances at or below which all are shown.
    pub protect_threshold: f32,
    /// The kind that 2.x shows for its instances.
    pub ephemeral: bool,
}

/// What POST and PUT `/service` write besides the threshold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceExtras {
    /// Service metadata.
    pub metadata: Metadata,
    /// The selector.
    pub selector: Selector,
}

/// Services with a certain metadata entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFilter {
    /// Whether an instance must have it, or the service itself.
    pub of_instance: bool,
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// GET `/instance/statuses`.
#[derive(Debug, Clone, Copy)]
pub struct StatusesCall<'a> {
    /// The service that the key names.
    pub service: ServiceRef<'a>,
}

/// PUT and DELETE `/instance/metadata/batch` (2.x).
#[derive(Debug, Clone)]
pub struct BatchMetadata<'a> {
    /// The service.
    pub service: ServiceRef<'a>,
    /// Addresses named; `None` means all instances of the service of the kind asked for.
    pub targets: Option<Vec<BatchTarget>>,
    /// `consistencyType=persist` asks for persistent instances.
    pub persistent: bool,
    /// Keys to write, or to remove.
    pub metadata: Metadata,
    /// DELETE removes the keys.
    pub remove: bool,
}

/// One address of a metadata batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchTarget {
    /// Address.
    pub ip: Box<str>,
    /// Port.
    pub port: i32,
    /// Cluster.
    pub cluster: Box<str>,
    /// Kind shown in the answer.
    pub ephemeral: bool,
}
