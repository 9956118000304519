//! Sockets: HTTP, UDP push, health-check probes and the admin listener.

pub mod probe;

pub mod http;
