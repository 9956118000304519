//! Quirks at run time: a change is seen by the next request.

use super::handler::Given;
use super::problem::Problem;
use crate::edge::http::Request;
use crate::node::Node;
use crate::profile::{ProfileError, QUIRKS, QuirkInfo, Quirks};
use crate::wire::Params;
use serde_json::{Value, json};
use std::sync::Arc;

/// Every quirk with its value.
pub fn list(node: &Arc<Node>) -> Value {
    let now = node.quirks();
    let rows: Vec<Value> = QUIRKS.iter().map(|quirk| row(node, &now, quirk)).collect();
    json!({ "quirks": rows })
}

/// Goes back to what the node was started with.
pub fn reset(node: &Arc<Node>) -> Value {
    node.reset_quirks();
    list(node)
}

/// One quirk: read, changed or set back.
pub fn one(
    node: &Arc<Node>,
    method: &str,
    name: &str,
    request: &Request<'_>,
    params: &Params<'_>,
) -> Given {
    let before = node.quirks();
    before.get(name).map_err(problem)?;
    let value = match method {
        "GET" => None,
        "PUT" => Some(new_value(name, request, params)?),
        "DELETE" => Some(node.profile().quirks.get(name).map_err(problem)?),
        _ => {
            return Err(Problem {
                status: 405,
                detail: format!("{method} is no method of a quirk"),
                hint: Some("it has GET, PUT and DELETE".to_owned()),
            });
        }
    };
    if let Some(value) = value {
        node.set_quirk(name, value.trim()).map_err(problem)?;
    }
    let quirk = QUIRKS.iter().find(|quirk| quirk.name == name);
    let quirk = quirk.ok_or_else(|| Problem::unknown(format!("there is no quirk {name}")))?;
    Ok(row(node, &node.quirks(), quirk))
}

/// The value in the query, or the body as it is.
fn new_value(name: &str, request: &Request<'_>, params: &Params<'_>) -> Result<String, Problem> {
    if let Some(value) = params.first("value") {
        return Ok(value.to_owned());
    }
    let body = std::str::from_utf8(request.body).unwrap_or_default();
    if body.trim().is_empty() {
        return Err(
            Problem::bad(format!("say what {name} shall be")).hint("in the body, or as ?value=")
        );
    }
    Ok(body.to_owned())
}

fn row(node: &Arc<Node>, now: &Quirks, quirk: &QuirkInfo) -> Value {
    let value = now.get(quirk.name).unwrap_or_default();
    let started = node.profile().quirks.get(quirk.name).unwrap_or_default();
    json!({
        "name": quirk.name,
        "value": value,
        "started_with": started,
        "about": quirk.doc,
        "valid": (quirk.valid)(),
    })
}

fn problem(error: ProfileError) -> Problem {
    Problem::bad(error.to_string())
}
