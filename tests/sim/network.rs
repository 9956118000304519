//! A seeded network: how long a call takes from one node to another, and whether it arrives.

use facos::model::Millis;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// The longest time from a node to another on a good day, ms.
const USUAL_MS: u64 = 40;

/// The network between nodes, by their numbers.
#[derive(Debug)]
pub struct Network {
    rng: Rng,
    cut: BTreeSet<(usize, usize)>,
    lag_ms: Vec<u64>,
    in_order: bool,
    /// When the last message of a direction arrives.
    last: BTreeMap<(usize, usize), Millis>,
    /// Calls of which so many in a thousand are lost.
    pub loss: u64,
    /// Data of which so many in a thousand arrive damaged.
    pub damage: u64,
}

impl Network {
    /// A good network of so many nodes, whose messages may overtake each other or not.
    pub fn new(nodes: usize, seed: u64, in_order: bool) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            cut: BTreeSet::new(),
            lag_ms: vec![0; nodes],
            in_order,
            last: BTreeMap::new(),
            loss: 0,
            damage: 0,
        }
    }

    /// Cuts one direction.
    pub fn cut(&mut self, from: usize, to: usize) {
        self.cut.insert((from, to));
    }

    /// Makes everything slow that goes to or from a node.
    pub fn lag(&mut self, node: usize, lag_ms: u64) {
        self.lag_ms[node] = lag_ms;
    }

    /// Everything is as it was at first.
    pub fn heal(&mut self) {
        self.cut.clear();
        self.lag_ms.fill(0);
        self.loss = 0;
        self.damage = 0;
    }

    /// When a message arrives that is sent now; `None` when it is lost.
    pub fn way(&mut self, now: Millis, from: usize, to: usize) -> Option<Millis> {
        let lost = self.rng.u64(0..1_000) < self.loss;
        if lost || self.cut.contains(&(from, to)) {
            return None;
        }
        let usual = if from == to { 0 } else { self.rng.u64(1..=USUAL_MS) };
        let mut at = now + usual + self.lag_ms[from] + self.lag_ms[to];
        if self.in_order {
            let last = self.last.entry((from, to)).or_default();
            at = at.max(*last);
            *last = at;
        }
        Some(at)
    }

    /// Whether two nodes hear each other.
    pub fn is_open(&self, one: usize, other: usize) -> bool {
        !self.cut.contains(&(one, other)) && !self.cut.contains(&(other, one))
    }

    /// Whether this message's data is damaged on its way.
    pub fn damages(&mut self) -> bool {
        self.rng.u64(0..1_000) < self.damage
    }

    /// The network's own chance.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }
}
