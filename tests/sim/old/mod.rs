//! A node of 1.x out of its engines: members, mapper, distro and raft, and a small registry.

pub mod lists;

use crate::node::{Action, Ask, Boot, NAMESPACE, Outcome, Reply, Served, Shown, SimNode, instance};
use facos::model::{
    Datum, DatumKey, DatumValue, KeptInstance, MemberId, Millis, PeerAnswer, PeerCall, PeerFailure,
    Responsibility, ServiceKey,
};
use facos::peers::members::{MemberReport, Settings, StatusReport};
use facos::peers::view::Turn;
use facos::peers::{
    Deed, Distro, DistroRules, Effect, Engine, Mapper, Members, Others, Raft, Ticket, Token,
};
use facos::profile::MembersProtocol;
use lists::Lists;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Period of `service/status`, ms.
const STATUS_PERIOD_MS: u64 = 5_000;
/// Period of the beat check, ms.
const CHECK_MS: u64 = 5_000;

/// What is on a node's disk: raft's term and its values.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    term: i64,
    datums: BTreeMap<String, Datum>,
}

/// One node.
pub struct OldNode {
    own: MemberId,
    listed: Vec<MemberId>,
    members: Members,
    mapper: Mapper,
    distro: Distro,
    raft: Raft,
    lists: Lists,
    kept: Kept,
    check_at: Millis,
    health_check: bool,
}

macro_rules! turn {
    ($node:ident, $now:expr) => {
        &mut Turn { now: $now, owners: &$node.mapper, data: &mut $node.lists }
    };
}

/// The key of a durable value.
fn durable(key: u8) -> DatumKey {
    let service = ServiceKey { namespace: NAMESPACE.into(), name: format!("g@@d{key}").into() };
    DatumKey::Persistent(service)
}

fn value_of(value: i32) -> Arc<DatumValue> {
    let instance = Arc::new(instance("10.3.0.1", value, false));
    let kept = KeptInstance { instance, id: None, last_beat: Millis(0) };
    Arc::new(DatumValue::Instances(vec![kept]))
}

fn refused(status: u16) -> Outcome {
    Err(PeerFailure::Status { status, body: String::new() })
}

impl OldNode {
    fn others(&self) -> Vec<MemberId> {
        self.listed.iter().filter(|id| **id != self.own).cloned().collect()
    }

    fn members_moved(&mut self) {
        let healthy = self.members.healthy().to_vec();
        self.mapper = Mapper::new(self.own.clone(), healthy.clone(), true);
        let healthy = healthy.into_iter().filter(|id| *id != self.own).collect();
        self.distro.members(Others { healthy, listed: self.others() });
    }

    fn tick_members(&mut self, now: Millis) -> Vec<Action> {
        let settings = Settings {
            period_ms: 2_000,
            expired_ms: 10_000,
            threshold: 0.7,
            health_check: self.health_check,
            auto_change: true,
            ad_weights: &[],
        };
        let turn = self.members.tick(now, &settings);
        if turn.changed {
            self.members_moved();
        }
        self.health_check = turn.health_check.unwrap_or(self.health_check);
        let call = |effect| match effect {
            Effect::Call { to, call, token } => Some(Action::Call { to, call, token }),
            Effect::TakeClients(_) => None,
        };
        turn.effects.into_iter().filter_map(call).collect()
    }

    fn check_beats(&mut self, now: Millis) -> Vec<Action> {
        self.check_at = now + CHECK_MS;
        let mapper = &self.mapper;
        let changed = self.lists.check(now, &|service| mapper.is_mine(service));
        self.spread(now, changed)
    }

    fn spread(&mut self, now: Millis, changed: impl IntoIterator<Item = DatumKey>) -> Vec<Action> {
        let mut actions = Vec::new();
        for key in changed {
            let deeds = self.distro.changed(turn!(self, now), key);
            actions.extend(self.run(deeds));
        }
        actions
    }

