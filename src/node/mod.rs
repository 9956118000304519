//! One running server: the registry behind its lock, the clock, timers, effects, journal and store.
//!
//! Every operation locks, calls, unlocks, and then lets its effects run. One lock serves a node: an
//! operation holds it for well under a microsecond, while the socket work around it costs ten
//! times that, so two cores never queue here (ARCHITECTURE.md has the numbers).

pub mod agreement;
pub mod clock;
mod cores;
pub mod desk;
pub mod journal;
pub mod metrics;
pub mod operation;
pub mod passwords;
pub mod peering;
pub mod process;
mod remote;
pub mod store;
mod upgrading;

pub use agreement::Agreement;
pub use clock::Clock;
pub use desk::Desk;
pub use journal::{Filter, Journal, Place, Record};
pub use metrics::Metrics;
pub use operation::Operation;
pub use process::Process;
pub use remote::{ResetDone, StreamView, Streams};

use crate::model::{AuthSettings, MemberId, Millis, Render};
use crate::peers::upgrade::Core;
use crate::profile::{Profile, ProfileError, Quirks};
use crate::registry::{
    Datagram, Effect, ProbeId, ProbeOrder, ProbeOutcome, ServerOptions, StoreWrite,
};
use cores::{Cores, rules};
use parking_lot::RwLock;
use peering::{Peering, PeeringConfig};
use remote::Resets;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use store::{Store, StoreError};
use tokio::sync::Notify;

/// So many timers run under one hold of the lock; requests get in between.
const TIMERS_AT_ONCE: usize = 64;

/// Does what the registry only says: sends datagrams and looks at instances.
pub trait Outbox: Send + Sync {
    /// Sends a push.
    fn send(&self, datagram: &Datagram);
    /// Looks whether an instance is alive and reports to [`Node::probed`].
    fn probe(&self, order: ProbeOrder);
    /// Takes the acks that have arrived, and ends when no probe is under way.
    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// What a node is made of.
pub struct NodeConfig {
    /// Which server it is.
    pub profile: Profile,
    /// What it was started with.
    pub options: ServerOptions,
    /// The process's clock.
    pub clock: Arc<Clock>,
    /// How lists are written; made from the quirks.
    pub render: fn(Arc<Quirks>) -> Arc<dyn Render>,
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// Records the journal keeps; 0 keeps none.
    pub journal_capacity: usize,
    /// Where it answers, as it names itself to clients and peers.
    pub address: SocketAddr,
    /// How callers are known.
    pub auth: AuthSettings,
    /// How it stands among others; `None` when it stands alone.
    pub peering: Option<PeeringConfig>,
    /// The console that it shares with others; `None` opens one of its own.
    pub desk: Option<Arc<Desk>>,
}

/// One running server.
pub struct Node {
    config: NodeConfig,
    quirks: RwLock<Arc<Quirks>>,
    cores: Cores,
    outbox: OnceLock<Box<dyn Outbox>>,
    streams: OnceLock<Arc<dyn Streams>>,
    /// Whoever waits until a client was told to go elsewhere.
    resets: Resets,
    /// Its side of a deployment.
    peering: Option<Peering>,
    /// It has ended and only waits to be forgotten.
    ended: AtomicBool,
    /// When the driver wakes next; an operation that needs it earlier notifies it.
    wakes_at: AtomicU64,
    earlier: Notify,
    /// Whether some requests do not pass; read by every request without the lock.
    restricted: AtomicBool,
    /// With whom it agrees on durable changes, and as whom.
    agreement: OnceLock<(MemberId, Arc<Agreement>)>,
    /// What clients asked and what was pushed.
    pub journal: Journal,
    /// What is counted.
    pub metrics: Metrics,
    /// The console and the configuration centre.
    pub desk: Arc<Desk>,
    /// When the node started.
    pub started: Millis,
}

impl Node {
    /// A node with what its store kept.
    pub fn new(config: NodeConfig) -> Result<Arc<Self>, StoreError> {
        let now = config.clock.now();
        let quirks = config.profile.quirks.clone();
        let mut cores = Cores::new(&config, &quirks, now)?;
        let (cold_start, store) = (config.options.cold_start, config.store.clone());
        let peering = config.peering.clone().map(|peering| {
            let side = Peering::new(peering, &quirks, cores.raft_kept(), now);
            cores.join(now, side.responsible());
            side
        });
        let desk = match &config.desk {
            Some(shared) => shared.clone(),
            None => Desk::open(now, cold_start, store, config.auth.clone())?,
        };
        let node = Arc::new(Self {
            quirks: RwLock::new(quirks),
            restricted: AtomicBool::new(cores.is_restricted()),
            cores,
            outbox: OnceLock::new(),
            streams: OnceLock::new(),
            resets: Resets::default(),
            peering,
            ended: AtomicBool::new(false),
            wakes_at: AtomicU64::new(0),
            earlier: Notify::new(),
            agreement: OnceLock::new(),
            journal: Journal::new(config.journal_capacity),
            metrics: Metrics::default(),
            desk,
            started: now,
            config,
        });
        node.begin_upgrade();
        Ok(node)
    }

