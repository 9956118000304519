//! `facos diff`: do all nodes hold the same?

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::exit::{Failure, NO, UNREACHABLE};
use super::fleet::{self, NodeArgs, ReadingArgs, block_on, duration};
use super::output::{Format, OutputFlag, print, print_json};
use crate::diff::{Difference, Options, Outcome, minority, watch};

/// Differences that the text names; `-o json` has all of them.
const SHOWN: usize = 50;

/// Compare what the nodes hold: services, then instances field by field.
///
/// What differs only for a moment, while a change is on its way to the other nodes, is not told.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: does every node hold the same after one of them was restarted?
  facos diff --node 10.0.0.1:8848 --node 10.0.0.2:8848 --node 10.0.0.3:8848

Exit codes: 0 they hold the same, 1 they do not, 69 a node does not answer.")]
pub struct DiffArgs {
    #[command(flatten)]
    nodes: NodeArgs,
    /// A namespace that the nodes may not tell; repeat it for each
    #[arg(long = "namespace", value_name = "ID")]
    namespaces: Vec<String>,
    /// For how long a difference must stay the same to be told
    #[arg(long, value_name = "DURATION", default_value = "6s", value_parser = duration)]
    settle: Duration,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    output: OutputFlag,
}

/// Runs the subcommand.
///
/// # Errors
/// A node does not answer.
pub fn run(args: &DiffArgs) -> Result<ExitCode> {
    let nodes = args.nodes.resolve()?;
    if nodes.len() < 2 {
        let hint = "give every node of the deployment as a --node";
        return Err(Failure::usage("one node has nothing to be compared with", hint).into());
    }
    let options = Options {
        nodes,
        namespaces: args.namespaces.clone(),
        settle: args.settle,
        timeout: args.reading.timeout,
        answer_timeout: args.reading.answer_timeout,
        concurrency: usize::from(args.reading.concurrency),
    };
    let bar = fleet::spinner("services compared:");
    let outcome = block_on(async {
        let watched = watch(&options, &|services| bar.inc(services as u64)).await;
        watched.map_err(|error| {
            let hint = "every node must answer; start it, or leave it out".to_owned();
            Failure { code: UNREACHABLE, error: error.to_string(), hint }.into()
        })
    });
    bar.finish_and_clear();
    let outcome = outcome?;
    let names: Vec<String> = options.nodes.iter().map(ToString::to_string).collect();
    match args.output.format {
        Format::Json => print_json(&document(&outcome, &names))?,
        Format::Text => print(&text(&outcome, &names))?,
    }
    let same = outcome.differences.is_empty() && outcome.unsettled == 0;
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

fn document(outcome: &Outcome, names: &[String]) -> serde_json::Value {
    let restart = minority(&outcome.differences, names.len());
    json!({
        "same": outcome.differences.is_empty() && outcome.unsettled == 0,
        "nodes": names, "services": outcome.services, "instances": outcome.instances,
        "polls": outcome.polls, "unsettled": outcome.unsettled,
        "differences": outcome.differences,
        "restart": restart.iter().map(|place| &names[*place]).collect::<Vec<_>>(),
    })
}

fn text(outcome: &Outcome, names: &[String]) -> String {
    let head = format!("{} nodes, {} services", names.len(), outcome.services);
    if outcome.differences.is_empty() {
        return match outcome.unsettled {
            0 => format!("{head}: the same\n"),
            moving => format!("{head}: {moving} differences, none of which stayed the same\n"),
        };
    }
    let mut text = format!("{head}: {} differences\n", outcome.differences.len());
    for difference in outcome.differences.iter().take(SHOWN) {
        text.push_str(&format!("  {}\n", line(difference, names)));
    }
    if let Some(more) = outcome.differences.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more; -o json has all of them\n"));
    }
    match &minority(&outcome.differences, names.len())[..] {
        [] => text.push_str("no majority agrees: nothing here says which node to restart\n"),
        restart => {
            let who: Vec<&str> = restart.iter().map(|place| names[*place].as_str()).collect();
            text.push_str(&format!(
                "the others agree: restart {}, and compare again\n",
                who.join(", ")
            ));
        }
    }
    text
}

/// `public/g@@s 10.0.0.1:80@DEFAULT weight: 1 on A, B; 2 on C`.
fn line(difference: &Difference, names: &[String]) -> String {
    let subject = &difference.subject;
    let mut text = format!("{}/{}", subject.namespace, subject.service);
    if let Some(instance) = &subject.instance {
        text.push_str(&format!(" {instance}"));
    }
    let on = |wanted: &Option<String>| {
        let places = difference.values.iter().zip(names).filter(|(value, _)| *value == wanted);
        places.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let Some(field) = subject.field else {
        return format!("{text}: missing on {}", on(&None));
    };
    let mut values: Vec<&Option<String>> = difference.values.iter().collect();
    values.sort();
    values.dedup();
    let told = values.iter().filter_map(|value| {
        let shown = value.as_deref()?;
        let shown = if shown.is_empty() { "none" } else { shown };
        Some(format!("{shown} on {}", on(value)))
    });
    format!("{text} {field}: {}", told.collect::<Vec<_>>().join("; "))
}
