//! What came of it: per instance and per node.
use serde::Serialize;

use super::life;
use super::planner::Planner;
use super::subject::Skipped;

/// How an instance stood at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It was kept.
    Kept,
    /// An operator had disabled it.
    Disabled,
    /// It was let go: no sign of life of its own.
    Silent,
    /// It was let go: its client deregistered it.
    Deregistered,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceReport {
    /// `namespaceId`.
    pub namespace: String,
    /// `group@@service`.
    pub service: String,
    /// `ip:port@cluster`.
    pub instance: String,
    /// How it stood at the end.
    pub state: State,
    /// Beats that were taken.
    pub beats: u32,
    /// Those of them that registered it anew.
    pub recreations: u32,
    /// Beats that were refused.
    pub refusals: u32,
}

/// One node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeReport {
    /// `host:port` as it was given.
    pub node: String,
    /// Beats that it took.
    pub beats: u64,
    /// Beats that it refused.
    pub refusals: u64,
    /// Requests that it did not answer.
    pub unanswered: u64,
    /// Requests that were left out because too many waited for the node.
    pub not_sent: u64,
    /// Stretches of time in which it answered nothing.
    pub gaps: u64,
    /// All of them together, in milliseconds.
    pub gap_total_ms: u64,
    /// The longest one, in milliseconds.
    pub gap_longest_ms: u64,
    /// Instances that a look at it found absent.
    pub missing: u64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How long it ran, in milliseconds.
    pub took_ms: u64,
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// Instances of the snapshot that were left alone.
    pub skipped: Skipped,
    /// The processor time of the thread that sends, in milliseconds.
    pub cpu_ms: u64,
    /// Beats that were sent later than planned by more than a quarter of a second.
    pub late: u64,
    /// Each node.
    pub nodes: Vec<NodeReport>,
    /// Each instance.
    pub instances: Vec<InstanceReport>,
}

/// The part of the instances.
pub fn instances(planner: &Planner) -> Vec<InstanceReport> {
    let all = planner.results().map(|(group, kept, counts, state)| InstanceReport {
        namespace: group.namespace.clone(),
        service: group.service.clone(),
        instance: format!("{}:{}@{}", kept.ip, kept.port, group.cluster),
        state: match state {
            life::State::Kept => State::Kept,
            life::State::Disabled => State::Disabled,
            life::State::Silent => State::Silent,
            life::State::Deregistered => State::Deregistered,
        },
        beats: counts.beats,
        recreations: counts.recreations,
        refusals: counts.refusals,
    });
    all.collect()
}
