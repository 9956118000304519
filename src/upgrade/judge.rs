//! Phases and the verdict. Pure: polls in, a judgement out; what has to be remembered between
//! polls is the history.
//!
//! The next step of an upgrade is to close the double write, which drops the 1.x data at once: so
//! it is "go" only when every node answers from its 2.x core, sees every member, and holds nothing
//! in its 1.x data that the 2.x data lack.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::poll::{Metrics, NodePoll, RaftLeader};

/// Services that are named when they differ; the rest are counted.
const NAMED: usize = 5;

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It does not answer.
    Silent,
    /// A 1.x server.
    Old,
    /// A 2.x server on its 1.x core, which copies.
    Copying,
    /// A 2.x server that has copied everything and waits for the others.
    Ready,
    /// A 2.x server that was upgraded and answers from its 1.x core again.
    FellBack,
    /// It answers from its 2.x core and still writes both.
    Upgraded,
    /// The double write is closed.
    Closed,
}

/// A node's phase and why the next step must wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeState {
    /// `host:port` as it was given.
    pub node: String,
    /// The version that it tells.
    pub version: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// What stands against the next step.
    pub reasons: Vec<String>,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// Whether the double write may be closed, or is closed everywhere.
    pub go: bool,
    /// Each node.
    pub nodes: Vec<NodeState>,
    /// What stands against the next step for all of them.
    pub reasons: Vec<String>,
}

/// What has to be remembered from poll to poll.
#[derive(Debug, Default)]
pub struct History {
    /// Nodes that were seen upgraded.
    upgraded: BTreeSet<String>,
    /// For how many polls the counts of a node have differed in the same way.
    stuck: BTreeMap<String, (Metrics, u32)>,
}

/// From so many equal polls on counts that differ are called stuck.
const STUCK_POLLS: u32 = 5;

impl History {
    /// Judges one poll of all nodes, each with its name.
    pub fn judge(&mut self, polls: &[(String, NodePoll)]) -> Judgement {
        let lost = lost_flags(polls);
        let nodes: Vec<NodeState> =
            polls.iter().map(|(node, poll)| self.node(node, poll, polls, &lost)).collect();
        let mut reasons: Vec<String> = disagreeing_members(polls).into_iter().collect();
        let versions: BTreeSet<&str> =
            polls.iter().filter_map(|(_, poll)| poll.version.as_deref()).collect();
        if versions.len() > 1 {
            let versions: Vec<&str> = versions.into_iter().collect();
            reasons.push(format!("the nodes are of versions {}", versions.join(" and ")));
        }
        let done = |state: &NodeState| matches!(state.phase, Phase::Upgraded | Phase::Closed);
        let go =
            reasons.is_empty() && nodes.iter().all(|state| done(state) && state.reasons.is_empty());
        Judgement { go, nodes, reasons }
    }

    fn node(
        &mut self,
        node: &str,
        poll: &NodePoll,
        polls: &[(String, NodePoll)],
        lost: &[String],
    ) -> NodeState {
        let phase = self.phase(node, poll);
        let mut reasons = Vec::new();
        if let Some(why) = &poll.silent {
            reasons.push(format!("does not answer: {why}"));
        }
        match phase {
            Phase::Silent => {}
            Phase::Old => {
                reasons.push("is a 1.x server: replace it".to_owned());
                if poll.leader == RaftLeader::Nobody {
                    reasons.push("sees no raft leader: nothing persistent can be written".into());
                }
            }
            Phase::FellBack => reasons.push(
                "was upgraded and fell back to its 1.x core: a member is of an older version, or \
                 down without one"
                    .to_owned(),
            ),
            Phase::Copying => reasons.push(not_ready(poll)),
            Phase::Ready => reasons.extend(waiting(polls, lost)),
            Phase::Upgraded | Phase::Closed => {}
        }
        reasons.extend(members_not_up(poll));
        if let Some(metrics) = &poll.metrics {
            reasons.extend(self.counts(node, phase, metrics));
        }
        NodeState { node: node.to_owned(), version: poll.version.clone(), phase, reasons }
    }

    fn phase(&mut self, node: &str, poll: &NodePoll) -> Phase {
        if poll.silent.is_some() {
            return Phase::Silent;
        }
        let Some(metrics) = &poll.metrics else { return Phase::Old };
        if metrics.upgraded {
            self.upgraded.insert(node.to_owned());
            return if metrics.double_write { Phase::Upgraded } else { Phase::Closed };
        }
        if self.upgraded.contains(node) {
            return Phase::FellBack;
        }
        if own_ready(poll) == Some(true) { Phase::Ready } else { Phase::Copying }
    }

