//! `facos serve`: a registry that answers until it is told to stop.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::Failure;
use super::output;
use super::ready::ReadyFile;
use super::settings::{self, SettingFlags, Settings};
use crate::serve::{self, Ready, Running, StartError};

/// Below the flags of `facos serve --help`.
const EXAMPLE: &str = "\
Example: a 1.2.1 server on a free port whose beats answer as 1.1.4 does, on a clock of your own
  facos serve --profile 1.2.1 --port 0 --clock manual --set beat.light=absent

When it answers it prints one line of JSON: the addresses, the profile and the process.
SIGTERM and Ctrl-C end it.";

/// Run a registry that is a given Nacos version until it is told to stop
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{}", settings::ALSO))]
pub struct ServeArgs {
    #[command(flatten)]
    settings: SettingFlags,
}

/// Runs the subcommand.
///
/// # Errors
/// A setting is wrong, or the server can not start.
pub fn run(args: &ServeArgs) -> Result<ExitCode> {
    let settings = settings::collect(&args.settings)?;
    let config = settings.serve_config()?;
    let ready_file = prepare_ready_file(&settings)?;
    super::log::start(&settings.log.value)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime of signals")?;
    runtime.block_on(async {
        // Before the start, so that whoever stops it early meets the same clean end.
        let mut terminated = signal(SignalKind::terminate()).context("cannot await SIGTERM")?;
        let mut interrupted = signal(SignalKind::interrupt()).context("cannot await Ctrl-C")?;
        let running = serve::start(config).map_err(refuse)?;
        announce(&running, ready_file)?;
        tokio::select! {
            _ = terminated.recv() => tracing::info!("stopping on SIGTERM"),
            _ = interrupted.recv() => tracing::info!("stopping on Ctrl-C"),
        }
        running.stop();
        Ok(ExitCode::SUCCESS)
    })
}

fn prepare_ready_file(settings: &Settings) -> Result<Option<ReadyFile>, Failure> {
    let Some(path) = &settings.ready_file.value else { return Ok(None) };
    let prepared = ReadyFile::prepare(path).map_err(|error| {
        let error = format!("cannot write the ready file {}: {error}", path.display());
        Failure::usage(error, "name a file in a folder that exists and is writable")
    });
    prepared.map(Some)
}

fn refuse(error: StartError) -> Failure {
    Failure { code: error.exit_code(), error: error.to_string(), hint: error.hint() }
}

/// Says where it answers: on stdout, and in the ready file.
fn announce(running: &Running, ready_file: Option<ReadyFile>) -> Result<()> {
    let ready: &Ready = running.ready();
    let mut line = serde_json::to_string(ready).context("cannot write the ready line")?;
    line.push('\n');
    if let Some(file) = ready_file {
        file.publish(&line).context("cannot write the ready file")?;
    }
    output::print(&line)
}
