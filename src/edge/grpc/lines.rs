//! The ways from the node to its clients' streams. Each has a queue of its own: a client that does
//! not read holds up nobody, a push that waits is replaced by the next one of its service, and what
//! is more than the bound is dropped, the oldest first.

use super::listening::Listening;
use crate::model::{ConnectionId, Millis};
use crate::node::{StreamView, Streams};
use crate::registry::asks::{Ask, ServerRequest};
use crate::wire::grpc;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// At most so many messages wait on one line.
const MAX_QUEUED: usize = 4_096;
/// How long, really, a client may take to answer before a manual clock goes on without it.
const PATIENCE: Duration = Duration::from_millis(40);
/// How often that is looked at.
const LOOK: Duration = Duration::from_micros(500);

/// All lines of a node.
#[derive(Debug, Default)]
pub struct Lines {
    open: Mutex<FxHashMap<ConnectionId, Arc<Line>>>,
    /// What was asked and not answered, with the time of asking; only kept for a manual clock.
    asked: Option<Mutex<FxHashMap<u64, Instant>>>,
    last_id: AtomicU64,
    dropped: AtomicU64,
}

/// The way to one client.
#[derive(Debug)]
pub struct Line {
    /// Its connection.
    pub id: ConnectionId,
    /// The connection's name.
    pub name: String,
    /// When it was accepted.
    pub accepted: Millis,
    /// The client's end.
    pub remote: SocketAddr,
    /// The node's end.
    pub local: SocketAddr,
    server_ip: String,
    queue: Mutex<Queue>,
    /// Whom to tell that something waits, or that the end was asked for.
    pub changed: AtomicWaker,
    stalled: AtomicBool,
    ended: AtomicBool,
    stopped: AtomicBool,
    cut: AtomicBool,
    /// What the client wants to hear of.
    pub listening: Listening,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(u64, ServerRequest)>,
    /// The place of a service's push among those ever queued.
    pushes: FxHashMap<crate::model::ServiceKey, u64>,
    last: u64,
}

impl Lines {
    /// Lines of a node; with a manual clock, answers are waited for before it goes on.
    pub fn new(manual_clock: bool) -> Self {
        let asked = manual_clock.then(Mutex::default);
        Self { asked, ..Self::default() }
    }

    /// Opens the way to a client that connected.
    pub fn open(&self, accepted: Millis, remote: SocketAddr, local: SocketAddr) -> Arc<Line> {
        let id = ConnectionId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let line = Arc::new(Line {
            id,
            name: crate::model::connection::connection_name(accepted.0, remote),
            accepted,
            remote,
            local,
            server_ip: local.ip().to_string(),
            queue: Mutex::default(),
            changed: AtomicWaker::new(),
            stalled: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            listening: Listening::default(),
        });
        self.open.lock().insert(id, line.clone());
        line
    }

    /// Closes a way.
    pub fn close(&self, id: ConnectionId) {
        self.open.lock().remove(&id);
    }

    /// Ends all connections as a server that stops does.
    pub fn stop(&self) {
        for line in self.open.lock().values() {
            line.stopped.store(true, Ordering::Release);
            line.end();
        }
    }

    /// A client answered.
    pub fn answered(&self, ask: Option<u64>) {
        if let (Some(asked), Some(ask)) = (&self.asked, ask) {
            asked.lock().remove(&ask);
        }
    }

    fn named(&self, name: &str) -> Option<Arc<Line>> {
        self.open.lock().values().find(|line| line.name == name).cloned()
    }
}

