//! `facos upgrade watch`: the phase of each node, and go or no-go.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, Subcommand};
use futures_util::future::join_all;

use super::exit::{Failure, NO, UNREACHABLE};
use super::fleet::{self, NodeArgs, block_on, duration};
use super::output::{Format, OutputFlag, print, print_json};
use crate::client::fleet::Asker;
use crate::upgrade::{History, Judgement, Phase, poll};

/// So many polls in a row must say go.
const STEADY_POLLS: u32 = 2;

/// Follow an upgrade from 1.x to 2.x.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: may the double write be closed?
  facos upgrade watch --node 10.0.0.1:8848 --node 10.0.0.2:8848 --node 10.0.0.3:8848")]
pub struct UpgradeArgs {
    #[command(subcommand)]
    command: UpgradeCommand,
}

#[derive(Debug, Subcommand)]
enum UpgradeCommand {
    /// Poll every node until the double write may be closed, and say what stands against it.
    #[command(after_help = "\
Example: wait ten minutes for three nodes
  facos upgrade watch --node 10.0.0.1:8848 --node 10.0.0.2:8848 --node 10.0.0.3:8848 --for 10m

Exit codes: 0 go, 1 no-go when the time was over, 69 no node answers.")]
    Watch(WatchArgs),
}

#[derive(Debug, Args)]
struct WatchArgs {
    #[command(flatten)]
    nodes: NodeArgs,
    /// How long to wait for a go; 0s looks once
    #[arg(long = "for", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    length: Duration,
    /// The pause between two polls
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration)]
    every: Duration,
    /// How long one answer may take
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    answer_timeout: Duration,
    #[command(flatten)]
    output: OutputFlag,
}

/// Runs the subcommand.
///
/// # Errors
/// No node answers.
pub fn run(args: &UpgradeArgs) -> Result<ExitCode> {
    let UpgradeCommand::Watch(args) = &args.command;
    let nodes = args.nodes.resolve()?;
    let askers: Vec<Asker> =
        nodes.into_iter().map(|node| Asker::new(node, 4, args.answer_timeout)).collect();
    let judgement = block_on(async { Ok(watch(args, &askers).await) })?;
    if judgement.nodes.iter().all(|state| state.phase == Phase::Silent) {
        let state = &judgement.nodes[0];
        let error = format!("{} {}", state.node, state.reasons.join("; "));
        let hint = "start the nodes first, or correct --node".to_owned();
        return Err(Failure { code: UNREACHABLE, error, hint }.into());
    }
    match args.output.format {
        Format::Json => print_json(&judgement)?,
        Format::Text => print(&text(&judgement))?,
    }
    Ok(if judgement.go { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

async fn watch(args: &WatchArgs, askers: &[Asker]) -> Judgement {
    let (began, mut history, mut steady) = (Instant::now(), History::default(), 0);
    let bar = fleet::spinner("polls:");
    let mut told = String::new();
    loop {
        let polls = join_all(
            askers.iter().map(|asker| async { (asker.node().to_string(), poll(asker).await) }),
        );
        let judgement = history.judge(&polls.await);
        bar.inc(1);
        let line = phases(&judgement);
        if line != told && !args.length.is_zero() {
            bar.suspend(|| eprintln!("{:.0} s: {line}", began.elapsed().as_secs_f64()));
            told = line;
        }
        steady = if judgement.go { steady + 1 } else { 0 };
        let over = began.elapsed() + args.every > args.length;
        if steady >= STEADY_POLLS || over {
            bar.finish_and_clear();
            return judgement;
        }
        tokio::time::sleep(args.every).await;
    }
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Silent => "silent",
        Phase::Old => "old",
        Phase::Copying => "copying",
        Phase::Ready => "ready",
        Phase::FellBack => "fell back",
        Phase::Upgraded => "upgraded",
        Phase::Closed => "closed",
    }
}

fn phases(judgement: &Judgement) -> String {
    let parts = judgement.nodes.iter().map(|state| format!("{} {}", state.node, name(state.phase)));
    parts.collect::<Vec<_>>().join(", ")
}

fn text(judgement: &Judgement) -> String {
    let mut text = String::new();
    for state in &judgement.nodes {
        let version = state.version.as_deref().unwrap_or("version unknown");
        text.push_str(&format!("{} ({version}): {}\n", state.node, name(state.phase)));
        for reason in &state.reasons {
            text.push_str(&format!("  {reason}\n"));
        }
    }
    for reason in &judgement.reasons {
        text.push_str(&format!("{reason}\n"));
    }
    let closed = judgement.nodes.iter().all(|state| state.phase == Phase::Closed);
    text.push_str(match (judgement.go, closed) {
        (true, true) => "go: the double write is closed everywhere\n",
        (true, false) => "go: the double write may be closed\n",
        (false, _) => "no-go: leave the double write open\n",
    });
    text
}
