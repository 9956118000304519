//! `facos completions`: what a shell must know to complete the command line.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Command};
use clap_complete::Shell;

use super::output;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Example: for bash, from the next session on
  facos completions bash > ~/.local/share/bash-completion/completions/facos")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the subcommand for the whole command line.
///
/// # Errors
/// Stdout can not be written.
pub fn run(args: &CompletionsArgs, mut root: Command) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut root, "facos", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
