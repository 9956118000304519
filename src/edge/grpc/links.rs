//! The ways to the gRPC ports of the other members (`ClusterRpcClientProxy`): one connection to
//! each, opened when there is something to say, checked each 5 s, opened again when it breaks.
//! Calls wait in a bounded queue; one that finds no connection fails at once, so a member that is
//! down costs the others nothing.

use crate::client::grpc::{AUTO, Link, Reply};
use crate::model::{ClientCall, MemberId, PeerAnswer, PeerFailure};
use crate::node::Node;
use crate::node::peering::{Flight, Network};
use crate::peers::Token;
use crate::wire::grpc::cluster::{
    answer_of, client_call, health_check, is_accepted, link_check, link_setup,
};
use crate::wire::grpc::{Payload, UNARY_PATH};
use futures_util::stream::{FuturesUnordered, StreamExt};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// From a member's HTTP port to the one where members are served.
const PORT_OFFSET: u16 = 1_001;
/// Calls that wait for one member; more fail at once.
const MAX_QUEUED: usize = 65_536;
/// Calls under way to one member.
const MAX_UNDER_WAY: usize = 256;
/// How long a connection may take to come about.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// How long an answer may take (`nacos.core.protocol.distro.data.sync.timeoutMs`).
const CALL_PATIENCE: Duration = Duration::from_secs(3);
/// How long a way outlives its last call.
const WAY_IDLE: Duration = Duration::from_secs(60);
/// From one check of a connection to the next.
const CHECK_PERIOD: Duration = Duration::from_secs(5);
/// From the first failure to connect to the next try; each further one waits 100 ms longer.
const FIRST_REST: Duration = Duration::from_millis(200);
const REST_STEP: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(5);

/// How a node speaks to the members.
struct Speaker {
    /// The version it gives for itself.
    version: String,
    /// The machine's address.
    machine: String,
    /// Whether a member that could not be reached is left alone for a while; on a manual clock it
    /// is not, since no such while passes.
    rests: bool,
}

/// All ways of one node.
pub struct MemberLinks {
    shared: Arc<Shared>,
    ways: Mutex<FxHashMap<MemberId, mpsc::Sender<Queued>>>,
    runtime: Handle,
}

struct Shared {
    node: Weak<Node>,
    network: Arc<Network>,
    speaker: Speaker,
}

struct Queued {
    call: ClientCall,
    token: Token,
    /// What a manual clock waits for; only of calls to nodes of this process.
    flight: Option<Flight>,
}

impl MemberLinks {
    /// The ways of a node; its connections live on that runtime.
    pub fn new(node: &Arc<Node>, runtime: &Handle) -> Self {
        let speaker = Speaker {
            version: node.quirks().server.version.clone(),
            machine: node.address().ip().to_string(),
            rests: !node.clock().is_manual(),
        };
        let network = node.peering().map(|side| side.network().clone()).unwrap_or_default();
        let shared = Arc::new(Shared { node: Arc::downgrade(node), network, speaker });
        Self { shared, ways: Mutex::default(), runtime: runtime.clone() }
    }

    /// Calls a member; the outcome comes later, and always.
    pub fn call(&self, to: &MemberId, call: ClientCall, token: Token) {
        let flight = self.shared.network.is_own(to).then(|| self.shared.network.flight());
        let queued = Queued { call, token, flight };
        let refused = {
            let mut ways = self.ways.lock();
            ways.retain(|_, way| !way.is_closed());
            let way = ways.entry(to.clone()).or_insert_with(|| self.open(to));
            way.try_send(queued).err()
        };
        if let Some(refused) = refused {
            let (shared, queued) = (self.shared.clone(), refused.into_inner());
            // Not from within: whoever calls may not expect an answer before it has gone on.
            self.runtime.spawn(async move {
                shared.settle(queued.token, queued.flight, Err(PeerFailure::Crowded));
            });
        }
    }

    fn open(&self, to: &MemberId) -> mpsc::Sender<Queued> {
        let (sender, queue) = mpsc::channel(MAX_QUEUED);
        let way = Way {
            to: to.clone(),
            shared: self.shared.clone(),
            link: None,
            failures: 0,
            rest_until: Instant::now(),
            spoken: Instant::now(),
        };
        self.runtime.spawn(way.run(queue));
        sender
    }
}

impl Shared {
    /// The call has landed when what follows from its outcome has begun.
    fn settle(
        &self,
        token: Token,
        flight: Option<Flight>,
        outcome: Result<PeerAnswer, PeerFailure>,
    ) {
        if let Some(node) = self.node.upgrade()
            && !node.has_ended()
        {
            node.peer_answered(token, outcome);
        }
        drop(flight);
    }
}

/// The way to one member.
struct Way {
    to: MemberId,
    shared: Arc<Shared>,
    link: Option<Arc<Link>>,
    failures: u32,
    rest_until: Instant,
    /// The last call that an engine made.
    spoken: Instant,
}

