//! `facos man`: manual pages, made from the same source as the help.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Command};
use clap_mangen::Man;

use super::exit::Failure;
use super::output;

/// Print a manual page
#[derive(Debug, Args)]
#[command(after_help = "\
Example: read the page of a command
  facos man serve | man -l -")]
pub struct ManArgs {
    /// The command, such as `serve` or `profiles diff` [default: facos itself]
    #[arg(value_name = "COMMAND")]
    path: Vec<String>,
}

/// Runs the subcommand for the whole command line.
///
/// # Errors
/// There is no such command, or stdout can not be written.
pub fn run(args: &ManArgs, mut root: Command) -> Result<ExitCode> {
    // Names such as `facos-profiles-diff` are given when the tree is complete.
    root.build();
    let mut page_of = &root;
    for name in &args.path {
        page_of = match page_of.find_subcommand(name) {
            Some(command) => command,
            None => return Err(unknown(name, page_of).into()),
        };
    }
    let mut page = Vec::new();
    Man::new(page_of.clone()).render(&mut page)?;
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str, of: &Command) -> Failure {
    let valid: Vec<&str> = of.get_subcommands().map(Command::get_name).collect();
    let near = crate::profile::suggestion(name, &valid);
    let valid = if valid.is_empty() { "none".to_owned() } else { valid.join(", ") };
    let path = of.get_bin_name().unwrap_or("facos");
    let error = format!("no command {name:?} of {path}{near}; valid: {valid}");
    Failure::usage(error, "facos --help lists the commands")
}
