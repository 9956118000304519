//! The server under test: where it is, whether it may be loaded, and whether it speaks Nacos.
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use super::answer;
use crate::client::grpc::{Link, Reply, SessionTime};
use crate::client::http;
use crate::wire::grpc::{Payload, UNARY_PATH};

/// How long the server may take to answer before anything is sent in earnest.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How far above the port of HTTP that of gRPC is.
const GRPC_PORT_OFFSET: u16 = 1000;

/// Why there is nothing to load.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The URL has no host and port, or another scheme.
    #[error("{0} is not the address of a server")]
    NoAddress(String),
    /// The host has no address.
    #[error("cannot resolve {host}: {error}")]
    Unresolved {
        /// The host and port.
        host: String,
        /// Why.
        error: io::Error,
    },
    /// Load on another machine needs to be asked for by its name.
    #[error("{0} is not on this machine")]
    Remote(String),
    /// Nobody answers there.
    #[error("cannot reach {host}: {error}")]
    Unreachable {
        /// The host and port.
        host: String,
        /// Why.
        error: String,
    },
    /// The port of gRPC is 1000 above, and there is none.
    #[error("{0} leaves no port for gRPC, which is 1000 above")]
    NoGrpcPort(String),
    /// Nobody speaks gRPC there as servers of 2.x do.
    #[error("{address} does not answer as a Nacos 2.x server over gRPC: {found}")]
    NotGrpc {
        /// The address.
        address: SocketAddr,
        /// What came of asking.
        found: String,
    },
    /// Something answers, but not as a Nacos naming server.
    #[error("{host} does not answer as a Nacos server: {found}")]
    NotNacos {
        /// The host and port.
        host: String,
        /// What it answered.
        found: String,
    },
}

/// A server that may be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `host:port`, as it stands in the `Host` header.
    pub host: String,
    /// Where connections go.
    pub address: SocketAddr,
}

impl Target {
    /// Resolves a URL. A server that is not on loopback must be named by `allow_remote`.
    pub fn resolve(url: &str, allow_remote: Option<&str>) -> Result<Self, TargetError> {
        let host = http::address_of(url).ok_or_else(|| TargetError::NoAddress(url.to_owned()))?;
        let unresolved = |error| TargetError::Unresolved { host: host.clone(), error };
        let mut found = host.to_socket_addrs().map_err(unresolved)?;
        let none = || unresolved(io::Error::other("it has no address"));
        let address = found.next().ok_or_else(none)?;
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        if !address.ip().is_loopback() && allow_remote != Some(name) {
            return Err(TargetError::Remote(name.to_owned()));
        }
        Ok(Self { host, address })
    }

    /// Asks for a list of a service that nobody has: every Nacos and every server like it answers
    /// with no hosts.
    pub async fn probe(&self) -> Result<(), TargetError> {
        let path = "/nacos/v1/ns/instance/list?serviceName=DEFAULT_GROUP%40%40facos.bench.probe";
        let mut request = http::Request::new("GET", path);
        request.timeout = PROBE_TIMEOUT;
        let host = self.host.clone();
        let sent = http::send(&self.host, &request).await;
        let response = sent.map_err(|error| TargetError::Unreachable {
            host: host.clone(),
            error: error.to_string(),
        })?;
        let text = response.text();
        if response.status == 200 && answer::hosts(text.as_bytes()).is_some() {
            return Ok(());
        }
        let text: String = text.trim().chars().take(80).collect();
        Err(TargetError::NotNacos { host, found: format!("status {}, {text:?}", response.status) })
    }

    /// Where clients of 2.x connect to.
    ///
    /// # Errors
    /// The port has none 1000 above it.
    pub fn grpc_address(&self) -> Result<SocketAddr, TargetError> {
        let port = self.address.port().checked_add(GRPC_PORT_OFFSET);
        let port = port.ok_or_else(|| TargetError::NoGrpcPort(self.host.clone()))?;
        Ok(SocketAddr::new(self.address.ip(), port))
    }

    /// Asks what every client of 2.x asks first.
    pub async fn probe_grpc(&self) -> Result<(), TargetError> {
        let address = self.grpc_address()?;
        let wrong = |found: String| TargetError::NotGrpc { address, found };
        let opening = Link::open(address, None, Vec::new(), SessionTime::default());
        let link = tokio::time::timeout(PROBE_TIMEOUT, opening).await;
        let link = link.map_err(|_| wrong("no answer".to_owned()))?;
        let link = link.map_err(|error| wrong(error.to_string()))?;
        let check = Payload {
            kind: "ServerCheckRequest".to_owned(),
            body: br#"{"headers":{},"module":"internal"}"#.as_slice().into(),
            ..Payload::default()
        };
        let reply = link.call(UNARY_PATH, check.encode(), PROBE_TIMEOUT).await;
        link.close().await;
        match reply {
            Reply::Message(payload) if payload.kind == "ServerCheckResponse" => Ok(()),
            Reply::Message(payload) => Err(wrong(format!("{} {}", payload.kind, payload.text()))),
            Reply::Failed(status) => Err(wrong(format!("{} {}", status.code, status.message))),
        }
    }
}

/// The address of this machine from which the server is reached.
pub fn own_address(target: SocketAddr) -> io::Result<IpAddr> {
    if target.ip().is_loopback() {
        return Ok(target.ip());
    }
    // Connecting a datagram socket sends nothing; it only asks for the route.
    let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)?;
    socket.connect(target)?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_loaded_unless_the_host_is_named() {
        assert!(Target::resolve("http://127.0.0.1:8848", None).is_ok());
        let remote = Target::resolve("http://192.0.2.7:8848", None).unwrap_err();
        assert_eq!(remote.to_string(), "192.0.2.7 is not on this machine");
        assert!(Target::resolve("192.0.2.7:8848", Some("192.0.2.8")).is_err());
        assert!(Target::resolve("192.0.2.7:8848", Some("192.0.2.7")).is_ok());
    }

    #[test]
    fn an_address_needs_a_port_and_plain_http() {
        for bad in ["https://127.0.0.1:1", "127.0.0.1", "http://127.0.0.1:1/nacos"] {
            let error = Target::resolve(bad, None).unwrap_err();
            assert_eq!(error.to_string(), format!("{bad} is not the address of a server"));
        }
    }
}
