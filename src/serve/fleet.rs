//! The nodes of a process, each of which can be stopped, killed and started again, as the same
//! version or as another one, on the ports that it had.

use super::config::{ClockKind, ServeConfig};
use super::error::StartError;
use super::listeners::{self, Listeners};
use crate::edge::admin::NodeControl;
use crate::edge::grpc::{self, Lines, Port};
use crate::edge::http::{self, ServerConfig, Shutdown};
use crate::edge::nacos::{NacosHandler, page_style};
use crate::edge::outbox::SocketOutbox;
use crate::edge::peer::Links;
use crate::model::{MemberId, Millis};
use crate::node::desk::Desk;
use crate::node::peering::{MemberSource, Network, PeeringConfig};
use crate::node::process::drive;
use crate::node::store::{DiskStore, NoStore, Store};
use crate::node::{Agreement, Clock, Node, NodeConfig, Process};
use crate::peers::members::MemberReport;
use crate::profile::{CoreModel, Generation, Profile};
use crate::registry::ServerOptions;
use crate::wire::v1::render::Renderer;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Connections that a node's gRPC ports hold open.
const MAX_CONNECTIONS: usize = 65_536;

/// The nodes and what they run on.
pub struct Fleet {
    config: ServeConfig,
    process: Arc<Process>,
    /// What the nodes of 2.x agree on; `None` when there is one node.
    agreement: Option<Arc<Agreement>>,
    /// The console of all nodes; one node alone has its own.
    desk: Option<Arc<Desk>>,
    slots: Vec<Mutex<Slot>>,
}

/// One node's place.
struct Slot {
    profile: Profile,
    address: SocketAddr,
    /// Whether it was upgraded when it ended last, by version: a real server keeps that with its
    /// data, and each version has data of its own.
    upgraded: BTreeMap<String, bool>,
    running: Option<Alive>,
}

/// The threads of a node that runs.
struct Alive {
    shutdown: Shutdown,
    threads: Vec<JoinHandle<()>>,
}

/// How a node ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Answers under way are finished, at most for a second.
    Orderly,
    /// At once, as if the process were killed.
    Abrupt,
}

impl Fleet {
    /// Starts every node; they answer when this returns.
    ///
    /// # Errors
    /// As [`super::start`].
    pub fn start(config: ServeConfig, listeners: Vec<Listeners>) -> Result<Self, StartError> {
        let clock = Arc::new(match config.clock {
            ClockKind::Real => Clock::real(),
            ClockKind::Manual => Clock::manual(),
        });
        let network = Arc::new(Network::default());
        let addresses: Vec<SocketAddr> =
            listeners.iter().map(Listeners::own_address).collect::<Result<_, _>>()?;
        let profiles = config.profiles();
        let source = member_source(&config, &addresses);
        let known = if config.cold_start { Vec::new() } else { reports(&profiles, &addresses) };
        let agreement = agreement(&profiles, &addresses, &network);
        let desk = shared_desk(&config, clock.now())?;
        let mut nodes = Vec::new();
        let mut slots = Vec::new();
        for (number, (profile, address)) in profiles.into_iter().zip(addresses).enumerate() {
            let peering = source.clone().map(|source| PeeringConfig {
                own: member(address),
                known: known.clone(),
                upgraded: all_new(&source, &known, address),
                source,
                network: network.clone(),
            });
            let place = Place { number, address, peering, desk: desk.clone() };
            nodes.push(open_node(&config, &profile, &clock, place)?);
            slots.push(Mutex::new(Slot {
                profile,
                address,
                upgraded: BTreeMap::new(),
                running: None,
            }));
        }
        let process = Arc::new(Process::new(nodes.clone(), clock, network));
        let fleet = Self { config, process, agreement, desk, slots };
        // Whoever asks the first node as soon as it answers must not find that it is the only one:
        // it would be without a leader for six seconds.
        nodes.iter().for_each(|node| fleet.agree(node));
        for ((node, listeners), slot) in nodes.iter().zip(listeners).zip(&fleet.slots) {
            slot.lock().running = Some(fleet.run(node, listeners)?);
        }
        Ok(fleet)
    }

    /// The nodes and their clock.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Ends one node; false when it had ended before.
    pub fn stop(&self, number: usize, end: End) -> bool {
        let Some(slot) = self.slots.get(number) else { return false };
        let mut slot = slot.lock();
        let Some(alive) = slot.running.take() else { return false };
        if let Some(node) = self.process.node(number) {
            node.end();
            if let Some(upgraded) = node.is_upgraded() {
                slot.upgraded.insert(node.profile().name.clone(), upgraded);
            }
        }
        alive.end(end);
        if let Some(agreement) = &self.agreement {
            agreement.leave(self.process.clock.now(), &member(slot.address));
        }
        true
    }

