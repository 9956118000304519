//! A service of 2.x: the singleton, who publishes into it, who subscribed, the snapshot that lists
//! read, and what operators wrote.

use crate::model::{ConnectionId, Instance, Metadata, Millis, RenderedList, ServiceKey};
use crate::registry::addresses::{Addresses, InstanceId, Registered};
use crate::registry::{InstanceRecord, ServiceSettings};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// A service, or what is left under its name.
#[derive(Debug)]
pub struct Service {
    /// Its identity.
    pub key: ServiceKey,
    /// The service itself; absent when only subscribers or records stand under the name.
    pub singleton: Option<Singleton>,
    /// Instances kept by beats, one a client.
    pub ephemeral: Addresses,
    /// Instances kept by raft, one a client.
    pub persistent: Addresses,
    /// Instances kept by connections, one a client, by its slot.
    pub connected: BTreeMap<usize, Registered>,
    /// Who is pushed to.
    pub subscribers: Vec<Subscriber>,
    /// What lists read; absent until the first query or push.
    pub snapshot: Option<Snapshot>,
    /// The push that is set.
    pub push: Option<PushTask>,
    /// What somebody set through the API.
    pub settings: Option<ServiceSettings>,
    /// When the settings began to expire.
    pub settings_expiring: Option<Millis>,
    /// What operators wrote over instances, by `ip:port:cluster`.
    pub records: FxHashMap<Box<str>, Record>,
    /// Lists written since the snapshot.
    renderings: Vec<(Variant, RenderedList)>,
}

/// A service that exists.
#[derive(Debug)]
pub struct Singleton {
    /// The kind that whoever created it asked for; it is shown for all its instances.
    pub ephemeral: bool,
    /// The last registration or deregistration.
    pub updated: Millis,
}

/// Somebody who is pushed to: one for each client and service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Slot of the client.
    pub client: usize,
    /// How it is reached.
    pub to: Route,
    /// Agent header.
    pub agent: Box<str>,
    /// `clusters` as given last.
    pub clusters: Box<str>,
    /// `app` as given.
    pub app: Box<str>,
}

/// How a subscriber is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// By datagrams to a socket.
    Datagram(SocketAddr),
    /// On the stream of a connection; the address is the one that the client gives for itself.
    Stream(ConnectionId, Box<str>),
}

impl Route {
    /// Address and port as shown.
    pub fn shown(&self) -> (String, u16) {
        match self {
            Self::Datagram(socket) => (socket.ip().to_string(), socket.port()),
            Self::Stream(_, ip) => (ip.to_string(), 0),
        }
    }
}

/// What lists read until the next push task.
#[derive(Debug)]
pub struct Snapshot {
    /// The kind shown for every host.
    pub ephemeral: bool,
    /// The hosts, operator records applied, in the order shown.
    pub hosts: Vec<Host>,
}

/// A host of a snapshot.
#[derive(Debug)]
pub struct Host {
    /// As registered.
    pub instance: Arc<Instance>,
    /// Its id.
    pub id: InstanceId,
    /// What the operator's record changes; absent without a record.
    pub overlay: Option<Box<Overlay>>,
}

/// A record applied to an instance.
#[derive(Debug)]
pub struct Overlay {
    /// Weight of the record.
    pub weight: f64,
    /// `enabled` of the record.
    pub enabled: bool,
    /// Registered metadata with the record's over it.
    pub metadata: Metadata,
}

/// A push that is set.
#[derive(Debug)]
pub struct PushTask {
    /// When the first change asked for it.
    pub since: Millis,
    /// When it is done.
    pub due: Millis,
    /// The kind shown afterwards: that of the last change.
    pub ephemeral: bool,
    /// Slots of the clients meant; `None` means all.
    pub targets: Option<Vec<usize>>,
}

/// An operator's record and its expiry.
#[derive(Debug, Default)]
pub struct Record {
    /// What was written.
    pub record: InstanceRecord,
    /// When its instance was deregistered.
    pub expiring: Option<Millis>,
}

/// Who reads a list, which decides about its shape and which hosts it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// HTTP and datagrams: enabled hosts.
    Http,
    /// A query or push over gRPC: enabled hosts.
    Query,
    /// A subscription to some clusters: disabled hosts, too (`grpc/subscribe-clusters`).
    Subscription,
    /// A subscription to all clusters: what is stored, as it is (`grpc/subscribe-raw-data`).
    Raw,
}

/// What makes two list answers differ besides the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Who reads it.
    pub reader: Reader,
    /// `clusters` as asked.
    pub clusters: Box<str>,
    /// `healthyOnly`.
    pub healthy_only: bool,
    /// `cacheMillis` of the answer.
    pub cache_millis: u64,
}

