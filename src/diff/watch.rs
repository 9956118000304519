//! Polls the nodes until what differs is stable: a change takes up to two seconds from one node to
//! the others, and health up to five, so only what differs in the same way for a while counts.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::compare::{Difference, Subject, compare};
use crate::client::fleet::{AskError, Asker, Node};
use crate::client::http::HttpError;
use crate::snapshot::{Holding, survey};

/// The pause between two polls.
const PAUSE: Duration = Duration::from_millis(500);

/// How the nodes are compared.
#[derive(Clone, Debug)]
pub struct Options {
    /// The nodes, each once.
    pub nodes: Vec<Node>,
    /// Namespaces beside those that the nodes tell.
    pub namespaces: Vec<String>,
    /// For how long a difference must stay the same.
    pub settle: Duration,
    /// How long all of it may take.
    pub timeout: Duration,
    /// How long one answer may take.
    pub answer_timeout: Duration,
    /// Questions to one node at a time.
    pub concurrency: usize,
}

/// What was found.
#[derive(Debug)]
pub struct Outcome {
    /// What differs, and stayed so.
    pub differences: Vec<Difference>,
    /// What differed in the last poll, but not long enough before time ran out.
    pub unsettled: usize,
    /// Services of all nodes.
    pub services: usize,
    /// Instances of each node.
    pub instances: Vec<usize>,
    /// How often the nodes were read.
    pub polls: u32,
}

/// A node that did not answer.
#[derive(Debug, thiserror::Error)]
#[error("{node}: {error}")]
pub struct Silent {
    /// Who.
    pub node: String,
    /// Why.
    pub error: AskError,
}

/// Compares the nodes.
///
/// # Errors
/// A node does not answer.
pub async fn watch(options: &Options, read: &(dyn Fn(usize) + Sync)) -> Result<Outcome, Silent> {
    let asker = |node: &Node| Asker::new(node.clone(), options.concurrency, options.answer_timeout);
    let askers: Vec<Asker> = options.nodes.iter().map(asker).collect();
    let began = Instant::now();
    let mut since: BTreeMap<Subject, (Vec<Option<String>>, Instant)> = BTreeMap::new();
    let mut polls = 0;
    loop {
        polls += 1;
        let asked = Instant::now();
        let left = options.timeout.saturating_sub(began.elapsed());
        let holdings = read_all(&askers, options, left, read).await?;
        let differences = compare(&holdings);
        since.retain(|subject, _| differences.iter().any(|d| d.subject == *subject));
        for difference in &differences {
            let entry = since.entry(difference.subject.clone());
            let (values, first) = entry.or_insert_with(|| (difference.values.clone(), asked));
            if *values != difference.values {
                (*values, *first) = (difference.values.clone(), asked);
            }
        }
        let settled = |difference: &Difference| {
            since
                .get(&difference.subject)
                .is_some_and(|(_, first)| asked.saturating_duration_since(*first) >= options.settle)
        };
        // One that settled is an answer; the rest may still be on its way.
        let (stable, moving): (Vec<_>, Vec<_>) = differences.into_iter().partition(settled);
        let out_of_time = began.elapsed() + PAUSE >= options.timeout;
        if moving.is_empty() || out_of_time {
            let services: std::collections::BTreeSet<_> =
                holdings.iter().flat_map(|holding| holding.services.keys()).collect();
            return Ok(Outcome {
                differences: stable,
                unsettled: moving.len(),
                services: services.len(),
                instances: holdings.iter().map(Holding::instances).collect(),
                polls,
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn read_all(
    askers: &[Asker],
    options: &Options,
    left: Duration,
    read: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Holding>, Silent> {
    let reads = askers.iter().map(|asker| async {
        let mut holding = Holding::default();
        let whole = survey(asker, &options.namespaces, options.concurrency, read, &mut holding);
        let silent = |error| Silent { node: asker.node().address.clone(), error };
        match tokio::time::timeout(left, whole).await {
            Ok(read) => read.map_err(silent)?,
            Err(_) => return Err(silent(HttpError::TimedOut(options.timeout).into())),
        }
        Ok(holding)
    });
    join_all(reads).await.into_iter().collect()
}
