//! The log: on stderr, because stdout carries results only.

use std::io::{self, IsTerminal};

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

use crate::config::LogFilter;

/// Starts logging for the whole process.
///
/// # Errors
/// The filter is not one, or logging has been started before.
pub fn start(filter: &LogFilter) -> Result<()> {
    let filter = EnvFilter::builder().parse(filter.as_str())?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        // A closed stderr loses the log and nothing else.
        .log_internal_errors(false)
        .with_writer(io::stderr)
        .try_init()
        .map_err(|error| anyhow!("cannot start the log: {error}"))
}
