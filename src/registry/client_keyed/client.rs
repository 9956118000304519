//! Clients of 2.x. `IpPortBasedClient`: one for each ip and port that registered or subscribed over
//! HTTP; its beat check keeps the rhythm of its creation. `ConnectionBasedClient`: one for each
//! connection that published or subscribed over gRPC; it dies with the connection, or, when another
//! member has the connection, with that member's word. They differ in nothing else.

use crate::model::{ClientCounts, ClientId, ClientKind, ConnectionId, ConnectionMeta, Millis};
use hashbrown::HashTable;
use rustc_hash::FxHashMap;
use slab::Slab;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Who it is.
    pub identity: Identity,
    /// When it was first seen.
    pub created: Millis,
    /// The last registration, subscription or word of another member; beats are looked up at their
    /// instances.
    pub last_seen: Millis,
    /// Slots of the services it publishes into.
    pub published: Vec<usize>,
    /// Slots of the services it subscribed to.
    pub subscribed: Vec<usize>,
    /// The next beat check that is set.
    pub check_due: Option<Millis>,
}

/// What makes a client the one it is, and decides how it dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// An address: by beats that stop, or when the last persistent instance is deregistered.
    Address {
        /// Address.
        ip: Box<str>,
        /// Port.
        port: i32,
        /// Keeps its instances by beats.
        ephemeral: bool,
    },
    /// A connection: when that ends.
    Connection(ConnectionId, Arc<str>),
    /// A connection to another member, by its name: when that member says so, or says nothing.
    Foreign(Arc<str>),
}

impl Client {
    /// Whether it is an address that keeps its instances by beats.
    pub fn beats(&self) -> bool {
        matches!(self.identity, Identity::Address { ephemeral: true, .. })
    }

    /// Whether it is gone as soon as it publishes nothing.
    pub fn is_persistent(&self) -> bool {
        matches!(self.identity, Identity::Address { ephemeral: false, .. })
    }

    /// The address, if that is what it is.
    pub fn address(&self) -> Option<(&str, i32)> {
        match &self.identity {
            Identity::Address { ip, port, .. } => Some((ip, *port)),
            Identity::Connection(..) | Identity::Foreign(_) => None,
        }
    }

    /// Whether it is a copy of what another member has a connection to.
    pub fn is_foreign(&self) -> bool {
        matches!(self.identity, Identity::Foreign(_))
    }

    /// Its name among the members; `None` for a client that raft keeps.
    pub fn id(&self) -> Option<ClientId> {
        match &self.identity {
            Identity::Address { ip, port, ephemeral } => {
                ephemeral.then(|| ClientId::of_address(ip, *port))
            }
            Identity::Connection(_, name) | Identity::Foreign(name) => {
                Some(ClientId::of_connection(name.clone()))
            }
        }
    }
}

/// All clients, found by address and kind, or by connection.
#[derive(Debug, Default)]
pub struct Clients {
    slots: Slab<Client>,
    table: HashTable<usize>,
    connected: FxHashMap<ConnectionId, usize>,
    /// Clients of connections by the connection's name, wherever that is.
    named: FxHashMap<Arc<str>, usize>,
}

fn hash_of(ip: &str, port: i32, ephemeral: bool) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    (ip, port, ephemeral).hash(&mut hasher);
    hasher.finish()
}

fn hash_client(client: &Client) -> u64 {
    match &client.identity {
        Identity::Address { ip, port, ephemeral } => hash_of(ip, *port, *ephemeral),
        // Only addresses stand in the table.
        Identity::Connection(..) | Identity::Foreign(_) => 0,
    }
}

impl Clients {
    /// The slot of a client.
    pub fn find(&self, ip: &str, port: i32, ephemeral: bool) -> Option<usize> {
        let same = |slot: &usize| match &self.slots[*slot].identity {
            Identity::Address { ip: known, port: its, ephemeral: kind } => {
                *its == port && *kind == ephemeral && **known == *ip
            }
            Identity::Connection(..) | Identity::Foreign(_) => false,
        };
        self.table.find(hash_of(ip, port, ephemeral), same).copied()
    }

