//! The connections of 2.x clients: who is there, and how to be the network or the operator who
//! takes one away.

use super::handler::Given;
use super::problem::Problem;
use crate::node::{Node, StreamView};
use crate::peers::upgrade::Core;
use crate::registry::connections::Connection;
use crate::wire::Params;
use serde_json::{Value, json};
use std::sync::Arc;

/// Every connection that is open; one that was not set up has no client.
pub fn list(node: &Arc<Node>) -> Value {
    let views = node.streams().map(|streams| streams.views()).unwrap_or_default();
    let rows: Vec<Value> = node.read_in(Core::New, |registry, now| {
        let known = registry.connections();
        views.iter().map(|view| row(view, known.get(view.id), now.0)).collect()
    });
    json!({ "connections": rows })
}

fn row(view: &StreamView, known: Option<&Connection>, now_ms: u64) -> Value {
    let meta = known.map(|known| &known.meta);
    let labels = meta.and_then(|meta| meta.labels.as_ref());
    let labels: serde_json::Map<String, Value> = labels
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    json!({
        "id": view.name,
        "remote": view.remote.to_string(),
        "open_ms": now_ms.saturating_sub(view.accepted.0),
        "registered": known.is_some(),
        "idle_ms": known.map(|known| now_ms.saturating_sub(known.last_active.0)),
        "client_ip": meta.map(|meta| &*meta.client_ip),
        "version": meta.and_then(|meta| meta.version.as_deref()),
        "labels": labels,
        "queued": view.queued,
        "stalled": view.stalled,
    })
}

/// Does something to one connection: `DELETE` cuts it, `reset` tells its client to go elsewhere,
/// `stall` holds back what it is to be sent.
pub fn one(node: &Arc<Node>, method: &str, rest: &str, params: &Params<'_>) -> Given {
    let (name, action) = rest.split_once('/').unwrap_or((rest, ""));
    let streams = node.streams().ok_or_else(|| {
        Problem::conflict("this version has no connections").hint("2.0.2 has them")
    })?;
    let found = match (method, action) {
        ("DELETE", "") => streams.cut(name),
        ("POST", "stall") => {
            let stalled = params.or("on", "true") == "true";
            streams.stall(name, stalled)
        }
        ("POST", "reset") => {
            let to = params.optional("to");
            node.reset_connection(name, to.as_deref()).is_some()
        }
        _ => {
            return Err(Problem {
                status: 405,
                detail: format!("{method} is no method of /__admin/connections/{rest}"),
                hint: Some(
                    "it has DELETE, and POST to its reset?to=IP:PORT and stall?on=false".to_owned(),
                ),
            });
        }
    };
    if found {
        return Ok(json!({ "id": name, "done": if action.is_empty() { "drop" } else { action } }));
    }
    Err(Problem::unknown(format!("there is no such connection: {name}"))
        .hint("/__admin/connections lists them; only an SDK is told to go elsewhere"))
}
