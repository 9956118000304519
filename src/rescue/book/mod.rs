//! Who sent which beats, before and after our answer: the proof that a client is free.
//!
//! An answer that was sent proves nothing, and neither does a count of services. What counts is a
//! full beat of the same instance after our answer. A million instances take some hundred
//! megabytes: texts are kept once, addresses as numbers, and each service has its counts, so that
//! nobody walks over the instances to show how far it is.
//! - `entry`: one instance, and what its beats say about it.
//! - `names`: texts by number.
//! - `shard`: the instances of some services, under one lock.

mod entry;
mod names;
mod shard;

use super::known::Known;
pub use entry::{Shape, State};
use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;
use serde::Serialize;
use shard::Shard;
use std::hash::BuildHasher;

/// Instances that are kept; further ones are answered and counted as not kept.
pub const MAX_INSTANCES: usize = 4_000_000;
/// Texts that name an instance are kept up to this size together, bytes.
const MAX_NAME_BYTES: usize = 4096;
/// Locks; a service belongs to one of them, so that its name is kept once.
const SHARDS: usize = 32;

/// Who a beat is about, and who sent it.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// `namespaceId`.
    pub namespace: &'a str,
    /// Grouped name of the service.
    pub service: &'a str,
    /// Cluster.
    pub cluster: &'a str,
    /// Address as the client wrote it.
    pub ip: &'a str,
    /// Port.
    pub port: i32,
    /// `User-Agent`.
    pub agent: &'a str,
}

/// Names an instance of the book until its beat is answered.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    shard: u32,
    entry: u32,
}

/// An instance as a report shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// `namespaceId`.
    pub namespace: String,
    /// Grouped name of the service.
    pub service: String,
    /// Cluster.
    pub cluster: String,
    /// Address.
    pub ip: String,
    /// Port.
    pub port: i32,
    /// `User-Agent`; empty when it was never seen.
    pub agent: String,
    /// How it stands.
    pub state: State,
    /// Light beats before our first answer to it.
    pub light_before: u32,
    /// Full beats before our first answer to it.
    pub full_before: u32,
    /// Light beats after that.
    pub light_after: u32,
    /// Full beats after that.
    pub full_after: u32,
}

/// A service as the live table shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRow {
    /// `namespaceId`.
    pub namespace: String,
    /// Grouped name.
    pub service: String,
    /// Instances in each state, in the order of [`State::ALL`].
    pub states: [u32; State::ALL.len()],
}

impl ServiceRow {
    /// Instances in a state.
    pub fn of(&self, state: State) -> u32 {
        self.states[state as usize]
    }
}

/// Counts over everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Light beats.
    pub light_beats: u64,
    /// Full beats.
    pub full_beats: u64,
    /// Services with an instance that was seen.
    pub services: usize,
    /// Instances in each state, in the order of [`State::ALL`].
    pub states: [u32; State::ALL.len()],
    /// Instances that are expected.
    pub expected: usize,
    /// Of these, the ones that are free or have left.
    pub expected_done: usize,
    /// Beats of instances that there was no room for, or that name nobody.
    pub not_kept: u64,
}

impl Totals {
    /// Beats of both kinds.
    pub fn beats(&self) -> u64 {
        self.light_beats + self.full_beats
    }

    /// Instances in a state.
    pub fn of(&self, state: State) -> u32 {
        self.states[state as usize]
    }

    /// Instances that were seen.
    pub fn seen(&self) -> u32 {
        self.states.iter().sum()
    }

    /// Whether the answer is yes: everybody who is expected is free or has left; without
    /// expectations, everybody who was seen, and somebody was.
    pub fn is_done(&self) -> bool {
        if self.expected > 0 {
            return self.expected_done == self.expected;
        }
        let free = self.of(State::Rescued) + self.of(State::Left);
        self.seen() > 0 && free == self.seen()
    }
}

/// The book.
#[derive(Debug)]
pub struct Book {
    shards: Vec<Mutex<Shard>>,
    per_shard: usize,
}

impl Default for Book {
    fn default() -> Self {
        Self::with_room(MAX_INSTANCES)
    }
}

impl Book {
    /// A book that keeps about so many instances.
    pub fn with_room(instances: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        // Services are dealt out unevenly: one may have nearly all instances.
        Self { shards, per_shard: instances }
    }

    /// Names instances that must be seen. Those that do not live by beats are left out.
    pub fn expect(&self, known: &[Known]) {
        for one in known.iter().filter(|one| one.beats) {
            let key = Key {
                namespace: &one.namespace,
                service: &one.service,
                cluster: &one.cluster,
                ip: &one.ip,
                port: one.port,
                agent: "",
            };
            self.shards[shard_of(key.service)].lock().expect(&key);
        }
    }

    /// Writes down a beat; `answered` when our answer to it takes the flag back. The ticket is for
    /// an answer that comes later, and absent when the instance is not kept.
    pub fn beat(&self, key: Option<&Key<'_>>, shape: Shape, answered: bool) -> Option<Ticket> {
        let long = |key: &&Key<'_>| key.bytes() > MAX_NAME_BYTES;
        let Some(key) = key.filter(|key| !long(key)) else {
            self.shards[0].lock().not_kept(shape);
            return None;
        };
        let shard = shard_of(key.service);
        let entry = self.shards[shard].lock().beat(key, shape, answered, self.per_shard)?;
        Some(Ticket { shard: shard as u32, entry })
    }

    /// Notes that a beat was answered so that the flag is taken back.
    pub fn answered(&self, ticket: Ticket) {
        self.shards[ticket.shard as usize].lock().answered(ticket.entry);
    }

    /// Notes that an instance was deregistered: it will not beat again.
    pub fn left(&self, key: &Key<'_>) {
        self.shards[shard_of(key.service)].lock().left(key);
    }

    /// Counts over everything.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for shard in &self.shards {
            shard.lock().add_to(&mut totals);
        }
        totals
    }

    /// Up to `most` instances that `wanted` wants, sorted; those that are expected and were never
    /// seen are among them.
    pub fn rows(&self, most: usize, wanted: impl Fn(State) -> bool) -> Vec<Row> {
        let mut rows = Vec::new();
        for shard in &self.shards {
            shard.lock().rows(most - rows.len(), &wanted, &mut rows);
        }
        rows.sort_unstable();
        rows
    }

    /// Up to `most` expected instances that are neither free nor gone, sorted.
    pub fn missing(&self, most: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for shard in &self.shards {
            shard.lock().missing(most - rows.len(), &mut rows);
        }
        rows.sort_unstable();
        rows
    }

    /// Every service that was seen, sorted by name.
    pub fn services(&self) -> Vec<ServiceRow> {
        let mut services: Vec<ServiceRow> =
            self.shards.iter().flat_map(|shard| shard.lock().services()).collect();
        services.sort_by(|a, b| (&a.namespace, &a.service).cmp(&(&b.namespace, &b.service)));
        services
    }
}

impl Key<'_> {
    fn bytes(&self) -> usize {
        [self.namespace, self.service, self.cluster, self.ip, self.agent]
            .iter()
            .map(|text| text.len())
            .sum()
    }
}

fn shard_of(service: &str) -> usize {
    // The high bits: the low ones choose the place in the shard's tables.
    (FxBuildHasher.hash_one(service) >> 32) as usize % SHARDS
}

#[cfg(test)]
mod tests;
