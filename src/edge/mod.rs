//! Sockets: HTTP, UDP push, health-check probes and the admin listener.

pub mod admin;
pub mod grpc;
pub mod http;
pub mod nacos;
pub mod outbox;
pub mod peer;
pub mod probe;
