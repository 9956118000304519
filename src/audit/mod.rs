//! `facos audit`: who would break on a rollback?
//!
//! Looks at what clients really send, either on its way to the registry or in a journal of facos,
//! and holds it against the quirks of the version that somebody wants to go back to. A client is an
//! agent at an address; nothing is concluded from its version alone.
//! - `sight`: what one request shows.
//! - `clients`: what all of them show about each client.
//! - `rules`, `refused_names`: what a version would make of it.
//! - `journal`: records of a facos in place of requests.
//! - `proxy`, `run`: requests on their way, and the course of it.
//! - `report`, `live`: what came of it.
mod clients;
mod journal;
pub mod live;
mod proxy;
mod refused_names;
pub mod report;
mod rules;
pub mod run;
mod sight;

pub use clients::{Client, Clients, Use};
pub use journal::{JournalError, from_admin, from_file};
pub use rules::{Finding, Gravity, findings};
pub use run::{Audit, AuditError, Options, start, watch};
pub use sight::{Call, Placement, Sight};
