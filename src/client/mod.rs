//! A raw Nacos client: sends what it is given and returns the bytes that came back.
//!
//! The libraries of this trade normalise what they send and refuse what they read; a judge of
//! servers may do neither. Transcripts hold `{ } | < >` in raw queries
//! (`instance/raw-query-characters`), HTTP/1.0 requests (`instance/http-1.0`) and bodies with every
//! method (`instance/params-put-delete-bodies`).
//! - `http`: one request and its response over TCP, framed as the server chose.
//! - `grpc`: a connection of a 2.x client: calls, stream, and every way to end it.
//! - `udp`: the socket on which a subscriber receives pushes and acknowledges them.
//! - `fast`: HTTP on one thread for very many requests.
//! - `fleet`: the nodes of a deployment, asked side by side; here answers are read.
//! - `tcp`: a listener that health checks find alive.
mod http_read;

pub mod fast;
pub mod fleet;
pub mod grpc;
pub mod http;
pub mod tcp;
pub mod udp;