    /// Starts a node that had ended, as another version if one is named; false when it runs. It has
    /// just started: it knows nothing of its peers yet.
    ///
    /// # Errors
    /// One of its ports was taken meanwhile, or its durable state can not be used.
    pub fn start_again(&self, number: usize, profile: Option<Profile>) -> Result<bool, StartError> {
        let Some(slot) = self.slots.get(number) else { return Ok(false) };
        let mut slot = slot.lock();
        if slot.running.is_some() {
            return Ok(false);
        }
        let profile = profile.unwrap_or_else(|| slot.profile.clone());
        let address = slot.address;
        let listeners = listeners::on(self.config.bind, address.port(), profile.quirks.grpc.port)?;
        let before = self.process.node(number);
        let source = before.as_ref().and_then(|node| node.peering().map(|side| side.source()));
        let peering = source.map(|source| PeeringConfig {
            own: member(address),
            source,
            known: Vec::new(),
            upgraded: slot.upgraded.get(&profile.name).copied().unwrap_or_default(),
            network: self.process.network.clone(),
        });
        let place = Place { number, address, peering, desk: self.desk.clone() };
        // The store of the node before is closed with it.
        drop(before);
        let node = open_node(&self.config, &profile, &self.process.clock, place)?;
        self.process.replace(number, node.clone());
        self.agree(&node);
        slot.running = Some(self.run(&node, listeners)?);
        slot.profile = profile;
        Ok(true)
    }

    /// A node of 2.x agrees with the others; one of 1.x has its own ways.
    fn agree(&self, node: &Arc<Node>) {
        let Some(agreement) = &self.agreement else { return };
        let own = member(node.address());
        match node.quirks().core.model {
            CoreModel::ClientKeyed => node.agree(&own, agreement),
            CoreModel::ServiceKeyed => agreement.exclude(self.process.clock.now(), &own),
        }
    }

    /// Whether a node runs.
    pub fn runs(&self, number: usize) -> bool {
        self.slots.get(number).is_some_and(|slot| slot.lock().running.is_some())
    }

    /// Ends every node.
    pub fn end(&self) {
        // All are told before the first is waited for.
        let ending: Vec<Alive> =
            self.slots.iter().filter_map(|slot| slot.lock().running.take()).collect();
        for alive in &ending {
            alive.shutdown.end();
        }
        for alive in ending {
            alive.end(End::Orderly);
        }
    }

    fn run(&self, node: &Arc<Node>, listeners: Listeners) -> Result<Alive, StartError> {
        let mut alive = Alive { shutdown: Shutdown::default(), threads: Vec::new() };
        alive.begin_background(node)?;
        alive.serve_grpc(&self.config, node, listeners.grpc)?;
        alive.serve_http(&self.config, node, listeners.http)?;
        Ok(alive)
    }
}

impl NodeControl for Fleet {
    fn stop(&self, number: usize, at_once: bool) -> bool {
        Fleet::stop(self, number, if at_once { End::Abrupt } else { End::Orderly })
    }

    fn start(&self, number: usize, profile: Option<&str>) -> Result<bool, String> {
        let profile = profile.map(Profile::load).transpose().map_err(|error| error.to_string())?;
        self.start_again(number, profile).map_err(|error| error.to_string())
    }

    fn runs(&self, number: usize) -> bool {
        Fleet::runs(self, number)
    }
}

impl Alive {
    fn end(self, end: End) {
        match end {
            End::Orderly => self.shutdown.end(),
            End::Abrupt => self.shutdown.cut(),
        }
        http::join(self.threads, "server");
    }

