//! Calls to other members over sockets.

mod convoy;
mod exchange;
mod hop;
mod link;
mod links;

pub use hop::{Hop, wait};
pub use link::HttpLink;
pub use links::Links;