    /// Connects the node to its sockets; called once, before it answers.
    pub fn connect(&self, outbox: Box<dyn Outbox>) {
        // A second call would be a mistake of the caller and changes nothing.
        let _ = self.outbox.set(outbox);
    }

    /// Connects the node to the streams of its clients; called once, where it has any.
    pub fn connect_streams(&self, streams: Arc<dyn Streams>) {
        // As above.
        let _ = self.streams.set(streams);
    }

    /// The node's time.
    pub fn now(&self) -> Millis {
        self.config.clock.now()
    }

    /// What it was started with.
    pub fn options(&self) -> &ServerOptions {
        &self.config.options
    }

    /// Where it answers, as it names itself.
    pub fn address(&self) -> SocketAddr {
        self.config.address
    }

    /// The process's clock.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.config.clock
    }

    /// The profile it was started with.
    pub fn profile(&self) -> &Profile {
        &self.config.profile
    }

    /// How it behaves now.
    pub fn quirks(&self) -> Arc<Quirks> {
        self.quirks.read().clone()
    }

    /// Changes one quirk; the next request sees it. The core stays what it was at the start.
    pub fn set_quirk(&self, name: &str, value: &str) -> Result<(), ProfileError> {
        let mut profile = Profile { quirks: self.quirks(), ..self.config.profile.clone() };
        profile.set(name, value)?;
        self.take_quirks(profile.quirks);
        Ok(())
    }

    /// Goes back to the quirks it was started with.
    pub fn reset_quirks(&self) {
        self.take_quirks(self.config.profile.quirks.clone());
    }

    fn take_quirks(&self, quirks: Arc<Quirks>) {
        let render = (self.config.render)(quirks.clone());
        for core in self.cores.all() {
            self.cores.of(core).lock().set_quirks(quirks.clone(), render.clone());
        }
        if let Some(beside) = self.cores.beside() {
            beside.engine.lock().set_rules(self.now(), rules(&quirks));
        }
        *self.quirks.write() = quirks;
        self.wake_driver();
    }

    /// Forgets every service, client and subscriber, and what the store kept of them.
    pub fn reset(&self) -> Result<(), StoreError> {
        let now = self.now();
        let removals: Vec<StoreWrite> =
            self.config.store.load()?.into_iter().filter_map(removal).collect();
        self.config.store.apply(&removals)?;
        for core in self.cores.all() {
            let mut fresh = Cores::fresh(&self.config, self.quirks(), core, now);
            fresh.restore(now, self.config.store.load()?);
            let mut registry = self.cores.of(core).lock();
            registry.start_anew(now, fresh);
            self.note_restriction(&registry);
        }
        if let Some((_, agreement)) = self.agreement.get() {
            agreement.forget();
        }
        self.forget_raft();
        self.wake_driver();
        Ok(())
    }

