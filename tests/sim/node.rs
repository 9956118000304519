//! What the simulator needs of a node, whichever family its engines are of.

use facos::model::{Instance, MemberId, Metadata, Millis, PeerAnswer, PeerCall, PeerFailure};
use facos::peers::members::Settings;
use facos::peers::{Mapper, Token};
use std::collections::{BTreeMap, BTreeSet};

/// The switches that membership obeys, as nobody changed them.
pub const SETTINGS: Settings<'_> = Settings {
    period_ms: 2_000,
    expired_ms: 10_000,
    threshold: 0.7,
    health_check: true,
    auto_change: true,
    ad_weights: &[],
};

/// What became of a call.
pub type Outcome = Result<PeerAnswer, PeerFailure>;

/// Service, address, and the health that a node shows.
pub type Shown = BTreeMap<(String, String), bool>;

/// What a node wants done.
#[derive(Debug)]
pub enum Action {
    /// Make a call; its outcome comes back under the token, once.
    Call { to: MemberId, call: PeerCall, token: Token },
    /// What had to wait is done, or will not be.
    Done { ticket: u64, taken: bool },
}

/// What a node makes of a call.
#[derive(Debug)]
pub enum Reply {
    /// This.
    Now(Outcome),
    /// Nothing yet: [`Action::Done`] follows.
    Later,
}

/// What a node makes of what a client asks.
#[derive(Debug)]
pub enum Served {
    /// It is done.
    Done,
    /// It is not done.
    Refused,
    /// It belongs to another node.
    Forward(MemberId),
    /// Nothing yet: [`Action::Done`] follows.
    Later,
}

/// What a client asks.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Register, and beat ever after.
    Register(Provider),
    /// A full beat.
    Beat(Provider),
    /// Deregister.
    Deregister(Provider),
    /// Write a durable value.
    Put { key: u8, value: i32 },
}

/// Who registers where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Provider {
    /// Grouped name of the service.
    pub service: String,
    /// Its address; the port is always [`PORT`].
    pub ip: String,
}

/// The port of every instance.
pub const PORT: i32 = 80;
/// The namespace of every service.
pub const NAMESPACE: &str = "public";

impl Provider {
    /// As lists name it.
    pub fn address(&self) -> String {
        format!("{}:{PORT}", self.ip)
    }

    /// Its instance as it registers it.
    pub fn instance(&self) -> Instance {
        instance(&self.ip, PORT, true)
    }
}

/// A healthy instance with nothing special about it.
pub fn instance(ip: &str, port: i32, ephemeral: bool) -> Instance {
    Instance {
        ip: Some(ip.into()),
        port,
        cluster: "DEFAULT".into(),
        weight: 1.0,
        healthy: true,
        enabled: true,
        ephemeral,
        metadata: Some(Metadata::new()),
        app: "".into(),
    }
}

/// What a node starts with.
pub struct Boot<'a, N: SimNode> {
    /// How it names itself.
    pub own: MemberId,
    /// The members' list.
    pub listed: Vec<MemberId>,
    /// It has run for a while and knows everybody.
    pub settled: bool,
    /// What it kept on disk.
    pub kept: N::Kept,
    /// What it shares with the others.
    pub shared: &'a N::Shared,
    /// Decides what it does by chance.
    pub seed: u64,
    /// Its time.
    pub now: Millis,
}

/// One node of a family.
pub trait SimNode: Sized {
    /// The family's name in commands that repeat a seed.
    const FAMILY: &'static str;
    /// Whether a node that starts anew may have forgotten a term and its vote in it: 1.x keeps only
    /// the terms of writes.
    const FORGETS_TERMS: bool;
    /// Whether nodes compare what they list with the responsible one, so that a copy which says
    /// something wrong is mended. On 2.0.x they ask only whether a client is known: a wrong copy
    /// stays until its client changes.
    const MENDS: bool;
    /// Whether what one node says to another arrives in the order in which it was said.
    const IN_ORDER: bool;
    /// What survives a kill.
    type Kept: Default + Clone;
    /// What the nodes share besides the network.
    type Shared: Default;

    /// Starts.
    fn boot(boot: Boot<'_, Self>) -> Self;
    /// What is on disk now.
    fn kept(&self) -> Self::Kept;
    /// The node is gone.
    fn killed(&self, shared: &Self::Shared, now: Millis);
    /// An operator wrote another list.
    fn list(&mut self, now: Millis, listed: Vec<MemberId>) -> Vec<Action>;
    /// Whether the node can talk with a majority of the others, looked at each second.
    fn reaches_majority(&self, shared: &Self::Shared, now: Millis, reaches: bool);
    /// When something is due.
    fn next_deadline(&self) -> Millis;
    /// Does what is due.
    fn tick(&mut self, now: Millis) -> Vec<Action>;
    /// Another node calls.
    fn call(&mut self, now: Millis, call: PeerCall, ticket: u64) -> (Reply, Vec<Action>);
    /// A call of its own has an outcome.
    fn answered(&mut self, now: Millis, token: Token, outcome: Outcome) -> Vec<Action>;
    /// A client asks, or another node for it.
    fn ask(
        &mut self,
        now: Millis,
        ask: &Ask,
        forwarded: bool,
        ticket: u64,
    ) -> (Served, Vec<Action>);
    /// What other nodes told it last now says that an instance of theirs is unhealthy.
    fn spoil(&mut self, now: Millis);
    /// Services for which it is responsible and that it will name to nobody: on 1.x a node that was
    /// not responsible forgets a list which the one that was does not name, and keeps the
    /// instances. When it becomes responsible, beats keep them alive and bring no list back; only
    /// the next registration does.
    fn forgot(&self) -> BTreeSet<String>;
    /// What it lists.
    fn shown(&self) -> Shown;
    /// Its durable values.
    fn values(&self) -> BTreeMap<u8, i32>;
    /// Its view of who is responsible.
    fn mapper(&self) -> Mapper;
    /// The term since which it leads, if it does.
    fn leads(&self) -> Option<i64>;
    /// Everything in it that waits for something.
    fn waiting(&self) -> usize;
}
