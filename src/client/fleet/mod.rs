//! The nodes of one deployment, asked side by side by the tools of operators.
//!
//! What the tools compare must not come from the server's own code, so the answers are read here
//! anew: as leniently as possible, because the nodes may be of any version, and of servers that
//! only resemble Nacos. A capability is found out by asking, never by comparing versions.
//! - `node`: which nodes, each once.
//! - `asker`: kept connections to one node, so many at a time.
//! - `identity`: what a node says of itself and of its members.
//! - `catalog`: namespaces, services and instances of a node.
//! - `responsible`: who answers for a service or a client.
mod asker;
mod catalog;
mod identity;
mod node;
mod responsible;

pub use asker::{AskError, Asker};
pub use catalog::{HostPage, Listed, ServicePage, ServiceRow};
pub use identity::{Identity, Sharding, members, own_address};
pub use node::{Node, NodeError, nodes};
pub use responsible::{distro_hash, responsible};

/// A value as it stands in a query.
pub fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
