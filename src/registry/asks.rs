//! What the server has asked its clients over their streams and not been answered yet: pushes,
//! detections, resets. An answer is matched by connection and `requestId`, whatever its type
//! (`grpc/push-not-acknowledged`, `grpc/push-refused`).

use crate::model::{ConfigKey, ConnectionId, Millis, ServiceKey};
use crate::registry::timers::{Timer, Timers};
use bytes::Bytes;
use rustc_hash::FxHashMap;

/// How long an answer to a push may take, ms.
pub const PUSH_TIMEOUT_MS: u64 = 5_000;
/// How long an answer to a detection may take, ms.
pub const DETECTION_TIMEOUT_MS: u64 = 1_000;
/// How long an answer to the notice of a changed configuration may take, ms.
pub const CONFIG_TIMEOUT_MS: u64 = 3_000;
/// How long an answer to a reset may take, ms.
pub const RESET_TIMEOUT_MS: u64 = 3_000;
/// At most so many asks wait; further ones are sent and their answers not missed, so that silent
/// subscribers cannot grow the table without end.
const MAX_WAITING: usize = 1_000_000;

/// A request of the server to one client.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerRequest {
    /// The connection.
    pub to: ConnectionId,
    /// `requestId`; rises by one with each request of the node.
    pub id: u64,
    /// What is asked.
    pub what: Ask,
}

/// What a server asks of a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// `NotifySubscriberRequest`: take this list.
    Notify {
        /// The service that changed.
        service: ServiceKey,
        /// Its `serviceInfo`, shared by all who are told.
        info: Bytes,
        /// When the first change asked for the push.
        since: Millis,
    },
    /// `ConfigChangeNotifyRequest`: this configuration changed.
    ConfigChanged {
        /// Which.
        key: ConfigKey,
        /// How often it was told, this time counted.
        times: u32,
    },
    /// `ClientDetectionRequest`: are you there?
    Detect,
    /// `ConnectResetRequest`: go elsewhere, to this ip and port if given.
    Reset(Option<(Box<str>, Box<str>)>),
}

/// What waits, and what came of the others.
#[derive(Debug, Default)]
pub struct Asks {
    waiting: FxHashMap<u64, Waiting>,
    last_id: u64,
}

/// An ask that is not settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Whom was asked.
    pub to: ConnectionId,
    /// What the answer decides.
    pub about: About,
    /// It was refused, or rests: no answer settles it, only its timer runs.
    refused: bool,
}

/// What an answer decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Whether a push of this service, begun then, has to be repeated.
    Push(ServiceKey, Millis),
    /// Whether this configuration's notice, told so often, has to be repeated.
    Config(ConfigKey, u32),
    /// Nothing: the notice of this configuration rests until it is told for the so-many-th time.
    ConfigRests(ConfigKey, u32),
    /// Whether the connection lives.
    Detection,
    /// When whoever asked for the reset is answered.
    Reset,
}

impl Asks {
    /// Numbers an ask that goes out now and waits for its answer.
    pub fn ask(
        &mut self,
        timers: &mut Timers,
        now: Millis,
        to: ConnectionId,
        what: Ask,
    ) -> ServerRequest {
        self.last_id += 1;
        let id = self.last_id;
        let (about, timeout_ms) = match &what {
            Ask::Notify { service, since, .. } => {
                (About::Push(service.clone(), *since), PUSH_TIMEOUT_MS)
            }
            Ask::ConfigChanged { key, times } => {
                (About::Config(key.clone(), *times), CONFIG_TIMEOUT_MS)
            }
            Ask::Detect => (About::Detection, DETECTION_TIMEOUT_MS),
            Ask::Reset(_) => (About::Reset, RESET_TIMEOUT_MS),
        };
        if self.waiting.len() < MAX_WAITING {
            self.waiting.insert(id, Waiting { to, about, refused: false });
            timers.set(now + timeout_ms, Timer::Ask(id));
        }
        ServerRequest { to, id, what }
    }

    /// Lets a notice of a client rest; its time is up when it is to be told again.
    pub fn rest(&mut self, timers: &mut Timers, until: Millis, to: ConnectionId, about: About) {
        self.last_id += 1;
        if self.waiting.len() < MAX_WAITING {
            self.waiting.insert(self.last_id, Waiting { to, about, refused: true });
            timers.set(until, Timer::Ask(self.last_id));
        }
    }

    /// An answer came; `None` when nothing of that connection waits for it. A push that was refused
    /// keeps its timer, as on the real server.
    pub fn answered(&mut self, from: ConnectionId, id: u64, success: bool) -> Option<About> {
        let waiting = self.waiting.get_mut(&id)?;
        if waiting.to != from || waiting.refused {
            return None;
        }
        if !success && matches!(waiting.about, About::Push(..)) {
            waiting.refused = true;
            return Some(waiting.about.clone());
        }
        self.waiting.remove(&id).map(|waiting| waiting.about)
    }

    /// An ask's time is up; `None` when it is settled.
    pub fn due(&mut self, id: u64) -> Option<Waiting> {
        self.waiting.remove(&id)
    }

    /// Asks that wait for an answer.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
