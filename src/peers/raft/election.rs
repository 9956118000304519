//! Elections: a member that heard of no leader for 15 to 20 s asks the others for their votes, and
//! again after as long. A vote is granted to whoever has the higher term. A member that has voted
//! still follows its old leader until the new one beats.

use super::chance::Chance;
use super::{Leader, Pending, Raft, TICK_MS};
use crate::model::{MemberId, PeerCall, RaftPeer, RaftState, Refusal};
use crate::peers::Deed;

/// The shortest time to an election, ms.
const LEADER_TIMEOUT_MS: u64 = 15_000;
/// What chance adds to it at most, ms.
const RANDOM_MS: u64 = 5_000;
/// Period of beats, ms.
pub(super) const HEARTBEAT_MS: u64 = 5_000;

/// A time to the next election, ms.
pub(super) fn leader_due(chance: &mut Chance) -> i64 {
    LEADER_TIMEOUT_MS as i64 + chance.below(RANDOM_MS)
}

/// A member that nobody has heard of.
pub(super) fn newcomer(id: MemberId, term: i64, chance: &mut Chance) -> RaftPeer {
    RaftPeer {
        id,
        vote: None,
        term,
        leader_due_ms: chance.below(LEADER_TIMEOUT_MS),
        heartbeat_due_ms: chance.below(HEARTBEAT_MS),
        state: RaftState::Follower,
    }
}

impl Raft {
    pub(super) fn count_down_to_election(&mut self, effects: &mut Vec<Deed>) {
        self.local.leader_due_ms -= TICK_MS as i64;
        if self.local.leader_due_ms > 0 {
            return;
        }
        self.reset_leader_due();
        self.local.heartbeat_due_ms = HEARTBEAT_MS as i64;
        self.leader = None;
        self.others.iter_mut().for_each(|peer| peer.vote = None);
        self.local.term += 1;
        self.local.vote = Some(self.local.id.clone());
        self.local.state = RaftState::Candidate;
        let candidate = self.local.clone();
        self.call_others(|| PeerCall::Vote(candidate.clone()), || Pending::Vote, effects);
    }

    /// POST `/raft/vote`: this node as it is afterwards.
    ///
    /// # Errors
    /// The candidate is not listed.
    pub fn vote_came(&mut self, remote: &RaftPeer) -> Result<RaftPeer, Refusal> {
        let listed =
            self.local.id == remote.id || self.others.iter().any(|one| one.id == remote.id);
        if !listed {
            let message = format!("can not find peer: {}", remote.id);
            return Err(Refusal::new(crate::model::JavaException::IllegalState, message));
        }
        if remote.term <= self.local.term {
            if self.local.vote.is_none() {
                self.local.vote = Some(self.local.id.clone());
            }
            return Ok(self.local.clone());
        }
        self.reset_leader_due();
        self.local.state = RaftState::Follower;
        self.local.vote = Some(remote.id.clone());
        self.local.term = remote.term;
        Ok(self.local.clone())
    }

    /// A vote, or the lack of one, decides once somebody has a majority.
    pub(super) fn vote_answered(&mut self, peer: RaftPeer) {
        self.update(peer);
        let votes = self.others.iter().chain([&self.local]).filter_map(|peer| peer.vote.clone());
        let votes: Vec<MemberId> = votes.collect();
        let count = |id: &MemberId| votes.iter().filter(|vote| *vote == id).count();
        let Some(elected) = votes.iter().find(|vote| count(vote) >= self.majority()) else {
            return;
        };
        if *elected == self.local.id {
            self.local.state = RaftState::Leader;
            self.leader = Some(Leader::Me);
            return;
        }
        let Some(peer) = self.others.iter_mut().find(|peer| peer.id == *elected) else { return };
        peer.state = RaftState::Leader;
        let known = matches!(&self.leader, Some(Leader::Other(known)) if known.id == peer.id);
        if !known {
            self.leader = Some(Leader::Other(peer.clone()));
        }
    }
}