    /// The thread of timers, datagrams, probes and calls to other members.
    fn begin_background(&mut self, node: &Arc<Node>) -> Result<(), StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        node.connect(Box::new(SocketOutbox::open(node, runtime.handle())?));
        if let Some(peering) = node.peering() {
            peering.connect(Box::new(Links::new(node, runtime.handle())));
        }
        let real = !node.clock().is_manual();
        let (driven, shutdown) = (node.clone(), self.shutdown.clone());
        let thread = std::thread::Builder::new().name("background".into()).spawn(move || {
            runtime.block_on(async {
                if real {
                    tokio::spawn(drive(driven));
                }
                shutdown.ended().await;
            });
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// The ports of 2.x clients and servers, where the version has them.
    fn serve_grpc(
        &mut self,
        config: &ServeConfig,
        node: &Arc<Node>,
        listeners: Vec<std::net::TcpListener>,
    ) -> Result<(), StartError> {
        if listeners.is_empty() {
            return Ok(());
        }
        let lines = Arc::new(Lines::new(node.clock().is_manual()));
        node.connect_streams(lines.clone());
        let port = Port { workers: config.workers, max_connections: MAX_CONNECTIONS };
        let thread = grpc::serve(listeners, node.clone(), lines, &port, &self.shutdown)?;
        self.threads.push(thread);
        Ok(())
    }

    fn serve_http(
        &mut self,
        config: &ServeConfig,
        node: &Arc<Node>,
        listener: std::net::TcpListener,
    ) -> Result<(), StartError> {
        let server = ServerConfig {
            workers: config.workers,
            name: "http".into(),
            pages: page_style(&node.quirks()),
            ..ServerConfig::default()
        };
        let handler = Arc::new(NacosHandler::new(node.clone(), &config.context_path));
        let threads = http::serve(vec![listener], handler, &server, &self.shutdown)?;
        self.threads.extend(threads);
        Ok(())
    }
}

/// Where a node stands.
struct Place {
    number: usize,
    address: SocketAddr,
    peering: Option<PeeringConfig>,
    desk: Option<Arc<Desk>>,
}

/// Nodes of one process share one console, as real servers share a database: namespaces, accounts
/// and configurations are those of the deployment, and outlive every node of it.
fn shared_desk(config: &ServeConfig, now: Millis) -> Result<Option<Arc<Desk>>, StartError> {
    if config.nodes.count() == 1 {
        return Ok(None);
    }
    let store: Arc<dyn Store> = match &config.data {
        Some(directory) => Arc::new(DiskStore::open(&directory.join("console"))?),
        None => Arc::new(NoStore),
    };
    Ok(Some(Desk::open(now, config.cold_start, store, config.auth.clone())?))
}

fn open_node(
    config: &ServeConfig,
    profile: &Profile,
    clock: &Arc<Clock>,
    place: Place,
) -> Result<Arc<Node>, StartError> {
    let store: Arc<dyn Store> = match &config.data {
        Some(directory) if config.nodes.count() == 1 => Arc::new(DiskStore::open(directory)?),
        Some(directory) => {
            let own = directory.join(format!("node-{}", place.number));
            Arc::new(DiskStore::open(&own)?)
        }
        None => Arc::new(NoStore),
    };
    let options = ServerOptions {
        expire_instances: config.expire_instances,
        cold_start: config.cold_start,
        limit_rule: config.limit_rule.clone(),
        cleaning: config.cleaning.clone(),
    };
    Ok(Node::new(NodeConfig {
        profile: profile.clone(),
        options,
        clock: clock.clone(),
        render: Renderer::shared,
        store,
        journal_capacity: config.journal_records,
        address: place.address,
        auth: config.auth.clone(),
        peering: place.peering,
        desk: place.desk,
    })?)
}

/// Who the members are: those that somebody named, else the nodes of this process; nobody when it
/// is one node and nobody named others.
fn member_source(config: &ServeConfig, addresses: &[SocketAddr]) -> Option<MemberSource> {
    match &config.members {
        Some(source) => Some(source.clone()),
        None if addresses.len() > 1 => {
            Some(MemberSource::Given(addresses.iter().map(|address| member(*address)).collect()))
        }
        None => None,
    }
}

fn reports(profiles: &[Profile], addresses: &[SocketAddr]) -> Vec<MemberReport> {
    let report = |(profile, address): (&Profile, &SocketAddr)| MemberReport {
        from: member(*address),
        version: profile.quirks.grpc.port.then(|| profile.quirks.server.version.clone()),
        ready: None,
    };
    profiles.iter().zip(addresses).map(report).collect()
}

/// Whether the members have been upgraded for a while: a node knows all of them, and each is new.
fn all_new(source: &MemberSource, known: &[MemberReport], own: SocketAddr) -> bool {
    let is_new = |id: &MemberId| {
        let known = known.iter().find(|one| one.from == *id);
        known.is_some_and(|one| Generation::of(one.version.as_deref()) == Generation::New)
    };
    let listed = source.read(own.port()).unwrap_or_default();
    !listed.is_empty() && listed.iter().all(is_new)
}

/// Nodes of 2.x agree among themselves; for one alone there is nothing to agree on.
fn agreement(
    profiles: &[Profile],
    addresses: &[SocketAddr],
    network: &Arc<Network>,
) -> Option<Arc<Agreement>> {
    let agrees = |profile: &Profile| profile.quirks.core.model == CoreModel::ClientKeyed;
    let pairs = profiles.iter().zip(addresses).filter(|(profile, _)| agrees(profile));
    let members: Vec<MemberId> = pairs.map(|(_, address)| member(*address)).collect();
    (addresses.len() > 1).then(|| Arc::new(Agreement::new(&members, network.clone())))
}

fn member(address: SocketAddr) -> MemberId {
    MemberId::from(address.to_string())
}
