//! `facos rescue`: stands in for the registry until every client sends full beats again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use super::exit::{self, Failure, INTERNAL, NO, USAGE};
use super::output::{self, Format, OutputFlag};
use super::ports::{
    PortFlags, Signals, addresses_of, announce, print_line, profile_of, refuse_port,
};
use crate::config::{LogFilter, Value as _};
use crate::model::Span;
use crate::profile::BUILT_IN;
use crate::rescue::live::Live;
use crate::rescue::{self, Known, Options, Recipe, RescueError};
use crate::snapshot::Snapshot;

const EXAMPLE: &str = "\
Example: after a rollback, on the port of the old server, until everybody of a snapshot is free
  facos rescue --port 8848 --expect before.json --for 10m && systemctl start nacos

Example: without any downtime, in front of the server that is already back on another port
  facos rescue --port 8848 --upstream http://127.0.0.1:8849 --expect before.json --stay

Every beat is answered
  {\"clientBeatInterval\":5000,\"code\":10200,\"lightBeatEnabled\":false}
and free is who then sends a full one. One answered beat frees a process with all its instances.
Lists are answered from a snapshot or by the upstream, else refused with 503: an empty one would
make consumers drop every provider. With --upstream only light beats are answered here, and the
flag is taken out of what the upstream answers to the others.

Clients that speak gRPC have no light beats and need no rescue: their port (+1000) leads to the
upstream, and stays closed without one, so that they keep what they know and register again later.

GET /__rescue on any of the ports tells how it stands. PUT /nacos/v1/ns/instance/flag?flag=,
GET /nacos/v1/ns/instance/size and GET /nacos/v1/ns/instance/service work as in the first rescue.

Exit codes: 0 everybody is free, 1 somebody is not (who, is printed), 69 a port is taken.";

/// Answer every beat so that clients send full beats again, and prove that they do
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct RescueArgs {
    #[command(flatten)]
    ports: PortFlags,
    /// A registry to which everything but light beats goes; repeat for those that take over
    #[arg(long = "upstream", value_name = "URL")]
    upstreams: Vec<String>,
    /// Snapshot that names who must be free before it ends; its lists are shown meanwhile
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Snapshot whose lists are shown, if not those of --expect
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// When to end, whoever is free by then
    #[arg(long = "for", value_name = "DURATION", default_value = "1h")]
    limit: Span,
    /// Go on until the time is over or a signal comes, even when everybody is free
    #[arg(long)]
    stay: bool,
    /// After how long a client shall beat again
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    interval: Span,
    /// Which version answers at other addresses, and whose rules say what a full beat is
    #[arg(long, value_name = "NAME|FILE.toml", default_value = BUILT_IN[0].0)]
    profile: String,
    /// What a beat is answered; everything but `full` is for experiments
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "full|interval|not-found|flag-only|empty-object|text"
    )]
    answer: Answer,
    /// Threads that serve the ports
    #[arg(long, value_name = "N", default_value_t = 2,
        value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    #[command(flatten)]
    output: OutputFlag,
}

/// The recipe by its name.
#[derive(Debug, Clone, Copy, Default)]
struct Answer(Recipe);

impl ValueEnum for Answer {
    fn value_variants<'a>() -> &'a [Self] {
        const {
            &[
                Answer(Recipe::Full),
                Answer(Recipe::Interval),
                Answer(Recipe::NotFound),
                Answer(Recipe::FlagOnly),
                Answer(Recipe::EmptyObject),
                Answer(Recipe::Text),
            ]
        }
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}

/// Runs the subcommand.
///
/// # Errors
/// A flag or file is wrong, or a port can not be had.
pub fn run(args: &RescueArgs) -> Result<ExitCode> {
    let options = options(args)?;
    super::log::start(&LogFilter::read("warn").expect("warn is a level"))?;
    if let Some(harm) = args.answer.0.harm() {
        exit::warn(&format!("the answer {} {harm}", args.answer.0.name()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime of signals")?;
    runtime.block_on(async {
        let mut signals = Signals::take()?;
        let rescue = rescue::start(options).map_err(refuse)?;
        let took_ms = rescue.took().as_secs_f64() * 1e3;
        announce("answering beats", rescue.addresses(), took_ms, args.output.format)?;
        let mut live = Live::new();
        rescue::watch(&rescue, args.limit.0, args.stay, signals.first(), &mut live).await;
        live.finish();
        let report = rescue.report();
        // The port is free before anybody reads the result and starts what comes next.
        rescue.stop();
        match args.output.format {
            Format::Text => output::print(&report.text())?,
            Format::Json => print_line(&report)?,
        }
        Ok(if report.rescued { ExitCode::SUCCESS } else { ExitCode::from(NO) })
    })
}

fn options(args: &RescueArgs) -> Result<Options, Failure> {
    let profile = profile_of("--profile", &args.profile)?;
    let upstreams = addresses_of("--upstream", &args.upstreams)?;
    let expected = args.expect.as_deref().map(known).transpose()?.unwrap_or_default();
    let lists = match &args.snapshot {
        Some(path) => known(path)?,
        None => expected.clone(),
    };
    if args.expect.is_some() && !expected.iter().any(|one| one.beats) {
        let error = "nobody in the snapshot of --expect lives by beats, so nobody can be free";
        return Err(Failure::usage(error, "take the snapshot while the clients are registered"));
    }
    Ok(Options {
        listen: args.ports.addresses()?,
        wait: args.ports.wait.0,
        workers: usize::from(args.workers),
        recipe: args.answer.0,
        interval_ms: args.interval.as_millis(),
        profile,
        upstreams,
        expected,
        lists,
    })
}

fn known(path: &Path) -> Result<Vec<Known>, Failure> {
    match Snapshot::load(path) {
        Ok(snapshot) => Ok(Known::all_of(&snapshot)),
        Err(error) => Err(Failure {
            code: USAGE,
            error: error.to_string(),
            hint: "give a file that `facos snapshot` wrote".to_owned(),
        }),
    }
}

fn refuse(error: RescueError) -> Failure {
    match error {
        RescueError::Listen(error) => refuse_port(&error),
        RescueError::System(_) => Failure {
            code: INTERNAL,
            error: error.to_string(),
            hint: "the limits of processes, threads and open files may be too low".to_owned(),
        },
    }
}
