//! Calls to other members over sockets.

mod exchange;
mod link;

pub use exchange::{Exchange, Failure};
pub use link::HttpLink;
