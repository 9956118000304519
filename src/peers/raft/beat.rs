//! Beats: each 5 s the leader says that it leads and how often each key was written. A follower
//! fetches what is newer, fifty keys at a time, and forgets what the leader does not have.
//!
//! A key of the switches that comes this way is taken for a service's: it is kept and not applied,
//! and until the next commit nobody can change the switches there (measured on 1.1.4 and 1.2.1).

use super::election::HEARTBEAT_MS;
use super::{Leader, Pending, Raft, Stored, TICK_MS};
use crate::model::{Datum, DatumKey, PeerCall, RaftBeat, RaftPeer, RaftState, Refusal, java};
use crate::peers::Deed;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Keys of one fetch.
const FETCHED_AT_ONCE: usize = 50;

impl Raft {
    pub(super) fn count_down_to_beat(&mut self, beat_only: bool, effects: &mut Vec<Deed>) {
        self.local.heartbeat_due_ms -= TICK_MS as i64;
        if self.local.heartbeat_due_ms > 0 {
            return;
        }
        self.local.heartbeat_due_ms = HEARTBEAT_MS as i64;
        if self.local.state != RaftState::Leader {
            return;
        }
        self.reset_leader_due();
        let mut datums: Vec<(String, DatumKey, u64)> = Vec::new();
        if !beat_only {
            let named =
                |(key, stored): (&DatumKey, &Stored)| (key.text(), key.clone(), stored.stamp);
            datums.extend(self.datums.iter().map(named));
            datums.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            java::sort_by_hash_order(&mut datums, |(text, ..)| text);
        }
        let datums = datums.into_iter().map(|(_, key, stamp)| (key, stamp)).collect();
        let beat = Arc::new(RaftBeat { peer: self.local.clone(), datums });
        self.call_others(|| PeerCall::RaftBeat(beat.clone()), || Pending::Beat, effects);
    }

    /// POST `/raft/beat`: this node as it is afterwards, and what follows.
    ///
    /// # Errors
    /// The sender does not lead, or its term is over.
    pub fn beat_came(
        &mut self,
        beat: &RaftBeat,
        beat_only: bool,
    ) -> Result<(RaftPeer, Vec<Deed>), Refusal> {
        let remote = &beat.peer;
        if remote.state != RaftState::Leader {
            let state = remote.state.name();
            return Err(Refusal::illegal(format!("invalid state from master, state: {state}")));
        }
        if self.local.term > remote.term {
            let (from, to) = (remote.term, self.local.term);
            return Err(Refusal::illegal(format!(
                "out of date beat, beat-from-term: {from}, beat-to-term: {to}"
            )));
        }
        if !self.is_follower() {
            self.local.state = RaftState::Follower;
            self.local.vote = Some(remote.id.clone());
        }
        self.reset_leader_due();
        self.local.heartbeat_due_ms = HEARTBEAT_MS as i64;
        for peer in &mut self.others {
            if peer.id != remote.id && peer.state == RaftState::Leader {
                peer.state = RaftState::Follower;
            }
        }
        self.update(remote.clone());
        self.leader = Some(Leader::Other(remote.clone()));
        let mut effects = Vec::new();
        if !beat_only {
            self.compare(beat, &mut effects);
        }
        Ok((self.local.clone(), effects))
    }

    fn compare(&mut self, beat: &RaftBeat, effects: &mut Vec<Deed>) {
        let known = |key: &DatumKey| self.datums.get(key).map_or(0, |stored| stored.stamp);
        let newer = beat.datums.iter().filter(|(key, stamp)| known(key) < *stamp);
        let newer: Vec<DatumKey> = newer.map(|(key, _)| key.clone()).collect();
        let newer: Vec<DatumKey> =
            newer.into_iter().filter(|key| self.fetching.insert(key.clone())).collect();
        for keys in newer.chunks(FETCHED_AT_ONCE) {
            let pending = Pending::Fetch { keys: keys.to_vec(), leader_term: beat.peer.term };
            let call = PeerCall::RaftDatums(keys.to_vec());
            self.call(beat.peer.id.clone(), call, pending, effects);
        }
        let named: FxHashSet<&DatumKey> = beat.datums.iter().map(|(key, _)| key).collect();
        let dead = self.datums.keys().filter(|key| !named.contains(key));
        let mut dead: Vec<DatumKey> = dead.cloned().collect();
        dead.sort_unstable_by_key(DatumKey::text);
        for key in dead {
            self.datums.remove(&key);
            effects.push(Deed::Remove { key, ghost: false });
        }
    }

    pub(super) fn fetched(
        &mut self,
        datums: Vec<Datum>,
        leader_term: i64,
        effects: &mut Vec<Deed>,
    ) {
        for datum in datums {
            if self.datums.get(&datum.key).is_some_and(|known| known.stamp >= datum.stamp) {
                continue;
            }
            let stored = Stored { stamp: datum.stamp, value: datum.value.clone() };
            self.datums.insert(datum.key.clone(), stored);
            if datum.key == DatumKey::Switches {
                self.misread_switches = true;
            } else {
                effects.push(Deed::Apply(datum));
            }
            self.reset_leader_due();
            self.follow_term(leader_term, effects);
        }
    }
}
