//! Sockets: HTTP, UDP push, health-check probes, the admin listener, and the way to a registry
//! behind this one.

pub mod admin;
pub mod grpc;
pub mod http;
pub mod nacos;
pub mod outbox;
pub mod peer;
pub mod probe;
pub mod proxy;
