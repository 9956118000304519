//! The way to a registry behind us: requests go on as they came, answers come back as they were.
//!
//! - `upstream`: HTTP, to the first registry that answers.
//! - `relay`: any bytes on one port, such as gRPC on port + 1000.
//!
//! UDP needs no way: a 1.x registry pushes to the `clientIP` and `udpPort` that a client names in
//! its list query, past the proxy, and is acknowledged straight back. What changes for the registry
//! is the address of the connection; the client's own stands in `X-Forwarded-For`, which 2.x reads.

pub mod relay;
mod upstream;

pub use upstream::{Passed, Unreachable, Upstreams, answer};