/// At most so many different list answers are kept for a service.
const MAX_RENDERINGS: usize = 16;

/// A list answer is kept for the next caller when its `clusters` have at most this size, bytes.
const MAX_KEPT_CLUSTERS: usize = 1_024;

impl Service {
    /// A name about which nothing is known yet.
    pub fn new(key: ServiceKey) -> Self {
        Self {
            key,
            singleton: None,
            ephemeral: Addresses::default(),
            persistent: Addresses::default(),
            connected: BTreeMap::new(),
            subscribers: Vec::new(),
            snapshot: None,
            push: None,
            settings: None,
            settings_expiring: None,
            records: FxHashMap::default(),
            renderings: Vec::new(),
        }
    }

    /// Whether the service exists.
    pub fn exists(&self) -> bool {
        self.singleton.is_some()
    }

    /// Whether nobody publishes into it.
    pub fn is_unpublished(&self) -> bool {
        self.ephemeral.is_empty() && self.persistent.is_empty() && self.connected.is_empty()
    }

    /// Whether nothing at all is known under the name.
    pub fn is_forgotten(&self) -> bool {
        !self.exists()
            && self.is_unpublished()
            && self.subscribers.is_empty()
            && self.push.is_none()
            && self.settings.is_none()
            && self.records.is_empty()
    }

    /// All instances, in no order that means anything.
    pub fn published(&self) -> impl Iterator<Item = &Registered> {
        self.ephemeral.iter().chain(self.persistent.iter()).chain(self.connected.values())
    }

    /// How many instances there are.
    pub fn count(&self) -> usize {
        self.ephemeral.len() + self.persistent.len() + self.connected.len()
    }

    /// The table of one kind.
    pub fn kind_mut(&mut self, ephemeral: bool) -> &mut Addresses {
        if ephemeral { &mut self.ephemeral } else { &mut self.persistent }
    }

    /// The service exists from now on, as one of that kind.
    pub fn create(&mut self, now: Millis, ephemeral: bool) {
        self.singleton = Some(Singleton { ephemeral, updated: now });
    }

    /// The service is gone: lists are empty, whatever is still published.
    pub fn destroy(&mut self) {
        self.singleton = None;
        self.snapshot = None;
        self.forget_renderings();
    }

    /// The kind shown for all instances.
    pub fn shown_kind(&self) -> bool {
        self.singleton.as_ref().is_none_or(|singleton| singleton.ephemeral)
    }

    /// Builds the snapshot anew.
    pub fn take_snapshot(&mut self, ephemeral: bool) {
        self.forget_renderings();
        if !self.exists() {
            self.snapshot = None;
            return;
        }
        let published = self.published();
        let mut hosts: Vec<Host> = published
            .map(|entry| Host {
                instance: entry.instance.clone(),
                id: entry.id.clone(),
                overlay: self.overlay(&entry.instance),
            })
            .collect();
        hosts.sort_by(|a, b| {
            let of = |host: &Host| (host.instance.port, !host.instance.ephemeral);
            a.instance.ip().cmp(b.instance.ip()).then(of(a).cmp(&of(b)))
        });
        self.snapshot = Some(Snapshot { ephemeral, hosts });
    }

    fn overlay(&self, instance: &Instance) -> Option<Box<Overlay>> {
        if self.records.is_empty() {
            return None;
        }
        let record = &self.records.get(&*metadata_id(instance))?.record;
        let mut metadata = instance.metadata.clone().unwrap_or_default();
        metadata.merge(&record.metadata);
        Some(Box::new(Overlay { weight: record.weight, enabled: record.enabled, metadata }))
    }

    /// Everything written from the old state is stale.
    pub fn forget_renderings(&mut self) {
        self.renderings = Vec::new();
    }

    /// The list written for this variant since the snapshot.
    pub fn rendering(&self, variant: &Variant) -> Option<&RenderedList> {
        self.renderings.iter().find(|(v, _)| v == variant).map(|(_, list)| list)
    }

    /// Keeps a written list until the next snapshot.
    pub fn keep_rendering(&mut self, variant: Variant, list: RenderedList) {
        if variant.clusters.len() > MAX_KEPT_CLUSTERS {
            return;
        }
        if self.renderings.len() >= MAX_RENDERINGS {
            self.renderings.remove(0);
        }
        self.renderings.push((variant, list));
    }
}

/// `ip:port:cluster`, the name of an instance's record.
pub fn metadata_id(instance: &Instance) -> String {
    format!("{}:{}:{}", instance.ip(), instance.port, instance.cluster)
}