    fn run(&mut self, deeds: Vec<Deed>) -> Vec<Action> {
        let mut actions = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Call { to, call, token } => actions.push(Action::Call { to, call, token }),
                Deed::Apply(datum) => self.apply(datum),
                Deed::ForgetList(key) => self.lists.forget(&key),
                Deed::Remove { key, .. } => drop(self.kept.datums.remove(&key.text())),
                Deed::SetHealth { service, statuses } => {
                    self.lists.set_health(&service.name, &statuses);
                }
                Deed::KeepTerm(term) => self.kept.term = term,
                Deed::Written { ticket, outcome } => {
                    actions.push(Action::Done { ticket: ticket.0, taken: outcome.is_ok() });
                }
            }
        }
        actions
    }

    fn apply(&mut self, datum: Datum) {
        match &datum.key {
            DatumKey::Ephemeral(_) => self.lists.apply(&datum),
            DatumKey::Persistent(_) => drop(self.kept.datums.insert(datum.key.text(), datum)),
            DatumKey::Service(_) | DatumKey::Switches => {}
        }
    }

    fn distro_call(&mut self, now: Millis, call: PeerCall) -> (Outcome, Vec<Deed>) {
        match call {
            PeerCall::DistroPut(lists) => {
                let deeds = lists.iter().cloned().map(Deed::Apply).collect();
                (Ok(PeerAnswer::Done), deeds)
            }
            PeerCall::DistroGet(keys) => {
                use facos::peers::view::DistroData;
                (Ok(PeerAnswer::DistroDatums(self.lists.lists(&keys))), Vec::new())
            }
            PeerCall::DistroAll => (Ok(PeerAnswer::DistroDatums(self.lists.all())), Vec::new()),
            PeerCall::DistroChecksum { source, checksums } => {
                let deeds = self.distro.checksums_came(turn!(self, now), &source, &checksums);
                (Ok(PeerAnswer::Done), deeds)
            }
            PeerCall::ServiceStatus(status) => {
                (Ok(PeerAnswer::Done), self.distro.statuses_came(turn!(self, now), &status))
            }
            PeerCall::Statuses(service) => {
                (Ok(PeerAnswer::Statuses(self.lists.statuses(&service.name))), Vec::new())
            }
            _ => (refused(404), Vec::new()),
        }
    }

    fn raft_call(&mut self, call: PeerCall) -> (Outcome, Vec<Deed>) {
        let done = |deeds: Result<Vec<Deed>, _>| match deeds {
            Ok(deeds) => (Ok(PeerAnswer::Done), deeds),
            Err(_) => (refused(500), Vec::new()),
        };
        match call {
            PeerCall::Vote(peer) => {
                let peer = self.raft.vote_came(&peer);
                (peer.map(PeerAnswer::Peer).or(refused(500)), Vec::new())
            }
            PeerCall::RaftBeat(beat) => match self.raft.beat_came(&beat, false) {
                Ok((peer, deeds)) => (Ok(PeerAnswer::Peer(peer)), deeds),
                Err(_) => (refused(500), Vec::new()),
            },
            PeerCall::RaftDatums(keys) => {
                let datums = keys.iter().filter_map(|key| self.raft.datum(key)).collect();
                (Ok(PeerAnswer::RaftDatums(datums)), Vec::new())
            }
            PeerCall::RaftCommit { datum, source } => done(self.raft.commit_came(datum, &source)),
            PeerCall::RaftForget { key, source } => done(self.raft.forget_came(key, &source)),
            _ => (refused(404), Vec::new()),
        }
    }
}

impl SimNode for OldNode {
    const FAMILY: &'static str = "old_family";
    const FORGETS_TERMS: bool = true;
    const MENDS: bool = true;
    /// Each call has a connection of its own.
    const IN_ORDER: bool = false;
    type Kept = Kept;
    type Shared = ();

    fn boot(boot: Boot<'_, Self>) -> Self {
        let Boot { own, listed, settled, kept, seed, now, .. } = boot;
        let mut members = Members::new(own.clone(), listed.clone(), MembersProtocol::Reports, now);
        if settled {
            let report =
                |from: &MemberId| MemberReport { from: from.clone(), version: None, ready: None };
            members.settle(now, listed.iter().map(report).collect());
        }
        let rules = DistroRules { reload_after_ms: None, reports_empty: true };
        let datums = kept.datums.values().cloned().collect();
        let mut node = Self {
            mapper: Mapper::new(own.clone(), members.healthy().to_vec(), true),
            distro: Distro::new(own.clone(), rules, now),
            raft: Raft::new(own.clone(), kept.term, datums, seed, now),
            lists: Lists::default(),
            check_at: now + CHECK_MS,
            health_check: true,
            own,
            listed,
            members,
            kept,
        };
        let others = node.others();
        node.raft.members(&others);
        node.members_moved();
        node
    }

    fn kept(&self) -> Kept {
        self.kept.clone()
    }

    fn killed(&self, (): &(), _: Millis) {}

    fn list(&mut self, now: Millis, listed: Vec<MemberId>) -> Vec<Action> {
        self.listed = listed.clone();
        self.members.list(now, listed);
        let others = self.others();
        self.raft.members(&others);
        self.members_moved();
        Vec::new()
    }

    fn reaches_majority(&self, (): &(), _: Millis, _: bool) {}

