//! The nodes of the process as an operator handles them: stopped, killed, started again as the same
//! version or another one, cut off from their peers, slowed down, given other members. Each of it
//! is noted in the journal of every node.

use super::handler::{Given, number, print};
use super::problem::Problem;
use crate::edge::http::Answer;
use crate::model::MemberId;
use crate::node::peering::{Direction, MemberSource, parse};
use crate::node::{Node, Process};
use crate::wire::Params;
use serde_json::{Value, json};
use std::sync::Arc;

/// Starts and ends the nodes of a process.
pub trait NodeControl: Send + Sync {
    /// Ends a node, in order or at once; false when it had ended before.
    fn stop(&self, number: usize, at_once: bool) -> bool;
    /// Starts a node that had ended, as another version if one is named; false when it runs.
    ///
    /// # Errors
    /// There is no such profile, or a port of the node was taken meanwhile.
    fn start(&self, number: usize, profile: Option<&str>) -> Result<bool, String>;
    /// Whether a node runs.
    fn runs(&self, number: usize) -> bool;
}

/// What can be done to a node.
const ACTIONS: &str = "stop, kill, start, restart, isolate, heal, lag and members";
/// The longest delay of a call between nodes, ms.
const MAX_LAG_MS: u64 = 600_000;

/// Every node.
pub fn list(process: &Process, control: &dyn NodeControl) -> Value {
    let nodes = process.nodes();
    let rows: Vec<Value> =
        nodes.iter().enumerate().map(|(number, node)| row(number, node, control)).collect();
    json!({ "nodes": rows })
}

fn row(number: usize, node: &Node, control: &dyn NodeControl) -> Value {
    let mut row = json!({
        "node": number,
        "profile": node.profile().name,
        "address": node.address().to_string(),
        "running": control.runs(number),
    });
    if let Some(peering) = node.peering() {
        let (cut, lag_ms) = peering.network().state(peering.own());
        row["isolated"] = json!(cut.map(Direction::name));
        row["lag_ms"] = json!(lag_ms);
        if let Some(upgraded) = node.is_upgraded() {
            row["upgraded"] = json!(upgraded);
        }
        peering.members(|members| {
            row["members"] = names(members.listed());
            row["healthy"] = names(members.healthy());
        });
    }
    row
}

fn names(members: &[MemberId]) -> Value {
    members.iter().map(|member| Value::from(&**member)).collect()
}

/// GET `nodes/{i}`, and POST to what can be done to it.
pub fn one(
    process: &Arc<Process>,
    control: &Arc<dyn NodeControl>,
    (method, rest): (&str, &str),
    params: &Params<'_>,
) -> Result<Answer, Problem> {
    let (which, action) = rest.split_once('/').unwrap_or((rest, ""));
    let at = which.parse::<usize>().ok();
    let found = at.and_then(|at| Some((at, process.node(at)?)));
    let (at, node) = found.ok_or_else(|| {
        let last = process.nodes().len().saturating_sub(1);
        Problem::unknown(format!("there is no node {which}"))
            .hint(format!("nodes are numbered from 0 to {last}"))
    })?;
    match (method, action) {
        ("GET", "") => Ok(Answer::Now(print(&row(at, &node, &**control)))),
        ("POST", "stop" | "kill" | "start" | "restart") => {
            let profile = params.optional("profile").map(|name| name.into_owned());
            Ok(turn(process.clone(), control.clone(), (at, action.to_owned()), profile))
        }
        ("POST", "isolate" | "heal" | "lag" | "members") => {
            bend(process, &node, action, params)?;
            Ok(Answer::Now(print(&row(at, &node, &**control))))
        }
        _ => Err(Problem {
            status: 405,
            detail: format!("{method} is no method of /__admin/nodes/{rest}"),
            hint: Some(format!("a node has GET, and POST to {ACTIONS}")),
        }),
    }
}

/// Stops or starts; threads are waited for elsewhere, so that the admin API goes on.
fn turn(
    process: Arc<Process>,
    control: Arc<dyn NodeControl>,
    (at, action): (usize, String),
    profile: Option<String>,
) -> Answer {
    Answer::Later(Box::pin(async move {
        let done = tokio::task::spawn_blocking(move || {
            let done = turned(&*control, (at, &action), profile.as_deref())?;
            if let Some(node) = process.node(at) {
                note(&process, &node, &done);
            }
            let node = process.node(at);
            Ok::<_, Problem>(node.map(|node| row(at, &node, &*control)).unwrap_or_default())
        });
        match done.await {
            Ok(Ok(row)) => print(&row),
            Ok(Err(problem)) => problem.response(),
            Err(_) => {
                Problem { status: 500, detail: "it panicked".to_owned(), hint: None }.response()
            }
        }
    }))
}

/// Does it, and says what was done.
fn turned(
    control: &dyn NodeControl,
    (at, action): (usize, &str),
    profile: Option<&str>,
) -> Result<String, Problem> {
    let conflict = |state: &str| Problem::conflict(format!("node {at} {state}"));
    let started = |done: Result<bool, String>| match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(conflict("runs already").hint("restart it, or stop it first")),
        Err(error) => Err(conflict(&format!("does not start: {error}"))),
    };
    match action {
        "stop" | "kill" => {
            if !control.stop(at, action == "kill") {
                return Err(conflict("has ended already").hint("start it"));
            }
        }
        "restart" => {
            control.stop(at, false);
            started(control.start(at, profile))?;
        }
        _ => started(control.start(at, profile))?,
    }
    Ok(match profile {
        Some(profile) => format!("{action} {profile}"),
        None => action.to_owned(),
    })
}

/// Changes what is between a node and its peers.
fn bend(process: &Process, node: &Node, action: &str, params: &Params<'_>) -> Result<(), Problem> {
    let peering = node.peering().ok_or_else(|| {
        Problem::conflict("the node stands alone")
            .hint("start several with --nodes, or name its members with --members")
    })?;
    let (network, own) = (peering.network(), peering.own());
    let done = match action {
        "isolate" => {
            let name = params.or("direction", "both");
            let direction = Direction::named(&name).ok_or_else(|| {
                Problem::bad(format!("there is no direction {name}"))
                    .hint("directions are both, in and out")
            })?;
            network.isolate(own, direction);
            format!("isolate {}", direction.name())
        }
        "heal" => {
            network.heal(own);
            "heal".to_owned()
        }
        "lag" => {
            let lag_ms = number(params, "ms")?.unwrap_or(0);
            if lag_ms > MAX_LAG_MS {
                return Err(Problem::bad(format!("ms is at most {MAX_LAG_MS}")));
            }
            network.lag(own, lag_ms);
            format!("lag {lag_ms} ms")
        }
        _ => {
            let list = params.optional("list").unwrap_or_default();
            let members: Vec<MemberId> = parse(&list, node.address().port());
            if members.is_empty() {
                return Err(Problem::bad("say who the members are")
                    .hint("for example members?list=127.0.0.1:8848,127.0.0.1:8858"));
            }
            let told = format!("members {}", members.join(","));
            node.set_members(MemberSource::Given(members));
            told
        }
    };
    note(process, node, &done);
    Ok(())
}

/// Everybody remembers what was done to a node.
fn note(process: &Process, to: &Node, done: &str) {
    for node in process.nodes() {
        node.journal.control(to.address(), node.now(), done);
    }
}

/// The nodes, for whoever asks the handler.
pub fn given(process: &Process, control: &dyn NodeControl) -> Given {
    Ok(list(process, control))
}
