//! The admin API: what Nacos does not have. A listener of its own, never in the journal, never
//! subject to faults; JSON in and out, errors as `application/problem+json`.

mod connections;
mod handler;
mod journal;
mod nodes;
mod openapi;
mod problem;
mod quirks;
mod views;

pub use handler::{AdminHandler, AdminSetup};
pub use nodes::NodeControl;
