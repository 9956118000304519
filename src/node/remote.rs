//! What a node does with the connections of its clients: asks on their streams, takes the answers,
//! and lets whoever asked for a reset wait until the client has answered.

use crate::model::{ConfigKey, ConnectionId, ConnectionMeta, Millis};
use crate::node::{Node, Operation};
use crate::peers::upgrade::Core;
use crate::registry::asks::{About, Ask, ServerRequest};
use crate::registry::connections::Setup;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The status under which a setup is counted that comes a second time.
const REPEATED: u16 = 409;

/// The streams of a node's clients.
pub trait Streams: Send + Sync {
    /// Puts a request on a client's stream; one without a stream is never asked.
    fn ask(&self, request: &ServerRequest);
    /// Ends a connection in order.
    fn disconnect(&self, id: ConnectionId);
    /// Every connection that is open, registered or not.
    fn views(&self) -> Vec<StreamView>;
    /// Cuts the connection of that name, as a network would; false when there is none.
    fn cut(&self, name: &str) -> bool;
    /// Holds back what waits for the stream of that connection, or lets it go; false when there is
    /// none.
    fn stall(&self, name: &str, stalled: bool) -> bool;
    /// Messages that were dropped because too many waited on one stream.
    fn dropped(&self) -> u64;
    /// Ends when clients had the time to answer what they were asked.
    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A connection as its socket knows it.
#[derive(Debug, Clone)]
pub struct StreamView {
    /// Its number.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// The client's end.
    pub remote: SocketAddr,
    /// When it was accepted.
    pub accepted: Millis,
    /// Messages that wait to be sent.
    pub queued: usize,
    /// Nothing is sent on it for now.
    pub stalled: bool,
}

/// Ends when a client has answered a reset, or did not in its time.
pub type ResetDone = oneshot::Receiver<()>;

/// Whoever waits for the answer to a reset, by the number of the ask.
#[derive(Debug, Default)]
pub(super) struct Resets(Mutex<FxHashMap<u64, oneshot::Sender<()>>>);

impl Resets {
    fn wait(&self, ask: u64) -> ResetDone {
        let (done, wait) = oneshot::channel();
        self.0.lock().insert(ask, done);
        wait
    }

    pub(super) fn settled(&self, ask: u64) {
        if let Some(waiting) = self.0.lock().remove(&ask) {
            // Whoever asked may have gone away meanwhile.
            let _ = waiting.send(());
        }
    }
}

impl Node {
    /// The streams of its clients, where the version has any.
    pub fn streams(&self) -> Option<&Arc<dyn Streams>> {
        self.streams.get()
    }

    pub(super) fn ask(&self, request: &ServerRequest) {
        let operation = match request.what {
            Ask::Notify { .. } => Operation::Push,
            Ask::ConfigChanged { .. } => Operation::ConfigNotice,
            Ask::Detect => Operation::Detect,
            Ask::Reset(_) => Operation::Reset,
        };
        self.metrics.count_push(operation);
        if self.journal.is_on() {
            // A refused connection is asked to go without ever having been known.
            let known = self.read_in(Core::New, |registry, _| {
                registry.connections().get(request.to).map(|known| known.meta.clone())
            });
            self.journal.asked(request, known.as_deref(), self.now(), operation);
        }
        if let Some(streams) = self.streams.get() {
            streams.ask(request);
        }
    }

    /// A client introduces itself on its stream.
    pub fn connected(&self, meta: &Arc<ConnectionMeta>) -> Setup {
        let done =
            self.change_in(Core::New, |registry, now| Ok(registry.connect(now, meta.clone())));
        let setup = done.map_or(Setup::Refused, |(setup, _)| setup);
        let operation = match setup {
            Setup::Registered => Operation::Connect,
            Setup::Refused => Operation::Refuse,
            Setup::Known => {
                // Counted only: a flood of them would leave room for nothing else in the journal.
                self.metrics.count_request(Operation::Connect, REPEATED);
                return setup;
            }
        };
        self.metrics.count_request(operation, 200);
        self.journal.connection(meta, self.now(), operation);
        setup
    }

    /// A connection ended; `meta` is what its client said, if it said anything.
    pub fn disconnected(&self, id: ConnectionId, meta: Option<&ConnectionMeta>) {
        // Nothing of it can be refused.
        let _ = self.change_in(Core::New, |registry, now| Ok(((), registry.disconnect(now, id))));
        if let Some(meta) = meta {
            self.metrics.count_request(Operation::Disconnect, 200);
            self.journal.connection(meta, self.now(), Operation::Disconnect);
        }
    }

    /// A client answered on its stream; answers to nothing are counted.
    pub fn answered(&self, meta: &ConnectionMeta, ask: Option<u64>, success: bool) {
        let about = self.change_in(Core::New, |registry, now| {
            Ok(registry.answered(now, meta.id, ask, success))
        });
        match about.map(|(about, _)| about) {
            Ok(Some(About::Push(service, _))) => {
                self.metrics.count_push(Operation::Ack);
                self.journal.answered(meta, self.now(), Some(&service));
            }
            Ok(Some(_)) => {
                self.metrics.count_push(Operation::Ack);
                self.journal.answered(meta, self.now(), None);
            }
            _ => self.metrics.count_stray_ack(),
        }
    }

    /// Tells a connection that a configuration changed to which it listens.
    pub fn config_changed(&self, id: ConnectionId, key: ConfigKey) {
        // Nothing of it can be refused.
        let _ = self
            .change_in(Core::New, |registry, now| Ok(((), registry.config_changed(now, id, key))));
    }

    /// Tells an SDK's connection to go elsewhere; `None` when there is no such connection.
    pub fn reset_connection(&self, name: &str, to: Option<&str>) -> Option<ResetDone> {
        let mut wait = None;
        // Nothing of it can be refused.
        let _ = self.change_in(Core::New, |registry, now| {
            let Some((ask, effects)) = registry.reset_connection(now, name, to) else {
                return Ok(((), Vec::new()));
            };
            // Waited for before it can be answered.
            wait = Some(self.resets.wait(ask));
            Ok(((), effects))
        });
        wait
    }
}
