//! What a node does about the other members. Pure: time and answers come in as arguments, calls
//! go out as values; nothing here knows a socket or the registry.

pub mod call;
pub mod client_sync;
pub mod group;
pub mod mapper;
pub mod members;

pub use call::{Effect, Engine, Token};
pub use client_sync::{Beginning, ClientSync, Clients, Neighbour};
pub use group::Group;
pub use mapper::Mapper;
pub use members::Members;
