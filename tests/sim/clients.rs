//! The clients of a world: they register, beat each 5 s at whichever node answers, fall silent or
//! deregister; and the durable values that somebody writes.

use crate::node::{Ask, Provider};
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// From one beat to the next, ms.
pub const BEAT_MS: u64 = 5_000;
/// Durable keys that are written.
pub const KEYS: u8 = 4;

/// A client.
#[derive(Debug)]
struct Client {
    provider: Provider,
    alive: bool,
}

/// One write of a durable value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    key: u8,
    value: i32,
}

impl Put {
    /// The write that is asked for; none of the other asks waits.
    pub fn of(ask: &Ask) -> Self {
        match ask {
            Ask::Put { key, value } => Self { key: *key, value: *value },
            other => panic!("nobody waits for {other:?}"),
        }
    }
}

/// All clients and writes of a world.
#[derive(Debug)]
pub struct Clients {
    /// Services that clients choose among.
    pub services: usize,
    clients: Vec<Client>,
    puts: i32,
    confirmed: BTreeMap<u8, i32>,
    unconfirmed: BTreeMap<u8, BTreeSet<i32>>,
}

impl Default for Clients {
    fn default() -> Self {
        Self {
            services: 5,
            clients: Vec::new(),
            puts: 0,
            confirmed: BTreeMap::new(),
            unconfirmed: BTreeMap::new(),
        }
    }
}

impl Clients {
    /// A new client, and what it asks first.
    pub fn register(&mut self, rng: &mut Rng) -> (usize, Ask) {
        let number = self.clients.len();
        let service = format!("g@@s{}", rng.usize(0..self.services));
        let ip = format!("10.2.{}.{}", number / 250, number % 250 + 1);
        let provider = Provider { service, ip };
        self.clients.push(Client { provider: provider.clone(), alive: true });
        (number, Ask::Register(provider))
    }

    /// What a client that lives asks each 5 s.
    pub fn beat(&self, client: usize) -> Option<Ask> {
        let client = &self.clients[client];
        client.alive.then(|| Ask::Beat(client.provider.clone()))
    }

    /// One of them dies.
    pub fn silence(&mut self, rng: &mut Rng) {
        self.end_one(rng);
    }

    /// One of them deregisters.
    pub fn deregister(&mut self, rng: &mut Rng) -> Option<Ask> {
        self.end_one(rng).map(Ask::Deregister)
    }

    fn end_one(&mut self, rng: &mut Rng) -> Option<Provider> {
        let mut alive: Vec<&mut Client> =
            self.clients.iter_mut().filter(|client| client.alive).collect();
        // Somebody always stays, so that there is something to lose.
        if alive.len() < 3 {
            return None;
        }
        let one = rng.usize(0..alive.len());
        alive[one].alive = false;
        Some(alive[one].provider.clone())
    }

    /// Somebody writes a durable value: no two writes are of the same value.
    pub fn put(&mut self, rng: &mut Rng) -> Ask {
        self.put_under(rng.u8(0..KEYS))
    }

    fn put_under(&mut self, key: u8) -> Ask {
        self.puts += 1;
        let value = self.puts;
        self.unconfirmed.entry(key).or_default().insert(value);
        Ask::Put { key, value }
    }

    /// Every client that lives registers once more, and every durable value is written once more.
    pub fn everything_again(&mut self) -> Vec<Ask> {
        let mut asks: Vec<Ask> = self.living().cloned().map(Ask::Register).collect();
        asks.extend((0..KEYS).map(|key| self.put_under(key)));
        asks
    }

    /// A write was confirmed, or not.
    pub fn put_done(&mut self, put: Put, taken: bool) {
        if taken {
            self.confirmed.insert(put.key, put.value);
            self.unconfirmed.entry(put.key).or_default().remove(&put.value);
        }
    }

    /// The key's last confirmed value.
    pub fn confirmed(&self) -> &BTreeMap<u8, i32> {
        &self.confirmed
    }

    /// Whether a key may have the value: it was confirmed last, or nobody knows what became of it.
    pub fn may_hold(&self, key: u8, value: i32) -> bool {
        self.confirmed.get(&key) == Some(&value)
            || self.unconfirmed.get(&key).is_some_and(|values| values.contains(&value))
    }

    /// Who lives.
    pub fn living(&self) -> impl Iterator<Item = &Provider> {
        self.clients.iter().filter(|client| client.alive).map(|client| &client.provider)
    }

    /// Who lives no longer.
    pub fn ended(&self) -> impl Iterator<Item = &Provider> {
        self.clients.iter().filter(|client| !client.alive).map(|client| &client.provider)
    }
}
