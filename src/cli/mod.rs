//! The command line: one file per subcommand, each a clap struct that becomes plain values for the
//! layer below.
//!
//! stdout carries results only. What is wrong is one line and a hint on stderr (`exit`, `usage`);
//! settings come from flags, environment and file (`settings`).

mod audit;
mod bench;
mod compensate;
mod completions;
mod config;
mod ctl;
mod diff;
mod drill;
mod exit;
mod fleet;
mod gateway;
mod log;
mod man;
mod output;
mod plan;
mod ports;
mod profiles;
mod ready;
mod rescue;
mod serve;
mod settings;
mod snapshot;
mod upgrade;
mod usage;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// A Nacos naming registry that can be any server version on demand
#[derive(Debug, Parser)]
#[command(
    name = "facos",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Example: a server of version 1.2.1 on the port that Nacos clients know
  facos serve --profile 1.2.1

Exit codes: 0 done, 1 the answer is no, 2 usage, 4 a threshold was missed,
69 a server is unreachable, 70 internal error."
)]
struct Facos {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    Serve(Box<serve::ServeArgs>),
    Verify(verify::VerifyArgs),
    Bench(Box<bench::BenchArgs>),
    Snapshot(snapshot::SnapshotArgs),
    Rescue(rescue::RescueArgs),
    Audit(audit::AuditArgs),
    Drill(drill::DrillArgs),
    Compensate(compensate::CompensateArgs),
    Diff(diff::DiffArgs),
    Plan(plan::PlanArgs),
    Upgrade(upgrade::UpgradeArgs),
    GatewaySim(gateway::GatewayArgs),
    Profiles(profiles::ProfilesArgs),
    Ctl(ctl::CtlArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs the command line and returns the exit code that design.md lists.
pub fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let command = match Facos::try_parse_from(&words) {
        Ok(Facos { command }) => command,
        Err(error) => return usage::answer(&error, &Facos::command(), &words),
    };
    let done = match command {
        Subcommands::Serve(args) => serve::run(&args),
        Subcommands::Verify(args) => verify::run(&args),
        Subcommands::Bench(args) => bench::run(&args),
        Subcommands::Snapshot(args) => snapshot::run(&args),
        Subcommands::Rescue(args) => rescue::run(&args),
        Subcommands::Audit(args) => audit::run(&args),
        Subcommands::Drill(args) => drill::run(&args),
        Subcommands::Compensate(args) => compensate::run_command(&args),
        Subcommands::Diff(args) => diff::run(&args),
        Subcommands::Plan(args) => plan::run(&args),
        Subcommands::Upgrade(args) => upgrade::run(&args),
        Subcommands::GatewaySim(args) => gateway::run(&args),
        Subcommands::Profiles(args) => profiles::run(&args),
        Subcommands::Ctl(args) => ctl::run(&args),
        Subcommands::Config(args) => config::run(&args),
        Subcommands::Completions(args) => completions::run(&args, Facos::command()),
        Subcommands::Man(args) => man::run(&args, Facos::command()),
    };
    done.unwrap_or_else(|error| exit::fail(&error))
}
