//! From a configuration to running nodes: listeners, the node behind them, the thread that does
//! its timed work, and the admin API.

use super::config::{ClockKind, NodeReady, Ready, ServeConfig};
use super::error::StartError;
use super::ports::quiet_port;
use crate::edge::admin::{AdminHandler, AdminSetup};
use crate::edge::grpc::{self, Lines, Port};
use crate::edge::http::{self, ServerConfig, Shutdown};
use crate::edge::nacos::{NacosHandler, page_style};
use crate::edge::outbox::SocketOutbox;
use crate::node::process::drive;
use crate::node::store::{DiskStore, NoStore, Store};
use crate::node::{Clock, Node, NodeConfig, Process};
use crate::profile::Guard;
use crate::registry::ServerOptions;
use crate::wire::v1::render::Renderer;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

/// From a node's HTTP port to those where 2.x clients and servers look for gRPC.
const GRPC_OFFSETS: [u16; 2] = [1_000, 1_001];
/// Connections that a node's gRPC ports hold open.
const MAX_CONNECTIONS: usize = 65_536;
/// How often a free pair of ports is looked for, and how often of those the system finds one.
const PORT_TRIES: usize = 128;
const SYSTEM_TRIES: usize = 16;

/// A server that answers. Dropping it ends it.
pub struct Running {
    ready: Ready,
    process: Arc<Process>,
    shutdown: Shutdown,
    threads: Vec<JoinHandle<()>>,
}

/// Starts a server; it answers when this returns.
///
/// # Errors
/// A port is taken, the durable state can not be used, or the configuration asks for what there is
/// not.
pub fn start(config: ServeConfig) -> Result<Running, StartError> {
    if config.nodes != 1 {
        return Err(StartError::Nodes { asked: config.nodes });
    }
    warn_of(&config);
    let admin_address = SocketAddr::new(config.admin_bind, config.admin_port);
    if !config.admin_bind.is_loopback() && config.admin_token.is_none() {
        return Err(StartError::OpenAdmin { address: admin_address });
    }
    let admin = listen(admin_address)?;
    let (listener, remote) = node_listeners(&config)?;
    let clock = Arc::new(match config.clock {
        ClockKind::Real => Clock::Real,
        ClockKind::Manual => Clock::manual(),
    });
    let node = open_node(&config, &clock, own_address(listener.local_addr()?))?;
    let shutdown = Shutdown::default();
    let mut running = Running {
        ready: Ready {
            nodes: vec![NodeReady { http: url(&listener)?, grpc: address(remote.first())? }],
            admin: url(&admin)?,
            profile: config.profile.name.clone(),
            clock: config.clock.name(),
            pid: std::process::id(),
        },
        process: Arc::new(Process::new(vec![node.clone()], clock)),
        shutdown,
        threads: Vec::new(),
    };
    running.begin_background(&node)?;
    running.serve_clients(&config, &node, remote)?;
    running.serve_node(&config, node, listener)?;
    running.serve_admin(&config, admin)?;
    Ok(running)
}