    pub(super) fn run(&self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Datagram(datagram) => {
                    self.journal.pushed(&datagram, self.now(), Operation::Push);
                    self.metrics.count_push(if datagram.again {
                        Operation::Resend
                    } else {
                        Operation::Push
                    });
                    if let Some(outbox) = self.outbox.get() {
                        outbox.send(&datagram);
                    }
                }
                Effect::Probe(order) => {
                    if let Some(outbox) = self.outbox.get() {
                        outbox.probe(order);
                    }
                }
                Effect::Ask(request) => self.ask(&request),
                Effect::Settled(ask) => self.resets.settled(ask),
                Effect::Disconnect(id) => {
                    if let Some(streams) = self.streams.get() {
                        streams.disconnect(id);
                    }
                }
                Effect::Client(news) => self.client_news(&news),
                Effect::Listed(service) => self.list_changed(service),
                Effect::Changed { service, ephemeral, part } => {
                    self.service_changed(&service, ephemeral, part);
                }
                // They were queued, agreed on or given to raft before.
                Effect::Store(_)
                | Effect::Propose(_)
                | Effect::Publish(..)
                | Effect::Unpublish(_)
                | Effect::Gone(_) => {}
            }
        }
    }

    /// Does what is due, a bounded part of it; true when there is more.
    pub fn tick(&self, now: Millis) -> bool {
        let mut more = false;
        for core in self.cores.all() {
            more |= self.tick_core(core, now);
        }
        self.tick_upgrade(now);
        self.desk.tick(now);
        if let Some((_, agreement)) = self.agreement.get() {
            agreement.tick(now);
        }
        self.tick_peers(now) || more
    }

    /// The node does nothing more by itself: it was stopped.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.wake_driver();
    }

    /// Whether it was stopped.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Whether some requests do not pass. Without switches that say so this is all that a request
    /// pays for them.
    pub fn is_restricted(&self) -> bool {
        self.restricted.load(Ordering::Relaxed)
    }

    /// When something is due next.
    pub fn next_deadline(&self) -> Option<Millis> {
        if self.has_ended() {
            return None;
        }
        let (cores, desk) = (self.cores.next_deadline(), self.desk.next_deadline());
        let peering = self.peering.as_ref().and_then(Peering::next_deadline);
        let election = self.agreement.get().and_then(|(_, agreement)| agreement.next_deadline());
        cores.into_iter().chain(desk).chain(peering).chain(election).min()
    }

    /// Takes the outcome of a probe.
    pub fn probed(&self, id: ProbeId, outcome: ProbeOutcome, rt_ms: u64) {
        let core = if id.is_of_1x_beside() { Core::Old } else { Core::New };
        let effects = self.read_in(core, |registry, now| registry.probed(now, id, outcome, rt_ms));
        self.have_agreed_later(&effects);
        self.run(effects);
    }

    /// Takes an ack; garbage and late ones are counted.
    pub fn acked(&self, from: SocketAddr, last_ref_nanos: Option<u64>) {
        let now = self.now();
        let waits = |core| self.cores.of(core).lock().acked(now, from, last_ref_nanos?);
        let known = self.cores.all().find_map(waits);
        match known {
            Some(datagram) => {
                self.journal.pushed(&datagram, self.now(), Operation::Ack);
                self.metrics.count_push(Operation::Ack);
            }
            None => self.metrics.count_stray_ack(),
        }
    }

    /// Ends when no probe is under way and every ack that has arrived was taken.
    pub async fn settled(&self) {
        if let Some(outbox) = self.outbox.get() {
            outbox.settled().await;
        }
        if let Some(streams) = self.streams.get() {
            streams.settled().await;
        }
    }

    /// The driver says until when it sleeps.
    pub fn sleeps_until(&self, at: Option<Millis>) {
        self.wakes_at.store(at.map_or(u64::MAX, |at| at.0), Ordering::SeqCst);
    }

    /// Waits until something is due earlier than the driver thought.
    pub async fn earlier_deadline(&self) {
        self.earlier.notified().await;
    }

    /// Wakes the driver when it sleeps longer than until this deadline.
    pub fn wake_before(&self, deadline: Option<Millis>) {
        if deadline.is_some_and(|due| due.0 < self.wakes_at.load(Ordering::SeqCst)) {
            self.wake_driver();
        }
    }

    fn wake_driver(&self) {
        self.wakes_at.store(0, Ordering::SeqCst);
        self.earlier.notify_one();
    }
}

/// The write that takes an entry out of the store; switches stay.
fn removal(write: StoreWrite) -> Option<StoreWrite> {
    match write {
        StoreWrite::PersistentInstance { service, ip, port, cluster, .. } => {
            Some(StoreWrite::PersistentInstance { service, ip, port, cluster, instance: None })
        }
        StoreWrite::Service { service, .. } => {
            Some(StoreWrite::Service { service, settings: None })
        }
        StoreWrite::InstanceRecord { service, metadata_id, .. } => {
            Some(StoreWrite::InstanceRecord { service, metadata_id, record: None })
        }
        StoreWrite::Raft { key, .. } => Some(StoreWrite::Raft { key, number: None }),
        StoreWrite::Switches(_) | StoreWrite::Upgraded(_) | StoreWrite::Console(_) => None,
    }
}
