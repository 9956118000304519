//! Calls between the members of a deployment, as bytes: what a 1.x server sends to the byte, and
//! what it reads of what others send (`peer-wire/1.1.4`, `peer-wire/1.2.1`).
//!
//! - `request`: one call as method, address, headers in order and body.
//! - `client`: the three HTTP clients inside a 1.x server and the headers that each sends.
//! - `raft`, `distro`: the bodies of both protocols, written and read.
//! - `datum`: datums, which both carry.
//! - `forward`: a client's request on its way to the responsible server.
//! - `report`: what a member of 2.x says of itself.
//! - `answer`: what an answer means.

pub mod answer;
mod client;
pub mod datum;
pub mod distro;
pub mod forward;
mod gzip;
mod new_client;
pub mod raft;
mod report;
pub mod request;

#[cfg(test)]
mod tests;

pub use answer::answer;
pub use report::{Extended, Reported};
pub use request::{PeerRequest, request};
