//! A service of 1.x and what it holds.

use crate::model::java;
use crate::model::{Instance, Metadata, Millis, RenderedList, Selector, ServiceKey};
use crate::registry::ClusterSettings;
use crate::registry::addresses::{Addresses, Registered};
use std::net::SocketAddr;

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Its identity.
    pub key: ServiceKey,
    /// When it was created here; its beat check keeps the rhythm of this moment.
    pub created: Millis,
    /// Share of healthy instances at or below which all are shown healthy.
    pub protect_threshold: f32,
    /// Service metadata.
    pub metadata: Metadata,
    /// What consumers are given of it.
    pub selector: Selector,
    /// The clusters, in order of creation.
    pub clusters: Vec<Cluster>,
    /// Who is pushed to.
    pub subscribers: Vec<Subscriber>,
    /// Whether raft knows it: created by the API, or by a persistent instance.
    pub durable: bool,
    /// Whether POST `/service` made it: such a record does not name the group.
    pub created_by_api: bool,
    /// When it was created, or its settings changed last.
    pub modified: Millis,
    /// Whether distro has a list under its name, be it empty.
    pub has_ephemeral_datum: bool,
    /// How often the clean-up found it empty in a row.
    pub empty_looks: u32,
    /// A beat without an ip was taken: later ephemeral changes are answered and never applied
    /// (`instance/beat-without-ip`).
    pub poisoned: bool,
    /// The next beat check that is set.
    pub check_due: Option<Millis>,
    /// The push that is set.
    pub push_due: Option<Millis>,
    /// Checksum of the list of ephemeral instances; `None` when stale.
    pub list_checksum: Option<String>,
    /// Last computed checksum; empty when stale.
    checksum: String,
    /// Lists written since the last change.
    renderings: Vec<(Variant, RenderedList)>,
}

/// A cluster of a service.
#[derive(Debug)]
pub struct Cluster {
    /// Its name.
    pub name: Box<str>,
    /// How its persistent instances are checked.
    pub settings: ClusterSettings,
    /// Kept by raft.
    pub persistent: Addresses,
    /// Kept by beats.
    pub ephemeral: Addresses,
}

/// Somebody who is pushed to: the identity is everything but the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Where datagrams go.
    pub to: SocketAddr,
    /// `clientIP` as given.
    pub ip: Box<str>,
    /// Agent header.
    pub agent: Box<str>,
    /// Whether the agent reads grouped names.
    pub grouped_dom: bool,
    /// `clusters` as given.
    pub clusters: Box<str>,
    /// `app` as given.
    pub app: Box<str>,
    /// The last list call.
    pub last_seen: Millis,
}

/// What makes two list answers differ besides the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// `clusters` as asked.
    pub clusters: Box<str>,
    /// `env` as asked.
    pub env: Box<str>,
    /// `healthyOnly`.
    pub healthy_only: bool,
    /// Names for Java clients.
    pub grouped_dom: bool,
    /// `cacheMillis` of the answer.
    pub cache_millis: u64,
}

/// At most so many different list answers are kept for a service between two changes.
const MAX_RENDERINGS: usize = 16;

/// A list answer is kept for the next caller when `clusters` and `env` have at most this size,
/// bytes.
const MAX_KEPT_TEXT: usize = 1_024;
/// A cluster that is named twice is listed twice, but no cluster is added once a list has so many
/// hosts: a request can name one cluster 60,000 times.
const MAX_REPEATED: usize = 50_000;

impl Service {
    /// An empty service.
    pub fn new(key: ServiceKey, created: Millis) -> Self {
        Self {
            key,
            created,
            protect_threshold: 0.0,
            metadata: Metadata::new(),
            selector: Selector::None,
            clusters: Vec::new(),
            subscribers: Vec::new(),
            durable: false,
            created_by_api: false,
            modified: created,
            has_ephemeral_datum: false,
            empty_looks: 0,
            poisoned: false,
            check_due: None,
            push_due: None,
            list_checksum: None,
            checksum: String::new(),
            renderings: Vec::new(),
        }
    }

