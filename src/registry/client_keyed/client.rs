//! `IpPortBasedClient`: one for each ip and port that registered or subscribed over HTTP. Its beat
//! check keeps the rhythm of its creation.

use crate::model::Millis;
use hashbrown::HashTable;
use slab::Slab;
use std::hash::{Hash, Hasher};

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Address.
    pub ip: Box<str>,
    /// Port.
    pub port: i32,
    /// Keeps its instances by beats.
    pub ephemeral: bool,
    /// When it was first seen.
    pub created: Millis,
    /// The last registration or subscription; beats are looked up at their instances.
    pub last_seen: Millis,
    /// Slots of the services it publishes into.
    pub published: Vec<usize>,
    /// Slots of the services it subscribed to.
    pub subscribed: Vec<usize>,
    /// The next beat check that is set.
    pub check_due: Option<Millis>,
}

/// All clients, found by address and kind.
#[derive(Debug, Default)]
pub struct Clients {
    slots: Slab<Client>,
    table: HashTable<usize>,
}

fn hash_of(ip: &str, port: i32, ephemeral: bool) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    (ip, port, ephemeral).hash(&mut hasher);
    hasher.finish()
}

impl Clients {
    /// The slot of a client.
    pub fn find(&self, ip: &str, port: i32, ephemeral: bool) -> Option<usize> {
        let same = |slot: &usize| {
            let client = &self.slots[*slot];
            client.port == port && client.ephemeral == ephemeral && *client.ip == *ip
        };
        self.table.find(hash_of(ip, port, ephemeral), same).copied()
    }

    /// The slot of a client, connected when it was not known; seen now.
    pub fn seen(&mut self, now: Millis, ip: &str, port: i32, ephemeral: bool) -> usize {
        if let Some(slot) = self.find(ip, port, ephemeral) {
            self.slots[slot].last_seen = now;
            return slot;
        }
        let slot = self.slots.insert(Client {
            ip: ip.into(),
            port,
            ephemeral,
            created: now,
            last_seen: now,
            published: Vec::new(),
            subscribed: Vec::new(),
            check_due: None,
        });
        let slots = &self.slots;
        self.table.insert_unique(hash_of(ip, port, ephemeral), slot, |slot| {
            let client = &slots[*slot];
            hash_of(&client.ip, client.port, client.ephemeral)
        });
        slot
    }

    /// A client, to be changed.
    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Client> {
        self.slots.get_mut(slot)
    }

    /// Slots of the clients that `gone` names.
    pub fn select(&self, gone: impl Fn(&Client) -> bool) -> Vec<usize> {
        self.slots.iter().filter(|(_, client)| gone(client)).map(|(slot, _)| slot).collect()
    }

    /// Disconnects a client.
    pub fn remove(&mut self, slot: usize) -> Option<Client> {
        let client = self.slots.try_remove(slot)?;
        let hash = hash_of(&client.ip, client.port, client.ephemeral);
        if let Ok(found) = self.table.find_entry(hash, |known| *known == slot) {
            found.remove();
        }
        Some(client)
    }
}
