//! The protocols of 1.x on a node: distro for ephemeral instances, raft for everything durable.
//! Their engines say what is to be done; it is done here.
//!
//! What an engine wants of the registry is done under the engine's lock, so that the registry sees
//! changes in the engine's order; calls, and what follows from a change, come after it.

use super::Peering;
use crate::model::{
    Datum, DatumKey, DatumValue, JavaException, MemberId, Millis, PeerAnswer, PeerFailure,
    RaftBeat, RaftPeer, Refusal, ServiceChecksums, ServiceKey, ServiceRef,
};
use crate::node::Node;
use crate::node::store::Receipt;
use crate::peers::raft::Raft;
use crate::peers::view::{Choose, DistroData, NamespaceChecksums, Turn};
use crate::peers::{Deed, Distro, DistroRules, Effect as PeerEffect, Others, Ticket, WriteFailure};
use crate::profile::Quirks;
use crate::registry::Effect;
use crate::wire::peer::datum::java_text;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Both engines, and who waits for what they write.
pub(super) struct OldProtocols {
    distro: Mutex<Distro>,
    raft: Mutex<Raft>,
    writes: Mutex<Writes>,
}

/// What raft begins with.
#[derive(Debug, Default)]
pub struct RaftKept {
    /// Its term.
    pub term: i64,
    /// What it kept.
    pub datums: Vec<Datum>,
}

/// Something for raft to write.
#[derive(Debug, Clone)]
enum Publication {
    Put(DatumKey, Arc<DatumValue>),
    Remove(DatumKey),
}

/// Writes under way.
#[derive(Debug, Default)]
struct Writes {
    last: u64,
    waiting: FxHashMap<Ticket, Waiting>,
}

/// Somebody who waits for one write after the other.
#[derive(Debug)]
struct Waiting {
    now: Publication,
    rest: VecDeque<Publication>,
    receipts: Vec<Receipt>,
    tell: oneshot::Sender<Result<Vec<Receipt>, Refusal>>,
}

impl OldProtocols {
    /// The engines of a node that starts now among those members.
    pub(super) fn new(own: &MemberId, quirks: &Quirks, kept: RaftKept, now: Millis) -> Self {
        let retry_ms = quirks.distro.load_retry_ms;
        let rules = DistroRules {
            reload_after_ms: (retry_ms > 0).then_some(retry_ms),
            reports_empty: quirks.distro.reports_empty,
        };
        // Members that start together must not call elections at the same moments.
        let seed = BuildHasherDefault::<rustc_hash::FxHasher>::default().hash_one((own, now.0));
        Self {
            distro: Mutex::new(Distro::new(own.clone(), rules, now)),
            raft: Mutex::new(Raft::new(own.clone(), kept.term, kept.datums, seed, now)),
            writes: Mutex::default(),
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

    pub(super) fn next_deadline(&self) -> Millis {
        self.distro.lock().next_deadline().min(self.raft.lock().next_deadline())
    }
}

/// What a node holds, as distro reads it.
struct Held<'a>(&'a Node);

impl DistroData for Held<'_> {
    fn keys(&mut self, choose: Choose<'_>) -> Vec<DatumKey> {
        self.0.read(|registry, _| registry.list_keys(choose))
    }

    fn checksum(&mut self, key: &DatumKey) -> Option<String> {
        let service = key.service()?;
        self.0.read(|registry, _| registry.list_checksum(service.as_ref()))
    }

    fn lists(&mut self, keys: &[DatumKey]) -> Vec<Datum> {
        let services = keys.iter().filter_map(DatumKey::service);
        self.0.read(|registry, _| services.filter_map(|one| registry.list_datum(one)).collect())
    }

    fn services(&mut self, choose: Choose<'_>, with_empty: bool) -> Vec<NamespaceChecksums> {
        self.0.read(|registry, _| registry.service_checksums(choose, with_empty))
    }

