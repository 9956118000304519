//! Calls to other members over sockets.

mod exchange;
mod link;
mod links;

pub use exchange::{Exchange, Failure};
pub use link::HttpLink;
pub use links::Links;
