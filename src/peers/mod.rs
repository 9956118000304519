//! What a node does about the other members. Pure: time and answers come in as arguments, calls
//! go out as values; nothing here knows a socket or the registry.

pub mod call;

pub use call::{Effect, Engine, Token};