    fn next_deadline(&self) -> Millis {
        let engines =
            [self.members.next_deadline(), self.distro.next_deadline(), self.raft.next_deadline()];
        engines.into_iter().fold(self.check_at, Millis::min)
    }

    fn tick(&mut self, now: Millis) -> Vec<Action> {
        let mut actions = self.tick_members(now);
        if self.check_at <= now {
            actions.extend(self.check_beats(now));
        }
        let deeds = self.distro.tick(turn!(self, now), STATUS_PERIOD_MS);
        actions.extend(self.run(deeds));
        let deeds = self.raft.tick(now, false);
        actions.extend(self.run(deeds));
        actions
    }

    fn call(&mut self, now: Millis, call: PeerCall, ticket: u64) -> (Reply, Vec<Action>) {
        let ticket = Ticket(ticket);
        let (outcome, deeds) = match call {
            PeerCall::ServerStatus { from, at, weight } => {
                let report = StatusReport { from, said: at, weight };
                let heard = self.members.status_heard(now, &report);
                (heard.map(|()| PeerAnswer::Done).or(refused(400)), Vec::new())
            }
            PeerCall::RaftPublish { key, value } => {
                let deeds = self.raft.publish(now, key, value, ticket);
                let actions = self.run(deeds);
                return (Reply::Later, actions);
            }
            PeerCall::RaftRemove(key) => {
                let deeds = self.raft.remove(key, ticket);
                let actions = self.run(deeds);
                return (Reply::Later, actions);
            }
            PeerCall::Vote(_)
            | PeerCall::RaftBeat(_)
            | PeerCall::RaftDatums(_)
            | PeerCall::RaftCommit { .. }
            | PeerCall::RaftForget { .. } => self.raft_call(call),
            other => self.distro_call(now, other),
        };
        let actions = self.run(deeds);
        (Reply::Now(outcome), actions)
    }

    fn answered(&mut self, now: Millis, token: Token, outcome: Outcome) -> Vec<Action> {
        let deeds = match token.engine {
            Engine::Members => {
                self.members.answered(now, token.number, &outcome);
                Vec::new()
            }
            Engine::Distro => self.distro.answered(turn!(self, now), token.number, outcome),
            Engine::Raft => self.raft.answered(token.number, outcome),
            Engine::Clients => Vec::new(),
        };
        self.run(deeds)
    }

    fn ask(
        &mut self,
        now: Millis,
        ask: &Ask,
        forwarded: bool,
        ticket: u64,
    ) -> (Served, Vec<Action>) {
        let provider = match ask {
            Ask::Register(provider) | Ask::Beat(provider) | Ask::Deregister(provider) => provider,
            Ask::Put { key, value } => {
                let ticket = Ticket(ticket);
                let deeds = self.raft.publish(now, durable(*key), value_of(*value), ticket);
                return (Served::Later, self.run(deeds));
            }
        };
        if !self.mapper.is_mine(&provider.service) {
            let to = self.mapper.responsible(&provider.service);
            let served = if forwarded { Served::Refused } else { Served::Forward(to.clone()) };
            return (served, Vec::new());
        }
        let changed = match ask {
            Ask::Register(_) => Some(self.lists.register(now, provider)),
            Ask::Beat(_) => self.lists.beat(now, provider),
            Ask::Deregister(_) | Ask::Put { .. } => self.lists.deregister(provider),
        };
        (Served::Done, self.spread(now, changed))
    }

    fn spoil(&mut self, _: Millis) {
        let theirs = |service: &&String| !self.mapper.is_mine(service);
        let shown = self.lists.shown();
        let service = shown.keys().map(|(service, _)| service).find(theirs);
        let service = service.expect("others are responsible for something").clone();
        self.lists.set_health(&service, &[]);
    }

    fn forgot(&self) -> BTreeSet<String> {
        let mine = |service: &&String| self.mapper.is_mine(service);
        self.lists.unlisted().filter(mine).cloned().collect()
    }

    fn shown(&self) -> Shown {
        self.lists.shown()
    }

    fn values(&self) -> BTreeMap<u8, i32> {
        let value = |key: u8| match &*self.kept.datums.get(&durable(key).text())?.value {
            DatumValue::Instances(kept) => Some((key, kept.first()?.instance.port)),
            _ => None,
        };
        (0..=u8::MAX).filter_map(value).collect()
    }

    fn mapper(&self) -> Mapper {
        self.mapper.clone()
    }

    fn leads(&self) -> Option<i64> {
        self.raft.leads().then(|| self.raft.local().term)
    }

    fn waiting(&self) -> usize {
        self.distro.waiting() + self.raft.waiting()
    }
}
