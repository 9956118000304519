//! `facos drill`: what a client still returns when its registry is away, empty or odd.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use super::exit::{Failure, NO, UNREACHABLE};
use super::output::{self, Format, OutputFlag};
use super::ports::{print_line, refuse_port};
use crate::drill::report::Report;
use crate::drill::{Drill, DrillError, Observer, Process, Subject, Times, run_drill};
use crate::model::Span;

const EXAMPLE: &str = "\
Example: what does the SDK in a Node program still return?
  facos drill -- node consumer.js

The command holds the client under test. It finds its registry in the environment: FACOS_SERVER
(host:port), FACOS_NAMESPACE, FACOS_GROUP, FACOS_SERVICE, and the name of the drill in FACOS_DRILL.
It asks its SDK again and again, at least once a second, for the hosts of the service, and prints a
line of JSON each time: what it was given, or the error instead.
  {\"hosts\":[\"10.9.0.1:8080\",\"10.9.0.2:8080\"]}
  {\"error\":\"connection refused\"}
Other lines are passed over. It is started anew for each drill and killed at its end. The registry
speaks HTTP and pushes by UDP, as 1.x does; clients of gRPC can not be drilled.

Drills: down-at-start (nobody listens at first), down-at-run-time (the server goes away), empty-list
(lists have no hosts), empty-push (a push has none), null-hosts (lists have null for hosts),
stale-time (a list with less hosts is older than the one before).

Exit codes: 0 the hosts were kept in every drill, 1 they were lost in one.";

/// Play six outages to a client and tell what it still returned
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct DrillArgs {
    /// Only this drill; repeat for several
    #[arg(long = "drill", value_enum, value_name = "NAME", hide_possible_values = true)]
    drills: Vec<Name>,
    /// How long a situation lasts
    #[arg(long = "for", value_name = "DURATION", default_value = "8s")]
    hold: Span,
    /// How long the client may take until it returns every host, at its start and afterwards
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    patience: Span,
    #[command(flatten)]
    output: OutputFlag,
    /// The command with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// A drill by its name.
#[derive(Debug, Clone, Copy)]
struct Name(Drill);

impl ValueEnum for Name {
    fn value_variants<'a>() -> &'a [Self] {
        const {
            &[
                Name(Drill::DownAtStart),
                Name(Drill::DownAtRunTime),
                Name(Drill::EmptyList),
                Name(Drill::EmptyPush),
                Name(Drill::NullHosts),
                Name(Drill::StaleTime),
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
/// The command can not be started, or the server of the drills.
pub fn run(args: &DrillArgs) -> Result<ExitCode> {
    let drills: Vec<Drill> = match &args.drills[..] {
        [] => Drill::ALL.to_vec(),
        named => named.iter().map(|name| name.0).collect(),
    };
    let times = Times { patience: args.patience.0, hold: args.hold.0 };
    let mut live = Live(ProgressBar::new_spinner());
    let mut outcomes = Vec::new();
    for drill in drills {
        let start = |server| -> std::io::Result<Box<dyn Subject>> {
            Ok(Box::new(Process::start(&args.command, server, drill)?))
        };
        let outcome = run_drill(drill, times, start, &mut live);
        outcomes.push(outcome.map_err(|error| refuse(&args.command, error))?);
    }
    live.0.finish_and_clear();
    let report = Report::of(&outcomes);
    match args.output.format {
        Format::Text => output::print(&report.text())?,
        Format::Json => print_line(&report)?,
    }
    Ok(if report.passed { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

/// How far a drill is: a spinner on a terminal, plain lines otherwise.
struct Live(ProgressBar);

impl Observer for Live {
    fn step(&mut self, drill: Drill, what: &str) {
        let line = format!("{}: {what}", drill.name());
        if self.0.is_hidden() {
            eprintln!("{line}");
        } else {
            self.0.set_message(line);
            self.0.tick();
        }
    }
}

fn refuse(command: &[String], error: DrillError) -> Failure {
    match error {
        DrillError::Listen(error) => refuse_port(&error),
        DrillError::Start(error) => {
            let program = command.first().map(String::as_str).unwrap_or_default();
            let error = format!("cannot start {program}: {error}");
            Failure::usage(error, "behind -- comes a program with its arguments")
        }
        DrillError::Push(_) => Failure {
            code: UNREACHABLE,
            error: error.to_string(),
            hint: "a client told an address that cannot be reached from here".to_owned(),
        },
    }
}
