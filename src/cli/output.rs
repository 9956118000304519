//! What goes to stdout: results only, as text or JSON, and never a panic when nobody reads on.

use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde::Serialize;

/// How results are written to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// The flag of commands whose results are mostly for people.
#[derive(Clone, Copy, Debug, Args)]
pub struct OutputFlag {
    /// How the result is written to stdout
    #[arg(
        short = 'o',
        long = "output",
        value_enum,
        default_value_t,
        value_name = "text|json",
        hide_possible_values = true
    )]
    pub format: Format,
}

/// Writes a result to stdout.
///
/// # Errors
/// It can not be written, other than because the reader has seen enough and gone.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    unless_closed(written).context("cannot write to stdout")
}

/// Writes a result to stdout as indented JSON.
///
/// # Errors
/// As of [`print`].
pub fn print_json(value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).context("cannot write JSON")?;
    text.push('\n');
    print(&text)
}

/// A pipe that its reader closed is no failure: `facos profiles list | head -1` has its answer.
///
/// # Errors
/// What else went wrong.
pub fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