    fn service(&mut self, service: ServiceRef<'_>) -> Option<String> {
        self.0.read(|registry, _| registry.service_checksum(service).ok())
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
    /// The protocols of 1.x, where it has neighbours and speaks them.
    fn old(&self) -> Option<(&Peering, &OldProtocols)> {
        let peering = self.peering.as_ref()?;
        Some((peering, peering.old.as_ref()?))
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
        let (value, mut left) = {
            let mut raft = old.raft.lock();
            let (value, deeds) = run(&mut raft);
            let mut left = self.do_deeds(deeds);
            for service in gone(&mut left.effects) {
                let deeds = raft.service_gone(&service);
                left.add(self.do_deeds(deeds));
            }
            (value, left)
        };
        let receipts = std::mem::take(&mut left.receipts);
        self.finish(old, left);
        (value, receipts)
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
                // It is kept with the next thing written (`registry/raft_log`).
                Deed::KeepTerm(_) => continue,
                Deed::Remove { ghost: true, .. } => continue,
                Deed::Apply(datum) => self.told(|registry| registry.take_datum(now, &datum)),
                Deed::Remove { key, ghost: false } => {
                    self.told(|registry| registry.forget_datum(now, &key))
                }
                Deed::ForgetList(key) => self.told(|registry| {
                    if let Some(service) = key.service() {
                        registry.forget_list(service.as_ref());
                    }
                    Vec::new()
                }),
                Deed::SetHealth { service, statuses } => {
                    self.told(|registry| registry.set_statuses(now, &service, &statuses))
                }
            };
            left.receipts.extend(effects.1);
            left.effects.extend(effects.0);
        }
        left
    }

    /// Changes the registry as a member says.
    fn told(
        &self,
        change: impl FnOnce(&mut crate::registry::Registry) -> Vec<Effect>,
    ) -> (Vec<Effect>, Option<Receipt>) {
        let mut registry = self.registry.lock();
        let effects = change(&mut registry);
        registry.note_writes(&effects);
        let receipt = self.begin_writes(&effects);
        self.note_restriction(&registry);
        let deadline = registry.next_deadline();
        drop(registry);
        self.wake_before(deadline);
        (effects, receipt)
    }

    fn finish(&self, old: &OldProtocols, left: Left) {
        // Nobody waits for what a member told.
        drop(left.receipts);
        self.run(left.effects);
        self.run_peers(left.calls);
        for (ticket, outcome) in left.written {
            self.written(old, ticket, outcome);
        }
        self.wake_before(Some(old.next_deadline()));
    }

    pub(super) fn tick_old(&self, peering: &Peering, now: Millis) {
        let Some(old) = &peering.old else { return };
        if old.next_deadline() > now {
            return;
        }
        let (period_ms, beat_only) = self.read(|registry, _| {
            let switches = registry.switches();
            (switches.service_status_period_millis, switches.send_beat_only)
        });
        let period_ms = u64::try_from(period_ms).unwrap_or(0);
        self.with_distro(old, peering, |distro, turn| distro.tick(turn, period_ms));
        self.with_raft(old, |raft| ((), raft.tick(now, beat_only)));
    }

    pub(super) fn distro_answered(
        &self,
        peering: &Peering,
        number: u64,
        outcome: Result<PeerAnswer, PeerFailure>,
    ) {
        let Some(old) = &peering.old else { return };
        self.with_distro(old, peering, |distro, turn| distro.answered(turn, number, outcome));
    }

    pub(super) fn raft_answered(
        &self,
        peering: &Peering,
        number: u64,
        outcome: Result<PeerAnswer, PeerFailure>,
    ) {
        let Some(old) = &peering.old else { return };
        self.with_raft(old, |raft| ((), raft.answered(number, outcome)));
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

    /// A follower has this node write something, or with no value remove it.
    ///
    /// # Errors
    /// The node has no raft.
    pub fn publish(&self, key: DatumKey, value: Option<DatumValue>) -> Result<Receipt, Refusal> {
        self.old().ok_or_else(alone)?;
        let publication = match value {
            Some(value) => Publication::Put(key, Arc::new(value)),
            None => Publication::Remove(key),
        };
        self.write_all(VecDeque::from([publication])).ok_or_else(alone)
    }

    /// Has raft write what an operation wants written, one after the other; `None` when it wants
    /// nothing.
    ///
    /// # Errors
    /// The switches can not be written here (`timelines/no-quorum`).
    pub(in crate::node) fn publish_effects(
        &self,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Receipt>, Refusal> {
        let mut wanted = VecDeque::new();
        let is_for_raft =
            |effect: &mut Effect| matches!(effect, Effect::Publish(..) | Effect::Unpublish(_));
        for effect in effects.extract_if(.., is_for_raft) {
            match effect {
                Effect::Publish(key, value) => {
                    wanted.push_back(Publication::Put(key, Arc::new(value)));
                }
                Effect::Unpublish(key) => wanted.push_back(Publication::Remove(key)),
                _ => {}
            }
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        let switches = |one: &Publication| matches!(one, Publication::Put(DatumKey::Switches, _));
        if wanted.iter().any(switches) && self.raft(Raft::has_misread_switches) == Some(true) {
            return Err(misread());
        }
        Ok(self.write_all(wanted))
    }

    /// The same for what nobody waits for.
    pub(in crate::node) fn publish_later(&self, effects: &mut Vec<Effect>) {
        match self.publish_effects(effects) {
            Ok(receipt) => drop(receipt),
            Err(refusal) => tracing::warn!(%refusal, "a change was not written"),
        }
    }

    fn write_all(&self, mut wanted: VecDeque<Publication>) -> Option<Receipt> {
        let (_, old) = self.old()?;
        let now = wanted.pop_front()?;
        let (tell, told) = oneshot::channel();
        let ticket = {
            let mut writes = old.writes.lock();
            writes.last += 1;
            let ticket = Ticket(writes.last);
            let waiting = Waiting { now: now.clone(), rest: wanted, receipts: Vec::new(), tell };
            writes.waiting.insert(ticket, waiting);
            ticket
        };
        self.write(old, ticket, now);
        Some(Receipt::of_members(told))
    }

    fn write(&self, old: &OldProtocols, ticket: Ticket, publication: Publication) {
        let now = self.now();
        let mut raft = old.raft.lock();
        let deeds = match publication {
            Publication::Put(key, value) => raft.publish(now, key, value, ticket),
            Publication::Remove(key) => raft.remove(key, ticket),
        };
        let mut left = self.do_deeds(deeds);
        for service in gone(&mut left.effects) {
            let deeds = raft.service_gone(&service);
            left.add(self.do_deeds(deeds));
        }
        drop(raft);
        if let Some(waiting) = old.writes.lock().waiting.get_mut(&ticket) {
            waiting.receipts.append(&mut left.receipts);
        }
        self.finish(old, left);
    }

    fn written(&self, old: &OldProtocols, ticket: Ticket, outcome: Result<(), WriteFailure>) {
        let Some(mut waiting) = old.writes.lock().waiting.remove(&ticket) else { return };
        if let Err(failure) = outcome {
            let refusal = self.refusal(&failure, &waiting.now);
            // Whoever waited may have gone away.
            let _ = waiting.tell.send(Err(refusal));
            return;
        }
        let Some(next) = waiting.rest.pop_front() else {
            let _ = waiting.tell.send(Ok(waiting.receipts));
            return;
        };
        waiting.now = next.clone();
        old.writes.lock().waiting.insert(ticket, waiting);
        self.write(old, ticket, next);
    }

    /// What whoever waited reads.
    fn refusal(&self, failure: &WriteFailure, publication: &Publication) -> Refusal {
        let text = match (failure, publication) {
            (WriteFailure::Put(key), Publication::Put(_, value)) => {
                let (key, value) = (key.text(), java_text(key, value, &self.quirks()));
                format!("Raft put failed, key:{key}, value:{value}")
            }
            (WriteFailure::Put(key) | WriteFailure::Remove(key), _) => {
                format!("Raft remove failed, key:{}", key.text())
            }
        };
        Refusal::nacos(500, text)
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

fn alone() -> Refusal {
    Refusal::new(JavaException::IllegalState, "this node has no peers of 1.x")
}

/// Switches that a beat brought were taken for a service.
fn misread() -> Refusal {
    const SERVICE: &str = "com.alibaba.nacos.naming.core.Service";
    const SWITCHES: &str = "com.alibaba.nacos.naming.misc.SwitchDomain";
    let text = format!(
        "class {SERVICE} cannot be cast to class {SWITCHES} ({SERVICE} and {SWITCHES} are in \
         unnamed module of loader org.springframework.boot.loader.LaunchedURLClassLoader)"
    );
    Refusal::new(JavaException::ClassCast, text)
}
