//! The raft of 1.x: how persistent instances, services and switches reach every member
//! (`RaftCore`, `RaftPeerSet`; `peer-wire.md` §1, §2, `cluster/timelines/no-quorum-1.1.4`).
//!
//! It is no textbook raft. There is no log: each key has a value and how often it was written, a
//! leader names all of them in its beat each 5 s, and a follower fetches what is newer. A write is
//! applied at the leader before anybody else has it, and stays when no majority takes it. What is
//! kept here is what the real server does, its faults included.
//!
//! - `election`: terms, votes, and when a member calls for them.
//! - `beat`: a leader's sign of life, and what a follower makes of it.
//! - `publish`: writes and removals.

mod beat;
mod chance;
mod election;
mod publish;
#[cfg(test)]
mod tests;

use crate::model::{
    Datum, DatumKey, DatumValue, MemberId, Millis, PeerAnswer, PeerCall, PeerFailure, RaftPeer,
    RaftState, java,
};
use crate::peers::{Deed, Engine, Ticket, Token};
use chance::Chance;
use publish::{Queued, Write};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use std::sync::Arc;

/// Period of the timers, ms.
const TICK_MS: u64 = 500;
/// Ticks that a node makes up for when its clock jumped: nothing waits longer.
const MOST_TICKS: u64 = 41;
/// `PUBLISH_TERM_INCREASE_COUNT`.
const TERM_PER_WRITE: i64 = 100;

/// One node's side of raft.
#[derive(Debug)]
pub struct Raft {
    local: RaftPeer,
    /// The other listed members, as they were heard of last.
    others: Vec<RaftPeer>,
    leader: Option<Leader>,
    datums: FxHashMap<DatumKey, Stored>,
    /// The switches came with a beat and were taken for a service: they can not be changed here
    /// until the next commit.
    misread_switches: bool,
    chance: Chance,
    tick_at: Millis,
    fetching: FxHashSet<DatumKey>,
    writes: FxHashMap<u64, Write>,
    /// Writes that wait for the one under way.
    queued: VecDeque<Queued>,
    /// The time that it was told last.
    now: Millis,
    calls: FxHashMap<u64, Pending>,
    made: u64,
}

/// Who leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Leader {
    /// This node.
    Me,
    /// Another one, as it was known when it was followed.
    Other(RaftPeer),
}

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq)]
struct Stored {
    stamp: u64,
    value: Arc<DatumValue>,
}

/// What an answer is for.
#[derive(Debug)]
enum Pending {
    Vote,
    Beat,
    Fetch { keys: Vec<DatumKey>, leader_term: i64 },
    Commit { write: u64 },
    Forget,
    Put { ticket: Ticket, key: DatumKey },
    Remove { ticket: Ticket, key: DatumKey },
}

impl Raft {
    /// A node that starts now with what it kept. The seed decides when it calls elections.
    pub fn new(me: MemberId, term: i64, kept: Vec<Datum>, seed: u64, now: Millis) -> Self {
        let mut chance = Chance::seeded(seed);
        let stored = |datum: Datum| (datum.key, Stored { stamp: datum.stamp, value: datum.value });
        Self {
            local: election::newcomer(me, term, &mut chance),
            others: Vec::new(),
            leader: None,
            datums: kept.into_iter().map(stored).collect(),
            misread_switches: false,
            chance,
            tick_at: now,
            fetching: FxHashSet::default(),
            writes: FxHashMap::default(),
            queued: VecDeque::new(),
            now,
            calls: FxHashMap::default(),
            made: 0,
        }
    }

    /// The node has been one of its members for a while, and that one leads.
    pub fn settle(&mut self, leader: &MemberId) {
        let voted = |peer: &mut RaftPeer| {
            peer.vote = Some(leader.clone());
            peer.term = peer.term.max(1);
            peer.state = if peer.id == *leader { RaftState::Leader } else { RaftState::Follower };
        };
        voted(&mut self.local);
        self.others.iter_mut().for_each(voted);
        self.reset_leader_due();
        self.leader = match self.others.iter().find(|peer| peer.id == *leader) {
            Some(peer) => Some(Leader::Other(peer.clone())),
            None => (self.local.id == *leader).then_some(Leader::Me),
        };
    }

    /// Forgets every key; the members and the term stay.
    pub fn forget(&mut self) {
        self.datums.clear();
        self.misread_switches = false;
    }

    /// The list of members changed; `others` are those besides this node.
    pub fn members(&mut self, others: &[MemberId]) {
        let known = std::mem::take(&mut self.others);
        for id in others {
            let peer = known.iter().find(|peer| peer.id == *id).cloned();
            let peer = peer.unwrap_or_else(|| election::newcomer(id.clone(), 0, &mut self.chance));
            self.others.push(peer);
        }
    }

    /// When something is due next.
    pub fn next_deadline(&self) -> Millis {
        let writes = self.writes.values().map(|write| write.until);
        writes.fold(self.tick_at, Millis::min)
    }

    /// Does what is due; with `beat_only` (an operator's switch) beats name no keys.
    pub fn tick(&mut self, now: Millis, beat_only: bool) -> Vec<Deed> {
        let mut effects = Vec::new();
        self.now = now;
        if now.since(self.tick_at) > MOST_TICKS * TICK_MS {
            self.tick_at = now - MOST_TICKS * TICK_MS;
        }
        while self.tick_at <= now {
            self.tick_at = self.tick_at + TICK_MS;
            if !self.others.is_empty() {
                self.count_down_to_election(&mut effects);
                self.count_down_to_beat(beat_only, &mut effects);
            }
        }
        self.give_up_writes(now, &mut effects);
        effects
    }

