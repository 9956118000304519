//! facos: a Nacos naming registry that can be any server version on demand.
//!
//! The modules are layers; each uses only the ones above it in this list. ARCHITECTURE.md is the
//! map.
pub mod audit;
pub mod bench;
pub mod cli;
pub mod client;
pub mod compensate;
pub mod config;
pub mod console;
pub mod ctl;
pub mod diff;
pub mod drill;
pub mod edge;
pub mod gateway;
pub mod model;
pub mod node;
pub mod peers;
pub mod plan;
pub mod profile;
pub mod registry;
pub mod rescue;
pub mod serve;
pub mod snapshot;
pub mod upgrade;
pub mod verify;
pub mod wire;

pub use profile::Profile;
pub use serve::{TestCluster, TestServer, beat, deregister, list, register};
