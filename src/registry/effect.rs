//! What follows from an operation: the registry only says it, the node does it.

use crate::model::{
    ClientNews, ClusterSettings, ConnectionId, ConsoleWrite, DatumKey, DatumValue, HealthChecker,
    Instance, Metadata, Selector, ServiceKey, ServicePart, Switches,
};
use crate::registry::asks::ServerRequest;
use bytes::Bytes;
use std::net::SocketAddr;

/// One consequence of an operation or of time passing.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send a push datagram to a subscriber.
    Datagram(Datagram),
    /// Look whether a persistent instance is alive and report through `Registry::probed`.
    Probe(ProbeOrder),
    /// Make a change durable before the caller is answered.
    Store(StoreWrite),
    /// Ask a client something on the stream of its connection.
    Ask(ServerRequest),
    /// Somebody's ask to reset a connection was answered, or its time is up.
    Settled(u64),
    /// End a connection whose client is gone.
    Disconnect(ConnectionId),
    /// Have the members agree on a change to durable state; nothing of it is done here before they
    /// have, and it comes back through `Registry::agreed`.
    Propose(StoreWrite),
    /// Tell the other members about a client for which this one answers.
    Client(ClientNews),
    /// Tell the other members of 1.x that a service's list of ephemeral instances was changed by a
    /// client.
    Listed(ServiceKey),
    /// Have raft (1.x) write a value; nothing of it is done here before it comes back through
    /// `Registry::take_datum`.
    Publish(DatumKey, DatumValue),
    /// Have raft (1.x) forget a key; it comes back through `Registry::forget_datum`.
    Unpublish(DatumKey),
    /// Something of a service changed here, and the other core of a 2.0.x server may have to copy
    /// it.
    Changed {
        /// The service.
        service: ServiceKey,
        /// Which kind of its instances.
        ephemeral: bool,
        /// What of it.
        part: ServicePart,
    },
    /// A service whose record raft forgot is gone: its list of persistent instances follows.
    Gone(ServiceKey),
}

/// A push on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// The subscriber's socket.
    pub to: SocketAddr,
    /// The bytes, gzipped or not.
    pub bytes: Bytes,
    /// The service that changed.
    pub service: ServiceKey,
    /// What the ack must repeat.
    pub last_ref_nanos: u64,
    /// Whether this is the second sending of an unacknowledged push.
    pub again: bool,
}

/// Names a probe under way, so that its result finds the instance again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProbeId(pub u64);

/// An active health check that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeOrder {
    /// To be repeated with the outcome.
    pub id: ProbeId,
    /// Address, maybe a host name.
    pub ip: String,
    /// Port; the probe decides what one that no socket has counts as.
    pub port: i32,
    /// What to do there.
    pub checker: HealthChecker,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// Alive.
    Healthy,
    /// Counts as one failure of `checkTimes`.
    SoftFailure,
    /// Unhealthy at once.
    HardFailure,
}

/// A change to durable state (`--data`). `None` removes the entry.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreWrite {
    /// A persistent instance.
    PersistentInstance {
        /// The service.
        service: ServiceKey,
        /// Address.
        ip: String,
        /// Port.
        port: i32,
        /// Cluster.
        cluster: String,
        /// As registered.
        instance: Option<Instance>,
    },
    /// A service's settings.
    Service {
        /// The service.
        service: ServiceKey,
        /// Its settings.
        settings: Option<ServiceSettings>,
    },
    /// An operator's record over an instance (2.x).
    InstanceRecord {
        /// The service.
        service: ServiceKey,
        /// `ip:port:cluster`.
        metadata_id: String,
        /// The record.
        record: Option<InstanceRecord>,
    },
    /// The switches.
    Switches(Box<Switches>),
    /// How often raft of 1.x wrote a key; with no key, its term.
    Raft {
        /// The key.
        key: Option<DatumKey>,
        /// The count, or the term.
        number: Option<i64>,
    },
    /// Whether a member of 2.0.x is upgraded (`data/upgrade.state`).
    Upgraded(bool),
    /// Something of the console, which shares the store; no registry makes one.
    Console(ConsoleWrite),
}

/// What somebody set for a service through the API.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServiceSettings {
    /// Share of healthy instances at or below which all are shown.
    pub protect_threshold: f32,
    /// Service metadata.
    pub metadata: Metadata,
    /// Its selector.
    pub selector: Selector,
    /// Whether the service is one of ephemeral instances (2.x).
    pub ephemeral: bool,
    /// Clusters with settings of their own.
    pub clusters: Vec<(String, ClusterSettings)>,
}

/// What an operator wrote over an instance through PUT, PATCH or the metadata batch (2.x).
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceRecord {
    /// Replaces the registered weight.
    pub weight: f64,
    /// Replaces the registered `enabled`.
    pub enabled: bool,
    /// Laid over the registered metadata.
    pub metadata: Metadata,
}

impl Default for InstanceRecord {
    fn default() -> Self {
        Self { weight: 1.0, enabled: true, metadata: Metadata::new() }
    }
}
