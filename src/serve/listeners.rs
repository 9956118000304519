//! The sockets that nodes listen on: a node's HTTP port and, a thousand above it, those of gRPC.
//! Several nodes follow each other in steps of ten, so that none listens where another one does.

use super::config::{PORT_STEP, ServeConfig};
use super::error::StartError;
use super::ports::quiet_port;
use crate::edge::http;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// From a node's HTTP port to those where 2.x clients and servers look for gRPC.
const GRPC_OFFSETS: [u16; 2] = [1_000, 1_001];
/// How often a free row of ports is looked for, and how often of those the system finds one.
const PORT_TRIES: usize = 256;
const SYSTEM_TRIES: usize = 16;

/// What one node listens on.
#[derive(Debug)]
pub struct Listeners {
    /// HTTP.
    pub http: TcpListener,
    /// gRPC, clients first; empty where the version has none.
    pub grpc: Vec<TcpListener>,
}

impl Listeners {
    /// Where the node answers, as it names itself: one that listens everywhere names itself by the
    /// loopback address.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn own_address(&self) -> Result<SocketAddr, StartError> {
        let mut listening = self.http.local_addr()?;
        if listening.ip().is_unspecified() {
            listening.set_ip(match listening {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Ok(listening)
    }

    /// `http://host:port`, as the socket says it.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn url(&self) -> Result<String, StartError> {
        Ok(format!("http://{}", self.http.local_addr()?))
    }

    /// `host:port` of gRPC, if there is any.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn grpc_address(&self) -> Result<Option<String>, StartError> {
        let address = self.grpc.first().map(TcpListener::local_addr).transpose()?;
        Ok(address.map(|address| address.to_string()))
    }
}

/// Listens on one address.
///
/// # Errors
/// It is taken, or not of this machine.
pub fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    http::listen(address).map_err(|source| StartError::Listen { address, source })
}

/// Listens for one node on a port that is known.
///
/// # Errors
/// One of its ports is taken.
pub fn on(ip: IpAddr, port: u16, grpc: bool) -> Result<Listeners, StartError> {
    let http = listen(SocketAddr::new(ip, port))?;
    let grpc = if grpc { neighbours(ip, port)? } else { Vec::new() };
    Ok(Listeners { http, grpc })
}

/// Listens for every node; port 0 finds a row that is free together with its neighbours, whether
/// the versions have gRPC or not: a node may be started again as another version.
///
/// # Errors
/// A port is taken, or no row is free.
pub fn for_nodes(config: &ServeConfig) -> Result<Vec<Listeners>, StartError> {
    let profiles = config.profiles();
    if config.port != 0 {
        let port = |number: usize| port_of(config.port, number).ok_or(StartError::NoPortPair);
        let each = profiles.iter().enumerate();
        return each
            .map(|(number, profile)| on(config.bind, port(number)?, profile.quirks.grpc.port))
            .collect();
    }
    let grpc: Vec<bool> = profiles.iter().map(|profile| profile.quirks.grpc.port).collect();
    // Nodes of a deployment may be started again as a version with more ports: none of those may
    // be taken by an outgoing connection meanwhile.
    let system_tries = if grpc.len() > 1 { 0 } else { SYSTEM_TRIES };
    for attempt in 0..PORT_TRIES {
        let first = if attempt < system_tries { 0 } else { quiet_port() };
        match row(config.bind, first, &grpc) {
            Err(error) if error.is_taken() => {}
            Err(StartError::NoPortPair) => {}
            row => return row,
        }
    }
    Err(StartError::NoPortPair)
}

fn port_of(first: u16, number: usize) -> Option<u16> {
    let step = u16::try_from(number).ok()?.checked_mul(PORT_STEP)?;
    first.checked_add(step)
}

/// A row of nodes that begins at a port; 0 begins anywhere.
fn row(ip: IpAddr, first: u16, grpc: &[bool]) -> Result<Vec<Listeners>, StartError> {
    let mut row: Vec<Listeners> = Vec::with_capacity(grpc.len());
    let mut begin = first;
    for (number, grpc) in grpc.iter().enumerate() {
        let port = if number == 0 { first } else { port_of(begin, number).unwrap_or(0) };
        if number > 0 && port == 0 {
            return Err(StartError::NoPortPair);
        }
        let http = listen(SocketAddr::new(ip, port))?;
        let port = http.local_addr()?.port();
        begin = if number == 0 { port } else { begin };
        let neighbours = neighbours(ip, port)?;
        row.push(Listeners { http, grpc: if *grpc { neighbours } else { Vec::new() } });
    }
    Ok(row)
}

fn neighbours(ip: IpAddr, port: u16) -> Result<Vec<TcpListener>, StartError> {
    let beside = |offset| {
        let port = port.checked_add(offset).ok_or(StartError::NoPortPair)?;
        listen(SocketAddr::new(ip, port))
    };
    GRPC_OFFSETS.into_iter().map(beside).collect()
}
