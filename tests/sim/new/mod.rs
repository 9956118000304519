//! A node of 2.0.x out of its engines: members, mapper, client sync and the real registry; durable
//! values go through the group that the nodes share.

use crate::node::{
    Action, Ask, Boot, NAMESPACE, Outcome, PORT, Provider, Reply, SETTINGS, Served, Shown, SimNode,
};
use facos::model::client_data::responsible_tag;
use facos::model::{
    BeatCall, ClientCall, ClientData, ClientId, Deregistration, FullBeat, MemberId, Metadata,
    Millis, PeerAnswer, PeerCall, PeerFailure, Registration, Responsibility, ServiceRef,
};
use facos::node::peering::Responsible;
use facos::peers::group::Change;
use facos::peers::members::{MemberReport, MemberState, StatusReport, Turn};
use facos::peers::{
    Beginning, ClientSync, Clients, Effect, Engine, Group, Mapper, Members, Neighbour, Token,
};
use facos::profile::{MembersProtocol, Profile};
use facos::registry::{self, Registry, ServerOptions};
use facos::wire::v1::render::Renderer;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// What every node calls its version.
const VERSION: &str = "2.0.2";

/// One durable value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    key: u8,
    value: i32,
}

impl Change for Value {
    type Key = u8;
    fn key(&self) -> u8 {
        self.key
    }
    fn is_removal(&self) -> bool {
        false
    }
}

/// What the nodes share: the group that agrees on durable values.
pub type SharedGroup = Rc<RefCell<Option<Group<Value>>>>;

/// One node.
pub struct NewNode {
    own: MemberId,
    members: Members,
    responsible: Arc<Responsible>,
    sync: ClientSync,
    registry: Registry,
    group: SharedGroup,
    values: BTreeMap<u8, i32>,
    group_at: Millis,
}

/// The registry as the engine asks it.
struct Known<'a>(&'a mut Registry, Millis);

impl Clients for Known<'_> {
    fn own(&mut self) -> Vec<ClientId> {
        self.0.own_clients(self.1)
    }

    fn data(&mut self, id: &ClientId) -> Option<ClientData> {
        self.0.client_data(id)
    }
}

impl NewNode {
    fn neighbours(&self) -> Vec<Neighbour> {
        let members = &self.members;
        let others = members.listed().iter().filter(|id| **id != self.own);
        let neighbour = |id: &MemberId| Neighbour {
            id: id.clone(),
            reachable: members
                .member(id)
                .is_some_and(|known| known.state != MemberState::Down && known.version.is_some()),
        };
        others.map(neighbour).collect()
    }

    fn turned(&mut self, now: Millis, turn: Turn) -> Vec<Action> {
        if turn.changed {
            self.responsible.take(self.members.healthy().to_vec());
            self.registry.responsibility_moved(now);
        }
        self.run(now, turn.effects)
    }

    fn run(&mut self, now: Millis, effects: Vec<Effect>) -> Vec<Action> {
        let mut actions = Vec::new();
        for effect in effects {
            match effect {
                Effect::Call { to, call, token } => actions.push(Action::Call { to, call, token }),
                Effect::TakeClients(clients) => {
                    for told in clients {
                        let effects = self.registry.sync_client(now, &told).unwrap_or_default();
                        self.follow(now, &effects);
                    }
                }
            }
        }
        actions
    }

    /// What the registry says of clients goes to the engine.
    fn follow(&mut self, now: Millis, effects: &[registry::Effect]) {
        for effect in effects {
            if let registry::Effect::Client(news) = effect {
                let neighbours = self.neighbours();
                self.sync.on_news(now, news, &neighbours);
            }
        }
    }

    fn client_call(&mut self, now: Millis, call: ClientCall) -> Outcome {
        match call {
            ClientCall::Changed(told) => {
                let effects = self.registry.sync_client(now, &told).unwrap_or_default();
                self.follow(now, &effects);
            }
            ClientCall::Gone(id) => {
                let effects = self.registry.forget_client(now, &id);
                self.follow(now, &effects);
            }
            ClientCall::Verify(id) => {
                if !self.registry.verify_client(now, &id) {
                    return Ok(PeerAnswer::Unverified);
                }
            }
            ClientCall::Snapshot => {
                return Ok(PeerAnswer::Clients(self.registry.all_client_data()));
            }
        }
        Ok(PeerAnswer::Done)
    }

