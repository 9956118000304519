//! `facos snapshot`: what all nodes hold, as one file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::exit::{self, Failure, NO, UNREACHABLE};
use super::fleet::{self, NodeArgs, ReadingArgs, block_on};
use super::output::{Format, OutputFlag, print, print_json};
use crate::snapshot::{Options, Taken, take};

/// Write down every namespace, service and instance that the nodes hold.
///
/// Each instance stands once, however much comes and goes meanwhile. A node that dies leaves what
/// it told until then: the file says so, and so does the exit code 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: everything that three nodes hold, before one of them is touched
  facos snapshot --node 10.0.0.1:8848 --node 10.0.0.2:8848 --node 10.0.0.3:8848 --out before.json

The file is JSON of format \"facos-snapshot\", version 1, for the other tools.")]
pub struct SnapshotArgs {
    #[command(flatten)]
    nodes: NodeArgs,
    /// The file; without it the snapshot goes to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A namespace that the nodes may not tell; repeat it for each
    #[arg(long = "namespace", value_name = "ID")]
    namespaces: Vec<String>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    output: OutputFlag,
}

/// Runs the subcommand.
///
/// # Errors
/// No node answers, one died, or they disagree.
pub fn run(args: &SnapshotArgs) -> Result<ExitCode> {
    let options = Options {
        nodes: args.nodes.resolve()?,
        namespaces: args.namespaces.clone(),
        timeout: args.reading.timeout,
        answer_timeout: args.reading.answer_timeout,
        concurrency: usize::from(args.reading.concurrency),
        now_ms: fleet::now_ms(),
    };
    let bar = fleet::spinner("services read:");
    let taken =
        block_on(async { Ok(take(&options, &|_, services| bar.inc(services as u64)).await) })?;
    bar.finish_and_clear();
    if taken.unreachable.len() == options.nodes.len() {
        return Err(unreachable(&taken).into());
    }
    match &args.out {
        Some(path) => {
            write_whole(path, &taken.snapshot.to_json())
                .with_context(|| format!("cannot write {}", path.display()))
                .map_err(|error| Failure::usage(format!("{error:#}"), "choose another --out"))?;
            summary(&taken, path, args.output.format)?;
        }
        None => print(&taken.snapshot.to_json())?,
    }
    taken.warnings.iter().for_each(|warning| exit::warn(warning));
    verdict(&taken)
}

/// The exit code: a snapshot that lacks something is kept, and the answer is no all the same.
fn verdict(taken: &Taken) -> Result<ExitCode> {
    if let Some(part) = taken.snapshot.nodes.iter().find(|node| !node.complete) {
        let error = format!(
            "{} was not read to its end: {}",
            part.node,
            part.error.as_deref().unwrap_or("it gave no reason")
        );
        let hint = "what was read is kept, and the file says \"complete\": false; take it again \
                    when the node answers";
        return Err(Failure { code: NO, error, hint: hint.to_owned() }.into());
    }
    if let Some(warning) = taken.warnings.first() {
        let hint = "the snapshot is kept; `facos diff` shows what differs, and --namespace names \
                    what a node does not tell";
        return Err(Failure { code: NO, error: warning.clone(), hint: hint.to_owned() }.into());
    }
    Ok(ExitCode::SUCCESS)
}

fn unreachable(taken: &Taken) -> Failure {
    let (node, why) = taken.unreachable.first().cloned().unwrap_or_default();
    let error = match taken.unreachable.len() {
        1 => format!("cannot reach {node}: {why}"),
        count => format!("cannot reach {node}: {why}; nor any other of {count} nodes"),
    };
    Failure { code: UNREACHABLE, error, hint: "start a node first, or correct --node".to_owned() }
}

fn summary(taken: &Taken, path: &Path, format: Format) -> Result<()> {
    let snapshot = &taken.snapshot;
    let instances = snapshot.instances().count();
    match format {
        Format::Json => print_json(&serde_json::json!({
            "out": path, "complete": snapshot.complete, "services": snapshot.services.len(),
            "instances": instances, "nodes": snapshot.nodes,
        })),
        Format::Text => {
            let mut text = format!(
                "{} services, {instances} instances of {} nodes in {}\n",
                snapshot.services.len(),
                snapshot.nodes.len(),
                path.display()
            );
            for node in &snapshot.nodes {
                let version = node.server_version.as_deref().unwrap_or("of no told version");
                let end = node.error.as_ref().map_or(String::new(), |e| format!(", cut: {e}"));
                text.push_str(&format!(
                    "  {} ({version}): {} services, {} instances{end}\n",
                    node.node, node.services, node.instances
                ));
            }
            print(&text)
        }
    }
}

/// Writes a file that appears whole or not at all.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
