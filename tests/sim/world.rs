//! N nodes on one virtual clock: what they want done is put into a queue of events, and the queue
//! is gone through in the order of its moments. The same seed gives the same run.

use crate::clients::{Clients, Put};
use crate::damage;
use crate::network::Network;
use crate::node::{Action, Ask, Boot, Outcome, Reply, Served, SimNode};
use crate::script::Op;
use facos::model::{MemberId, Millis, PeerCall, PeerFailure};
use facos::peers::Token;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Whoever makes a call waits for its outcome so long, ms.
const CALL_TIMEOUT_MS: u64 = 3_000;
/// Events at one moment; more of them are an engine that turns in circles.
const MOST_AT_ONCE: usize = 20_000;
/// When every world begins.
pub const START: Millis = Millis(1_600_000_000_000);

/// A place for a node, which may be empty.
pub struct Place<N: SimNode> {
    /// How its node names itself.
    pub id: MemberId,
    /// The node, while it runs.
    pub node: Option<N>,
    /// Its clock's distance from the world's, ms.
    pub skew_ms: i64,
    /// What it would start with.
    pub kept: N::Kept,
    starts: u64,
    fails: bool,
    listed: bool,
}

/// What happens at a moment.
enum Event {
    Arrives { flight: u64, to: usize, call: PeerCall },
    Answers { flight: u64, outcome: Outcome },
    Expires { flight: u64 },
    Asks { at: usize, ask: Ask, forwarded: bool, tries: usize },
    Beats { client: usize },
    Looks,
}

/// A call without an outcome yet.
struct Flight {
    from: usize,
    start: u64,
    token: Token,
}

/// Who waits for a ticket.
enum Waiter {
    Peer { flight: u64, to: usize },
    Client { put: Put },
}

/// The whole of it.
pub struct World<N: SimNode> {
    /// The world's time.
    pub now: Millis,
    /// The places, by number; the last is the newcomer's.
    pub places: Vec<Place<N>>,
    /// The clients.
    pub clients: Clients,
    /// How the nodes are connected.
    pub network: Network,
    /// What the nodes share.
    pub shared: N::Shared,
    rng: Rng,
    events: BTreeMap<(Millis, u64), Event>,
    flights: BTreeMap<u64, Flight>,
    waiters: BTreeMap<(usize, u64), Waiter>,
    number: u64,
    at_once: (Millis, usize),
}

impl<N: SimNode> World<N> {
    /// So many nodes that have run for a while, and an empty place for a newcomer.
    pub fn new(nodes: usize, seed: u64) -> Self {
        Self::with(nodes, seed, N::Shared::default(), |_, _| ())
    }

    /// The same with what the nodes share; `expect` is told of each place before any node starts.
    pub fn with(
        nodes: usize,
        seed: u64,
        shared: N::Shared,
        expect: impl Fn(&N::Shared, &MemberId),
    ) -> Self {
        let mut rng = Rng::with_seed(seed);
        let place = |number: usize| Place {
            id: format!("10.1.0.{number}:8848").into(),
            node: None,
            skew_ms: 0,
            kept: N::Kept::default(),
            starts: 0,
            fails: false,
            listed: number < nodes,
        };
        let mut world = Self {
            now: START,
            places: (0..=nodes).map(place).collect(),
            clients: Clients::default(),
            network: Network::new(nodes + 1, rng.u64(..), N::IN_ORDER),
            shared,
            rng,
            events: BTreeMap::new(),
            flights: BTreeMap::new(),
            waiters: BTreeMap::new(),
            number: 0,
            at_once: (START, 0),
        };
        for number in 0..nodes {
            expect(&world.shared, &world.places[number].id);
        }
        for number in 0..nodes {
            world.start(number, true);
        }
        world.after(1_000, Event::Looks);
        world
    }

    /// The numbers of the nodes that run.
    pub fn running(&self) -> Vec<usize> {
        (0..self.places.len()).filter(|number| self.places[*number].node.is_some()).collect()
    }

    /// The nodes that run.
    pub fn nodes(&self) -> impl Iterator<Item = (&MemberId, &N)> {
        self.places.iter().filter_map(|place| Some((&place.id, place.node.as_ref()?)))
    }

    /// How often nodes have started.
    pub fn starts(&self) -> u64 {
        self.places.iter().map(|place| place.starts).sum()
    }

