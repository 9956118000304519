//! `facos snapshot`: what all nodes of a deployment hold, as one file that other tools read.
//!
//! - `file`: the format, versioned JSON.
//! - `survey`: everything that one node holds, each instance at most once, however much comes and
//!   goes meanwhile.
//! - `take`: all nodes side by side, merged; a node that dies leaves its part and a word about it.
pub mod file;
mod survey;
mod take;

pub use file::{Snapshot, SnapshotError};
pub use survey::{Holding, HostId, Hosts, ServiceId, survey};
pub use take::{Options, Progress, Taken, take};
