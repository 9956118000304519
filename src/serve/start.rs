//! From a configuration to running nodes and the admin API beside them.

use super::config::{NodeReady, Ready, ServeConfig};
use super::error::StartError;
use super::fleet::Fleet;
use super::listeners::{self, Listeners, listen};
use crate::edge::admin::{AdminHandler, AdminSetup};
use crate::edge::http::{self, ServerConfig, Shutdown};
use crate::node::Process;
use crate::profile::Guard;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A server that answers. Dropping it ends it.
pub struct Running {
    ready: Ready,
    fleet: Arc<Fleet>,
    shutdown: Shutdown,
    threads: Vec<JoinHandle<()>>,
}

/// Starts a server; it answers when this returns.
///
/// # Errors
/// A port is taken, the durable state can not be used, or the configuration asks for what there is
/// not.
pub fn start(config: ServeConfig) -> Result<Running, StartError> {
    warn_of(&config);
    let admin_address = SocketAddr::new(config.admin_bind, config.admin_port);
    if !config.admin_bind.is_loopback() && config.admin_token.is_none() {
        return Err(StartError::OpenAdmin { address: admin_address });
    }
    let admin = listen(admin_address)?;
    let listeners = listeners::for_nodes(&config)?;
    let ready = Ready {
        nodes: ready_nodes(&config, &listeners)?,
        admin: format!("http://{}", admin.local_addr()?),
        profile: config.profile.name.clone(),
        clock: config.clock.name(),
        pid: std::process::id(),
    };
    let token = config.admin_token.clone();
    let fleet = Arc::new(Fleet::start(config, listeners)?);
    let mut running = Running { ready, fleet, shutdown: Shutdown::default(), threads: Vec::new() };
    running.serve_admin(token, admin)?;
    Ok(running)
}

impl Running {
    /// Where it answers.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Its nodes and their clock.
    pub fn process(&self) -> &Arc<Process> {
        self.fleet.process()
    }

    /// Its nodes, to be stopped and started.
    pub fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// Ends it: answers under way are finished, at most for a second.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shutdown.end();
        self.fleet.end();
        http::join(self.threads.drain(..), "server");
    }

    fn serve_admin(
        &mut self,
        token: Option<String>,
        listener: TcpListener,
    ) -> Result<(), StartError> {
        let setup = AdminSetup {
            process: self.fleet.process().clone(),
            control: self.fleet.clone(),
            token,
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

fn ready_nodes(config: &ServeConfig, all: &[Listeners]) -> Result<Vec<NodeReady>, StartError> {
    let several = config.nodes.count() > 1;
    let ready = |(listeners, profile): (&Listeners, crate::profile::Profile)| {
        Ok(NodeReady {
            http: listeners.url()?,
            grpc: listeners.grpc_address()?,
            profile: several.then_some(profile.name),
        })
    };
    all.iter().zip(config.profiles()).map(ready).collect()
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
