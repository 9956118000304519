//! Writes and removals. A follower hands a write to the leader. The leader applies it, tells every
//! other member, and answers once a majority has it, itself included; after 5 s it answers that
//! this failed, and keeps the value all the same. One write is under way at a time
//! (`OPERATE_LOCK`), so that no commit overtakes another. A removal waits for nobody.

use super::{Leader, Pending, Raft, Stored, TERM_PER_WRITE};
use crate::model::{Datum, DatumKey, DatumValue, Millis, PeerCall, RaftPeer, Refusal, ServiceKey};
use crate::peers::{Deed, Ticket, WriteFailure};
use std::sync::Arc;

/// How long a leader waits for a majority, ms.
const PUBLISH_TIMEOUT_MS: u64 = 5_000;

/// Writes that wait for the one under way, as many as a real server has threads to wait in.
const MOST_QUEUED: usize = 200;

/// A write that waits for its turn.
#[derive(Debug)]
pub(super) struct Queued {
    ticket: Ticket,
    key: DatumKey,
    value: Arc<DatumValue>,
}

/// A write that waits for a majority.
#[derive(Debug)]
pub(super) struct Write {
    ticket: Ticket,
    key: DatumKey,
    missing: usize,
    pub(super) until: Millis,
}

impl Raft {
    /// Somebody writes at this node; the outcome comes as [`Deed::Written`].
    pub fn publish(
        &mut self,
        now: Millis,
        key: DatumKey,
        value: Arc<DatumValue>,
        ticket: Ticket,
    ) -> Vec<Deed> {
        let mut effects = Vec::new();
        self.now = now;
        match &self.leader {
            None => {
                let outcome = Err(WriteFailure::Put(key));
                effects.push(Deed::Written { ticket, outcome });
            }
            Some(Leader::Other(leader)) => {
                let to = leader.id.clone();
                let call = PeerCall::RaftPublish { key: key.clone(), value };
                self.call(to, call, Pending::Put { ticket, key }, &mut effects);
            }
            Some(Leader::Me) if self.queued.len() >= MOST_QUEUED => {
                let outcome = Err(WriteFailure::Put(key));
                effects.push(Deed::Written { ticket, outcome });
            }
            Some(Leader::Me) => {
                self.queued.push_back(Queued { ticket, key, value });
                self.lead_next(&mut effects);
            }
        }
        effects
    }

    /// Begins with the next write when none is under way.
    fn lead_next(&mut self, effects: &mut Vec<Deed>) {
        while self.writes.is_empty() {
            let Some(Queued { ticket, key, value }) = self.queued.pop_front() else { return };
            if self.leads() {
                self.lead_publish(key, value, ticket, effects);
            } else {
                let outcome = Err(WriteFailure::Put(key));
                effects.push(Deed::Written { ticket, outcome });
            }
        }
    }

    fn lead_publish(
        &mut self,
        key: DatumKey,
        value: Arc<DatumValue>,
        ticket: Ticket,
        effects: &mut Vec<Deed>,
    ) {
        let stamp = self.datums.get(&key).map_or(1, |stored| stored.stamp + 1);
        let datum = Datum { key: key.clone(), stamp, value };
        self.reset_leader_due();
        self.local.term += TERM_PER_WRITE;
        self.store(&datum, effects);
        effects.push(Deed::KeepTerm(self.local.term));
        let missing = self.majority() - 1;
        if missing == 0 {
            effects.push(Deed::Written { ticket, outcome: Ok(()) });
            return;
        }
        let write = self.made;
        let until = self.now + PUBLISH_TIMEOUT_MS;
        self.writes.insert(write, Write { ticket, key, missing, until });
        let source = self.local.clone();
        self.call_others(
            || PeerCall::RaftCommit { datum: datum.clone(), source: source.clone() },
            || Pending::Commit { write },
            effects,
        );
    }

    fn store(&mut self, datum: &Datum, effects: &mut Vec<Deed>) {
        let stored = Stored { stamp: datum.stamp, value: datum.value.clone() };
        self.datums.insert(datum.key.clone(), stored);
        if datum.key == DatumKey::Switches {
            self.misread_switches = false;
        }
        effects.push(Deed::Apply(datum.clone()));
    }

    pub(super) fn committed(&mut self, number: u64, effects: &mut Vec<Deed>) {
        let Some(write) = self.writes.get_mut(&number) else { return };
        write.missing -= 1;
        if write.missing == 0 {
            let ticket = write.ticket;
            self.writes.remove(&number);
            effects.push(Deed::Written { ticket, outcome: Ok(()) });
            self.lead_next(effects);
        }
    }