    /// What the counters say against the next step.
    fn counts(&mut self, node: &str, phase: Phase, metrics: &Metrics) -> Vec<String> {
        let lacks_services = metrics.service_count_v1 > metrics.service_count_v2;
        let lacks_instances = metrics.instance_count_v1 > metrics.instance_count_v2;
        let only_old = names(&metrics.only_old);
        // The 1.x data of an upgraded node may be smaller: only what the 2.x data lack is lost.
        let upgraded = matches!(phase, Phase::Upgraded | Phase::Closed);
        let differs = lacks_services
            || lacks_instances
            || !only_old.is_empty()
            || (!upgraded
                && (metrics.service_count_v1 != metrics.service_count_v2
                    || metrics.instance_count_v1 != metrics.instance_count_v2));
        if !differs || phase == Phase::Closed {
            self.stuck.remove(node);
            return Vec::new();
        }
        let fresh = (metrics.clone(), 0);
        let (known, polls) = self.stuck.entry(node.to_owned()).or_insert(fresh);
        *polls = if known == metrics { *polls + 1 } else { 1 };
        *known = metrics.clone();
        let mut reason = format!(
            "1.x data hold {} services and {} instances, 2.x data {} and {}",
            metrics.service_count_v1,
            metrics.instance_count_v1,
            metrics.service_count_v2,
            metrics.instance_count_v2
        );
        if !only_old.is_empty() {
            reason.push_str(&format!("; not copied: {}", shortened(&only_old)));
        }
        let only_new = names(&metrics.only_new);
        if !upgraded && !only_new.is_empty() {
            reason.push_str(&format!("; only in 2.x data: {}", shortened(&only_new)));
        }
        if *polls >= STUCK_POLLS {
            reason.push_str(&format!(
                "; unchanged for {polls} polls with {} writes waiting: the double write of this \
                 version may be broken",
                metrics.double_write_delay_task_count
            ));
        }
        vec![reason]
    }
}

/// The flag of the node itself, as it reports it.
fn own_ready(poll: &NodePoll) -> Option<bool> {
    let own = poll.own_address.as_deref()?;
    poll.members.iter().find(|member| member.address == own)?.ready
}

fn not_ready(poll: &NodePoll) -> String {
    match own_ready(poll) {
        None => "has not told yet whether it is ready".to_owned(),
        Some(_) => "is not ready: it has not copied everything yet".to_owned(),
    }
}

/// Upgraded nodes without the flag: a restart took it, and those that are not upgraded wait for it.
fn lost_flags(polls: &[(String, NodePoll)]) -> Vec<String> {
    let upgraded = |poll: &NodePoll| poll.metrics.as_ref().is_some_and(|metrics| metrics.upgraded);
    let lost = polls.iter().filter(|(_, poll)| upgraded(poll) && own_ready(poll).is_none());
    lost.map(|(node, _)| node.clone()).collect()
}

/// Whom a ready node waits for.
fn waiting(polls: &[(String, NodePoll)], lost: &[String]) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    let behind: Vec<&str> = polls
        .iter()
        .filter(|(_, poll)| {
            let upgraded = poll.metrics.as_ref().is_some_and(|metrics| metrics.upgraded);
            !upgraded && own_ready(poll) != Some(true)
        })
        .map(|(node, _)| node.as_str())
        .collect();
    if !behind.is_empty() {
        reasons.push(format!("is ready and waits for {}", behind.join(", ")));
    }
    if !lost.is_empty() {
        reasons.push(format!(
            "waits for a flag that {} lost in a restart after its upgrade: it will not come",
            lost.join(", ")
        ));
    }
    if reasons.is_empty() {
        reasons.push("is ready and not upgraded yet: the next check comes within 5 s".to_owned());
    }
    reasons
}

fn members_not_up(poll: &NodePoll) -> Option<String> {
    let down = poll.members.iter().filter_map(|member| {
        let state = member.state.as_deref().filter(|state| *state != "UP")?;
        Some(format!("{} as {state}", member.address))
    });
    let down: Vec<String> = down.collect();
    (!down.is_empty()).then(|| format!("sees {}", down.join(", ")))
}

/// Nodes that see different members.
fn disagreeing_members(polls: &[(String, NodePoll)]) -> Option<String> {
    let addresses = |poll: &NodePoll| -> Vec<String> {
        poll.members.iter().map(|member| member.address.clone()).collect()
    };
    let mut told = polls.iter().filter(|(_, poll)| !poll.members.is_empty());
    let (first, poll) = told.next()?;
    let (other, others) = told.find(|(_, other)| addresses(other) != addresses(poll))?;
    Some(format!(
        "the nodes disagree about their members: {first} sees {}, {other} sees {}",
        addresses(poll).join(", "),
        addresses(others).join(", ")
    ))
}

fn names(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|name| !name.is_empty()).collect()
}

fn shortened(names: &[&str]) -> String {
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
