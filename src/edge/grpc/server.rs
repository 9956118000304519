//! The listener of 2.x clients and the runtime on which their connections live.

use super::connection;
use super::lines::Lines;
use crate::edge::http::Shutdown;
use crate::node::Node;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the end waits for connections to end in order.
const GRACE: Duration = Duration::from_millis(500);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(5);
/// How long tasks are waited for that work at the very end.
const LAST_TASKS: Duration = Duration::from_secs(1);
/// How long the listener rests when nothing can be accepted.
const REST: Duration = Duration::from_millis(50);

/// What all connections of a node share.
pub struct Shared {
    /// The node.
    pub node: Arc<Node>,
    /// The ways to its clients.
    pub lines: Arc<Lines>,
    open: AtomicUsize,
}

/// How the port is served.
#[derive(Debug, Clone)]
pub struct Port {
    /// Threads of the runtime.
    pub workers: usize,
    /// Connections that may be open; more wait to be accepted.
    pub max_connections: usize,
}

/// Serves listeners, all alike, until the shutdown.
///
/// # Errors
/// The runtime or its thread can not be made.
pub fn serve(
    listeners: Vec<TcpListener>,
    node: Arc<Node>,
    lines: Arc<Lines>,
    port: &Port,
    shutdown: &Shutdown,
) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(port.workers.max(1))
        .thread_name("grpc")
        .enable_all()
        .build()?;
    let shared = Arc::new(Shared { node, lines, open: AtomicUsize::new(0) });
    let (limit, shutdown) = (port.max_connections, shutdown.clone());
    std::thread::Builder::new().name("grpc".into()).spawn(move || {
        runtime.block_on(async {
            for listener in listeners {
                let shared = shared.clone();
                tokio::spawn(async move { accept(listener, &shared, limit).await });
            }
            shutdown.ended().await;
            if !shutdown.is_cut() {
                farewell(&shared).await;
            }
        });
        // Its tasks hold the node, and the node its file: whoever joins this thread may open it.
        runtime.shutdown_timeout(LAST_TASKS);
    })
}

async fn accept(listener: TcpListener, shared: &Arc<Shared>, limit: usize) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the gRPC port can not be served");
            return;
        }
    };
    loop {
        while shared.open.load(Ordering::Relaxed) >= limit {
            tokio::time::sleep(REST).await;
        }
        let (socket, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        // Without it an answer can wait 40 ms for the client's delayed ack.
        let _ = socket.set_nodelay(true);
        let Ok(local) = socket.local_addr() else { continue };
        let line = shared.lines.open(shared.node.now(), remote, local);
        shared.open.fetch_add(1, Ordering::Relaxed);
        let shared = shared.clone();
        tokio::spawn(async move {
            let seat = Seat(shared.clone());
            connection::serve(shared, line, socket).await;
            drop(seat);
        });
    }
}

/// A connection's place; given back however it ends.
struct Seat(Arc<Shared>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ends all connections in order, as far as they let themselves be ended.
async fn farewell(shared: &Shared) {
    shared.lines.stop();
    let over = tokio::time::Instant::now() + GRACE;
    while shared.open.load(Ordering::Relaxed) > 0 && tokio::time::Instant::now() < over {
        tokio::time::sleep(LOOK).await;
    }
}
