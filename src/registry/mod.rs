//! What the server remembers and what follows from it. Pure: time comes in as an argument, effects go out as values.

pub mod effect;

pub use effect::{
    ClusterSettings, Datagram, Effect, InstanceRecord, ProbeId, ProbeOrder, ProbeOutcome,
    ServiceSettings, StoreWrite,
};
