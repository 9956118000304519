//! `facos gateway-sim`: plays what happened through a gateway's decision table.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::exit::{Failure, NO};
use super::fleet::duration;
use super::output::{Format, OutputFlag, print, print_json};
use crate::gateway::{Change, Hold, Played, Policy, Trace, from_journal, play};

/// Decisions that the text names; `-o json` has all of them.
const SHOWN: usize = 100;

/// Play a trace through a gateway's decision table and count the seconds in which it was wrong.
///
/// A trace is JSON, one event a line; `facos ctl journal` is read with --from-journal.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: how long does a gateway that polls each 5 s send requests to the dead?
  facos gateway-sim --trace night.jsonl --poll 5s --max-falsely-in 5s

A trace:
  {\"format\":\"facos-gateway-trace\",\"version\":1}
  {\"atMs\":0,\"registry\":[{\"address\":\"10.0.0.1:80\",\"healthy\":true,\"tag\":\"start-1\"}]}
  {\"atMs\":5000,\"registry\":[],\"callback\":true,\"truth\":{\"10.0.0.1:80\":false}}
  {\"atMs\":9000,\"offline\":\"10.0.0.1:80\"}

Exit codes: 0 done, 1 a limit was missed, 2 usage.")]
pub struct GatewayArgs {
    /// The trace
    #[arg(long, value_name = "FILE", required_unless_present = "from_journal")]
    trace: Option<PathBuf>,
    /// A journal that `facos ctl journal` printed
    #[arg(long, value_name = "FILE", conflicts_with = "trace")]
    from_journal: Option<PathBuf>,
    /// The service of the journal [default: the only one]
    #[arg(long, value_name = "NAME", requires = "from_journal")]
    service: Option<String>,
    /// The pause between polls; 0s polls never
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    poll: Duration,
    /// What is done with a healthy instance whose tag has not changed
    #[arg(long, value_enum, default_value_t)]
    hold: HoldArg,
    /// For how many polls it is held
    #[arg(long, value_name = "N", default_value_t = 3)]
    hold_polls: u32,
    /// How many polls must find no instance at all before that is believed
    #[arg(long, value_name = "N", default_value_t = 3)]
    empty_polls: u32,
    /// The longest that all instances together may be in falsely
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    max_falsely_in: Option<Duration>,
    /// The longest that all instances together may be out falsely
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    max_falsely_out: Option<Duration>,
    #[command(flatten)]
    output: OutputFlag,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum HoldArg {
    /// It is taken in after --hold-polls polls.
    #[default]
    Polls,
    /// It waits for a human.
    Human,
}

/// Runs the subcommand.
///
/// # Errors
/// There is no trace that can be read.
pub fn run(args: &GatewayArgs) -> Result<ExitCode> {
    let trace = load(args)?;
    let hold = match args.hold {
        HoldArg::Polls => Hold::Polls(args.hold_polls),
        HoldArg::Human => Hold::ForHuman,
    };
    let poll_ms = u64::try_from(args.poll.as_millis()).unwrap_or(u64::MAX);
    let played = play(&trace, Policy { hold, empty_polls: args.empty_polls }, poll_ms);
    let total = played.total();
    match args.output.format {
        Format::Json => print_json(&json!({
            "falselyInMs": total.falsely_in_ms, "falselyOutMs": total.falsely_out_ms,
            "lengthMs": played.length_ms, "instances": played.instances, "steps": played.steps,
        }))?,
        Format::Text => print(&text(&played))?,
    }
    let beyond = |ms: u64, limit: Option<Duration>| {
        limit.is_some_and(|limit| u128::from(ms) > limit.as_millis())
    };
    let missed = beyond(total.falsely_in_ms, args.max_falsely_in)
        || beyond(total.falsely_out_ms, args.max_falsely_out);
    Ok(if missed { ExitCode::from(NO) } else { ExitCode::SUCCESS })
}

fn load(args: &GatewayArgs) -> Result<Trace, Failure> {
    let path = args.trace.as_ref().or(args.from_journal.as_ref());
    let Some(path) = path else {
        return Err(Failure::usage("there is no trace", "give --trace or --from-journal"));
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read {}: {error}", path.display()), "give a file")
    })?;
    let named = |why: String| format!("{}: {why}", path.display());
    if args.from_journal.is_some() {
        return from_journal(&text, args.service.as_deref()).map_err(|why| {
            let hint = "facos ctl journal -o json prints one; --service chooses among several";
            Failure::usage(named(why), hint)
        });
    }
    Trace::parse(&text).map_err(|error| {
        let hint = "facos gateway-sim --help shows what a trace looks like";
        Failure::usage(named(error.to_string()), hint)
    })
}

fn text(played: &Played) -> String {
    let seconds = |ms: u64| ms as f64 / 1000.0;
    let total = played.total();
    let mut text = format!(
        "{:.1} s: {:.1} s falsely in, {:.1} s falsely out\n",
        seconds(played.length_ms),
        seconds(total.falsely_in_ms),
        seconds(total.falsely_out_ms)
    );
    for (address, wrong) in &played.instances {
        text.push_str(&format!(
            "  {address}: {:.1} s falsely in, {:.1} s falsely out\n",
            seconds(wrong.falsely_in_ms),
            seconds(wrong.falsely_out_ms)
        ));
    }
    for step in played.steps.iter().take(SHOWN) {
        let (what, address, reason) = match &step.change {
            Change::In(address, reason) => ("in", address, reason),
            Change::Out(address, reason) => ("out", address, reason),
            Change::Held(address, reason) => ("held", address, reason),
        };
        text.push_str(&format!(
            "  {:>9.3} s  {what:<4} {address}  {}\n",
            seconds(step.at_ms),
            reason.name()
        ));
    }
    if let Some(more) = played.steps.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more; -o json has all of them\n"));
    }
    text
}
