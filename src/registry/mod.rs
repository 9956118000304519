//! What the server remembers and what follows from it. Pure: time comes in as an argument, effects
//! go out as values.
//!
//! Two cores stand behind one face: [`service_keyed`] is 1.x, where a service owns its instances;
//! [`client_keyed`] is 2.x, where a client owns what it publishes. Which one answers is chosen when
//! the registry is made and never compared again.

pub mod acks;
pub mod addresses;
mod agents;
mod agreement;
pub mod asks;
mod catalog;
pub mod cleaning;
pub mod client_keyed;
pub mod connections;
mod copies;
mod double_write;
pub mod effect;
mod face;
pub mod index;
mod overview;
pub mod probes;
mod raft_log;
mod remote;
mod replicas;
mod restore;
mod scope;
pub mod service_keyed;
#[cfg(test)]
mod silent_tests;
#[cfg(test)]
mod sleeping_tests;
mod standing;
mod switching;
pub mod timers;

pub use crate::model::ClusterSettings;
pub use double_write::Held;
pub use effect::{
    Datagram, Effect, InstanceRecord, ProbeId, ProbeOrder, ProbeOutcome, ServiceSettings,
    StoreWrite,
};
pub use face::{ReadExtras, Registry, ServerOptions, SetCluster, Totals};
pub use index::Listing;
pub use overview::Tally;
pub use scope::Place;
pub use switching::SharedSwitches;
