//! The protocols of 1.x on a node: distro for ephemeral instances, raft for everything durable.
//! Their engines say what is to be done; it is done here.
//!
//! What an engine wants of the registry is done under the engine's lock, so that the registry sees
//! changes in the engine's order; calls, and what follows from a change, come after it.

mod held;
mod writes;

use super::Peering;
use crate::model::{
    Datum, DatumKey, DatumValue, JavaException, MemberId, Millis, PeerAnswer, PeerFailure,
    RaftBeat, RaftPeer, Refusal, ServiceChecksums, ServiceKey,
};
use crate::node::Node;
use crate::node::store::Receipt;
use crate::peers::raft::Raft;
use crate::peers::upgrade::Core;
use crate::peers::view::Turn;
use crate::peers::{Deed, Distro, DistroRules, Effect as PeerEffect, Others, Ticket, WriteFailure};
use crate::profile::Quirks;
use crate::registry::{Effect, Registry, StoreWrite};
use held::Held;
use parking_lot::Mutex;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use writes::Writes;

/// Both engines, and who waits for what they write.
pub(super) struct OldProtocols {
    distro: Mutex<Distro>,
    raft: Mutex<Raft>,
    writes: Mutex<Writes>,
    /// A member of 2.0.x stops raft when every member has JRaft, and both when it is upgraded.
    stopped: Stopped,
}

/// Which of the protocols do nothing by themselves.
#[derive(Debug, Default)]
struct Stopped {
    distro: AtomicBool,
    raft: AtomicBool,
}

/// What raft begins with.
#[derive(Debug, Default)]
pub struct RaftKept {
    /// Its term.
    pub term: i64,
    /// What it kept.
    pub datums: Vec<Datum>,
}

impl RaftKept {
    /// What a registry with the core of 1.x holds.
    pub fn of(registry: &mut Registry) -> Self {
        Self { term: registry.raft_term(), datums: registry.raft_datums() }
    }
}

impl OldProtocols {
    /// The engines of a node that starts now among those members.
    pub(super) fn new(own: &MemberId, quirks: &Quirks, kept: RaftKept, now: Millis) -> Self {
        let retry_ms = quirks.distro.load_retry_ms;
        let rules = DistroRules {
            reload_after_ms: (retry_ms > 0).then_some(retry_ms),
            reports_empty: quirks.distro.reports_empty,
        };
        let seed = seed(own, now);
        Self {
            distro: Mutex::new(Distro::new(own.clone(), rules, now)),
            raft: Mutex::new(Raft::new(own.clone(), kept.term, kept.datums, seed, now)),
            writes: Mutex::default(),
            stopped: Stopped::default(),
        }
    }

    /// The node has been one of its members for a while; the first on the list leads.
    pub(super) fn settle(&self, listed: &[MemberId]) {
        self.distro.lock().settle();
        if let Some(first) = listed.first() {
            self.raft.lock().settle(first);
        }
    }

    /// The members are these.
    pub(super) fn members(&self, own: &MemberId, listed: &[MemberId], healthy: &[MemberId]) {
        let others = |all: &[MemberId]| all.iter().filter(|id| *id != own).cloned().collect();
        let (healthy, listed): (Vec<_>, Vec<_>) = (others(healthy), others(listed));
        self.raft.lock().members(&listed);
        self.distro.lock().members(Others { healthy, listed });
    }

    /// How many of their calls wait for an answer.
    pub(super) fn waiting(&self) -> usize {
        self.distro.lock().waiting() + self.raft.lock().waiting()
    }

    pub(super) fn next_deadline(&self) -> Option<Millis> {
        let distro = self.distro_runs().then(|| self.distro.lock().next_deadline());
        let raft = self.raft_runs().then(|| self.raft.lock().next_deadline());
        distro.into_iter().chain(raft).min()
    }

    fn distro_runs(&self) -> bool {
        !self.stopped.distro.load(Ordering::Relaxed)
    }

    fn raft_runs(&self) -> bool {
        !self.stopped.raft.load(Ordering::Relaxed)
    }

    /// The core of 1.x answers from now on, or does not: its lists travel, or not.
    pub(super) fn run_distro(&self, runs: bool) {
        self.stopped.distro.store(!runs, Ordering::Relaxed);
    }

    /// Raft has stopped; whoever waits for it waits in vain.
    pub(super) fn stop_raft(&self) {
        self.stopped.raft.store(true, Ordering::Relaxed);
        *self.writes.lock() = Writes::default();
    }
}

/// What is left to do of deeds when no engine is locked any more.
#[derive(Default)]
struct Left {
    effects: Vec<Effect>,
    calls: Vec<PeerEffect>,
    written: Vec<(Ticket, Result<(), WriteFailure>)>,
    receipts: Vec<Receipt>,
}

