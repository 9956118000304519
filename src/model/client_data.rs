//! A client of 2.x as the members tell each other of it: who it is, and what it publishes
//! (`peer-wire/2.0.2-grpc`). The whole client travels each time.

use crate::model::{Instance, Millis, ServiceKey};
use std::fmt;
use std::sync::Arc;

/// Names a client on every member: `ip:port#true` of an address that beats, or the name of a
/// connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(Arc<str>);

/// What a client's name says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind<'a> {
    /// An address that keeps its instances by beats.
    Address {
        /// Address; empty when a beat named none.
        ip: &'a str,
        /// Port.
        port: i32,
    },
    /// A connection to one of the members.
    Connection(&'a str),
    /// An address whose instances raft keeps, or a name that no client has: never told of.
    Other,
}

const BEATS: &str = "#true";
/// What Java writes for an address that a beat did not name.
const NO_IP: &str = "null";

impl ClientId {
    /// The client of that name, whoever it is.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The client of an address that beats.
    pub fn of_address(ip: &str, port: i32) -> Self {
        Self(format!("{}{BEATS}", responsible_tag(ip, port)).into())
    }

    /// The client of a connection of that name.
    pub fn of_connection(name: Arc<str>) -> Self {
        Self(name)
    }

    /// As the members write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose name it is.
    pub fn kind(&self) -> ClientKind<'_> {
        let Some((address, _)) = self.0.split_once('#') else {
            return ClientKind::Connection(&self.0);
        };
        let named = address.rsplit_once(':').filter(|_| self.0.ends_with(BEATS));
        match named.map(|(ip, port)| (ip, port.parse())) {
            Some((ip, Ok(port))) => {
                ClientKind::Address { ip: if ip == NO_IP { "" } else { ip }, port }
            }
            _ => ClientKind::Other,
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What decides which member is responsible for an address.
pub fn responsible_tag(ip: &str, port: i32) -> String {
    format!("{}:{port}", if ip.is_empty() { NO_IP } else { ip })
}

/// A client with everything that it publishes.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientData {
    /// Who it is.
    pub id: ClientId,
    /// One instance for each service.
    pub published: Vec<Published>,
}

/// One instance that a client publishes.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Into which service.
    pub service: ServiceKey,
    /// The instance, with the health that the sender saw.
    pub instance: Arc<Instance>,
    /// Its `instanceId`.
    pub instance_id: Option<Box<str>>,
    /// The last beat of an address; a connection has none.
    pub last_beat: Option<Millis>,
}

/// What happened to a client for which this node answers, and the other members are to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientNews {
    /// What it publishes changed.
    Changed(ClientId),
    /// It is gone.
    Gone(ClientId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_is() {
        let address = ClientId::of_address("10.0.0.1", 80);
        assert_eq!(address.as_str(), "10.0.0.1:80#true");
        assert_eq!(address.kind(), ClientKind::Address { ip: "10.0.0.1", port: 80 });
        let named = ClientId::of_address("fe80::1", 80);
        assert_eq!(named.kind(), ClientKind::Address { ip: "fe80::1", port: 80 });
        let unnamed = ClientId::of_address("", 0);
        assert_eq!(unnamed.as_str(), "null:0#true");
        assert_eq!(unnamed.kind(), ClientKind::Address { ip: "", port: 0 });
        let connection = ClientId::new("1795355042241_127.0.0.1_33356");
        assert_eq!(connection.kind(), ClientKind::Connection("1795355042241_127.0.0.1_33356"));
        for other in ["10.0.0.1:80#false", "10.0.0.1#true", "10.0.0.1:x#true", "#true"] {
            assert_eq!(ClientId::new(other).kind(), ClientKind::Other, "{other}");
        }
    }
}