    pub(super) fn give_up_writes(&mut self, now: Millis, effects: &mut Vec<Deed>) {
        let mut late: Vec<u64> = Vec::new();
        late.extend(
            self.writes.iter().filter(|(_, one)| one.until <= now).map(|(number, _)| *number),
        );
        late.sort_unstable();
        for number in late {
            if let Some(Write { ticket, key, .. }) = self.writes.remove(&number) {
                effects.push(Deed::Written { ticket, outcome: Err(WriteFailure::Put(key)) });
            }
        }
        self.lead_next(effects);
    }

    /// Somebody removes a key at this node; the outcome comes as [`Deed::Written`].
    pub fn remove(&mut self, key: DatumKey, ticket: Ticket) -> Vec<Deed> {
        let mut effects = Vec::new();
        match &self.leader {
            None => {
                let outcome = Err(WriteFailure::Remove(key));
                effects.push(Deed::Written { ticket, outcome });
            }
            Some(Leader::Other(leader)) => {
                let to = leader.id.clone();
                let call = PeerCall::RaftRemove(key.clone());
                self.call(to, call, Pending::Remove { ticket, key }, &mut effects);
            }
            Some(Leader::Me) => {
                self.lead_remove(key, &mut effects);
                effects.push(Deed::Written { ticket, outcome: Ok(()) });
            }
        }
        effects
    }

    fn lead_remove(&mut self, key: DatumKey, effects: &mut Vec<Deed>) {
        self.reset_leader_due();
        self.datums.remove(&key);
        effects.push(Deed::Remove { key: key.clone(), ghost: false });
        if matches!(key, DatumKey::Service(_)) {
            effects.push(Deed::KeepTerm(self.local.term));
        }
        let source = self.local.clone();
        self.call_others(
            || PeerCall::RaftForget { key: key.clone(), source: source.clone() },
            || Pending::Forget,
            effects,
        );
    }

    /// The registry dropped a service whose record was removed: its list of persistent instances
    /// goes, too. A leader tells everybody, a follower forgets it for itself.
    pub fn service_gone(&mut self, service: &ServiceKey) -> Vec<Deed> {
        let mut effects = Vec::new();
        let key = DatumKey::Persistent(service.clone());
        if self.leads() {
            self.lead_remove(key, &mut effects);
        } else {
            self.datums.remove(&key);
        }
        effects
    }

    /// POST `/raft/datum/commit`.
    ///
    /// # Errors
    /// The sender does not lead as this node knows it, or its term is over.
    pub fn commit_came(&mut self, datum: Datum, source: &RaftPeer) -> Result<Vec<Deed>, Refusal> {
        self.must_follow(source).map_err(|()| put_refused(&datum.key))?;
        let mut effects = Vec::new();
        self.reset_leader_due();
        self.store(&datum, &mut effects);
        self.follow_term(source.term, &mut effects);
        Ok(effects)
    }

    /// DELETE `/raft/datum/commit`. When a follower has applied a write that its leader has not
    /// beaten for yet, it can not remove the service's list and keeps the service: a ghost.
    ///
    /// # Errors
    /// The sender does not lead as this node knows it, or its term is over.
    pub fn forget_came(&mut self, key: DatumKey, source: &RaftPeer) -> Result<Vec<Deed>, Refusal> {
        self.must_follow(source).map_err(|()| remove_refused(&key))?;
        let mut effects = Vec::new();
        let ghost = !self.leads() && self.leader_term() < self.local.term;
        self.reset_leader_due();
        self.datums.remove(&key);
        let is_service = matches!(key, DatumKey::Service(_));
        effects.push(Deed::Remove { key, ghost: ghost && is_service });
        if is_service {
            self.follow_term(source.term, &mut effects);
        }
        Ok(effects)
    }

    fn must_follow(&self, source: &RaftPeer) -> Result<(), ()> {
        let leads = self.leader().is_some_and(|leader| leader.id == source.id);
        if leads && source.term >= self.local.term { Ok(()) } else { Err(()) }
    }
}

fn put_refused(key: &DatumKey) -> Refusal {
    Refusal::nacos(500, format!("Raft onPut failed, datum:{}", key.text()))
}

fn remove_refused(key: &DatumKey) -> Refusal {
    Refusal::nacos(500, format!("Raft onRemove failed, datum:{}", key.text()))
}
