//! `facos bench`: loads a Nacos-compatible server and tells what it took.
mod args;
mod failures;
mod results;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use super::exit::{Failure, NO, THRESHOLD};
use super::output::{Format, print};
use crate::bench::document::Document;
use crate::bench::limits;
use crate::bench::live::Live;
use crate::bench::pacer::Pacing;
use crate::bench::plan::{Goal, SearchGoal, bench};
use crate::bench::process;
use crate::bench::run::Options;
use crate::bench::sdk::Sdk;
use crate::bench::target::Target;
use crate::bench::threshold::{self, Threshold};
use crate::bench::units::Rate;
use crate::bench::workload::{self, Workload};
use crate::bench::{compare, merge, report};
use args::{AgentArgs, Arrivals, BenchCommand, RunArgs};
use failures::{limit_stop, nearest, run_stop, target_stop, unwatched, workload_stop};

pub use args::BenchArgs;

/// A search begins at this rate unless another is given.
const SEARCH_FROM: Rate = Rate(1000.0);

/// Connections unless another number is given.
const CONNECTIONS: u32 = 64;

/// Runs the subcommand.
///
/// # Errors
/// Nothing could be measured, or the result could not be written.
pub fn run(args: &BenchArgs) -> Result<ExitCode> {
    match &args.command {
        None => run_alone(&args.run),
        Some(BenchCommand::Agent(agent)) => run_agent(agent),
        Some(BenchCommand::Compare { before, after, output }) => {
            let comparison = compare::compare(&read(before)?, &read(after)?);
            print(&match output {
                Format::Text => comparison.table(),
                Format::Json => comparison.json(),
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Some(BenchCommand::Merge { results, output }) => show_merged(results, *output),
        Some(BenchCommand::Schema) => print(report::SCHEMA).map(|()| ExitCode::SUCCESS),
        Some(BenchCommand::Presets) => {
            let line = |(name, about): (&str, String)| format!("{name:16}{about}\n");
            let lines: String = workload::presets().into_iter().map(line).collect();
            print(&lines).map(|()| ExitCode::SUCCESS)
        }
    }
}

fn run_alone(args: &RunArgs) -> Result<ExitCode> {
    let (options, goal) = prepare(args)?;
    load(args, options, &goal)
}

fn run_agent(args: &AgentArgs) -> Result<ExitCode> {
    if args.index >= args.machines {
        let error = format!("machine {} of {}", args.index, args.machines);
        let hint = "machines are numbered from 0 to --machines less one";
        return Err(Failure::usage(error, hint).into());
    }
    let (mut options, goal) = prepare(&args.run)?;
    if args.run.seed.is_none() {
        let hint = "give every machine the same --seed, from which the names of services follow";
        return Err(Failure::usage("machines that take part need a seed", hint).into());
    }
    options.machine = (args.index, args.machines);
    options.start_at = args
        .start_at
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map(|since| SystemTime::UNIX_EPOCH + since);
    load(&args.run, options, &goal)
}

/// Everything that can be refused before the server is touched, and the server's first answer.
fn prepare(args: &RunArgs) -> Result<(Options, Goal)> {
    let workload = workload_of(args)?;
    let sdk = Sdk::named(&args.agent).ok_or_else(|| {
        let known: Vec<&str> = Sdk::names().collect();
        Failure::usage(format!("there is no agent `{}`", args.agent), nearest(&args.agent, &known))
    })?;
    workload.check_agent(sdk).map_err(workload_stop)?;
    if args.keep && sdk.grpc().is_some() {
        let error = format!("--keep cannot be kept: what {} registers leaves with it", sdk.name);
        return Err(Failure::usage(error, "leave --keep out, or take an --agent of 1.x").into());
    }
    let url = args.target.as_deref().unwrap_or_default();
    let target = Target::resolve(url, args.allow_remote.as_deref()).map_err(target_stop)?;
    let processors = || std::thread::available_parallelism().map_or(1, usize::from) as u32;
    let workers = args.workers.unwrap_or_else(processors);
    let connections =
        args.connections.unwrap_or_else(|| default_connections(&workload, sdk, workers));
    limits::check(&workload, sdk, args.duration + args.warm_up, connections, workers)
        .map_err(limit_stop)?;
    // Over gRPC pushes come on the connections.
    let ports = if sdk.grpc().is_some() { 0 } else { workload.subscribers };
    limits::allow_files(u64::from(connections) + u64::from(ports)).map_err(limit_stop)?;
    let goal = goal_of(args, &workload)?;
    if let Some(pid) = args.server_pid {
        process::sample(pid).map_err(|error| unwatched(pid, &error))?;
    }
    results::check(args)?;
    probe(&target, sdk)?;
    let options = Options {
        target,
        workload,
        sdk,
        seed: args.seed.unwrap_or_else(|| fastrand::u64(..=u64::from(u32::MAX))),
        connections,
        workers,
        duration: args.duration,
        warm_up: args.warm_up,
        timeout: args.timeout,
        stay_awake: args.stay_awake,
        machine: (0, 1),
        start_at: None,
        keep: args.keep,
        server_pid: args.server_pid,
        logs: args.hlog.clone(),
    };
    Ok((options, goal))
}

fn default_connections(workload: &Workload, sdk: &Sdk, workers: u32) -> u32 {
    match sdk.grpc() {
        None => CONNECTIONS,
        Some(_) => CONNECTIONS.max(workload.seats().saturating_mul(workers)),
    }
}

fn workload_of(args: &RunArgs) -> Result<Workload, Failure> {
    let mut workload = match &args.workload {
        None => workload::preset(&args.preset).map_err(workload_stop)?,
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                let error = format!("cannot read {}: {error}", path.display());
                Failure::usage(error, "give the path of a workload file")
            })?;
            workload::parse(&text).map_err(workload_stop)?
        }
    };
    workload.services = args.services.unwrap_or(workload.services);
    workload.instances = args.instances.unwrap_or(workload.instances);
    workload.subscribers = args.subscribers.unwrap_or(workload.subscribers);
    workload.metadata_bytes = args.metadata_bytes.unwrap_or(workload.metadata_bytes);
    if !args.namespaces.is_empty() {
        workload.namespaces.clone_from(&args.namespaces);
    }
    if !args.groups.is_empty() {
        workload.groups.clone_from(&args.groups);
    }
    // A search plans every step, and begins where it is told to.
    let rate = args.rate.or(args.find_max.then_some(SEARCH_FROM));
    if let Some(rate) = rate {
        pace(&mut workload, rate, args.arrivals)?;
    }
    workload.check().map_err(workload_stop)?;
    Ok(workload)
}

