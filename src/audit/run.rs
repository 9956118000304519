//! The course of an audit: ports in front of the registry's, until the time is over.

use super::clients::Clients;
use super::live::Live;
use super::proxy::{AuditHandler, watch_grpc};
use super::report::Report;
use crate::edge::http::{self, ListenError, ServerConfig, Shutdown, take_over};
use crate::edge::proxy::{Upstreams, relay};
use crate::profile::Profile;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often progress is shown.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What an audit is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where clients come to.
    pub listen: Vec<SocketAddr>,
    /// How long a port that is taken is waited for.
    pub wait: Duration,
    /// The registries behind, `host:port` each.
    pub nodes: Vec<String>,
    /// The version that clients are held against.
    pub against: Profile,
}

/// Why an audit did not start.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A port can not be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A thread or a socket could not be made.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

/// An audit under way. Dropping it ends it.
pub struct Audit {
    clients: Arc<Clients>,
    against: Profile,
    addresses: Vec<SocketAddr>,
    started: Instant,
    shutdown: Shutdown,
    threads: Vec<JoinHandle<()>>,
}

/// Starts an audit; requests are passed on when this returns.
///
/// # Errors
/// A port can not be had, or the system refuses threads.
pub fn start(options: Options) -> Result<Audit, AuditError> {
    let listeners = take_over(&options.listen, options.wait)?;
    let addresses: Vec<SocketAddr> =
        listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?;
    let clients = Arc::new(Clients::default());
    let handler = Arc::new(AuditHandler {
        clients: clients.clone(),
        quirks: options.against.quirks.clone(),
        upstreams: Arc::new(Upstreams::new(options.nodes.clone())),
    });
    let shutdown = Shutdown::default();
    let config = ServerConfig { name: "audit".to_owned(), ..ServerConfig::default() };
    let mut threads = http::serve(listeners, handler, &config, &shutdown)?;
    let seen = clients.clone();
    let watch: relay::Watch = Arc::new(move |peer, first| watch_grpc(&seen, peer, first));
    threads.extend(relay::start(&addresses, &options.nodes, watch, &shutdown)?);
    let (against, started) = (options.against, Instant::now());
    Ok(Audit { clients, against, addresses, started, shutdown, threads })
}

impl Audit {
    /// Where clients come to.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What was seen so far.
    pub fn report(&self) -> Report {
        Report::of(&self.clients, &self.against, self.started.elapsed().as_secs_f64())
    }

    /// Ends it and frees the ports.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shutdown.end();
        http::join(self.threads.drain(..), "audit");
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until the time is over or `stop` comes.
pub async fn watch(
    audit: &Audit,
    limit: Duration,
    stop: impl Future<Output = ()>,
    live: &mut Live,
) {
    tokio::pin!(stop);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = looks.tick() => {}
        }
        let elapsed = audit.started.elapsed();
        live.progress(&audit.clients, elapsed, limit);
        if elapsed >= limit {
            return;
        }
    }
}
