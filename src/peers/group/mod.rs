//! What JRaft does on real 2.0.x members, for those of one process: the members agree on an order
//! of durable changes, and each of them takes every change in that order.
//!
//! - There is a leader. When it is gone the others choose the next of them, some six seconds later
//!   (measured 6.0 to 9.8 s, `kill-and-return-2.0.2`); until then nothing is agreed on.
//! - A change needs a leader and a majority of the listed members. A member that is cut off can
//!   neither change anything nor hear of changes; what it missed it takes when it is back.
//! - Of each key only the last change is kept, so that a member that was away takes what is there
//!   and not all that happened.
//!
//! The members share this one value, as they would share a network that loses nothing: JRaft's own
//! wire is not spoken, so members of other processes and real servers have no part in it.

#[cfg(test)]
mod tests;

use crate::model::{MemberId, Millis};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::hash::Hash;

/// From the end of a leader to the next one, ms.
const ELECTION_MS: u64 = 6_000;
/// From an election that nobody could win to the next, ms.
const NEXT_ELECTION_MS: u64 = 1_000;

/// A durable change as the members agree on it.
pub trait Change: Clone {
    /// What it changes; a later change of the same takes its place.
    type Key: Clone + Eq + Hash;
    /// What it changes.
    fn key(&self) -> Self::Key;
    /// Whether nothing is left of it.
    fn is_removal(&self) -> bool;
}

/// Why nothing was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// The leader can not be reached, and there is no other yet.
    #[error("io.grpc.StatusRuntimeException: UNAVAILABLE: io exception")]
    LeaderUnreachable,
    /// There are not enough members to choose a leader.
    #[error("no majority of the members")]
    NoMajority,
}

/// The members and what they agreed on.
#[derive(Debug)]
pub struct Group<C: Change> {
    members: BTreeMap<MemberId, Place>,
    leader: Option<MemberId>,
    last_leader: Option<MemberId>,
    term: i64,
    election_due: Option<Millis>,
    changes: BTreeMap<u64, C>,
    latest: FxHashMap<C::Key, u64>,
    last: u64,
}

/// How a member stands.
#[derive(Debug, Default)]
struct Place {
    running: bool,
    cut_off: bool,
    taken: u64,
}

impl Place {
    fn reachable(&self) -> bool {
        self.running && !self.cut_off
    }
}

impl<C: Change> Group<C> {
    /// A group of these members that has already chosen the first of them; none runs yet.
    pub fn new(members: &[MemberId]) -> Self {
        let places = members.iter().map(|member| (member.clone(), Place::default()));
        let mut group = Self {
            members: places.collect(),
            leader: None,
            last_leader: None,
            term: 1,
            election_due: None,
            changes: BTreeMap::new(),
            latest: FxHashMap::default(),
            last: 0,
        };
        group.leader = group.members.keys().next().cloned();
        group
    }

    /// A member runs; it has taken nothing so far. One that was not listed is from now on. The
    /// first of all leads.
    pub fn started(&mut self, member: &MemberId) {
        if self.members.is_empty() {
            self.leader = Some(member.clone());
            self.election_due = None;
        }
        *self.members.entry(member.clone()).or_default() =
            Place { running: true, ..Place::default() };
    }

    /// A member is gone.
    pub fn stopped(&mut self, now: Millis, member: &MemberId) {
        if let Some(place) = self.members.get_mut(member) {
            place.running = false;
        }
        self.look_at_leader(now);
    }

    /// A member is cut off from the others, or no longer.
    pub fn cut_off(&mut self, now: Millis, member: &MemberId, cut: bool) {
        if let Some(place) = self.members.get_mut(member) {
            place.cut_off = cut;
        }
        self.look_at_leader(now);
    }

    /// An operator took a member from the list.
    pub fn unlisted(&mut self, now: Millis, member: &MemberId) {
        self.members.remove(member);
        self.look_at_leader(now);
    }

    fn look_at_leader(&mut self, now: Millis) {
        let Some(leader) = &self.leader else { return };
        if self.members.get(leader).is_some_and(Place::reachable) && self.has_majority() {
            return;
        }
        self.last_leader = self.leader.take();
        self.election_due = Some(now + ELECTION_MS);
    }

    fn has_majority(&self) -> bool {
        let reachable = self.members.values().filter(|place| place.reachable()).count();
        reachable * 2 > self.members.len()
    }

    /// When an election is due.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.election_due
    }

    /// Holds the election that is due.
    pub fn tick(&mut self, now: Millis) {
        if self.election_due.is_none_or(|due| due > now) {
            return;
        }
        self.election_due = None;
        if !self.has_majority() {
            self.election_due = Some(now + NEXT_ELECTION_MS);
            return;
        }
        let reachable: Vec<&MemberId> =
            self.members.iter().filter(|(_, place)| place.reachable()).map(|(id, _)| id).collect();
        let behind = reachable.iter().find(|id| Some(**id) > self.last_leader.as_ref());
        self.leader = behind.or(reachable.first()).map(|id| (*id).clone());
        self.term += 1;
    }

    /// Who leads, and since which term.
    pub fn leader(&self) -> (Option<&MemberId>, i64) {
        (self.leader.as_ref(), self.term)
    }

    /// The listed members.
    pub fn members(&self) -> impl Iterator<Item = &MemberId> {
        self.members.keys()
    }

    /// A member proposes changes; they are agreed on from then on.
    ///
    /// # Errors
    /// There is no leader, or the member does not reach it.
    pub fn propose(&mut self, from: &MemberId, changes: Vec<C>) -> Result<(), Disagreement> {
        if !self.members.get(from).is_some_and(Place::reachable) || self.leader.is_none() {
            return Err(match self.has_majority() {
                true => Disagreement::LeaderUnreachable,
                false => Disagreement::NoMajority,
            });
        }
        for change in changes {
            self.last += 1;
            if let Some(before) = self.latest.insert(change.key(), self.last) {
                self.changes.remove(&before);
            }
            self.changes.insert(self.last, change);
        }
        self.forget_removals();
        Ok(())
    }

    /// What a member has not taken yet, in order; it has from then on. One that is not reachable is
    /// given nothing.
    pub fn take(&mut self, member: &MemberId) -> Vec<C> {
        let last = self.last;
        let Some(place) = self.members.get_mut(member).filter(|place| place.reachable()) else {
            return Vec::new();
        };
        let from = std::mem::replace(&mut place.taken, last);
        self.changes.range(from + 1..).map(|(_, change)| change.clone()).collect()
    }

    /// Removals that every member has taken are of no use to anybody.
    fn forget_removals(&mut self) {
        /// Looked at once for so many changes.
        const EACH: u64 = 1_024;
        if !self.last.is_multiple_of(EACH) {
            return;
        }
        let taken = self.members.values().map(|place| place.taken).min().unwrap_or(self.last);
        let latest = &mut self.latest;
        self.changes.retain(|number, change| {
            let keep = *number > taken || !change.is_removal();
            if !keep {
                latest.remove(&change.key());
            }
            keep
        });
    }

    /// Forgets every change.
    pub fn forget(&mut self) {
        self.changes.clear();
        self.latest.clear();
    }

    /// Changes that are kept.
    pub fn kept(&self) -> usize {
        self.changes.len()
    }
}
