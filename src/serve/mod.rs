//! Nodes and edges started from a configuration; the in-process test server.

mod config;
mod error;
mod expect;
mod fleet;
mod listeners;
mod ports;
pub mod properties;
mod start;
mod test_cluster;
mod test_server;

pub use config::{
    ClockKind, DEFAULT_ADMIN_PORT, DEFAULT_CONTEXT_PATH, DEFAULT_JOURNAL_RECORDS, DEFAULT_PORT,
    NodeReady, Nodes, PORT_STEP, Ready, ServeConfig,
};
pub use error::StartError;
pub use expect::{Expectation, NotAsExpected, Wanted, beat, deregister, list, register, requests};
pub use fleet::{End, Fleet};
pub use start::{Running, start};
pub use test_cluster::TestCluster;
pub use test_server::TestServer;
