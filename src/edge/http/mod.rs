//! HTTP/1 as Tomcat 9 speaks it in front of Nacos, on `httparse` and tokio.
//!
//! Written here because what a client is answered when its request does not parse, how an answer is
//! framed and when a connection is closed are recorded behaviour, and no HTTP library lets its user
//! choose them. Being lean is the second reason: an idle connection owns no buffer, a request that
//! arrives whole is parsed where it was read, and an answer leaves in one write.

mod body;
mod connection;
mod host;
mod limits;
mod request;
mod response;
mod server;
mod take_over;
mod target;
pub mod tomcat;

pub use limits::{Limits, ServerConfig};
pub use request::{Headers, Parsed, Request, parse};
pub use response::{Answer, Body, Close, Framing, Header, Response};
pub use server::{Handler, Shutdown, join, listen, serve};
pub use take_over::{ListenError, take_over};