    fn serve(&mut self, now: Millis, ask: &Ask, provider: &Provider) {
        let service = ServiceRef { namespace: NAMESPACE, name: &provider.service };
        let done = match ask {
            Ask::Register(_) => {
                let instance = provider.instance();
                self.registry.register(now, &Registration { service, named_as: None, instance })
            }
            Ask::Beat(_) => {
                let call = beat(service, provider);
                self.registry.beat(now, &call).map(|(_, effects)| effects)
            }
            Ask::Deregister(_) | Ask::Put { .. } => {
                let (ip, cluster) = (&*provider.ip, "DEFAULT");
                let call = Deregistration { service, ip, port: PORT, cluster, ephemeral: true };
                self.registry.deregister(now, &call)
            }
        };
        self.follow(now, &done.expect("what clients ask is well-formed"));
    }

    fn with_group<T>(&self, run: impl FnOnce(&mut Group<Value>) -> T) -> T {
        let mut group = self.group.borrow_mut();
        run(group.as_mut().expect("every node that boots makes sure of it"))
    }

    fn take_agreed(&mut self, now: Millis) {
        let own = self.own.clone();
        let agreed = self.with_group(|group| {
            group.tick(now);
            group.take(&own)
        });
        self.values.extend(agreed.into_iter().map(|Value { key, value }| (key, value)));
    }
}

fn beat<'a>(service: ServiceRef<'a>, provider: &'a Provider) -> BeatCall<'a> {
    let beat = FullBeat {
        ip: Some((*provider.ip).into()),
        port: PORT,
        cluster: Some("DEFAULT".into()),
        service_name: Some((*provider.service).into()),
        weight: 1.0,
        ephemeral: true,
        metadata: Some(Metadata::new()),
    };
    BeatCall { service, ip: "", port: 0, cluster: "DEFAULT", beat: Some(beat) }
}

impl SimNode for NewNode {
    const FAMILY: &'static str = "new_family";
    const FORGETS_TERMS: bool = false;
    const MENDS: bool = false;
    /// One gRPC connection for each member.
    const IN_ORDER: bool = true;
    type Kept = ();
    type Shared = SharedGroup;

    fn boot(boot: Boot<'_, Self>) -> Self {
        let Boot { own, listed, settled, shared, now, .. } = boot;
        let mut members = Members::new(own.clone(), listed.clone(), MembersProtocol::Rounds, now);
        if settled {
            let report = |from: &MemberId| MemberReport {
                from: from.clone(),
                version: Some(VERSION.to_owned()),
                ready: Some(true),
            };
            members.settle(now, listed.iter().map(report).collect());
        }
        let quirks = Profile::nacos(VERSION).unwrap().quirks;
        let render = Renderer::shared(quirks.clone());
        let mut registry = Registry::new(quirks, ServerOptions::default(), render, now);
        let mapper = Mapper::new(own.clone(), members.healthy().to_vec(), true);
        let responsible = Arc::new(Responsible::new(mapper));
        registry.join(now, responsible.clone());
        let beginning = if settled { Beginning::Settled } else { Beginning::LikeReal };
        shared.borrow_mut().get_or_insert_with(|| Group::new(&listed)).started(&own);
        Self {
            sync: ClientSync::new(now, beginning),
            group: shared.clone(),
            values: BTreeMap::new(),
            group_at: now,
            own,
            members,
            responsible,
            registry,
        }
    }

    fn kept(&self) {}

    fn killed(&self, _: &SharedGroup, now: Millis) {
        self.with_group(|group| group.stopped(now, &self.own));
    }

    fn list(&mut self, now: Millis, listed: Vec<MemberId>) -> Vec<Action> {
        self.with_group(|group| {
            let gone: Vec<MemberId> =
                group.members().filter(|id| !listed.contains(id)).cloned().collect();
            gone.iter().for_each(|id| group.unlisted(now, id));
        });
        let turn = self.members.list(now, listed);
        self.turned(now, turn)
    }

    fn reaches_majority(&self, _: &SharedGroup, now: Millis, reaches: bool) {
        self.with_group(|group| group.cut_off(now, &self.own, !reaches));
    }

    fn next_deadline(&self) -> Millis {
        let times = [self.sync.next_deadline(), self.registry.next_deadline()];
        let first = self.group_at.min(self.members.next_deadline());
        times.into_iter().flatten().fold(first, Millis::min)
    }

