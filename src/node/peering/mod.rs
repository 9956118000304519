//! A node among others: the engines of `peers` behind their locks, the list of members, who is
//! responsible for what, and the calls between members. A node that stands alone has none of it.
//!
//! Locks are taken one at a time and never while a call is made: an engine is asked, unlocked, and
//! then its effects run.

mod clients;
mod held;
mod leave;
mod list;
mod network;
mod old;
mod responsible;

pub use list::{MemberSource, parse};
pub use network::{Direction, Flight, Network, Way};
pub use old::RaftKept;
pub use responsible::Responsible;

use crate::model::{MemberId, Millis, PeerAnswer, PeerCall, PeerFailure};
use crate::node::Node;
use crate::peers::members::{MemberReport, Settings, StatusReport, Turn, Unlisted};
use crate::peers::upgrade::Core;
use crate::peers::{Beginning, ClientSync, Effect, Engine, Mapper, Members, Token};
use crate::profile::{CoreModel, MembersProtocol, Quirks};
use held::{Held, HeldBack};
use old::OldProtocols;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::{Semaphore, oneshot};

/// Requests that a node forwards at a time, as many as a real one has threads; more wait.
const MAX_HOPS: usize = 200;
/// How long whoever made a lost call waits for it, ms.
const LOST_AFTER_MS: u64 = 10_000;

/// Makes the calls that engines only name.
pub trait PeerLink: Send + Sync {
    /// Calls a member; what becomes of it comes back through [`Node::peer_answered`].
    fn call(&self, to: &MemberId, call: PeerCall, token: Token);
}

/// How a node stands among others.
#[derive(Debug, Clone)]
pub struct PeeringConfig {
    /// How it names itself.
    pub own: MemberId,
    /// Who the members are.
    pub source: MemberSource,
    /// Members that it has known for a while, itself among them; none when it has just started.
    pub known: Vec<MemberReport>,
    /// Whether it was upgraded to 2.0.x when it ended last.
    pub upgraded: bool,
    /// The network between the nodes of the process.
    pub network: Arc<Network>,
}

/// A node's side of a deployment.
pub struct Peering {
    own: MemberId,
    source: Mutex<MemberSource>,
    members: Mutex<Members>,
    /// The protocols of 1.x.
    old: OldProtocols,
    /// What is told of clients (2.x).
    clients: Option<Mutex<ClientSync>>,
    responsible: Arc<Responsible>,
    network: Arc<Network>,
    link: OnceLock<Box<dyn PeerLink>>,
    held: Mutex<HeldBack>,
    hops: Semaphore,
    /// When the list is looked at again, ms.
    next_look: AtomicU64,
}

impl Peering {
    /// The side of a node that starts now.
    pub fn new(config: PeeringConfig, quirks: &Quirks, kept: RaftKept, now: Millis) -> Self {
        let PeeringConfig { own, source, known, network, .. } = config;
        let listed = source.read(port_of(&own)).unwrap_or_default();
        let mut members = Members::new(own.clone(), listed, quirks.members.protocol, now);
        let begins = beginning(&known, members.listed());
        let clients = (quirks.core.model == CoreModel::ClientKeyed)
            .then(|| Mutex::new(ClientSync::new(now, begins)));
        if !known.is_empty() {
            members.settle(now, known);
        }
        let mapper = Mapper::new(own.clone(), members.healthy().to_vec(), true);
        let old = OldProtocols::new(&own, quirks, kept, now);
        old.members(&own, members.listed(), members.healthy());
        if begins == Beginning::Settled {
            old.settle(members.listed());
        }
        network.add_own(own.clone());
        Self {
            own,
            source: Mutex::new(source),
            members: Mutex::new(members),
            old,
            clients,
            responsible: Arc::new(Responsible::new(mapper)),
            network,
            link: OnceLock::new(),
            held: Mutex::default(),
            hops: Semaphore::new(MAX_HOPS),
            next_look: AtomicU64::new(now.0 + quirks.members.list_period_ms),
        }
    }

    /// How the node names itself.
    pub fn own(&self) -> &MemberId {
        &self.own
    }

    /// Where its list of members comes from.
    pub fn source(&self) -> MemberSource {
        self.source.lock().clone()
    }

    /// Who is responsible for what.
    pub fn responsible(&self) -> &Arc<Responsible> {
        &self.responsible
    }

    /// The network between the nodes of the process.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Looks at the members.
    pub fn members<T>(&self, look: impl FnOnce(&Members) -> T) -> T {
        look(&self.members.lock())
    }

