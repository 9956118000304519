//! Listeners, workers, and the end of both.

use super::connection::{self, Connection};
use super::limits::{Limits, ServerConfig};
use super::request::Request;
use super::response::{Answer, Manner};
use super::tomcat::PageStyle;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request; called on a worker's thread and must not block it.
    fn handle(&self, request: &Request<'_>) -> Answer;
}

/// How long the end waits for answers under way.
const GRACE: Duration = Duration::from_millis(800);

/// Tells servers to end; clones end together.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<Ending>>);

/// How servers are to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    NotYet,
    /// Answers under way are finished.
    InOrder,
    /// Nothing is finished.
    AtOnce,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::channel(Ending::NotYet).0))
    }
}

impl Shutdown {
    /// Ends everything that serves under it.
    pub fn end(&self) {
        self.0.send_replace(Ending::InOrder);
    }

    /// Ends everything at once, as if the process were killed: what is under way is cut.
    pub fn cut(&self) {
        self.0.send_replace(Ending::AtOnce);
    }

    /// Whether nothing is to be finished.
    pub fn is_cut(&self) -> bool {
        *self.0.borrow() == Ending::AtOnce
    }

    /// Waits for the end.
    pub async fn ended(&self) {
        let mut ended = self.0.subscribe();
        // The sender lives in self, so that waiting can not fail before the end.
        let _ = ended.wait_for(|ending| *ending != Ending::NotYet).await;
    }
}

/// Waits for threads that were told to end; of one that panicked it says whose it was.
pub fn join(threads: impl IntoIterator<Item = JoinHandle<()>>, whose: &str) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a thread of the {whose} panicked");
        }
    }
}

/// A worker's view of the server.
pub struct Worker {
    pub(super) handler: Arc<dyn Handler>,
    pub(super) limits: Limits,
    pub(super) pages: PageStyle,
    connections: RefCell<Slab<Rc<Connection>>>,
    second: Cell<u32>,
    ending: Cell<bool>,
    open: Arc<AtomicUsize>,
}

impl Worker {
    /// Gives a connection so much time for its next step.
    pub(super) fn patience(&self, connection: &Connection, time: Duration) {
        let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        connection.deadline_s.set(self.second.get().saturating_add(seconds + 1));
    }

    /// How to answer now: at the end no connection is kept.
    pub(super) fn manner(&self, manner: Manner) -> Manner {
        Manner { keep: manner.keep && !self.ending.get(), ..manner }
    }

    /// Ends every connection whose patience is over, all idle ones at the end.
    fn sweep(&self) {
        self.second.set(self.second.get() + 1);
        for (_, connection) in &*self.connections.borrow() {
            let over = connection.deadline_s.get() <= self.second.get();
            if over || (self.ending.get() && connection.idle.get()) {
                let socket = socket2::SockRef::from(connection.stream.as_ref());
                // A connection that is gone already needs no shutdown.
                let _ = socket.shutdown(std::net::Shutdown::Both);
            }
        }
    }
}

/// Connections that the kernel keeps until they are accepted: after a restart every client of a
/// registry connects in the same second.
const BACKLOG: i32 = 4096;

/// Listens as a registry needs it; port 0 finds a free one.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    // A restarted server must not wait for the connections of the one before to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Serves the listeners on threads of its own until the shutdown; returns when they run.
pub fn serve(
    listeners: Vec<TcpListener>,
    handler: Arc<dyn Handler>,
    config: &ServerConfig,
    shutdown: &Shutdown,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    let open = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    let mut workers = Vec::new();
    for number in 0..config.workers.max(1) {
        let (sender, receiver) = mpsc::unbounded_channel();
        workers.push(sender);
        let (handler, config) = (handler.clone(), config.clone());
        let (shutdown, open) = (shutdown.clone(), open.clone());
        let name = format!("{}-{number}", config.name);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            run_worker(handler, &config, shutdown, open, receiver);
        })?;
        threads.push(thread);
    }
    let (limit, shutdown) = (config.limits.connections, shutdown.clone());
    let name = format!("{}-accept", config.name);
    threads.push(std::thread::Builder::new().name(name).spawn(move || {
        accept_all(listeners, &workers, &open, limit, &shutdown);
    })?);
    Ok(threads)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs only an epoll descriptor, and the process has just started")
}