    /// A cluster by name.
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| &*cluster.name == name)
    }

    /// A cluster by name, to be changed.
    pub fn cluster_mut(&mut self, name: &str) -> Option<&mut Cluster> {
        self.clusters.iter_mut().find(|cluster| &*cluster.name == name)
    }

    /// Adds a cluster with default settings; the caller has validated the name.
    pub fn add_cluster(&mut self, name: &str) -> &mut Cluster {
        self.clusters.push(Cluster {
            name: name.into(),
            settings: ClusterSettings::default(),
            persistent: Addresses::default(),
            ephemeral: Addresses::default(),
        });
        self.clusters.last_mut().expect("a cluster was just added")
    }

    /// Clusters in the order in which a `HashMap` of their names iterates.
    pub fn clusters_in_order(&self) -> Vec<&Cluster> {
        let mut clusters: Vec<&Cluster> = self.clusters.iter().collect();
        java::sort_by_hash_order(&mut clusters, |cluster| &cluster.name);
        clusters
    }

    /// Instances of the named clusters (a comma list, not trimmed, empty for all) in the order in
    /// which lists show them.
    pub fn instances(&self, clusters: &str) -> Vec<&Registered> {
        let mut found = Vec::new();
        if clusters.is_empty() {
            for cluster in self.clusters_in_order() {
                cluster.collect_into(&mut found);
            }
        } else {
            for name in clusters.split(',') {
                if found.len() >= MAX_REPEATED {
                    break;
                }
                if let Some(cluster) = self.cluster(name) {
                    cluster.collect_into(&mut found);
                }
            }
        }
        found
    }

    /// Whether it has no instance at all.
    pub fn is_empty(&self) -> bool {
        self.clusters.iter().all(|c| c.persistent.is_empty() && c.ephemeral.is_empty())
    }

    /// Everything written from the old state is stale.
    pub fn forget_renderings(&mut self) {
        self.checksum.clear();
        self.list_checksum = None;
        self.renderings.clear();
    }

    /// The list written for this variant since the last change.
    pub fn rendering(&self, variant: &Variant) -> Option<&RenderedList> {
        self.renderings.iter().find(|(v, _)| v == variant).map(|(_, list)| list)
    }

    /// Keeps a written list until the next change.
    pub fn keep_rendering(&mut self, variant: Variant, list: RenderedList) {
        if variant.clusters.len() + variant.env.len() > MAX_KEPT_TEXT {
            return;
        }
        if self.renderings.len() >= MAX_RENDERINGS {
            self.renderings.remove(0);
        }
        self.renderings.push((variant, list));
    }

    /// The checksum that lists show.
    pub fn checksum(&mut self) -> &str {
        if self.checksum.is_empty() {
            self.checksum = super::statistics::checksum(self);
        }
        &self.checksum
    }

    /// The checksum computed last; empty when nobody asked since the last change.
    pub fn known_checksum(&self) -> &str {
        &self.checksum
    }
}

impl Cluster {
    /// The table of one kind.
    pub fn kind(&self, ephemeral: bool) -> &Addresses {
        if ephemeral { &self.ephemeral } else { &self.persistent }
    }

    /// The table of one kind, to be changed.
    pub fn kind_mut(&mut self, ephemeral: bool) -> &mut Addresses {
        if ephemeral { &mut self.ephemeral } else { &mut self.persistent }
    }

    /// The instance at an address, persistent before ephemeral.
    pub fn at(&self, ip: &str, port: i32) -> Option<&Registered> {
        self.persistent.get(ip, port).or_else(|| self.ephemeral.get(ip, port))
    }

    /// The instance at an address, to be changed.
    pub fn at_mut(&mut self, ip: &str, port: i32) -> Option<&mut Registered> {
        match self.persistent.get_mut(ip, port) {
            Some(found) => Some(found),
            None => self.ephemeral.get_mut(ip, port),
        }
    }

    /// Its instances in the order in which lists show them.
    pub fn in_order(&self) -> Vec<&Registered> {
        let mut found = Vec::new();
        self.collect_into(&mut found);
        found
    }

    fn collect_into<'a>(&'a self, found: &mut Vec<&'a Registered>) {
        for kind in [&self.persistent, &self.ephemeral] {
            let mut instances: Vec<&Registered> = kind.iter().collect();
            sort_as_hash_set(&mut instances);
            found.append(&mut instances);
        }
    }
}

/// The order of a `HashSet<Instance>`, whose hash is that of the ip (`instance/list-host-order`).
/// Inside one bucket the real order is unstable; here the port and then the ip decide.
fn sort_as_hash_set(instances: &mut [&Registered]) {
    let mask = java::copied_buckets(instances.len()) - 1;
    instances.sort_by_cached_key(|entry| {
        let Instance { ip, port, .. } = &*entry.instance;
        let ip = ip.as_deref().unwrap_or("");
        (java::spread(java::string_hash(ip)) & mask, *port, ip.to_owned())
    });
}
