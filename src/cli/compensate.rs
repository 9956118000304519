//! `facos compensate`: keeps instances alive while nodes come and go.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::exit::{self, Failure, INTERNAL, NO, UNREACHABLE, USAGE};
use super::fleet::{self, NodeArgs, block_on, duration};
use super::output::{Format, OutputFlag, print, print_json};
use crate::client::fleet::Node;
use crate::compensate::{InstanceReport, Options, Report, RunError, State, run};
use crate::snapshot::{self, Snapshot, take};

/// Instances that the text names; `-o json` has all of them.
const SHOWN: usize = 20;
/// How often a plain line of progress is written.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Beat for the instances of a snapshot while nodes come and go.
///
/// Left alone are instances that are disabled, persistent or kept by a connection. One that shows
/// no sign of life of its own for --max-age gets no further beat, nor one that was deregistered.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: keep everything alive for the ten minutes in which three nodes are restarted
  facos snapshot --node 10.0.0.1:8848 --out before.json
  facos compensate --snapshot before.json --for 10m \\
    --node 10.0.0.1:8848 --node 10.0.0.2:8848 --node 10.0.0.3:8848

Exit codes: 0 done, 1 beats were refused or nodes did not answer to the end, 2 usage,
69 no node answers.")]
pub struct CompensateArgs {
    #[command(flatten)]
    nodes: NodeArgs,
    /// The snapshot [default: one that is taken now]
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// How long it lasts
    #[arg(long = "for", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    length: Duration,
    /// The beat period of clients that name none
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    period: Duration,
    /// How long an instance may go without a sign of life of its own
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    max_age: Duration,
    /// Take it for a sign of life that an instance accepts a TCP connection
    #[arg(long)]
    probe: bool,
    /// How long an answer may take
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = duration)]
    timeout: Duration,
    /// Connections to each node
    #[arg(
        long,
        value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(1..=1024)
    )]
    connections: u16,
    #[command(flatten)]
    output: OutputFlag,
}

/// Runs the subcommand.
///
/// # Errors
/// There is nothing to keep, or nobody to send it to.
pub fn run_command(args: &CompensateArgs) -> Result<ExitCode> {
    let nodes = args.nodes.resolve()?;
    if args.period < Duration::from_millis(200) || args.length.is_zero() {
        let error = "--period is at least 200ms, and --for more than nothing";
        return Err(Failure::usage(error, "clients beat each 5s").into());
    }
    let snapshot = match &args.snapshot {
        Some(path) => fleet::load(path)?,
        None => live(&nodes, args.timeout)?,
    };
    let tells = snapshot.instances().any(|(_, instance)| instance.last_beat_ms.is_some());
    if !tells && !args.probe && snapshot.instances().next().is_some() {
        exit::warn(
            "these servers do not show last beats: without --probe every instance is let go \
             after --max-age",
        );
    }
    let options = Options {
        nodes,
        length: args.length,
        period: args.period,
        max_age: args.max_age,
        probe: args.probe,
        timeout: args.timeout,
        connections: usize::from(args.connections),
    };
    let report = keep(&options, &snapshot)?;
    match args.output.format {
        Format::Json => print_json(&report)?,
        Format::Text => print(&text(&report))?,
    }
    // What was refused to the end may be gone.
    let in_vain = |instance: &InstanceReport| {
        instance.state == State::Kept && instance.refusals > 0 && instance.beats == 0
    };
    let failed = report.instances.iter().any(in_vain);
    Ok(if failed { ExitCode::from(NO) } else { ExitCode::SUCCESS })
}

fn keep(options: &Options, snapshot: &Snapshot) -> Result<Report, Failure> {
    let bar = fleet::spinner("beats taken:");
    let mut told = Duration::ZERO;
    let ended = run(options, snapshot, &mut |elapsed, beats| {
        bar.set_position(beats);
        let left = options.length.saturating_sub(elapsed);
        if bar.is_hidden() && elapsed >= told + PLAIN_EVERY {
            told = elapsed;
            eprintln!("{} s: {beats} beats taken, {} s left", elapsed.as_secs(), left.as_secs());
        }
    });
    bar.finish_and_clear();
    ended.map_err(|error| {
        let (code, hint) = match &error {
            RunError::Unreachable { .. } => (UNREACHABLE, "one node at least must answer"),
            RunError::Io(_) => (INTERNAL, "look at the limits of open files of this machine"),
        };
        Failure { code, error: error.to_string(), hint: hint.to_owned() }
    })
}

fn live(nodes: &[Node], timeout: Duration) -> Result<Snapshot> {
    let options = snapshot::Options {
        nodes: nodes.to_vec(),
        namespaces: Vec::new(),
        timeout: Duration::from_secs(120),
        answer_timeout: timeout,
        concurrency: 16,
        now_ms: fleet::now_ms(),
    };
    let taken = block_on(async { Ok(take(&options, &|_, _| ()).await) })?;
    match taken.unreachable.first() {
        Some((node, why)) if taken.unreachable.len() == nodes.len() => {
            let error = format!("cannot reach {node}: {why}");
            let hint = "one node at least must answer; or give a --snapshot".to_owned();
            Err(Failure { code: UNREACHABLE, error, hint }.into())
        }
        _ if taken.snapshot.instances().next().is_none() => {
            let hint = "take a snapshot while the instances are there, and give it with --snapshot";
            let error = "the nodes hold no instance".to_owned();
            Err(Failure { code: USAGE, error, hint: hint.to_owned() }.into())
        }
        _ => Ok(taken.snapshot),
    }
}

fn text(report: &Report) -> String {
    let count = |state: State| report.instances.iter().filter(|one| one.state == state).count();
    let sum = |field: fn(&InstanceReport) -> u32| -> u64 {
        report.instances.iter().map(|instance| u64::from(field(instance))).sum()
    };
    let skipped = report.skipped;
    let mut text = format!(
        "{} instances in {:.1} s: {} beats, {} re-creations, {} refusals\n\
         let go: {} silent, {} deregistered, {} disabled; left alone: {} disabled, {} persistent, \
         {} of connections\n",
        report.instances.len(),
        report.took_ms as f64 / 1000.0,
        sum(|instance| instance.beats),
        sum(|instance| instance.recreations),
        sum(|instance| instance.refusals),
        count(State::Silent),
        count(State::Deregistered),
        count(State::Disabled),
        skipped.disabled,
        skipped.persistent,
        skipped.connection,
    );
    for node in &report.nodes {
        text.push_str(&format!(
            "{}: {} beats, {} refusals, {} without an answer; {} gaps, {:.1} s together, longest \
             {:.1} s; {} instances found absent\n",
            node.node,
            node.beats,
            node.refusals,
            node.unanswered,
            node.gaps,
            node.gap_total_ms as f64 / 1000.0,
            node.gap_longest_ms as f64 / 1000.0,
            node.missing
        ));
    }
    let told =
        |one: &&InstanceReport| one.state != State::Kept || one.recreations > 0 || one.refusals > 0;
    let noted: Vec<&InstanceReport> = report.instances.iter().filter(told).collect();
    for one in noted.iter().take(SHOWN) {
        text.push_str(&format!(
            "  {}/{} {} {:?}: {} beats, {} re-creations, {} refusals\n",
            one.namespace,
            one.service,
            one.instance,
            one.state,
            one.beats,
            one.recreations,
            one.refusals
        ));
    }
    if let Some(more) = noted.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more; -o json has all of them\n"));
    }
    text
}