impl Way {
    async fn run(mut self, mut queue: mpsc::Receiver<Queued>) {
        let mut calls = FuturesUnordered::new();
        let mut check = Instant::now() + CHECK_PERIOD;
        loop {
            tokio::select! {
                queued = queue.recv(), if calls.len() < MAX_UNDER_WAY => {
                    let Some(queued) = queued else { break };
                    self.spoken = Instant::now();
                    check = self.spoken + CHECK_PERIOD;
                    match self.connected().await {
                        Some(link) => {
                            calls.push(speak(self.shared.clone(), link, self.to.clone(), queued));
                        }
                        None => {
                            let refused = Err(PeerFailure::Refused);
                            self.shared.settle(queued.token, queued.flight, refused);
                        }
                    }
                }
                Some(()) = calls.next(), if !calls.is_empty() => {}
                () = sleep_until(check) => {
                    check = Instant::now() + CHECK_PERIOD;
                    if self.spoken.elapsed() > WAY_IDLE {
                        // Whoever got hold of it meanwhile is answered.
                        queue.close();
                    } else {
                        self.check().await;
                    }
                }
            }
        }
        // Nobody speaks to it any more: what is under way still has its outcome.
        while calls.next().await.is_some() {}
    }

    /// The connection; `None` when there is none to be had now.
    async fn connected(&mut self) -> Option<Arc<Link>> {
        if let Some(link) = self.link.as_ref().filter(|link| !link.is_closed()) {
            return Some(link.clone());
        }
        self.link = None;
        if self.shared.speaker.rests && Instant::now() < self.rest_until {
            return None;
        }
        let attempt = connect(&self.to, &self.shared.speaker);
        match timeout(CONNECT_PATIENCE, attempt).await.ok().flatten() {
            Some(link) => {
                self.failures = 0;
                self.link = Some(Arc::new(link));
            }
            None => {
                let rest = FIRST_REST + REST_STEP * self.failures;
                self.failures = self.failures.saturating_add(1).min(1_000);
                self.rest_until = Instant::now() + rest.min(LONGEST_REST);
            }
        }
        self.link.clone()
    }

    /// Shows a silent connection that this side lives.
    async fn check(&mut self) {
        let Some(link) = self.connected().await else { return };
        let check = health_check(&self.shared.speaker.machine).encode();
        let reply = link.call(UNARY_PATH, check, CALL_PATIENCE).await;
        for kind in AUTO {
            // They were answered as they came, and nobody else reads them.
            while link.take(kind).is_some() {}
        }
        if !matches!(reply, Reply::Message(response) if is_accepted(&response)) {
            self.link = None;
        }
    }
}

/// Makes one call.
async fn speak(shared: Arc<Shared>, link: Arc<Link>, to: MemberId, queued: Queued) {
    let Queued { call, token, flight } = queued;
    let request = client_call(&call, &to, &shared.speaker.machine).encode();
    let outcome = match link.call(UNARY_PATH, request, CALL_PATIENCE).await {
        Reply::Message(response) => answer_of(&call, &response),
        Reply::Failed(status) if status.code == "DEADLINE_EXCEEDED" => Err(PeerFailure::TimedOut),
        Reply::Failed(_) => Err(PeerFailure::Broken),
    };
    shared.settle(token, flight, outcome);
}

/// Connects to a member as a real server does: a check, then the setup on the stream. A member
/// that starts refuses the check.
async fn connect(to: &str, speaker: &Speaker) -> Option<Link> {
    let (host, port) = to.rsplit_once(':')?;
    let port = port.parse::<u16>().ok()?.checked_add(PORT_OFFSET)?;
    let address = (host.trim_matches(['[', ']']), port).to_socket_addrs().ok()?.next()?;
    let auto = AUTO.map(str::to_owned).to_vec();
    let mut link = Link::open(address, None, auto, Arc::default()).await.ok()?;
    let check = link.call(UNARY_PATH, link_check(&speaker.machine).encode(), CALL_PATIENCE).await;
    let accepted =
        |response: &Payload| response.kind == "ServerCheckResponse" && is_accepted(response);
    if !matches!(&check, Reply::Message(response) if accepted(response)) {
        return None;
    }
    let setup = link_setup(&speaker.version, &speaker.machine).encode();
    link.send(Some(setup)).await.ok()?;
    registered(&link, speaker).await.then_some(link)
}

/// A setup is not answered: the first call that is not refused shows that it was taken.
async fn registered(link: &Link, speaker: &Speaker) -> bool {
    /// A real server sleeps 100 ms instead.
    const TRIES: u32 = 100;
    for _ in 0..TRIES {
        let check = health_check(&speaker.machine).encode();
        match link.call(UNARY_PATH, check, CALL_PATIENCE).await {
            Reply::Message(response) if is_accepted(&response) => return true,
            Reply::Message(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            Reply::Failed(_) => return false,
        }
    }
    false
}