    fn tick(&mut self, now: Millis) -> Vec<Action> {
        let turn = self.members.tick(now, &SETTINGS);
        let mut actions = self.turned(now, turn);
        let effects = self.registry.tick(now, 64);
        self.follow(now, &effects);
        let neighbours = self.neighbours();
        let known = &mut Known(&mut self.registry, now);
        let effects = self.sync.tick(now, known, &neighbours);
        actions.extend(self.run(now, effects));
        if self.group_at <= now {
            self.group_at = now + 500;
            self.take_agreed(now);
        }
        actions
    }

    fn call(&mut self, now: Millis, call: PeerCall, _: u64) -> (Reply, Vec<Action>) {
        let refused = |status| Err(PeerFailure::Status { status, body: String::new() });
        let (outcome, turn) = match call {
            PeerCall::Report(card) => {
                let version = Some(VERSION.to_owned());
                let report = MemberReport { from: card.id, version, ready: card.ready };
                match self.members.report_heard(now, report) {
                    Some(turn) => (Ok(PeerAnswer::Done), turn),
                    None => (refused(400), Turn::default()),
                }
            }
            PeerCall::ServerStatus { from, at, weight } => {
                let report = StatusReport { from, said: at, weight };
                match self.members.old_status_heard(now, &report) {
                    Ok(turn) => (Ok(PeerAnswer::Done), turn),
                    Err(_) => (refused(400), Turn::default()),
                }
            }
            PeerCall::Client(call) => (self.client_call(now, call), Turn::default()),
            _ => (refused(404), Turn::default()),
        };
        let actions = self.turned(now, turn);
        (Reply::Now(outcome), actions)
    }

    fn answered(&mut self, now: Millis, token: Token, outcome: Outcome) -> Vec<Action> {
        match token.engine {
            Engine::Members => {
                let turn = self.members.answered(now, token.number, &outcome);
                self.turned(now, turn)
            }
            Engine::Clients => {
                let effects = self.sync.answered(now, token.number, outcome);
                self.run(now, effects)
            }
            Engine::Distro | Engine::Raft => Vec::new(),
        }
    }

    fn ask(&mut self, now: Millis, ask: &Ask, forwarded: bool, _: u64) -> (Served, Vec<Action>) {
        let provider = match ask {
            Ask::Register(provider) | Ask::Beat(provider) | Ask::Deregister(provider) => provider,
            Ask::Put { key, value } => {
                let change = vec![Value { key: *key, value: *value }];
                let agreed = self.with_group(|group| group.propose(&self.own, change));
                let served = if agreed.is_ok() { Served::Done } else { Served::Refused };
                return (served, Vec::new());
            }
        };
        let tag = responsible_tag(&provider.ip, PORT);
        let mapper = self.responsible.now();
        if !mapper.is_mine(&tag) {
            let to = mapper.responsible(&tag).clone();
            return (if forwarded { Served::Refused } else { Served::Forward(to) }, Vec::new());
        }
        self.serve(now, ask, provider);
        (Served::Done, Vec::new())
    }

    fn spoil(&mut self, now: Millis) {
        let mapper = self.responsible.now();
        let all = self.registry.all_client_data();
        let theirs = |client: &ClientData| {
            let instance = &client.published[0].instance;
            !mapper.is_mine(&responsible_tag(instance.ip(), instance.port))
        };
        let mut told = all.into_iter().find(theirs).expect("others are responsible for somebody");
        Arc::make_mut(&mut told.published[0].instance).healthy = false;
        self.client_call(now, ClientCall::Changed(Arc::new(told)))
            .expect("it takes what it is told");
    }

    fn forgot(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    fn shown(&self) -> Shown {
        let mut shown = Shown::new();
        self.registry.each_instance(&mut |service, entry| {
            let instance = &entry.instance;
            let address = format!("{}:{}", instance.ip(), instance.port);
            shown.insert((service.name.to_owned(), address), instance.healthy);
        });
        shown
    }

    fn values(&self) -> BTreeMap<u8, i32> {
        self.values.clone()
    }

    fn mapper(&self) -> Mapper {
        (*self.responsible.now()).clone()
    }

    fn leads(&self) -> Option<i64> {
        self.with_group(|group| {
            let (leader, term) = group.leader();
            (leader == Some(&self.own)).then_some(term)
        })
    }

    fn waiting(&self) -> usize {
        self.sync.waiting()
    }
}