impl Running {
    /// Where it answers.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Its nodes and their clock.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Ends it: answers under way are finished, at most for a second.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shutdown.end();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the server panicked");
            }
        }
    }

    /// The thread of timers, datagrams and probes.
    fn begin_background(&mut self, node: &Arc<Node>) -> Result<(), StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        node.connect(Box::new(SocketOutbox::open(node, runtime.handle())?));
        let real = !node.clock().is_manual();
        let (driven, shutdown) = (node.clone(), self.shutdown.clone());
        let thread = std::thread::Builder::new().name("background".into()).spawn(move || {
            runtime.block_on(async {
                if real {
                    tokio::spawn(drive(driven));
                }
                shutdown.ended().await;
            });
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// The ports of 2.x clients and servers, where the version has them.
    fn serve_clients(
        &mut self,
        config: &ServeConfig,
        node: &Arc<Node>,
        listeners: Vec<TcpListener>,
    ) -> Result<(), StartError> {
        if listeners.is_empty() {
            return Ok(());
        }
        let lines = Arc::new(Lines::new(node.clock().is_manual()));
        node.connect_streams(lines.clone());
        let port = Port { workers: config.workers, max_connections: MAX_CONNECTIONS };
        let thread = grpc::serve(listeners, node.clone(), lines, &port, &self.shutdown)?;
        self.threads.push(thread);
        Ok(())
    }

    fn serve_node(
        &mut self,
        config: &ServeConfig,
        node: Arc<Node>,
        listener: TcpListener,
    ) -> Result<(), StartError> {
        let server = ServerConfig {
            workers: config.workers,
            name: "http".into(),
            pages: page_style(&node.quirks()),
            ..ServerConfig::default()
        };
        let handler = Arc::new(NacosHandler::new(node, &config.context_path));
        let threads = http::serve(vec![listener], handler, &server, &self.shutdown)?;
        self.threads.extend(threads);
        Ok(())
    }

    fn serve_admin(
        &mut self,
        config: &ServeConfig,
        listener: TcpListener,
    ) -> Result<(), StartError> {
        let setup = AdminSetup {
            process: self.process.clone(),
            token: config.admin_token.clone(),
            addresses: serde_json::to_value(&self.ready).unwrap_or_default(),
        };
        let server = ServerConfig { workers: 1, name: "admin".into(), ..ServerConfig::default() };
        let handler = Arc::new(AdminHandler::new(setup));
        let threads = http::serve(vec![listener], handler, &server, &self.shutdown)?;
        self.threads.extend(threads);
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// A node that listens everywhere names itself by the loopback address.
fn own_address(mut listening: SocketAddr) -> SocketAddr {
    if listening.ip().is_unspecified() {
        listening.set_ip(match listening {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listening
}

fn open_node(
    config: &ServeConfig,
    clock: &Arc<Clock>,
    address: SocketAddr,
) -> Result<Arc<Node>, StartError> {
    let store: Arc<dyn Store> = match &config.data {
        Some(directory) => Arc::new(DiskStore::open(directory)?),
        None => Arc::new(NoStore),
    };
    let options = ServerOptions {
        expire_instances: config.expire_instances,
        cold_start: config.cold_start,
        limit_rule: config.limit_rule.clone(),
        cleaning: config.cleaning.clone(),
    };
    Ok(Node::new(NodeConfig {
        profile: config.profile.clone(),
        options,
        clock: clock.clone(),
        render: Renderer::shared,
        store,
        journal_capacity: config.journal_records,
        address,
        auth: config.auth.clone(),
    })?)
}

/// Says what somebody who reads the settings would not guess.
fn warn_of(config: &ServeConfig) {
    if !config.auth.enabled {
        return;
    }
    if config.profile.quirks.auth.guard == Guard::ConsoleLogin {
        let profile = &config.profile.name;
        tracing::warn!(%profile, "this version has no authentication that could be switched on");
    } else if config.auth.has_known_key() && !config.bind.is_loopback() {
        tracing::warn!(
            "tokens are signed with the key that Nacos ships, so anybody can make them; set \
             nacos.core.auth.default.token.secret.key"
        );
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    http::listen(address).map_err(|source| StartError::Listen { address, source })
}

/// Listens on the port asked for and on those of gRPC; port 0 finds one whose neighbours are free,
/// whether the version has gRPC or not.
fn node_listeners(config: &ServeConfig) -> Result<(TcpListener, Vec<TcpListener>), StartError> {
    let wanted = SocketAddr::new(config.bind, config.port);
    let remote = config.profile.quirks.grpc.port;
    if config.port != 0 {
        let listener = listen(wanted)?;
        let neighbours = if remote { neighbours(wanted)? } else { Vec::new() };
        return Ok((listener, neighbours));
    }
    for attempt in 0..PORT_TRIES {
        let port = if attempt < SYSTEM_TRIES { 0 } else { quiet_port() };
        let listener = match listen(SocketAddr::new(config.bind, port)) {
            Err(error) if error.is_taken() => continue,
            listener => listener?,
        };
        if let Ok(neighbours) = neighbours(listener.local_addr()?) {
            return Ok((listener, if remote { neighbours } else { Vec::new() }));
        }
    }
    Err(StartError::NoPortPair)
}

fn neighbours(http: SocketAddr) -> Result<Vec<TcpListener>, StartError> {
    let beside = |offset| {
        let port = http.port().checked_add(offset).ok_or(StartError::NoPortPair)?;
        listen(SocketAddr::new(http.ip(), port))
    };
    GRPC_OFFSETS.into_iter().map(beside).collect()
}

fn address(listener: Option<&TcpListener>) -> Result<Option<String>, StartError> {
    Ok(match listener {
        Some(listener) => Some(listener.local_addr()?.to_string()),
        None => None,
    })
}

fn url(listener: &TcpListener) -> Result<String, StartError> {
    Ok(format!("http://{}", listener.local_addr()?))
}