    /// Whether every node runs that has run from the beginning, and no other has.
    pub fn nobody_restarted(&self) -> bool {
        self.places.iter().all(|place| place.starts <= 1)
    }

    /// Services that their responsible nodes name to nobody.
    pub fn forgotten(&self) -> BTreeSet<String> {
        self.nodes().flat_map(|(_, node)| node.forgot()).collect()
    }

    /// Calls without an outcome and messages on their way.
    pub fn under_way(&self) -> usize {
        self.events.len() + self.flights.len() + self.waiters.len()
    }

    /// Time passes, one event after the other; `look` looks at the world after each.
    pub fn run(&mut self, for_ms: u64, look: &mut dyn FnMut(&Self)) {
        let until = self.now + for_ms;
        while self.step(until) {
            look(self);
        }
        self.now = until;
    }

    fn step(&mut self, until: Millis) -> bool {
        let event = self.events.first_key_value().map(|((at, _), _)| *at);
        let deadlines = self.running().into_iter().map(|number| (self.due(number), number));
        let (Some(event), Some((due, node))) = (event, deadlines.min()) else {
            return self.step_event(event, until);
        };
        if event <= due {
            return self.step_event(Some(event), until);
        }
        if due > until {
            return false;
        }
        self.reach(due);
        let now = self.time_of(node);
        let actions = self.places[node].node.as_mut().map(|running| running.tick(now));
        self.act(node, actions.unwrap_or_default());
        true
    }

    fn step_event(&mut self, at: Option<Millis>, until: Millis) -> bool {
        let Some(at) = at.filter(|at| *at <= until) else { return false };
        self.reach(at);
        if let Some((_, event)) = self.events.pop_first() {
            self.happen(event);
        }
        true
    }

    fn reach(&mut self, at: Millis) {
        self.now = self.now.max(at);
        if self.at_once.0 != self.now {
            self.at_once = (self.now, 0);
        }
        self.at_once.1 += 1;
        assert!(self.at_once.1 < MOST_AT_ONCE, "something turns in circles at {:?}", self.now);
    }

    /// A node's own time.
    fn time_of(&self, number: usize) -> Millis {
        Millis(self.now.0.saturating_add_signed(self.places[number].skew_ms))
    }

    /// When a node has something to do, on the world's clock.
    fn due(&self, number: usize) -> Millis {
        let place = &self.places[number];
        let due = place.node.as_ref().map_or(Millis(u64::MAX), SimNode::next_deadline);
        Millis(due.0.saturating_add_signed(-place.skew_ms)).max(self.now)
    }

    fn after(&mut self, ms: u64, event: Event) {
        self.at(self.now + ms, event);
    }

    fn at(&mut self, at: Millis, event: Event) {
        self.number += 1;
        self.events.insert((at, self.number), event);
    }

