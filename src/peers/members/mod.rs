//! Who belongs to a deployment and who of them is healthy, as one node sees it.
//!
//! - `reports`: 1.x, where each node tells every other each two seconds that it is alive.
//! - `rounds`: 2.x, where a node asks one other in turn and judges it by its answer.
//!
//! What both share is here: the list that an operator wrote, and what follows when it changes.

mod reports;
mod rounds;
#[cfg(test)]
mod tests;

pub use rounds::MemberState;

use crate::model::{MemberId, Millis, PeerAnswer, PeerFailure};
use crate::peers::{Effect, Engine, Token};
use crate::profile::MembersProtocol;
use std::collections::BTreeMap;

/// From one turn to the next unless a switch says otherwise, ms.
const TURN_MS: u64 = 2_000;

/// A node's view of the members.
#[derive(Debug, Clone)]
pub struct Members {
    own: MemberId,
    protocol: MembersProtocol,
    /// The list that an operator wrote, in its order.
    listed: Vec<MemberId>,
    /// Who was heard of, in the order of the first time; members that left the list stay.
    heard: Vec<Member>,
    /// Sorted, each once.
    healthy: Vec<MemberId>,
    next_turn: Millis,
    /// Whose turn it is to be asked (2.x).
    cursor: usize,
    pause: Pause,
    calls: BTreeMap<u64, MemberId>,
    next_call: u64,
}

/// What a node knows of a member.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Who it is.
    pub id: MemberId,
    /// What it says of its weight; `None` before it said anything (2.x).
    pub weight: Option<i32>,
    /// Whether it was heard of lately (1.x).
    pub alive: bool,
    /// Its own time when it was last heard of.
    pub said: Millis,
    /// Our time then.
    pub heard: Millis,
    /// How it is (2.x).
    pub state: MemberState,
    /// Failures in a row (2.x).
    pub failures: u32,
    /// What it calls its version, when it said so (2.x).
    pub version: Option<String>,
    /// Whether it says that it is ready for the protocols of 2.x.
    pub ready: Option<bool>,
}

/// Health checks stand still for a while when members come and go.
#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    /// The checks were stopped by us and not by an operator.
    ours: bool,
    changed: Millis,
}

/// What the switches say that matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings<'a> {
    /// `serverStatusSynchronizationPeriodMillis`, ms.
    pub period_ms: u64,
    /// `distroServerExpiredMillis`, ms.
    pub expired_ms: u64,
    /// `distroThreshold`.
    pub threshold: f32,
    /// `healthCheckEnabled`.
    pub health_check: bool,
    /// `autoChangeHealthCheckEnabled`, which 1.1.4 does not have and acts as if it were on.
    pub auto_change: bool,
    /// `adWeightMap`.
    pub ad_weights: &'a [(String, i32)],
}

impl Settings<'_> {
    /// What the switch `adWeightMap` adds to a member's weight.
    pub fn ad_weight(&self, member: &str) -> i32 {
        let mut weights = self.ad_weights.iter();
        weights.find(|(name, _)| name == member).map_or(0, |(_, weight)| *weight)
    }
}

/// What followed from an event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Turn {
    /// Calls to make.
    pub effects: Vec<Effect>,
    /// Whether the healthy members are others than before.
    pub changed: bool,
    /// What `healthCheckEnabled` is to be from now on.
    pub health_check: Option<bool>,
    /// Members of whom state, version or readiness changed by a report or its answer (2.x).
    pub touched: Vec<MemberId>,
}

/// What a member said of itself (1.x).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// Who.
    pub from: MemberId,
    /// Its own time.
    pub said: Millis,
    /// Its weight.
    pub weight: i32,
}

/// What a member said of itself (2.x).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberReport {
    /// Who.
    pub from: MemberId,
    /// What it calls its version.
    pub version: Option<String>,
    /// Whether it is ready for the protocols of 2.x.
    pub ready: Option<bool>,
}

/// The member is not on the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("server: {0} is not in serverlist")]
pub struct Unlisted(pub MemberId);

impl Members {
    /// The view of a node that has just started and heard of nobody.
    pub fn new(
        own: MemberId,
        listed: Vec<MemberId>,
        protocol: MembersProtocol,
        now: Millis,
    ) -> Self {
        let mut members = Self {
            own,
            protocol,
            listed: Vec::new(),
            heard: Vec::new(),
            healthy: Vec::new(),
            next_turn: now + TURN_MS,
            cursor: 0,
            pause: Pause::default(),
            calls: BTreeMap::new(),
            next_call: 0,
        };
        members.list(now, listed);
        members
    }

