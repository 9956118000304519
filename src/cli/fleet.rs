//! What the tools of operators share: the nodes that they speak to, how long they may take, a sign
//! of progress on stderr, and the words for what is wrong with a node.

use std::future::Future;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::exit::{Failure, USAGE};
use crate::client::fleet::{self, Node, NodeError};
use crate::model::Span;
use crate::snapshot::{Snapshot, SnapshotError};

/// The nodes of a deployment.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// A node of the deployment; repeat it for each
    #[arg(long = "node", value_name = "URL", required = true)]
    pub nodes: Vec<String>,
}

impl NodeArgs {
    /// The nodes, each once.
    ///
    /// # Errors
    /// A URL is none of a node, or two mean the same.
    pub fn resolve(&self) -> Result<Vec<Node>, Failure> {
        resolve(&self.nodes)
    }
}

/// How long reading the nodes may take, and how much is asked at once.
#[derive(Debug, Args)]
pub struct ReadingArgs {
    /// How long all of it may take
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub timeout: Duration,
    /// How long one answer may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub answer_timeout: Duration,
    /// Questions to one node at a time
    #[arg(
        long,
        value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    pub concurrency: u16,
}

/// The nodes behind some URLs.
///
/// # Errors
/// A URL is none of a node, or two mean the same.
pub fn resolve(urls: &[String]) -> Result<Vec<Node>, Failure> {
    fleet::nodes(urls).map_err(|error| {
        let hint = match &error {
            NodeError::NoAddress(_) | NodeError::Unresolved(..) => "a node is http://host:port",
            NodeError::Twice(..) => "give each node once, by one name",
        };
        Failure::usage(error, hint)
    })
}

/// Reads a snapshot file.
///
/// # Errors
/// It is none that can be read.
pub fn load(path: &Path) -> Result<Snapshot, Failure> {
    Snapshot::load(path).map_err(|error| {
        let hint = match &error {
            SnapshotError::Unreadable { .. } => "give the file that `facos snapshot --out` wrote",
            SnapshotError::Foreign { .. } => "take one: facos snapshot --node URL --out FILE",
            SnapshotError::OtherVersion { .. } => "take it again with this facos",
        };
        Failure { code: USAGE, error: error.to_string(), hint: hint.to_owned() }
    })
}

/// Runs a tool to its end, on one thread: two cores are for the servers.
///
/// # Errors
/// What the tool ends with.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(work)
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Reads a duration of the command line.
///
/// # Errors
/// It is none.
pub fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<Span>().map(|span| span.0).map_err(|error| error.to_string())
}

/// A line that moves on a terminal, and is silent elsewhere.
pub fn spinner(prefix: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {pos} {msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(prefix);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