    /// An answer came, or none will.
    pub fn answered(&mut self, number: u64, answer: Result<PeerAnswer, PeerFailure>) -> Vec<Deed> {
        let mut effects = Vec::new();
        match (self.calls.remove(&number), answer) {
            (Some(Pending::Vote), Ok(PeerAnswer::Peer(peer))) => self.vote_answered(peer),
            (Some(Pending::Beat), Ok(PeerAnswer::Peer(peer))) => self.update(peer),
            (Some(Pending::Fetch { keys, leader_term }), answer) => {
                keys.iter().for_each(|key| {
                    self.fetching.remove(key);
                });
                if let Ok(PeerAnswer::RaftDatums(datums)) = answer {
                    self.fetched(datums, leader_term, &mut effects);
                }
            }
            (Some(Pending::Commit { write }), Ok(_)) => self.committed(write, &mut effects),
            (Some(Pending::Forget), Ok(_)) => self.reset_leader_due(),
            (Some(Pending::Put { ticket, key }), answer) => {
                let outcome = answer.map(|_| ()).map_err(|_| crate::peers::WriteFailure::Put(key));
                effects.push(Deed::Written { ticket, outcome });
            }
            (Some(Pending::Remove { ticket, key }), answer) => {
                let refused = |_| crate::peers::WriteFailure::Remove(key);
                let outcome = answer.map(|_| ()).map_err(refused);
                effects.push(Deed::Written { ticket, outcome });
            }
            (Some(Pending::Vote | Pending::Beat | Pending::Commit { .. } | Pending::Forget), _)
            | (None, _) => {}
        }
        effects
    }

    /// This node as raft knows it.
    pub fn local(&self) -> &RaftPeer {
        &self.local
    }

    /// Who leads, as this node knows it; `None` while nobody does.
    pub fn leader(&self) -> Option<&RaftPeer> {
        match self.leader.as_ref()? {
            Leader::Me => Some(&self.local),
            Leader::Other(peer) => Some(peer),
        }
    }

    /// Whether this node takes itself for the leader.
    pub fn leads(&self) -> bool {
        self.leader == Some(Leader::Me)
    }

    /// Every member in the order of a hash map.
    pub fn peers(&self) -> Vec<RaftPeer> {
        let mut peers: Vec<RaftPeer> = self.others.clone();
        peers.push(self.local.clone());
        java::sort_by_hash_order(&mut peers, |peer| &peer.id);
        peers
    }

    /// What is kept under a key.
    pub fn datum(&self, key: &DatumKey) -> Option<Datum> {
        let stored = self.datums.get(key)?;
        Some(Datum { key: key.clone(), stamp: stored.stamp, value: stored.value.clone() })
    }

    /// Every datum with its stamp.
    pub fn stamps(&self) -> impl Iterator<Item = (&DatumKey, u64)> {
        self.datums.iter().map(|(key, stored)| (key, stored.stamp))
    }

    /// Whether the switches can not be changed here: a beat brought them, and they were taken for
    /// a service.
    pub fn has_misread_switches(&self) -> bool {
        self.misread_switches
    }

    /// How many writes wait for a majority or for their turn.
    pub fn writing(&self) -> usize {
        self.writes.len() + self.queued.len()
    }

    /// How many calls wait for an answer, and writes for their turn.
    pub fn waiting(&self) -> usize {
        self.calls.len() + self.queued.len()
    }

    fn update(&mut self, peer: RaftPeer) {
        if let Some(known) = self.others.iter_mut().find(|known| known.id == peer.id) {
            *known = peer;
        }
    }

    fn majority(&self) -> usize {
        self.others.len().div_ceil(2) + 1
    }

    fn reset_leader_due(&mut self) {
        self.local.leader_due_ms = election::leader_due(&mut self.chance);
    }

    fn call_others(
        &mut self,
        call: impl Fn() -> PeerCall,
        pending: impl Fn() -> Pending,
        effects: &mut Vec<Deed>,
    ) {
        let others: Vec<MemberId> = self.others.iter().map(|peer| peer.id.clone()).collect();
        for to in others {
            self.call(to, call(), pending(), effects);
        }
    }

    fn call(&mut self, to: MemberId, call: PeerCall, pending: Pending, effects: &mut Vec<Deed>) {
        self.made += 1;
        self.calls.insert(self.made, pending);
        let token = Token { engine: Engine::Raft, number: self.made };
        effects.push(Deed::Call { to, call, token });
    }

    /// The term as the leader is known to have it; its own when this node leads.
    fn leader_term(&self) -> i64 {
        self.leader().map_or(0, |leader| leader.term)
    }

    /// What a follower makes of its term after a write of a leader whose term is `source`.
    fn follow_term(&mut self, source: i64, effects: &mut Vec<Deed>) {
        if self.local.term + TERM_PER_WRITE > source {
            if let Some(Leader::Other(leader)) = &mut self.leader {
                leader.term = source;
            }
            self.local.term = source;
        } else {
            self.local.term += TERM_PER_WRITE;
        }
        effects.push(Deed::KeepTerm(self.local.term));
    }

    fn is_follower(&self) -> bool {
        self.local.state == RaftState::Follower
    }
}