    /// As if the node had run for a while and heard of these members just now, so that nobody has
    /// to wait for a deployment to find itself.
    pub fn settle(&mut self, now: Millis, reports: Vec<MemberReport>) {
        self.next_turn = now;
        for MemberReport { from, version, ready } in reports {
            let known = self.entry(&from, now);
            let weight = known.weight.or(Some(1));
            *known = Member {
                weight,
                alive: true,
                said: now,
                heard: now,
                version,
                ready,
                ..known.clone()
            };
        }
        self.healthy = self.find_healthy(|_| 1);
    }

    /// Takes a new list; true when it is another one.
    pub fn list(&mut self, now: Millis, listed: Vec<MemberId>) -> Turn {
        let mut once: Vec<MemberId> = Vec::with_capacity(listed.len());
        for member in listed {
            if !once.contains(&member) {
                once.push(member);
            }
        }
        // An empty list is a mistake of whoever wrote it, and the old one stays.
        if once.is_empty() || once == self.listed {
            return Turn::default();
        }
        self.listed = once;
        match self.protocol {
            // Only the next turn looks at who is healthy.
            MembersProtocol::Reports => Turn::default(),
            MembersProtocol::Rounds => {
                self.follow_list(now);
                self.take_healthy()
            }
        }
    }

    /// What is due now.
    pub fn tick(&mut self, now: Millis, settings: &Settings<'_>) -> Turn {
        if now < self.next_turn {
            return Turn::default();
        }
        match self.protocol {
            MembersProtocol::Reports => self.report(now, settings),
            MembersProtocol::Rounds => self.ask_next(now),
        }
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Millis {
        self.next_turn
    }

    /// A call ended.
    pub fn answered(
        &mut self,
        now: Millis,
        number: u64,
        outcome: &Result<PeerAnswer, PeerFailure>,
    ) -> Turn {
        let Some(member) = self.calls.remove(&number) else { return Turn::default() };
        match self.protocol {
            // A report is a shout: nobody waits for what comes back.
            MembersProtocol::Reports => Turn::default(),
            MembersProtocol::Rounds => self.judge(now, &member, outcome),
        }
    }

    /// This node.
    pub fn own(&self) -> &MemberId {
        &self.own
    }

    /// The list that an operator wrote.
    pub fn listed(&self) -> &[MemberId] {
        &self.listed
    }

    /// Every member that was heard of.
    pub fn heard(&self) -> &[Member] {
        &self.heard
    }

    /// What is known of a member.
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.heard.iter().find(|member| &*member.id == id)
    }

    /// The healthy members, sorted.
    pub fn healthy(&self) -> &[MemberId] {
        &self.healthy
    }

    fn is_listed(&self, id: &str) -> bool {
        self.listed.iter().any(|member| &**member == id)
    }

    /// The member, which is there afterwards.
    fn entry(&mut self, id: &MemberId, now: Millis) -> &mut Member {
        let at = self.heard.iter().position(|member| member.id == *id);
        let at = at.unwrap_or_else(|| {
            self.heard.push(Member {
                id: id.clone(),
                weight: None,
                alive: false,
                said: now,
                heard: now,
                state: MemberState::Up,
                failures: 0,
                version: None,
                ready: None,
            });
            self.heard.len() - 1
        });
        &mut self.heard[at]
    }

    fn call(&mut self, to: &MemberId, call: crate::model::PeerCall) -> Effect {
        let number = self.next_call;
        self.next_call += 1;
        self.calls.insert(number, to.clone());
        Effect::Call { to: to.clone(), call, token: Token { engine: Engine::Members, number } }
    }

    fn find_healthy(&self, weight: impl Fn(&Member) -> i32) -> Vec<MemberId> {
        let healthy = |member: &&Member| match self.protocol {
            MembersProtocol::Reports => {
                member.alive && weight(member) > 0 && !member.id.ends_with(":0")
            }
            MembersProtocol::Rounds => member.state != MemberState::Down,
        };
        let mut found: Vec<MemberId> =
            self.heard.iter().filter(healthy).map(|member| member.id.clone()).collect();
        found.sort();
        found
    }

    /// Looks again at who is healthy, without a look at weights (2.x).
    fn take_healthy(&mut self) -> Turn {
        let healthy = self.find_healthy(|_| 1);
        let changed = healthy != self.healthy;
        self.healthy = healthy;
        Turn { changed, ..Turn::default() }
    }
}
