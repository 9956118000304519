//! Who beats when, and where. Pure: time goes in, jobs come out; answers go in, and change what
//! comes out next.
//!
//! The instances of a service have a slot of the period together: a look at the service, then the
//! beats of those that it allows. So a client's own beat is seen before ours hides it, and a
//! deregistered instance before a full beat would bring it back.
mod answers;
mod slots;

use std::collections::VecDeque;
use std::time::Duration;

use super::life::{Life, State};
use super::subject::{Group, Kept, Subjects};
use super::views::{Lists, Views, tag_hash};
use slots::Slots;

pub use answers::Answer;

/// How long beats go to whoever may become responsible, each a moment after the other, once
/// members come or go: the others notice a death after up to 12 s and look within 5 s.
const RESTLESS_MS: u64 = 20_000;
/// The shortest round of such beats, and how many of them there may be in a second.
const URGENT_MS: u64 = 200;
const URGENT_PER_S: u64 = 10_000;
/// When a beat that was not answered is tried again.
const AGAIN_MS: u64 = 1000;

/// How instances are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long an instance may go without a sign of life of its own.
    pub max_age: Duration,
    /// The beat period of clients that name none.
    pub period: Duration,
}

/// Something to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Lists a group's instances before their beats.
    Look {
        /// The slot whose beats wait for it.
        slot: usize,
        /// Whom to ask.
        node: usize,
        /// When it was planned.
        planned_ms: u64,
    },
    /// A beat.
    Beat {
        /// The instance.
        kept: usize,
        /// Whom to send it to.
        node: usize,
        /// Whether without the beat itself.
        light: bool,
        /// When it was planned.
        planned_ms: u64,
    },
}

impl Job {
    /// When it was planned.
    pub fn planned_ms(&self) -> u64 {
        let (Self::Look { planned_ms, .. } | Self::Beat { planned_ms, .. }) = self;
        *planned_ms
    }
}

/// Whether a node knows light beats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Light {
    /// Nobody asked yet.
    #[default]
    Unknown,
    /// One light beat is under way to find out.
    Asked,
    /// It does.
    Known,
    /// It refuses them, or asks for full ones.
    Refused,
}

/// What was done for one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Beats that were taken.
    pub beats: u32,
    /// Those of them that registered it anew.
    pub recreations: u32,
    /// Beats that were refused.
    pub refusals: u32,
}

/// The planner.
#[derive(Debug)]
pub struct Planner {
    settings: Settings,
    groups: Vec<Group>,
    kept: Vec<Kept>,
    lives: Vec<Life>,
    counts: Vec<Counts>,
    /// The hash by which the responsible member of an instance is found.
    hashes: Vec<u32>,
    slots: Slots,
    views: Views,
    /// Nodes that have just come back.
    starting: Vec<usize>,
    lists: Lists,
    /// What each node knows of light beats.
    light: Vec<Light>,
    /// Milliseconds that a node's clock is ahead of ours.
    ahead_ms: Vec<Option<i64>>,
    /// Beats that wait for the answer whether light ones are known.
    held: Vec<Vec<usize>>,
    ready: VecDeque<Job>,
    urgent_ms: u64,
    /// Looks that found instances absent, per node.
    missing: Vec<u64>,
}

impl Planner {
    /// Plans from `now_ms` on.
    pub fn new(subjects: Subjects, settings: Settings, views: Views, now_ms: u64) -> Self {
        let Subjects { groups, kept, .. } = subjects;
        let nodes = views.nodes.len();
        let hash = |kept: &Kept| {
            tag_hash(views.sharding, &groups[kept.group].service, &kept.ip, kept.port)
        };
        let slots = Slots::new(&groups, &kept, now_ms);
        Self {
            settings,
            lives: vec![Life::new(now_ms); kept.len()],
            counts: vec![Counts::default(); kept.len()],
            hashes: kept.iter().map(hash).collect(),
            slots,
            starting: Vec::new(),
            lists: views.lists(&[]),
            light: vec![Light::default(); nodes],
            ahead_ms: vec![None; nodes],
            held: vec![Vec::new(); nodes],
            ready: VecDeque::new(),
            urgent_ms: URGENT_MS,
            missing: vec![0; nodes],
            groups,
            kept,
            views,
        }
    }

    /// The next thing to send; none before [`Planner::next_ms`].
    pub fn next(&mut self, now_ms: u64) -> Option<Job> {
        loop {
            if let Some(job) = self.ready.pop_front() {
                return Some(job);
            }
            let (slot, due_ms) = self.slots.pop(now_ms)?;
            self.begin(slot, due_ms, now_ms);
        }
    }

    /// When the next thing is due.
    pub fn next_ms(&self) -> Option<u64> {
        if self.ready.is_empty() { self.slots.peek() } else { Some(0) }
    }

