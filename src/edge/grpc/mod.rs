//! The port of 2.x clients: gRPC on HTTP/2, on a runtime of its own.
//!
//! - `server`: accepts connections and ends them all.
//! - `connection`: one TCP connection: its calls, its stream, its end.
//! - `session`: HTTP/2 of a connection. `time`: how long it may stay as it is.
//! - `message`: messages, put together from what comes.
//! - `unary`: what becomes of a call, in the order of the real dispatcher.
//! - `naming`, `loader`, `config`, `distro`: the calls themselves.
//! - `stream`: what a client says on its stream.
//! - `access`: who may call; `listening`: the configurations that a client wants to hear of.
//! - `links`: the ways to the ports of the other members.
//! - `lines`: the ways to the clients' streams: bounded, the newest state wins.
//!
//! tonic is left out: a real server resets a stream at the length of a message that is too large,
//! ends another with a status that has no text, and closes a connection that it gave up, none of
//! which a generated service can say. So is h2 under it, for what it keeps of each connection
//! (`session`).

mod access;
mod config;
mod connection;
mod distro;
mod lines;
mod links;
mod listening;
mod loader;
mod message;
mod naming;
mod server;
pub mod session;
mod stream;
mod time;
mod unary;

pub use lines::Lines;
pub use links::MemberLinks;
pub use server::{Port, serve};
