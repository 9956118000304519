//! `facos plan`: what moves when members come or go, and the safe order.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::exit::{Failure, NO, UNREACHABLE};
use super::fleet::{self, block_on, duration};
use super::output::{Format, OutputFlag, print, print_json};
use crate::client::fleet::Sharding;
use crate::plan::{Change, Moves, moves, steps, tags};
use crate::snapshot::{Options, Snapshot, take};

/// Moves that the text names; `-o json` has all of them.
const SHOWN: usize = 20;

/// Tell what moves when members come or go, and in which order to do it.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: what does a third member move, and what is to be done first?
  facos plan expand --add 10.0.0.3:8848 --node 10.0.0.1:8848")]
pub struct PlanArgs {
    #[command(subcommand)]
    command: PlanCommand,
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// Add members.
    #[command(after_help = "\
Example: a third member, planned from a snapshot
  facos plan expand --add 10.0.0.3:8848 --snapshot before.json")]
    Expand {
        /// `ip:port` of a member to come; repeat it for each
        #[arg(long = "add", value_name = "IP:PORT", required = true)]
        add: Vec<String>,
        #[command(flatten)]
        source: Source,
    },
    /// Remove members.
    #[command(after_help = "\
Example: cluster A of A+B leaves
  facos plan shrink --remove 10.0.0.1:8848 --remove 10.0.0.2:8848 --node 10.0.1.1:8848")]
    Shrink {
        /// `ip:port` of a member to go; repeat it for each
        #[arg(long = "remove", value_name = "IP:PORT", required = true)]
        remove: Vec<String>,
        #[command(flatten)]
        source: Source,
    },
}

/// Where services, clients and members come from.
#[derive(Debug, Args)]
struct Source {
    /// A node to ask; repeat it for each
    #[arg(long = "node", value_name = "URL", required_unless_present = "snapshot")]
    nodes: Vec<String>,
    /// A snapshot to read instead
    #[arg(long, value_name = "FILE", conflicts_with = "nodes")]
    snapshot: Option<PathBuf>,
    /// The members now, `ip:port`, with commas [default: what the nodes or the snapshot tell]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    members: Vec<String>,
    /// What decides who is responsible [default: what the nodes or the snapshot tell]
    #[arg(long, value_enum)]
    sharding: Option<ShardingArg>,
    /// How long the nodes may take
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    timeout: Duration,
    #[command(flatten)]
    output: OutputFlag,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShardingArg {
    /// The grouped service name: 1.x, and 2.x before its upgrade.
    Service,
    /// The client's address: an upgraded 2.x.
    Client,
}

/// Runs the subcommand.
///
/// # Errors
/// There is nothing to plan from, or the members are not those named.
pub fn run(args: &PlanArgs) -> Result<ExitCode> {
    let (change, who, source) = match &args.command {
        PlanCommand::Expand { add, source } => (Change::Expand, add, source),
        PlanCommand::Shrink { remove, source } => (Change::Shrink, remove, source),
    };
    let snapshot = match &source.snapshot {
        Some(path) => fleet::load(path)?,
        None => live(source)?,
    };
    let sharding = match source.sharding {
        Some(ShardingArg::Service) => Sharding::Service,
        Some(ShardingArg::Client) => Sharding::Client,
        None => snapshot.sharding,
    };
    let told = if source.members.is_empty() { &snapshot.members } else { &source.members };
    let before: BTreeSet<String> = told.iter().cloned().collect();
    let after = after(change, &before, who)?;
    let stay: Vec<String> = before.intersection(&after).cloned().collect();
    let (before, after): (Vec<_>, Vec<_>) =
        (before.into_iter().collect(), after.into_iter().collect());
    let moves = moves(&tags(&snapshot, sharding), &before, &after);
    let steps = steps(change, sharding, who, &stay);
    match source.output.format {
        Format::Json => print_json(&json!({
            "sharding": sharding, "before": before, "after": after, "of": moves.of,
            "moving": moves.moves.len(), "moves": moves.moves, "steps": steps,
            "complete": snapshot.complete,
        }))?,
        Format::Text => print(&text(&moves, sharding, &before, &after, &steps))?,
    }
    if snapshot.complete {
        return Ok(ExitCode::SUCCESS);
    }
    let hint = "take the snapshot again when every node answers";
    let error = "the snapshot is not complete: more may move than is told".to_owned();
    Err(Failure { code: NO, error, hint: hint.to_owned() }.into())
}

fn live(source: &Source) -> Result<Snapshot> {
    let options = Options {
        nodes: fleet::resolve(&source.nodes)?,
        namespaces: Vec::new(),
        timeout: source.timeout,
        answer_timeout: Duration::from_secs(10).min(source.timeout),
        concurrency: 16,
        now_ms: fleet::now_ms(),
    };
    let bar = fleet::spinner("services read:");
    let taken =
        block_on(async { Ok(take(&options, &|_, services| bar.inc(services as u64)).await) });
    bar.finish_and_clear();
    let taken = taken?;
    if let [(node, why), ..] = &taken.unreachable[..]
        && taken.unreachable.len() == options.nodes.len()
    {
        let hint = "start a node first, correct --node, or plan from a --snapshot".to_owned();
        let error = format!("cannot reach {node}: {why}");
        return Err(Failure { code: UNREACHABLE, error, hint }.into());
    }
    Ok(taken.snapshot)
}

/// The members after the change.
fn after(
    change: Change,
    before: &BTreeSet<String>,
    who: &[String],
) -> Result<BTreeSet<String>, Failure> {
    if before.is_empty() {
        let hint = "name them: --members 10.0.0.1:8848,10.0.0.2:8848";
        return Err(Failure::usage("the members are not known", hint));
    }
    let list = || before.iter().cloned().collect::<Vec<_>>().join(", ");
    let mut after = before.clone();
    for member in who {
        let (done, error) = match change {
            Change::Expand => {
                (after.insert(member.clone()), format!("{member} is a member already"))
            }
            Change::Shrink => (after.remove(member), format!("{member} is no member")),
        };
        if !done {
            return Err(Failure::usage(error, format!("the members are {}", list())));
        }
    }
    if after.is_empty() {
        return Err(Failure::usage("no member would stay", format!("the members are {}", list())));
    }
    Ok(after)
}

fn text(
    moves: &Moves,
    sharding: Sharding,
    before: &[String],
    after: &[String],
    steps: &[String],
) -> String {
    let what = match sharding {
        Sharding::Service => "services",
        Sharding::Client => "clients",
    };
    let share = 100.0 * moves.moves.len() as f64 / moves.of.max(1) as f64;
    let mut text = format!(
        "members: {} -> {}\n{} of {} {what} change their responsible member ({share:.0} %)\n",
        before.join(", "),
        after.join(", "),
        moves.moves.len(),
        moves.of
    );
    for moved in moves.moves.iter().take(SHOWN) {
        text.push_str(&format!("  {}: {} -> {}\n", moved.tag, moved.from, moved.to));
    }
    if let Some(more) = moves.moves.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more; -o json has all of them\n"));
    }
    text.push_str("in this order:\n");
    for step in steps {
        text.push_str(&format!("  {step}\n"));
    }
    text
}
