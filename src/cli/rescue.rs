//! `facos rescue`: stands in for the registry until every client sends full beats again.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{self, Failure, INTERNAL, NO, UNREACHABLE, USAGE};
use super::output::{self, Format, OutputFlag};
use super::settings::profile_hint;
use crate::client::http;
use crate::config::{LogFilter, Value as _};
use crate::model::Span;
use crate::profile::{BUILT_IN, Profile};
use crate::rescue::live::Live;
use crate::rescue::{self, Known, Options, Recipe, Rescue, RescueError};
use crate::serve::DEFAULT_PORT;
use crate::snapshot::Snapshot;

const EXAMPLE: &str = "\
Example: after a rollback, on the port of the old server, until everybody of a snapshot is free
  facos rescue --port 8848 --expect before.json --for 10m && systemctl start nacos

Example: without any downtime, in front of the server that is already back on another port
  facos rescue --port 8848 --upstream http://127.0.0.1:8849 --expect before.json --stay

Every beat is answered {\"clientBeatInterval\":5000,\"code\":10200,\"lightBeatEnabled\":false}; free is
who then sends a full one. One answered beat frees a process with all its instances. Lists are
answered from a snapshot or by the upstream, else refused with 503: an empty one would make
consumers drop every provider. With --upstream only light beats are answered here, and the flag is
taken out of what the upstream answers to the others.

Clients that speak gRPC have no light beats and need no rescue: their port (+1000) leads to the
upstream, and stays closed without one, so that they keep what they know and register again later.

GET /__rescue on any of the ports tells how it stands. PUT /nacos/v1/ns/instance/flag?flag=,
GET /nacos/v1/ns/instance/size and GET /nacos/v1/ns/instance/service work as in the first rescue.

Exit codes: 0 everybody is free, 1 somebody is not (who, is printed), 69 a port is taken.";

/// Answer every beat so that clients send full beats again, and prove that they do
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct RescueArgs {
    /// Port to answer on; repeat for several [default: 8848]
    #[arg(long = "port", value_name = "PORT", conflicts_with = "listen")]
    ports: Vec<u16>,
    /// Address of the ports
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::UNSPECIFIED))]
    bind: IpAddr,
    /// Address and port to answer on, in place of --bind and --port; repeat for several
    #[arg(long, value_name = "IP:PORT")]
    listen: Vec<SocketAddr>,
    /// How long to wait for a port that is still taken
    #[arg(long, value_name = "DURATION", default_value = "2s")]
    wait: Span,
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
        let mut terminated = signal(SignalKind::terminate()).context("cannot await SIGTERM")?;
        let mut interrupted = signal(SignalKind::interrupt()).context("cannot await Ctrl-C")?;
        let rescue = rescue::start(options).map_err(refuse)?;
        announce(&rescue, args.output.format)?;
        let stop = async {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        };
        let mut live = Live::new();
        rescue::watch(&rescue, args.limit.0, args.stay, stop, &mut live).await;
        live.finish();
        let report = rescue.report();
        // The port is free before anybody reads the result and starts what comes next.
        rescue.stop();
        match args.output.format {
            Format::Text => output::print(&report.text())?,
            Format::Json => output::print(&line(&serde_json::to_value(&report)?))?,
        }
        Ok(if report.rescued { ExitCode::SUCCESS } else { ExitCode::from(NO) })
    })
}

fn options(args: &RescueArgs) -> Result<Options, Failure> {
    let profile = Profile::load(&args.profile)
        .map_err(|error| Failure::usage(format!("--profile: {error}"), profile_hint(&error)))?;
    let upstreams = args.upstreams.iter().map(|url| upstream(url)).collect::<Result<_, _>>()?;
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
        listen: listen(args)?,
        wait: args.wait.0,
        workers: usize::from(args.workers),
        recipe: args.answer.0,
        interval_ms: args.interval.as_millis(),
        profile,
        upstreams,
        expected,
        lists,
    })
}

fn listen(args: &RescueArgs) -> Result<Vec<SocketAddr>, Failure> {
    let mut addresses = args.listen.clone();
    addresses.extend(args.ports.iter().map(|port| SocketAddr::new(args.bind, *port)));
    if addresses.is_empty() {
        addresses.push(SocketAddr::new(args.bind, DEFAULT_PORT));
    }
    for (at, address) in addresses.iter().enumerate() {
        if address.port() != 0 && addresses[..at].contains(address) {
            let error = format!("{address} is given twice");
            return Err(Failure::usage(error, "name each port once"));
        }
    }
    Ok(addresses)
}

fn upstream(url: &str) -> Result<String, Failure> {
    http::address_of(url).ok_or_else(|| {
        let error = format!("--upstream: {url} is not the address of a server");
        Failure::usage(error, "an address is host:port or http://host:port")
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
    let (code, hint) = match &error {
        RescueError::Listen(error) if error.is_taken() => {
            (UNREACHABLE, "stop what listens there, or wait longer for its end: --wait 60s")
        }
        RescueError::Listen(_) => (UNREACHABLE, "take another --port or --bind"),
        RescueError::System(_) => {
            (INTERNAL, "the limits of processes, threads and open files may be too low")
        }
    };
    Failure { code, error: error.to_string(), hint: hint.to_owned() }
}

/// Says where it answers: for programs as the first line of the result, for people as progress.
fn announce(rescue: &Rescue, format: Format) -> Result<()> {
    let urls: Vec<String> =
        rescue.addresses().iter().map(|address| format!("http://{address}")).collect();
    let took_ms = rescue.took().as_secs_f64() * 1e3;
    match format {
        Format::Json => output::print(&line(&json!({ "listening": urls, "afterMs": took_ms }))),
        Format::Text => {
            eprintln!("answering beats on {} after {took_ms:.1} ms", urls.join(", "));
            Ok(())
        }
    }
}

fn line(value: &serde_json::Value) -> String {
    format!("{value}\n")
}
