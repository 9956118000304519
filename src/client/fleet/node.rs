//! Which nodes a tool speaks to: addresses with a port, each node once.
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

use crate::client::http;

/// One node as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `host:port`, without a scheme.
    pub address: String,
    /// Where connections go.
    pub socket: SocketAddr,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// Why there is nobody to speak to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// No host and port, or another scheme.
    #[error("{0} is not the address of a node")]
    NoAddress(String),
    /// The host has no address.
    #[error("cannot resolve {0}: {1}")]
    Unresolved(String, String),
    /// Two names of one node would count it twice.
    #[error("{0} and {1} are the same node")]
    Twice(String, String),
}

/// The nodes behind some URLs.
///
/// # Errors
/// A URL is none of a node, or two mean the same.
pub fn nodes(urls: &[String]) -> Result<Vec<Node>, NodeError> {
    let mut nodes: Vec<Node> = Vec::new();
    for url in urls {
        let address = http::address_of(url).ok_or_else(|| NodeError::NoAddress(url.clone()))?;
        let unresolved = |why: &str| NodeError::Unresolved(address.clone(), why.to_owned());
        let mut found =
            address.to_socket_addrs().map_err(|error| unresolved(&error.to_string()))?;
        let socket = found.next().ok_or_else(|| unresolved("it has no address"))?;
        // `localhost` may resolve to either family; the port and loopback tell that it is the same.
        let same = |other: &&Node| {
            let loopback = other.socket.ip().is_loopback() && socket.ip().is_loopback();
            let families = other.socket.is_ipv4() != socket.is_ipv4();
            other.socket == socket || (loopback && families && other.socket.port() == socket.port())
        };
        if let Some(other) = nodes.iter().find(same) {
            return Err(NodeError::Twice(other.address.clone(), address));
        }
        nodes.push(Node { address, socket });
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(urls: &[&str]) -> Result<Vec<String>, String> {
        let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
        let found = nodes(&urls).map_err(|error| error.to_string())?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_node_is_named_once_whatever_it_is_called() {
        let two = named(&["http://127.0.0.1:8848/", "127.0.0.1:8849"]).unwrap();
        assert_eq!(two, ["127.0.0.1:8848", "127.0.0.1:8849"]);
        let twice = named(&["http://127.0.0.1:8848", "localhost:8848"]).unwrap_err();
        assert_eq!(twice, "127.0.0.1:8848 and localhost:8848 are the same node");
    }

    #[test]
    fn a_node_needs_a_port_and_plain_http() {
        for bad in ["https://127.0.0.1:1", "127.0.0.1", "http://127.0.0.1:1/nacos"] {
            assert_eq!(named(&[bad]).unwrap_err(), format!("{bad} is not the address of a node"));
        }
    }
}