impl Node {
    /// The protocols of 1.x, where it has neighbours.
    fn old(&self) -> Option<(&Peering, &OldProtocols)> {
        let peering = self.peering.as_ref()?;
        Some((peering, &peering.old))
    }

    /// Looks at raft; `None` where there is none.
    pub fn raft<T>(&self, look: impl FnOnce(&Raft) -> T) -> Option<T> {
        self.old().map(|(_, old)| look(&old.raft.lock()))
    }

    fn with_distro(
        &self,
        old: &OldProtocols,
        peering: &Peering,
        run: impl FnOnce(&mut Distro, &mut Turn<'_>) -> Vec<Deed>,
    ) {
        let owners = peering.responsible.now();
        let mut data = Held(self);
        let left = {
            let mut distro = old.distro.lock();
            let mut turn = Turn { now: self.now(), owners: &*owners, data: &mut data };
            let deeds = run(&mut distro, &mut turn);
            self.do_deeds(deeds)
        };
        self.finish(old, left);
    }

    /// Runs raft; the receipts are of what was queued for the disk.
    fn with_raft<T>(
        &self,
        old: &OldProtocols,
        run: impl FnOnce(&mut Raft) -> (T, Vec<Deed>),
    ) -> (T, Vec<Receipt>) {
        let (value, mut left) = self.raft_turn(old, run);
        let receipts = std::mem::take(&mut left.receipts);
        self.finish(old, left);
        (value, receipts)
    }

    /// The same up to what comes after the engine's lock.
    fn raft_turn<T>(
        &self,
        old: &OldProtocols,
        run: impl FnOnce(&mut Raft) -> (T, Vec<Deed>),
    ) -> (T, Left) {
        let mut raft = old.raft.lock();
        let (value, deeds) = run(&mut raft);
        let mut left = self.do_deeds(deeds);
        for service in gone(&mut left.effects) {
            let deeds = raft.service_gone(&service);
            left.add(self.do_deeds(deeds));
        }
        (value, left)
    }

    /// What an engine wants of the registry is done at once, the rest is left.
    fn do_deeds(&self, deeds: Vec<Deed>) -> Left {
        let mut left = Left::default();
        let now = self.now();
        for deed in deeds {
            let effects = match deed {
                Deed::Call { to, call, token } => {
                    left.calls.push(PeerEffect::Call { to, call, token });
                    continue;
                }
                Deed::Written { ticket, outcome } => {
                    left.written.push((ticket, outcome));
                    continue;
                }
                Deed::KeepTerm(term) => {
                    let write = StoreWrite::Raft { key: None, number: Some(term) };
                    self.told(Core::Old, |_| vec![Effect::Store(write)])
                }
                Deed::Remove { ghost: true, .. } => continue,
                Deed::Apply(datum) => {
                    self.told(Core::Old, |registry| registry.take_datum(now, &datum))
                }
                Deed::Remove { key, ghost: false } => {
                    self.told(Core::Old, |registry| registry.forget_datum(now, &key))
                }
                Deed::ForgetList(key) => self.told(Core::Old, |registry| {
                    if let Some(service) = key.service() {
                        registry.forget_list(service.as_ref());
                    }
                    Vec::new()
                }),
                Deed::SetHealth { service, statuses } => {
                    self.told(Core::Old, |registry| registry.set_statuses(now, &service, &statuses))
                }
            };
            left.receipts.extend(effects.1);
            left.effects.extend(effects.0);
        }
        left
    }

    fn finish(&self, old: &OldProtocols, left: Left) {
        // Nobody waits for what a member told.
        drop(left.receipts);
        self.run(left.effects);
        self.run_peers(left.calls);
        for (ticket, outcome) in left.written {
            self.written(old, ticket, outcome);
        }
        self.wake_before(old.next_deadline());
    }

    pub(super) fn tick_old(&self, peering: &Peering, now: Millis) {
        let old = &peering.old;
        if old.next_deadline().is_none_or(|due| due > now) {
            return;
        }
        let (period_ms, beat_only) = self.read(|registry, _| {
            let switches = registry.switches();
            (switches.service_status_period_millis, switches.send_beat_only)
        });
        let period_ms = u64::try_from(period_ms).unwrap_or(0);
        if old.distro_runs() {
            self.with_distro(old, peering, |distro, turn| distro.tick(turn, period_ms));
        }
        if old.raft_runs() {
            self.with_raft(old, |raft| ((), raft.tick(now, beat_only)));
        }
    }

    pub(super) fn distro_answered(
        &self,
        peering: &Peering,
        number: u64,
        outcome: Result<PeerAnswer, PeerFailure>,
    ) {
        self.with_distro(&peering.old, peering, |distro, turn| {
            distro.answered(turn, number, outcome)
        });
    }

    pub(super) fn raft_answered(
        &self,
        peering: &Peering,
        number: u64,
        outcome: Result<PeerAnswer, PeerFailure>,
    ) {
        self.with_raft(&peering.old, |raft| ((), raft.answered(number, outcome)));
    }

    /// A client changed a list of ephemeral instances.
    pub(in crate::node) fn list_changed(&self, service: ServiceKey) {
        let Some((peering, old)) = self.old() else { return };
        let key = DatumKey::Ephemeral(service);
        self.with_distro(old, peering, |distro, turn| distro.changed(turn, key));
    }

    /// A member sends lists of ephemeral instances that changed.
    pub fn lists_came(&self, lists: Vec<Datum>) {
        let Some((_, old)) = self.old() else { return };
        let left = self.do_deeds(lists.into_iter().map(Deed::Apply).collect());
        self.finish(old, left);
    }

    /// A member says how the lists look for which it answers.
    pub fn checksums_came(&self, source: &MemberId, checksums: &[(DatumKey, String)]) {
        let Some((peering, old)) = self.old() else { return };
        self.with_distro(old, peering, |distro, turn| {
            distro.checksums_came(turn, source, checksums)
        });
    }

    /// A member says how the services look for which it answers.
    pub fn statuses_came(&self, status: &ServiceChecksums) {
        let Some((peering, old)) = self.old() else { return };
        self.with_distro(old, peering, |distro, turn| distro.statuses_came(turn, status));
    }

    /// A member asks for this node's vote.
    ///
    /// # Errors
    /// The node has no raft, or does not know the member.
    pub fn vote_came(&self, candidate: &RaftPeer) -> Result<RaftPeer, Refusal> {
        let (_, old) = self.old().ok_or_else(alone)?;
        self.with_raft(old, |raft| (raft.vote_came(candidate), Vec::new())).0
    }

    /// A leader beats.
    ///
    /// # Errors
    /// The node has no raft, or the sender does not lead.
    pub fn beat_came(&self, beat: &RaftBeat) -> Result<RaftPeer, Refusal> {
        let (_, old) = self.old().ok_or_else(alone)?;
        let beat_only = self.read(|registry, _| registry.switches().send_beat_only);
        let answered = self.with_raft(old, |raft| match raft.beat_came(beat, beat_only) {
            Ok((local, deeds)) => (Ok(local), deeds),
            Err(refusal) => (Err(refusal), Vec::new()),
        });
        answered.0
    }

    /// A leader wrote something, or with no value removed it.
    ///
    /// # Errors
    /// The node has no raft, or the sender does not lead.
    pub fn commit_came(
        &self,
        key: DatumKey,
        (stamp, value): (u64, Option<Arc<DatumValue>>),
        source: &RaftPeer,
    ) -> Result<Vec<Receipt>, Refusal> {
        let (_, old) = self.old().ok_or_else(alone)?;
        let (taken, receipts) = self.with_raft(old, |raft| {
            let taken = match value {
                Some(value) => raft.commit_came(Datum { key, stamp, value }, source),
                None => raft.forget_came(key, source),
            };
            match taken {
                Ok(deeds) => (Ok(()), deeds),
                Err(refusal) => (Err(refusal), Vec::new()),
            }
        });
        taken.map(|()| receipts)
    }

    /// Raft begins anew with what the core of 1.x holds: the deployment was turned back.
    pub(in crate::node) fn begin_raft(&self) {
        let Some((peering, old)) = self.old() else { return };
        let kept = self.read_in(Core::Old, |registry, _| RaftKept::of(registry));
        let seed = seed(&peering.own, self.now());
        *old.raft.lock() = Raft::new(peering.own.clone(), kept.term, kept.datums, seed, self.now());
        old.stopped.raft.store(false, Ordering::Relaxed);
        peering.tell_old();
    }

    /// Everything was forgotten, and raft forgets it, too.
    pub(in crate::node) fn forget_raft(&self) {
        if let Some((_, old)) = self.old() {
            old.raft.lock().forget();
        }
    }
}

impl Left {
    fn add(&mut self, other: Self) {
        self.effects.extend(other.effects);
        self.calls.extend(other.calls);
        self.written.extend(other.written);
        self.receipts.extend(other.receipts);
    }
}

/// Takes out the services that are gone.
fn gone(effects: &mut Vec<Effect>) -> Vec<ServiceKey> {
    let is_gone = |effect: &mut Effect| matches!(effect, Effect::Gone(_));
    let gone = effects.extract_if(.., is_gone).filter_map(|effect| match effect {
        Effect::Gone(service) => Some(service),
        _ => None,
    });
    gone.collect()
}

/// Members that start together must not call elections at the same moments.
fn seed(own: &MemberId, now: Millis) -> u64 {
    BuildHasherDefault::<rustc_hash::FxHasher>::default().hash_one((own, now.0))
}

fn alone() -> Refusal {
    Refusal::new(JavaException::IllegalState, "this node has no peers of 1.x")
}
