//! What all requests show about each client: an agent at an address.

use super::sight::{Call, Placement, Sight};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Clients that are kept; requests of further ones are counted.
const MAX_CLIENTS: usize = 100_000;
/// Services whose names are kept for each client, to count and to check them.
const MAX_SERVICES: usize = 10_000;
/// Clusters whose names are kept for each client.
const MAX_CLUSTERS: usize = 1_000;
/// Longer texts are nobody's agent or address, bytes.
const MAX_TEXT_BYTES: usize = 1_024;

/// What a client does with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// It reads it, or leaves it.
    Reads,
    /// It has instances in it.
    Makes,
}

/// One client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// `User-Agent`.
    pub agent: String,
    /// The address that it gives, else that of its connection.
    pub address: String,
    /// Services that it names: namespace and grouped name, and what for.
    pub services: HashMap<(String, String), Use>,
    /// Clusters that it has instances in.
    pub clusters: BTreeSet<String>,
    /// Beats with their JSON in the query alone.
    pub query: u64,
    /// Beats with their JSON in the body alone.
    pub body: u64,
    /// Beats with their JSON in both.
    pub both: u64,
    /// Light beats.
    pub light: u64,
    /// Full beats that name no cluster.
    pub without_cluster: u64,
    /// What it calls.
    pub calls: BTreeSet<Call>,
}

impl Client {
    /// Beats of every kind.
    pub fn beats(&self) -> u64 {
        self.query + self.body + self.both + self.light
    }

    /// Adds what a request shows.
    pub fn add(&mut self, sight: Sight<'_>) {
        match sight.beat {
            Some(Placement::Query) => self.query += 1,
            Some(Placement::Body) => self.body += 1,
            Some(Placement::Both) => self.both += 1,
            Some(Placement::Absent) => self.light += 1,
            None => {}
        }
        self.without_cluster += u64::from(sight.names_no_cluster);
        self.calls.extend(sight.call);
        let what = if sight.makes() { Use::Makes } else { Use::Reads };
        if let Some(service) = sight.service {
            let room = self.services.len() < MAX_SERVICES;
            match self.services.get_mut(&service) {
                Some(known) => *known = what.max(*known),
                None if room => drop(self.services.insert(service, what)),
                None => {}
            }
        }
        if let Some(cluster) = sight.cluster
            && self.clusters.len() < MAX_CLUSTERS
        {
            self.clusters.insert(cluster);
        }
    }
}

/// All clients.
#[derive(Debug, Default)]
pub struct Clients {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    clients: BTreeMap<(String, String), Client>,
    requests: u64,
    not_kept: u64,
}

impl Clients {
    /// Adds what a request shows.
    pub fn add(&self, sight: Sight<'_>) {
        let mut seen = self.seen.lock();
        seen.requests += 1;
        let key = (sight.agent.to_owned(), sight.address.clone());
        let long = key.0.len() + key.1.len() > MAX_TEXT_BYTES;
        let full = seen.clients.len() >= MAX_CLIENTS && !seen.clients.contains_key(&key);
        if long || full {
            seen.not_kept += 1;
            return;
        }
        let client = seen.clients.entry(key).or_insert_with_key(|(agent, address)| Client {
            agent: agent.clone(),
            address: address.clone(),
            ..Client::default()
        });
        client.add(sight);
    }

    /// Every client, sorted by agent and address. Where an agent is known with addresses, what it
    /// did without telling one is left out.
    pub fn all(&self) -> Vec<Client> {
        let seen = self.seen.lock();
        let placed: HashSet<&str> = seen
            .clients
            .values()
            .filter(|client| !client.address.is_empty())
            .map(|client| client.agent.as_str())
            .collect();
        let told = |client: &&Client| {
            !client.address.is_empty() || !placed.contains(client.agent.as_str())
        };
        seen.clients.values().filter(told).cloned().collect()
    }

    /// Requests seen, and of these, the ones of clients that are not kept.
    pub fn requests(&self) -> (u64, u64) {
        let seen = self.seen.lock();
        (seen.requests, seen.not_kept)
    }

    /// How many clients there are, and how many of them send light beats.
    pub fn count(&self) -> (usize, usize) {
        let seen = self.seen.lock();
        let light = seen.clients.values().filter(|client| client.light > 0).count();
        (seen.clients.len(), light)
    }
}