    /// The slot of a connection's client.
    pub fn find_connected(&self, id: ConnectionId) -> Option<usize> {
        self.connected.get(&id).copied()
    }

    /// The slot of a client, connected when it was not known; seen now.
    pub fn seen(&mut self, now: Millis, ip: &str, port: i32, ephemeral: bool) -> usize {
        if let Some(slot) = self.find(ip, port, ephemeral) {
            self.slots[slot].last_seen = now;
            return slot;
        }
        self.add_address(now, ip, port, ephemeral)
    }

    fn add_address(&mut self, now: Millis, ip: &str, port: i32, ephemeral: bool) -> usize {
        let slot = self.insert(now, Identity::Address { ip: ip.into(), port, ephemeral });
        let slots = &self.slots;
        let hash = hash_of(ip, port, ephemeral);
        self.table.insert_unique(hash, slot, |slot| hash_client(&slots[*slot]));
        slot
    }

    /// The slot of a connection's client, made when it did nothing so far; seen now.
    pub fn seen_connected(&mut self, now: Millis, by: &ConnectionMeta) -> usize {
        if let Some(slot) = self.find_connected(by.id) {
            self.slots[slot].last_seen = now;
            return slot;
        }
        let slot = self.insert(now, Identity::Connection(by.id, by.name.clone()));
        self.connected.insert(by.id, slot);
        self.named.insert(by.name.clone(), slot);
        slot
    }

    /// The slot of a client that the members tell each other of.
    pub fn find_told(&self, id: &ClientId) -> Option<usize> {
        match id.kind() {
            ClientKind::Address { ip, port } => self.find(ip, port, true),
            ClientKind::Connection(name) => self.named.get(name).copied(),
            ClientKind::Other => None,
        }
    }

    /// The slot of a client that another member tells of, made when it was not known; `None` for a
    /// name that no such client has.
    pub fn told(&mut self, now: Millis, id: &ClientId) -> Option<usize> {
        if let Some(slot) = self.find_told(id) {
            return Some(slot);
        }
        match id.kind() {
            ClientKind::Address { ip, port } => Some(self.add_address(now, ip, port, true)),
            ClientKind::Connection(name) => {
                let name: Arc<str> = name.into();
                let slot = self.insert(now, Identity::Foreign(name.clone()));
                self.named.insert(name, slot);
                Some(slot)
            }
            ClientKind::Other => None,
        }
    }

    fn insert(&mut self, now: Millis, identity: Identity) -> usize {
        self.slots.insert(Client {
            identity,
            created: now,
            last_seen: now,
            published: Vec::new(),
            subscribed: Vec::new(),
            check_due: None,
        })
    }

    /// A client.
    pub fn get(&self, slot: usize) -> Option<&Client> {
        self.slots.get(slot)
    }

    /// A client, to be changed.
    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Client> {
        self.slots.get_mut(slot)
    }

    /// Slots of the clients that `gone` names.
    pub fn select(&self, gone: impl Fn(&Client) -> bool) -> Vec<usize> {
        self.slots.iter().filter(|(_, client)| gone(client)).map(|(slot, _)| slot).collect()
    }

    /// How many addresses there are, by kind.
    pub fn counts(&self) -> ClientCounts {
        let mut counts = ClientCounts::default();
        for (_, client) in &self.slots {
            counts.ephemeral += usize::from(client.beats());
            counts.persistent += usize::from(client.is_persistent());
        }
        counts
    }

    /// Disconnects a client.
    pub fn remove(&mut self, slot: usize) -> Option<Client> {
        let client = self.slots.try_remove(slot)?;
        match &client.identity {
            Identity::Connection(id, name) => {
                self.connected.remove(id);
                self.named.remove(name);
            }
            Identity::Foreign(name) => {
                self.named.remove(name);
            }
            Identity::Address { .. } => {
                let found = self.table.find_entry(hash_client(&client), |known| *known == slot);
                if let Ok(found) = found {
                    found.remove();
                }
            }
        }
        Some(client)
    }
}