/// Plans a rate over the streams that are closed; over all of them when none is.
fn pace(workload: &mut Workload, rate: Rate, arrivals: Arrivals) -> Result<(), Failure> {
    let closed_only = workload.is_closed();
    let streams = workload.streams.iter_mut();
    let mut paced: Vec<_> =
        streams.filter(|stream| !closed_only || stream.pacing == Pacing::Closed).collect();
    if paced.is_empty() {
        let hint = "clients of this workload have periods of their own; change --services or \
                    --instances, or take beat-only, list-only or register-storm";
        return Err(Failure::usage("the workload has no stream that a rate could pace", hint));
    }
    let weights: u32 = paced.iter().map(|stream| stream.weight.max(1)).sum();
    for stream in &mut paced {
        let share = f64::from(stream.weight.max(1)) / f64::from(weights);
        let rate = Rate(rate.0 * share);
        stream.pacing = match arrivals {
            Arrivals::Constant => Pacing::Constant { rate },
            Arrivals::Poisson => Pacing::Poisson { rate },
        };
    }
    Ok(())
}

fn goal_of(args: &RunArgs, workload: &Workload) -> Result<Goal, Failure> {
    let hint = "measures are OPERATION.p99, OPERATION.rate, errors, lost, push.p99 and others";
    let parse =
        |text: &str| threshold::parse_all(text).map_err(|error| Failure::usage(error, hint));
    let all: Vec<Vec<Threshold>> =
        args.threshold.iter().map(|text| parse(text)).collect::<Result<_, Failure>>()?;
    let search = match (&args.slo, workload.streams_rate()) {
        (Some(slo), Some(rate)) => {
            Some(SearchGoal { from: Rate(rate), step: args.duration, slo: parse(slo)? })
        }
        _ => None,
    };
    Ok(Goal { thresholds: all.concat(), search })
}

fn probe(target: &Target, sdk: &Sdk) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let probed = match sdk.grpc() {
        None => runtime.block_on(target.probe()),
        Some(_) => runtime.block_on(target.probe_grpc()),
    };
    Ok(probed.map_err(target_stop)?)
}

/// Runs the load, writes what was asked for, and finds the exit code.
fn load(args: &RunArgs, options: Options, goal: &Goal) -> Result<ExitCode> {
    let stop = Arc::new(AtomicBool::new(false));
    end_on_signal(&stop).context("cannot listen for signals")?;
    eprintln!("seed {:x}", options.seed);
    let mut live = Live::new();
    let ended = bench(options, goal, stop, &mut live);
    live.finish();
    let document = ended.map_err(run_stop)?;
    results::write(args, &document)?;
    Ok(exit_code(&document))
}

fn exit_code(document: &Document) -> ExitCode {
    let missed = document.thresholds.iter().any(|check| !check.passed);
    let nothing = document.operations.values().all(|one| one.good == 0);
    let unfit = document.generator.bottleneck.is_some() || nothing;
    match (missed, unfit) {
        (true, _) => ExitCode::from(THRESHOLD),
        (false, true) => ExitCode::from(NO),
        (false, false) => ExitCode::SUCCESS,
    }
}

/// The first Ctrl-C or SIGTERM ends the run early; the second ends the program.
fn end_on_signal(stop: &Arc<AtomicBool>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = Arc::clone(stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if stop.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
                eprintln!("ending early; once more to leave without deregistering");
            }
        });
    })?;
    Ok(())
}

fn show_merged(paths: &[PathBuf], output: Format) -> Result<ExitCode> {
    let documents = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let merged = merge::merge(&documents).map_err(|error| {
        Failure::usage(error, "merge adds the results of machines that ran one workload together")
    })?;
    results::show(&merged, output)?;
    Ok(exit_code(&merged))
}

fn read(path: &PathBuf) -> Result<Document, Failure> {
    let hint = "give files that `facos bench -o json` printed";
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read {}: {error}", path.display()), hint)
    })?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("{} is no result of a run: {error}", path.display()), hint)
    })
}