impl Streams for Lines {
    fn ask(&self, request: &ServerRequest) {
        let Some(line) = self.open.lock().get(&request.to).cloned() else { return };
        if let Some(asked) = &self.asked {
            asked.lock().insert(request.id, Instant::now());
        }
        if line.queue(request.clone()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn disconnect(&self, id: ConnectionId) {
        if let Some(line) = self.open.lock().get(&id) {
            line.end();
        }
    }

    fn views(&self) -> Vec<StreamView> {
        let mut views: Vec<_> = self.open.lock().values().map(|line| line.view()).collect();
        views.sort_by_key(|view| view.id);
        views
    }

    fn cut(&self, name: &str) -> bool {
        let found = self.named(name);
        found.inspect(|line| line.cut()).is_some()
    }

    fn stall(&self, name: &str, stalled: bool) -> bool {
        let found = self.named(name);
        found.inspect(|line| line.stall(stalled)).is_some()
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            let Some(asked) = &self.asked else { return };
            loop {
                let patient = |at: &Instant| at.elapsed() < PATIENCE;
                let waits = {
                    let mut asked = asked.lock();
                    asked.retain(|_, at| patient(at));
                    !asked.is_empty()
                };
                if !waits {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        })
    }
}

impl Line {
    /// Puts a request into the queue, in the place of an older push of the same service; true when
    /// another had to give way.
    fn queue(&self, request: ServerRequest) -> bool {
        let mut queue = self.queue.lock();
        let dropped = queue.put(request);
        drop(queue);
        self.changed.wake();
        dropped
    }

    /// The next message to send, in its frame.
    pub fn next(&self) -> Option<Bytes> {
        if self.stalled.load(Ordering::Acquire) {
            return None;
        }
        let request = self.queue.lock().take()?;
        Some(self.encode(&request))
    }

    fn encode(&self, request: &ServerRequest) -> Bytes {
        let ip = &self.server_ip;
        match &request.what {
            Ask::Notify { info, .. } => {
                let fields: [&[u8]; 2] = [br#","serviceInfo":"#, info];
                grpc::ask("NotifySubscriberRequest", request.id, &fields, "naming", ip)
            }
            Ask::ConfigChanged { key, .. } => {
                let fields = grpc::config::notice(key);
                let fields = [fields.as_bytes()];
                grpc::ask("ConfigChangeNotifyRequest", request.id, &fields, "config", ip)
            }
            Ask::Detect => grpc::ask("ClientDetectionRequest", request.id, &[], "internal", ip),
            Ask::Reset(to) => {
                let mut fields = String::new();
                if let Some((server_ip, port)) = to {
                    fields.push_str(r#","serverIp":"#);
                    crate::wire::text::json::push_text(&mut fields, server_ip);
                    fields.push_str(r#","serverPort":"#);
                    crate::wire::text::json::push_text(&mut fields, port);
                }
                let fields = [fields.as_bytes()];
                grpc::ask("ConnectResetRequest", request.id, &fields, "internal", ip)
            }
        }
    }

    /// Asks for the end of the connection.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.changed.wake();
    }

    /// Cuts the connection.
    fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.end();
    }

    /// Whether the end is to be a cut.
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Whether the server stops: then a real one resets its streams (`Server.shutdownNow`), by
    /// which clients see that they have to come back.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Whether the end was asked for.
    pub fn is_ending(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn stall(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Release);
        self.changed.wake();
    }

    fn view(&self) -> StreamView {
        StreamView {
            id: self.id,
            name: self.name.clone(),
            remote: self.remote,
            accepted: self.accepted,
            queued: self.queue.lock().waiting.len(),
            stalled: self.stalled.load(Ordering::Acquire),
        }
    }
}

impl Queue {
    fn put(&mut self, request: ServerRequest) -> bool {
        if let Ask::Notify { service, .. } = &request.what {
            let place = self.pushes.get(service).copied();
            let waiting = place.and_then(|place| self.at(place));
            if let Some(waiting) = waiting {
                *waiting = request;
                return false;
            }
            self.pushes.insert(service.clone(), self.last);
        }
        let full = self.waiting.len() >= MAX_QUEUED;
        if full {
            self.take();
        }
        self.waiting.push_back((self.last, request));
        self.last += 1;
        full
    }

    /// The request in a place, if it still waits. Places rise by one from front to back.
    fn at(&mut self, place: u64) -> Option<&mut ServerRequest> {
        let first = self.waiting.front()?.0;
        let index = usize::try_from(place.checked_sub(first)?).ok()?;
        self.waiting.get_mut(index).map(|(_, request)| request)
    }

    fn take(&mut self) -> Option<ServerRequest> {
        let (_, request) = self.waiting.pop_front()?;
        if let Ask::Notify { service, .. } = &request.what {
            self.pushes.remove(service);
        }
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ServiceKey;

    fn push(id: u64, service: &str) -> ServerRequest {
        let service = ServiceKey { namespace: "public".into(), name: service.into() };
        let what = Ask::Notify { service, info: Bytes::from_static(b"{}"), since: Millis(0) };
        ServerRequest { to: ConnectionId(1), id, what }
    }

    fn ids(queue: &mut Queue) -> Vec<u64> {
        std::iter::from_fn(|| queue.take().map(|request| request.id)).collect()
    }

    #[test]
    fn a_push_that_waits_is_replaced_by_the_next_of_its_service() {
        let mut queue = Queue::default();
        for (id, service) in [(1, "a"), (2, "b"), (3, "a")] {
            assert!(!queue.put(push(id, service)));
        }
        queue.put(ServerRequest { to: ConnectionId(1), id: 4, what: Ask::Detect });
        assert_eq!(ids(&mut queue), [3, 2, 4]);
        queue.put(push(5, "a"));
        assert_eq!(ids(&mut queue), [5]);
    }

    #[test]
    fn a_full_queue_drops_the_oldest() {
        let mut queue = Queue::default();
        for id in 0..=MAX_QUEUED as u64 {
            assert_eq!(queue.put(push(id, &id.to_string())), id == MAX_QUEUED as u64);
        }
        let left = ids(&mut queue);
        assert_eq!((left.len(), left[0]), (MAX_QUEUED, 1));
    }
}