    /// The members have changed, or who answers.
    pub fn see(&mut self, views: Views, now_ms: u64) {
        if views == self.views {
            return;
        }
        for (place, (old, new)) in self.views.nodes.iter().zip(&views.nodes).enumerate() {
            if new.answers && !old.answers {
                // It may have come back as another version.
                self.light[place] = Light::Unknown;
            }
        }
        let starting = views.starting(&self.views, &self.starting);
        // Who has just come soon hears of others and may then delete what it was given. What is
        // gone after that may have been lost, so what is deregistered must be noticed before.
        let comes = starting.iter().any(|node| !self.starting.contains(node));
        let lists = views.lists(&starting);
        let mut at_risk = Vec::new();
        for slot in 0..self.slots.len() {
            let members = self.slots.members(slot);
            let moves = members.clone().any(|kept| {
                let targets = lists.targets(self.hashes[kept]);
                targets.len() > 1 || targets != self.lists.targets(self.hashes[kept])
            });
            if moves {
                members.for_each(|kept| self.lives[kept].moved());
            }
            if moves || comes {
                at_risk.push(slot);
            }
        }
        (self.views, self.starting, self.lists) = (views, starting, lists);
        self.hurry(&at_risk, now_ms);
    }

    /// Lets these slots come round and round for a while.
    fn hurry(&mut self, at_risk: &[usize], now_ms: u64) {
        let beats: u64 = at_risk.iter().map(|slot| self.slots.members(*slot).len() as u64).sum();
        let period_ms = u64::try_from(self.settings.period.as_millis()).unwrap_or(u64::MAX);
        self.urgent_ms = (2 * beats * 1000 / URGENT_PER_S).max(URGENT_MS).min(period_ms);
        let count = at_risk.len() as u64;
        for (number, slot) in at_risk.iter().enumerate() {
            let first = now_ms + number as u64 * self.urgent_ms / count;
            self.slots.hurry(*slot, first, now_ms + RESTLESS_MS);
        }
    }

    /// A node's clock is so far ahead of ours.
    pub fn clock(&mut self, node: usize, ahead_ms: i64) {
        self.ahead_ms[node] = Some(ahead_ms);
    }

    /// An instance gave a sign of life by itself.
    pub fn sign(&mut self, kept: usize, now_ms: u64) {
        self.lives[kept].sign(now_ms);
    }

    /// A slot has come: its look, or its beats.
    fn begin(&mut self, slot: usize, due_ms: u64, now_ms: u64) {
        let members = self.slots.members(slot);
        let hurried = self.slots.is_hurried(slot, now_ms);
        let next = match hurried {
            true => now_ms + self.urgent_ms,
            false => due_ms + self.slots.period_of_round(slot),
        };
        // Rounds that were missed are not made up for: a burst would help nobody.
        let late = next <= now_ms;
        let next = if late { now_ms + self.slots.period_of_round(slot) } else { next };
        self.slots.plan(slot, next);
        let targets = self.lists.targets(self.hashes[members.start]);
        // A node that has just started does not hold yet what was registered.
        let knows = |node: &&usize| !self.starting.contains(node);
        let Some(node) = targets.iter().find(knows).or(targets.first()).copied() else { return };
        if self.slots.looks(slot) {
            self.ready.push_back(Job::Look { slot, node, planned_ms: now_ms });
        } else {
            self.beat_members(slot, now_ms);
        }
    }

    /// The beats of a slot, for those that get any.
    fn beat_members(&mut self, slot: usize, now_ms: u64) {
        let max_age_ms = u64::try_from(self.settings.max_age.as_millis()).unwrap_or(u64::MAX);
        for kept in self.slots.members(slot) {
            if !self.lives[kept].gets_beats(now_ms, max_age_ms) {
                continue;
            }
            for node in self.lists.targets(self.hashes[kept]) {
                self.beat(kept, node, now_ms);
            }
        }
    }

    fn beat(&mut self, kept: usize, node: usize, planned_ms: u64) {
        let light = match self.light[node] {
            Light::Known => true,
            Light::Refused => false,
            Light::Unknown => {
                self.light[node] = Light::Asked;
                true
            }
            Light::Asked => {
                self.held[node].push(kept);
                return;
            }
        };
        if light || self.kept[kept].may_register {
            self.ready.push_back(Job::Beat { kept, node, light, planned_ms });
        }
    }

    /// The group of a slot.
    pub fn group_of(&self, slot: usize) -> &Group {
        &self.groups[self.kept[self.slots.members(slot).start].group]
    }

    /// Group and instance of a beat.
    pub fn subject(&self, kept: usize) -> (&Group, &Kept) {
        (&self.groups[self.kept[kept].group], &self.kept[kept])
    }

    /// What was done for each instance, and how it stands.
    pub fn results(&self) -> impl Iterator<Item = (&Group, &Kept, Counts, State)> {
        let all = self.kept.iter().zip(&self.counts).zip(&self.lives);
        all.map(|((kept, counts), life)| (&self.groups[kept.group], kept, *counts, life.state))
    }

    /// Instances that looks at a node found absent.
    pub fn missing(&self, node: usize) -> u64 {
        self.missing[node]
    }
}

#[cfg(test)]
mod tests;
