//! Instances of one kind, found by ip and port without building a key.

use crate::model::{Instance, Millis};
use hashbrown::HashTable;
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An instance that is registered: what was specified, and what has happened to it since.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// As given, with the health of this moment. Shared with the snapshot that 2.x lists read.
    pub instance: Arc<Instance>,
    /// Its `instanceId`.
    pub id: InstanceId,
    /// The last sign of life.
    pub last_beat: Millis,
    /// Names the probes of a persistent instance; 0 for an ephemeral one.
    pub probe: u64,
    /// Whether another member told of it (1.x): what was null there is an empty text here.
    pub copied: bool,
}

/// `instanceId` of an instance. The usual one is put together when it is shown: a hundred thousand
/// of them would cost 8 MB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceId {
    /// `ip#port#cluster#group@@service`.
    Usual,
    /// A 2.x beat created the instance and gave it none.
    Absent,
    /// What the snowflake generator of 1.x handed out, an id with a name that 2.x cut, or what a
    /// 2.x client gave.
    Own(Box<str>),
}

impl InstanceId {
    /// The text as shown.
    pub fn text(&self, instance: &Instance, service: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Absent => None,
            Self::Own(id) => Some(Cow::Borrowed(id)),
            Self::Usual => {
                let (ip, port, cluster) = (instance.ip(), instance.port, &instance.cluster);
                Some(Cow::Owned(format!("{ip}#{port}#{cluster}#{service}")))
            }
        }
    }
}

impl Registered {
    /// Sets the health and says whether it was another one before.
    pub fn set_healthy(&mut self, healthy: bool) -> bool {
        let differs = self.instance.healthy != healthy;
        if differs {
            Arc::make_mut(&mut self.instance).healthy = healthy;
        }
        differs
    }
}

/// A table keyed by ip and port.
#[derive(Debug, Default, Clone)]
pub struct Addresses {
    table: HashTable<Registered>,
}

fn hash_of(ip: &str, port: i32) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    ip.hash(&mut hasher);
    port.hash(&mut hasher);
    hasher.finish()
}

fn hash_entry(entry: &Registered) -> u64 {
    hash_of(entry.instance.ip(), entry.instance.port)
}

impl Addresses {
    /// The instance at that address.
    pub fn get(&self, ip: &str, port: i32) -> Option<&Registered> {
        self.table.find(hash_of(ip, port), |e| e.instance.port == port && e.instance.ip() == ip)
    }

    /// The instance at that address, to be changed.
    pub fn get_mut(&mut self, ip: &str, port: i32) -> Option<&mut Registered> {
        self.table.find_mut(hash_of(ip, port), |e| e.instance.port == port && e.instance.ip() == ip)
    }

    /// Adds or replaces; the one that was there is returned.
    pub fn insert(&mut self, entry: Registered) -> Option<Registered> {
        if let Some(old) = self.get_mut(entry.instance.ip(), entry.instance.port) {
            return Some(std::mem::replace(old, entry));
        }
        self.table.insert_unique(hash_entry(&entry), entry, hash_entry);
        None
    }

    /// Takes the instance at that address out.
    pub fn remove(&mut self, ip: &str, port: i32) -> Option<Registered> {
        self.table
            .find_entry(hash_of(ip, port), |e| e.instance.port == port && e.instance.ip() == ip)
            .ok()
            .map(|found| found.remove().0)
    }

    /// Takes out everything that `keep` refuses and returns how much that was.
    pub fn retain(&mut self, keep: impl FnMut(&mut Registered) -> bool) -> usize {
        let before = self.table.len();
        self.table.retain(keep);
        before - self.table.len()
    }

    /// All instances, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Registered> {
        self.table.iter()
    }

    /// All instances, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Registered> {
        self.table.iter_mut()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}
