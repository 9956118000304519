//! The instances of some services, under one lock.

use super::entry::{Entry, Ip, Place, Shape, State};
use super::names::Names;
use super::{Key, Row, ServiceRow, Totals};
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;
use std::net::Ipv4Addr;

/// Some services and their instances.
#[derive(Debug, Default)]
pub struct Shard {
    names: Names,
    services: Vec<Service>,
    /// Services by their names.
    service_table: HashTable<u32>,
    entries: Vec<Entry>,
    /// Entries by service, address and port.
    entry_table: HashTable<u32>,
    expected: Vec<Expected>,
    /// Expected instances by service, address and port.
    expected_table: HashTable<u32>,
    expected_done: usize,
    light_beats: u64,
    full_beats: u64,
    not_kept: u64,
}

#[derive(Debug)]
struct Service {
    namespace: u32,
    name: u32,
    states: [u32; State::ALL.len()],
}

/// An instance that must be seen.
#[derive(Debug)]
struct Expected {
    place: Place,
    /// It is free, or has left.
    done: bool,
}

impl Shard {
    /// Writes down a beat; the entry's number unless it is not kept.
    pub fn beat(
        &mut self,
        key: &Key<'_>,
        shape: Shape,
        answered: bool,
        room: usize,
    ) -> Option<u32> {
        self.count(shape);
        let number = match self.find(key) {
            Some(number) => number,
            None if self.entries.len() < room => self.add(key),
            None => {
                self.not_kept += 1;
                return None;
            }
        };
        let entry = &mut self.entries[number as usize];
        // The first beat always counts before our answer.
        let is_new = entry.light_before == 0 && entry.full_before == 0;
        let before = (!is_new).then(|| entry.state());
        entry.beat(shape);
        entry.answered |= answered;
        let after = entry.state();
        self.moved(number, before, after);
        Some(number)
    }

    /// Counts a beat of nobody who is kept.
    pub fn not_kept(&mut self, shape: Shape) {
        self.count(shape);
        self.not_kept += 1;
    }

    /// Our answer took the flag back.
    pub fn answered(&mut self, number: u32) {
        self.entries[number as usize].answered = true;
    }

    /// The instance was deregistered.
    pub fn left(&mut self, key: &Key<'_>) {
        let hash = hash_of(key);
        let parsed = key.ip.parse().ok();
        let of_place = self.entry_table.iter_hash(hash).copied();
        let numbers: Vec<u32> = of_place
            .filter(|number| self.is_at(&self.entries[*number as usize].place, key, parsed))
            .collect();
        for number in numbers {
            let before = self.entries[number as usize].state();
            self.entries[number as usize].left = true;
            self.moved(number, Some(before), State::Left);
        }
        self.settle(key);
    }

    /// Names an instance that must be seen.
    pub fn expect(&mut self, key: &Key<'_>) {
        if self.find_expected(key).is_some() {
            return;
        }
        let place = self.place(key);
        let number = self.expected.len() as u32;
        self.expected.push(Expected { place, done: false });
        let (names, services, expected) = (&self.names, &self.services, &self.expected);
        self.expected_table.insert_unique(hash_of(key), number, |number| {
            hash_of_place(&expected[*number as usize].place, names, services)
        });
    }

    /// Adds its counts.
    pub fn add_to(&self, totals: &mut Totals) {
        totals.light_beats += self.light_beats;
        totals.full_beats += self.full_beats;
        totals.not_kept += self.not_kept;
        totals.expected += self.expected.len();
        totals.expected_done += self.expected_done;
        for service in &self.services {
            totals.services += usize::from(service.states.iter().any(|count| *count > 0));
            for (total, count) in totals.states.iter_mut().zip(service.states) {
                *total += count;
            }
        }
    }

    /// Adds up to `most` instances in a state that is wanted.
    pub fn rows(&self, most: usize, wanted: &impl Fn(State) -> bool, rows: &mut Vec<Row>) {
        let end = rows.len() + most;
        for entry in self.entries.iter().filter(|entry| wanted(entry.state())) {
            if rows.len() == end {
                return;
            }
            rows.push(self.row(&entry.place, Some(entry)));
        }
        if wanted(State::Unseen) {
            let unseen = self.expected.iter().filter(|one| self.entry_at(&one.place).is_none());
            rows.extend(unseen.take(end - rows.len()).map(|one| self.row(&one.place, None)));
        }
    }

    /// Adds up to `most` expected instances that are not done.
    pub fn missing(&self, most: usize, rows: &mut Vec<Row>) {
        let missing = self.expected.iter().filter(|one| !one.done).take(most);
        rows.extend(missing.map(|one| self.row(&one.place, self.entry_at(&one.place))));
    }

    /// The services that were seen.
    pub fn services(&self) -> Vec<ServiceRow> {
        let seen = self.services.iter().filter(|one| one.states.iter().any(|count| *count > 0));
        let row = |service: &Service| ServiceRow {
            namespace: self.names.text(service.namespace).to_owned(),
            service: self.names.text(service.name).to_owned(),
            states: service.states,
        };
        seen.map(row).collect()
    }

    fn count(&mut self, shape: Shape) {
        match shape {
            Shape::Light => self.light_beats += 1,
            Shape::Full => self.full_beats += 1,
        }
    }

    /// Keeps the counts of states, and what is expected, up to date.
    fn moved(&mut self, number: u32, before: Option<State>, after: State) {
        if before == Some(after) {
            return;
        }
        let place = self.entries[number as usize].place;
        let states = &mut self.services[place.service as usize].states;
        if let Some(before) = before {
            states[before as usize] -= 1;
        }
        states[after as usize] += 1;
        if after == State::Rescued && !self.expected.is_empty() {
            self.settle_place(&place);
        }
    }

