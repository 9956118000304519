//! facos: a Nacos naming registry that can be any server version on demand.
//!
//! The modules are layers; each uses only the ones above it in this list. ARCHITECTURE.md is the map.
pub mod model;
pub mod profile;
pub mod registry;
pub mod wire;
pub mod node;
pub mod client;
pub mod edge;
pub mod serve;
pub mod verify;
pub mod cli;