fn run_worker(
    handler: Arc<dyn Handler>,
    config: &ServerConfig,
    shutdown: Shutdown,
    open: Arc<AtomicUsize>,
    mut incoming: mpsc::UnboundedReceiver<(TcpStream, SocketAddr)>,
) {
    let worker = Rc::new(Worker {
        handler,
        limits: config.limits.clone(),
        pages: config.pages,
        connections: RefCell::new(Slab::new()),
        second: Cell::new(0),
        ending: Cell::new(false),
        open,
    });
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime(), async move {
        let mut sweep = tokio::time::interval(Duration::from_secs(1));
        let ended = shutdown.ended();
        tokio::pin!(ended);
        loop {
            tokio::select! {
                incoming = incoming.recv() => match incoming {
                    Some((stream, peer)) => open_connection(&worker, stream, peer),
                    None => break,
                },
                _ = sweep.tick() => worker.sweep(),
                () = &mut ended => break,
            }
        }
        if shutdown.is_cut() {
            return;
        }
        worker.ending.set(true);
        worker.sweep();
        let grace = tokio::time::Instant::now() + GRACE;
        while !worker.connections.borrow().is_empty() && tokio::time::Instant::now() < grace {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

fn open_connection(worker: &Rc<Worker>, stream: TcpStream, peer: SocketAddr) {
    let opened = stream.local_addr().and_then(|local| {
        let stream = tokio::net::TcpStream::from_std(stream)?;
        Ok((stream, local))
    });
    let Ok((stream, local)) = opened else {
        worker.open.fetch_sub(1, Ordering::Relaxed);
        return;
    };
    let (input, stream) = stream.into_split();
    let connection = Rc::new(Connection {
        stream,
        peer,
        local,
        deadline_s: Cell::new(u32::MAX),
        idle: Cell::new(true),
    });
    let slot = worker.connections.borrow_mut().insert(connection.clone());
    let seat = Seat { worker: worker.clone(), slot };
    let worker = worker.clone();
    tokio::task::spawn_local(async move {
        connection::run(worker, connection, input).await;
        drop(seat);
    });
}

/// A connection's place among those of its worker; given back however the connection ends.
struct Seat {
    worker: Rc<Worker>,
    slot: usize,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.worker.connections.borrow_mut().remove(self.slot);
        self.worker.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts and deals connections out in turn.
fn accept_all(
    listeners: Vec<TcpListener>,
    workers: &[mpsc::UnboundedSender<(TcpStream, SocketAddr)>],
    open: &AtomicUsize,
    limit: usize,
    shutdown: &Shutdown,
) {
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime(), async {
        let accepting =
            listeners.into_iter().map(|listener| accept(listener, workers, open, limit));
        let accepting: Vec<_> = accepting.map(Box::pin).collect();
        let mut all = futures_all(accepting);
        tokio::select! {
            () = &mut all => {}
            () = shutdown.ended() => {}
        }
    });
}

/// Polls every future until all have ended.
fn futures_all<F: Future<Output = ()> + Unpin>(
    mut futures: Vec<F>,
) -> impl Future<Output = ()> + Unpin {
    std::future::poll_fn(move |context| {
        futures.retain_mut(|future| std::pin::Pin::new(future).poll(context).is_pending());
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
}

async fn accept(
    listener: TcpListener,
    workers: &[mpsc::UnboundedSender<(TcpStream, SocketAddr)>],
    open: &AtomicUsize,
    limit: usize,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "a listener can not be served");
            return;
        }
    };
    for worker in workers.iter().cycle() {
        while open.load(Ordering::Relaxed) >= limit {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let accepted = loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    // Without it an answer can wait 40 ms for the client's delayed ack.
                    let _ = stream.set_nodelay(true);
                    break stream.into_std().map(|stream| (stream, peer));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        };
        let Ok(accepted) = accepted else { continue };
        open.fetch_add(1, Ordering::Relaxed);
        if worker.send(accepted).is_err() {
            return;
        }
    }
}