    fn act(&mut self, from: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Call { to, call, token } => self.send(from, &to, call, token),
                Action::Done { ticket, taken } => self.done(from, ticket, taken),
            }
        }
    }

    fn send(&mut self, from: usize, to: &MemberId, call: PeerCall, token: Token) {
        let Some(to) = self.places.iter().position(|place| place.id == *to) else { return };
        self.number += 1;
        let flight = self.number;
        self.flights.insert(flight, Flight { from, start: self.places[from].starts, token });
        self.after(CALL_TIMEOUT_MS, Event::Expires { flight });
        if let Some(at) = self.network.way(self.now, from, to) {
            self.at(at, Event::Arrives { flight, to, call });
        }
    }

    fn done(&mut self, at: usize, ticket: u64, taken: bool) {
        match self.waiters.remove(&(at, ticket)) {
            Some(Waiter::Peer { flight, to }) => {
                let failure = PeerFailure::Status { status: 500, body: String::new() };
                let outcome = if taken { Ok(facos::model::PeerAnswer::Done) } else { Err(failure) };
                self.reply(at, to, flight, outcome);
            }
            Some(Waiter::Client { put }) => self.clients.put_done(put, taken),
            None => {}
        }
    }

    fn reply(&mut self, from: usize, to: usize, flight: u64, outcome: Outcome) {
        let Some(at) = self.network.way(self.now, from, to) else { return };
        let damaged = self.network.damages();
        let outcome =
            if damaged { damage::of_outcome(self.network.rng(), outcome) } else { outcome };
        self.at(at, Event::Answers { flight, outcome });
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrives { flight, to, call } => self.arrives(flight, to, call),
            Event::Answers { flight, outcome } => self.land(flight, outcome),
            Event::Expires { flight } => self.land(flight, Err(PeerFailure::TimedOut)),
            Event::Asks { at, ask, forwarded, tries } => self.asks(at, ask, forwarded, tries),
            Event::Beats { client } => self.beats(client),
            Event::Looks => {
                self.look_around();
                self.after(1_000, Event::Looks);
            }
        }
    }

    fn land(&mut self, flight: u64, outcome: Outcome) {
        let Some(Flight { from, start, token }) = self.flights.remove(&flight) else { return };
        let now = self.time_of(from);
        let place = &mut self.places[from];
        let Some(node) = place.node.as_mut().filter(|_| place.starts == start) else { return };
        let actions = node.answered(now, token, outcome);
        self.act(from, actions);
    }

    fn arrives(&mut self, flight: u64, to: usize, call: PeerCall) {
        let Some(from) = self.flights.get(&flight).map(|flight| flight.from) else { return };
        let refused = |status| PeerFailure::Status { status, body: String::new() };
        let now = self.time_of(to);
        let damaged = self.network.damages();
        let call = if damaged { damage::of_call(self.network.rng(), call) } else { Some(call) };
        self.number += 1;
        let ticket = self.number;
        let place = &mut self.places[to];
        let (reply, actions) = match (&mut place.node, call) {
            (None, _) => (Reply::Now(Err(PeerFailure::Refused)), Vec::new()),
            (Some(_), _) if place.fails => (Reply::Now(Err(refused(500))), Vec::new()),
            (Some(_), None) => (Reply::Now(Err(refused(400))), Vec::new()),
            (Some(node), Some(call)) => node.call(now, call, ticket),
        };
        match reply {
            Reply::Now(outcome) => self.reply(to, from, flight, outcome),
            Reply::Later => {
                self.waiters.insert((to, ticket), Waiter::Peer { flight, to: from });
            }
        }
        self.act(to, actions);
    }

    fn beats(&mut self, client: usize) {
        let Some(ask) = self.clients.beat(client) else { return };
        self.ask(ask);
        self.after(crate::clients::BEAT_MS, Event::Beats { client });
    }

    /// A client asks any node; one that can not serve it is passed over. Whoever writes a durable
    /// value asks once, so it asks one that runs.
    fn ask(&mut self, ask: Ask) {
        let mut places: Vec<usize> = (0..self.places.len()).collect();
        if matches!(ask, Ask::Put { .. }) {
            places = self.running();
        }
        let Some(at) = self.rng.choice(places) else { return };
        let tries = self.places.len();
        self.after(1, Event::Asks { at, ask, forwarded: false, tries });
    }

    fn asks(&mut self, at: usize, ask: Ask, forwarded: bool, tries: usize) {
        let now = self.time_of(at);
        self.number += 1;
        let ticket = self.number;
        let place = &mut self.places[at];
        let fails = place.fails;
        let (served, actions) = match place.node.as_mut().filter(|_| !fails) {
            Some(node) => node.ask(now, &ask, forwarded, ticket),
            None => (Served::Refused, Vec::new()),
        };
        match (served, &ask) {
            (Served::Done, Ask::Put { .. }) => self.clients.put_done(Put::of(&ask), true),
            (Served::Done, _) => {}
            (Served::Later, _) => {
                let put = Put::of(&ask);
                self.waiters.insert((at, ticket), Waiter::Client { put });
            }
            (Served::Forward(to), _) => self.forward(at, &to, ask, tries),
            (Served::Refused, _) => self.ask_next(at, ask, tries),
        }
        self.act(at, actions);
    }

    fn forward(&mut self, at: usize, to: &MemberId, ask: Ask, tries: usize) {
        let to = self.places.iter().position(|place| place.id == *to);
        let now = self.now;
        match to.filter(|to| *to != at).and_then(|to| Some((to, self.network.way(now, at, to)?))) {
            Some((to, when)) => self.at(when, Event::Asks { at: to, ask, forwarded: true, tries }),
            None => self.ask_next(at, ask, tries),
        }
    }

    fn ask_next(&mut self, at: usize, ask: Ask, tries: usize) {
        if tries > 1 && !matches!(ask, Ask::Put { .. }) {
            let at = (at + 1) % self.places.len();
            self.after(20, Event::Asks { at, ask, forwarded: false, tries: tries - 1 });
        }
    }

    /// A copy on a node is told wrongly.
    pub fn spoil(&mut self, number: usize) {
        let now = self.time_of(number);
        if let Some(node) = &mut self.places[number].node {
            node.spoil(now);
        }
    }

    fn look_around(&mut self) {
        let running = self.running();
        let listed = self.places.iter().filter(|place| place.listed).count();
        for one in &running {
            let heard = running.iter().filter(|other| self.network.is_open(*one, **other)).count();
            let now = self.time_of(*one);
            if let Some(node) = &self.places[*one].node {
                node.reaches_majority(&self.shared, now, heard * 2 > listed);
            }
        }
    }

    fn start(&mut self, number: usize, settled: bool) {
        let listed = self.listed();
        let now = self.time_of(number);
        let seed = self.rng.u64(..);
        let place = &mut self.places[number];
        if place.node.is_some() {
            return;
        }
        place.starts += 1;
        let (own, kept, shared) = (place.id.clone(), place.kept.clone(), &self.shared);
        place.node = Some(N::boot(Boot { own, listed, settled, kept, shared, seed, now }));
    }

    fn kill(&mut self, number: usize) {
        let now = self.time_of(number);
        let place = &mut self.places[number];
        let Some(node) = place.node.take() else { return };
        place.kept = node.kept();
        node.killed(&self.shared, now);
        // Whoever waits for an answer of it sees the connection end.
        let broken: Vec<(usize, u64)> =
            self.waiters.keys().filter(|(at, _)| *at == number).copied().collect();
        for key in broken {
            if let Some(Waiter::Peer { flight, to }) = self.waiters.remove(&key) {
                self.reply(number, to, flight, Err(PeerFailure::Broken));
            }
        }
    }

    fn listed(&self) -> Vec<MemberId> {
        let listed = self.places.iter().filter(|place| place.listed);
        listed.map(|place| place.id.clone()).collect()
    }

    fn relist(&mut self) {
        let listed = self.listed();
        for number in self.running() {
            let now = self.time_of(number);
            let node = self.places[number].node.as_mut();
            let actions = node.map(|node| node.list(now, listed.clone()));
            self.act(number, actions.unwrap_or_default());
        }
    }

    /// Something of a script happens.
    pub fn play(&mut self, op: Op) {
        match op {
            Op::Kill(node) => self.kill(node),
            Op::Restart(node) => self.start(node, false),
            Op::Cut(from, to) => self.network.cut(from, to),
            Op::Isolate(node) => {
                for other in 0..self.places.len() {
                    self.network.cut(node, other);
                    self.network.cut(other, node);
                }
            }
            Op::Lag(node, ms) => self.network.lag(node, ms),
            Op::Fail(node) => self.places[node].fails = true,
            Op::Jump(node, ms) => self.places[node].skew_ms += ms,
            Op::Loss(of_thousand) => self.network.loss = of_thousand,
            Op::Damage(of_thousand) => self.network.damage = of_thousand,
            Op::Heal => self.heal(),
            Op::Register => {
                let (client, ask) = self.clients.register(&mut self.rng);
                self.ask(ask);
                let first = self.rng.u64(1..crate::clients::BEAT_MS);
                self.after(first, Event::Beats { client });
            }
            Op::Silence => self.clients.silence(&mut self.rng),
            Op::Deregister => {
                if let Some(ask) = self.clients.deregister(&mut self.rng) {
                    self.ask(ask);
                }
            }
            Op::Put => {
                let ask = self.clients.put(&mut self.rng);
                self.ask(ask);
            }
            Op::Everything => {
                for ask in self.clients.everything_again() {
                    self.ask(ask);
                }
            }
            Op::Grow => {
                let newcomer = self.places.len() - 1;
                self.places[newcomer].listed = true;
                self.relist();
                self.start(newcomer, false);
            }
            Op::Shrink => {
                let newcomer = self.places.len() - 1;
                self.kill(newcomer);
                self.places[newcomer].listed = false;
                self.relist();
            }
        }
    }

    fn heal(&mut self) {
        self.network.heal();
        for number in 0..self.places.len() {
            self.places[number].fails = false;
            if self.places[number].listed {
                self.start(number, false);
            }
        }
    }
}