    fn settle(&mut self, key: &Key<'_>) {
        if let Some(number) = self.find_expected(key) {
            self.set_done(number);
        }
    }

    fn settle_place(&mut self, place: &Place) {
        let hash = hash_of_place(place, &self.names, &self.services);
        let expected = &self.expected;
        let same = |number: &u32| is_same(&expected[*number as usize].place, place);
        if let Some(number) = self.expected_table.find(hash, same).copied() {
            self.set_done(number);
        }
    }

    fn set_done(&mut self, number: u32) {
        let expected = &mut self.expected[number as usize];
        self.expected_done += usize::from(!expected.done);
        expected.done = true;
    }

    fn find(&self, key: &Key<'_>) -> Option<u32> {
        let parsed = key.ip.parse().ok();
        let same = |number: &u32| {
            let entry = &self.entries[*number as usize];
            self.is_at(&entry.place, key, parsed) && self.names.text(entry.agent) == key.agent
        };
        self.entry_table.find(hash_of(key), same).copied()
    }

    fn find_expected(&self, key: &Key<'_>) -> Option<u32> {
        let parsed = key.ip.parse().ok();
        let same = |number: &u32| self.is_at(&self.expected[*number as usize].place, key, parsed);
        self.expected_table.find(hash_of(key), same).copied()
    }

    /// Any entry of that place, whoever keeps it.
    fn entry_at(&self, place: &Place) -> Option<&Entry> {
        let hash = hash_of_place(place, &self.names, &self.services);
        let same = |number: &u32| is_same(&self.entries[*number as usize].place, place);
        self.entry_table.find(hash, same).map(|number| &self.entries[*number as usize])
    }

    fn is_at(&self, place: &Place, key: &Key<'_>, parsed: Option<Ipv4Addr>) -> bool {
        let service = &self.services[place.service as usize];
        place.port == key.port
            && place.ip.is(key.ip, parsed, &self.names)
            && self.names.text(service.name) == key.service
            && self.names.text(service.namespace) == key.namespace
            && self.names.text(place.cluster) == key.cluster
    }

    fn add(&mut self, key: &Key<'_>) -> u32 {
        let place = self.place(key);
        let agent = self.names.number(key.agent);
        let number = self.entries.len() as u32;
        self.entries.push(Entry::new(place, agent));
        let (names, services, entries) = (&self.names, &self.services, &self.entries);
        self.entry_table.insert_unique(hash_of(key), number, |number| {
            hash_of_place(&entries[*number as usize].place, names, services)
        });
        number
    }

    fn place(&mut self, key: &Key<'_>) -> Place {
        Place {
            service: self.service(key),
            cluster: self.names.number(key.cluster),
            ip: Ip::kept(key.ip, &mut self.names),
            port: key.port,
        }
    }

    fn service(&mut self, key: &Key<'_>) -> u32 {
        let namespace = self.names.number(key.namespace);
        let name = self.names.number(key.service);
        let services = &self.services;
        let hash = |service: &Service| FxBuildHasher.hash_one((service.namespace, service.name));
        let wanted = Service { namespace, name, states: Default::default() };
        let same = |number: &u32| {
            let one = &services[*number as usize];
            one.namespace == namespace && one.name == name
        };
        if let Some(number) = self.service_table.find(hash(&wanted), same) {
            return *number;
        }
        let number = self.services.len() as u32;
        let hashed = hash(&wanted);
        self.services.push(wanted);
        let services = &self.services;
        self.service_table.insert_unique(hashed, number, |at| hash(&services[*at as usize]));
        number
    }

    fn row(&self, place: &Place, entry: Option<&Entry>) -> Row {
        let service = &self.services[place.service as usize];
        let count = |of: fn(&Entry) -> u32| entry.map_or(0, of);
        Row {
            namespace: self.names.text(service.namespace).to_owned(),
            service: self.names.text(service.name).to_owned(),
            cluster: self.names.text(place.cluster).to_owned(),
            ip: place.ip.text(&self.names),
            port: place.port,
            agent: entry.map_or("", |entry| self.names.text(entry.agent)).to_owned(),
            state: entry.map_or(State::Unseen, Entry::state),
            light_before: count(|entry| entry.light_before),
            full_before: count(|entry| entry.full_before),
            light_after: count(|entry| entry.light_after),
            full_after: count(|entry| entry.full_after),
        }
    }
}

/// Whether two places of one shard are the same.
fn is_same(one: &Place, other: &Place) -> bool {
    one.service == other.service
        && one.port == other.port
        && one.ip == other.ip
        && one.cluster == other.cluster
}

/// The rest of a key is compared, not hashed: it hardly ever differs.
fn hash_of(key: &Key<'_>) -> u64 {
    match key.ip.parse::<Ipv4Addr>() {
        Ok(ip) => FxBuildHasher.hash_one((key.service, ip.to_bits(), key.port)),
        Err(_) => FxBuildHasher.hash_one((key.service, key.ip, key.port)),
    }
}

/// The same of what is kept.
fn hash_of_place(place: &Place, names: &Names, services: &[Service]) -> u64 {
    let service = names.text(services[place.service as usize].name);
    match place.ip {
        Ip::Four(ip) => FxBuildHasher.hash_one((service, ip.to_bits(), place.port)),
        Ip::Text(number) => FxBuildHasher.hash_one((service, names.text(number), place.port)),
    }
}
