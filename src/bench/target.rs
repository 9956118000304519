//! The server under test: where it is, whether it may be loaded, and whether it speaks Nacos.
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use super::answer;
use crate::client::http;

/// How long the server may take to answer before anything is sent in earnest.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

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
