//! What a node does about the other members. Pure: time and answers come in as arguments, calls
//! go out as values; nothing here knows a socket or the registry.
//!
//! - `members`, `mapper`: who is there, and who is responsible for what.
//! - `distro`, `raft`: the protocols of 1.x; `deed` is what they want done, `view` what they see.
//! - `client_sync`, `group`: what nodes of 2.x tell each other and agree on.
//! - `upgrade`: how a member of 2.0.x turns from the core of 1.x to its own, and back.

pub mod call;
pub mod client_sync;
pub mod deed;
pub mod distro;
pub mod group;
pub mod mapper;
pub mod members;
pub mod raft;
pub mod upgrade;
pub mod view;

pub use call::{Effect, Engine, Token};
pub use client_sync::{Beginning, ClientSync, Clients, Neighbour};
pub use deed::{Deed, Ticket, WriteFailure};
pub use distro::{Distro, DistroRules, Others};
pub use group::Group;
pub use mapper::Mapper;
pub use members::Members;
pub use raft::Raft;
pub use upgrade::Upgrade;
