//! Nodes and edges started from a configuration; the in-process test server.

mod config;

pub use config::{
    ClockKind, DEFAULT_ADMIN_PORT, DEFAULT_JOURNAL_RECORDS, DEFAULT_PORT, NodeReady, PORT_STEP,
    Ready, ServeConfig,
};