    /// Connects it to its sockets; called once, before the node answers.
    pub fn connect(&self, link: Box<dyn PeerLink>) {
        // A second call would be a mistake of the caller and changes nothing.
        let _ = self.link.set(link);
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<Millis> {
        let look = Millis(self.next_look.load(Ordering::Relaxed));
        let held = self.held.lock().next_deadline();
        let turn = self.members.lock().next_deadline();
        let clients = self.clients.as_ref().and_then(|clients| clients.lock().next_deadline());
        [Some(look), held, Some(turn), clients, self.old.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether something waits here for the node's clock: on a slow or a cut way.
    pub fn is_holding(&self) -> bool {
        self.held.lock().next_deadline().is_some()
    }

    /// How many calls of its engines wait for an answer.
    pub fn waiting(&self) -> usize {
        let clients = self.clients.as_ref().map_or(0, |clients| clients.lock().waiting());
        clients + self.old.waiting()
    }

    /// Tells the protocols of 1.x who the members are.
    fn tell_old(&self) {
        let (listed, healthy) =
            self.members(|members| (members.listed().to_vec(), members.healthy().to_vec()));
        self.old.members(&self.own, &listed, &healthy);
    }

    /// Lists of 1.x travel as long as the core of 1.x answers.
    pub(super) fn follow_core(&self, serves: Core) {
        self.old.run_distro(serves == Core::Old);
    }

    /// The old raft of a member of 2.0.x stops.
    pub(super) fn stop_raft(&self) {
        self.old.stop_raft();
    }

    /// Whether it is ready to be upgraded, for the other members.
    pub(super) fn set_ready(&self, now: Millis, ready: bool) {
        self.members.lock().set_ready(now, ready);
    }

    /// Follows the switch that lets every node take everything.
    pub(super) fn follow_switch(&self, enabled: bool) {
        self.responsible.follow_switch(enabled);
    }

    /// Seats of the requests that are forwarded at a time.
    pub fn hops(&self) -> &Semaphore {
        &self.hops
    }

    /// Waits for a moment on the node's clock.
    pub fn until(&self, moment: Millis) -> oneshot::Receiver<()> {
        let (wake, wait) = oneshot::channel();
        self.hold(moment, Held::Waiter(wake));
        wait
    }

    fn hold(&self, until: Millis, held: Held) {
        self.held.lock().hold(until, held);
    }
}

impl Node {
    /// Its side of a deployment; `None` when it stands alone.
    pub fn peering(&self) -> Option<&Peering> {
        self.peering.as_ref()
    }

    /// Does what is due among members; true when there is more.
    pub(super) fn tick_peers(&self, now: Millis) -> bool {
        let Some(peering) = &self.peering else { return false };
        self.look_at_list(peering, now);
        let due = peering.held.lock().due(now);
        if let Some(held) = due {
            self.let_go(peering, held);
        }
        let turn = self.with_settings(|settings| peering.members.lock().tick(now, settings));
        self.members_turned(peering, turn);
        self.tick_clients(peering, now);
        self.tick_old(peering, now);
        peering.next_deadline().is_some_and(|due| due <= now)
    }

    fn look_at_list(&self, peering: &Peering, now: Millis) {
        if now.0 < peering.next_look.load(Ordering::Relaxed) {
            return;
        }
        let period_ms = self.quirks().members.list_period_ms.max(1);
        peering.next_look.store(now.0 + period_ms, Ordering::Relaxed);
        let source = peering.source.lock().clone();
        if let Some(listed) = source.read(port_of(&peering.own)) {
            let turn = peering.members.lock().list(now, listed);
            self.members_turned(peering, turn);
            peering.tell_old();
        }
    }

    fn let_go(&self, peering: &Peering, held: Held) {
        match held {
            Held::Call { to, call, token } => send(peering, &to, call, token),
            Held::Failure(token, failure) => self.peer_answered(token, Err(failure)),
            // Whoever waited may have gone away meanwhile.
            Held::Waiter(wake) => drop(wake.send(())),
        }
    }

    fn with_settings<T>(&self, run: impl FnOnce(&Settings<'_>) -> T) -> T {
        let auto_health_check = self.quirks().switches.auto_health_check;
        let switches = self.read(|registry, _| registry.switches().clone());
        let period = |ms: i64| u64::try_from(ms).unwrap_or(0);
        run(&Settings {
            period_ms: period(switches.server_status_period_millis),
            expired_ms: period(switches.distro_server_expired_millis),
            threshold: switches.distro_threshold,
            health_check: switches.health_check_enabled,
            auto_change: !auto_health_check || switches.auto_change_health_check_enabled,
            ad_weights: &switches.ad_weights,
        })
    }

    fn members_turned(&self, peering: &Peering, turn: Turn) {
        if turn.changed {
            let healthy = peering.members(|members| members.healthy().to_vec());
            tracing::info!(node = %peering.own, ?healthy, "the healthy members changed");
            peering.responsible.take(healthy);
            peering.tell_old();
            self.read(|registry, now| registry.responsibility_moved(now));
        }
        self.members_touched(peering, &turn.touched);
        if let Some(enabled) = turn.health_check {
            self.read(|registry, _| registry.pause_health_check(enabled));
        }
        self.run_peers(turn.effects);
    }

    /// Makes the calls that engines name.
    pub fn run_peers(&self, effects: Vec<Effect>) {
        let Some(peering) = &self.peering else { return };
        for effect in effects {
            match effect {
                Effect::Call { to, call, token } => self.call_peer(peering, to, call, token),
                Effect::TakeClients(clients) => self.take_clients(&clients),
            }
        }
    }

    fn call_peer(&self, peering: &Peering, to: MemberId, call: PeerCall, token: Token) {
        let now = self.now();
        // A way that has become faster lets nothing overtake what waits on it.
        let last = peering.held.lock().last_call(&to);
        match (peering.network.way(&peering.own, &to), last) {
            (Way::Open, None) => return send(peering, &to, call, token),
            (Way::Open, Some(last)) => peering.hold(last, Held::Call { to, call, token }),
            (Way::Slow(lag_ms), last) => {
                let until = last.map_or(now + lag_ms, |last| last.max(now + lag_ms));
                peering.hold(until, Held::Call { to, call, token });
            }
            (Way::Cut, _) => {
                let failure = Held::Failure(token, PeerFailure::TimedOut);
                peering.hold(now + LOST_AFTER_MS, failure);
            }
        }
        self.wake_before(peering.next_deadline());
    }

    /// Takes what became of a call.
    pub fn peer_answered(&self, token: Token, outcome: Result<PeerAnswer, PeerFailure>) {
        let Some(peering) = &self.peering else { return };
        match token.engine {
            Engine::Members => {
                let now = self.now();
                let turn = peering.members.lock().answered(now, token.number, &outcome);
                self.members_turned(peering, turn);
            }
            Engine::Clients => self.client_call_answered(peering, token.number, outcome),
            Engine::Distro => self.distro_answered(peering, token.number, outcome),
            Engine::Raft => self.raft_answered(peering, token.number, outcome),
        }
    }

    /// A member of 1.x says that it is alive.
    ///
    /// # Errors
    /// It is not on the list.
    pub fn status_heard(&self, report: &StatusReport) -> Result<(), Unlisted> {
        let Some(peering) = &self.peering else { return Ok(()) };
        let now = self.now();
        let turn = match self.quirks().members.protocol {
            MembersProtocol::Reports => {
                return peering.members.lock().status_heard(now, report);
            }
            MembersProtocol::Rounds => peering.members.lock().old_status_heard(now, report)?,
        };
        self.members_turned(peering, turn);
        Ok(())
    }

    /// An operator has dead members of 1.x forgotten.
    pub fn clean_members(&self) {
        let Some(peering) = &self.peering else { return };
        let effects = peering.members.lock().clean();
        self.run_peers(effects);
    }

    /// A member of 2.x reported; false when it is not on the list.
    pub fn report_heard(&self, report: MemberReport) -> bool {
        let Some(peering) = &self.peering else { return false };
        let now = self.now();
        let turn = peering.members.lock().report_heard(now, report);
        let Some(turn) = turn else { return false };
        self.members_turned(peering, turn);
        true
    }

    /// Gives the node another list of members, which holds from its next look at it.
    pub fn set_members(&self, source: MemberSource) {
        if let Some(peering) = &self.peering {
            *peering.source.lock() = source;
            peering.next_look.fetch_min(self.now().0, Ordering::Relaxed);
            self.wake_before(peering.next_deadline());
        }
    }
}

fn send(peering: &Peering, to: &MemberId, call: PeerCall, token: Token) {
    if let Some(link) = peering.link.get() {
        link.call(to, call, token);
    }
}

/// A node that knows every member from the start begins with them; others may know more.
fn beginning(known: &[MemberReport], listed: &[MemberId]) -> Beginning {
    let is_known = |id: &MemberId| known.iter().any(|report| report.from == *id);
    match (known.is_empty(), listed.iter().all(is_known)) {
        (true, _) => Beginning::LikeReal,
        (false, true) => Beginning::Settled,
        (false, false) => Beginning::AtOnce,
    }
}

/// The port in a member's name.
fn port_of(member: &str) -> u16 {
    member.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(0)
}
