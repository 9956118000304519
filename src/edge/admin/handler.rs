//! Which admin calls there are, and who may make them.

use super::nodes::{self, NodeControl};
use super::problem::Problem;
use super::{connections, journal, openapi, quirks, views};
use crate::edge::http::{Answer, Body, Handler, Request, Response};
use crate::node::store::StoreError;
use crate::node::{Node, Process, metrics};
use crate::wire::{BodyForm, Params};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// What the admin API is made of.
pub struct AdminSetup {
    /// The nodes and their clock.
    pub process: Arc<Process>,
    /// Starts and ends them.
    pub control: Arc<dyn NodeControl>,
    /// What callers must show; `None` lets everybody in.
    pub token: Option<String>,
    /// Where the nodes answer, as in the ready line.
    pub addresses: Value,
}

/// Answers admin calls.
pub struct AdminHandler {
    setup: AdminSetup,
}

/// What a call gives: something to print, or why not.
pub(super) type Given = Result<Value, Problem>;

const ROOT: &str = "/__admin/";
/// Below it stands each node.
const NODES: &str = "nodes/";
/// The longest advance, ms: a year of timers is as much as anybody needs at once.
const MAX_ADVANCE_MS: u64 = 366 * 86_400_000;

impl AdminHandler {
    /// The admin API of a process.
    pub fn new(setup: AdminSetup) -> Self {
        Self { setup }
    }

    fn may(&self, request: &Request<'_>) -> bool {
        let Some(token) = &self.setup.token else { return true };
        let shown = request.headers.get("Authorization").unwrap_or_default();
        let shown = shown.strip_prefix("Bearer ").unwrap_or_default();
        // Takes the same time wherever they differ.
        token.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    fn call(&self, request: &Request<'_>) -> Result<Answer, Problem> {
        let Some(path) = request.path.strip_prefix(ROOT) else {
            return Err(Problem::unknown(format!("there is nothing at {}", request.path))
                .hint("the admin API begins at /__admin/; /__admin/openapi.json lists it"));
        };
        if !self.may(request) {
            return Err(Problem {
                status: 401,
                detail: "the admin API of this server needs a token".to_owned(),
                hint: Some("send it as `Authorization: Bearer TOKEN`".to_owned()),
            });
        }
        let quirks = self.setup.process.node(0).map(|node| node.quirks());
        let quirks = quirks.ok_or_else(|| Problem::conflict("there is no node"))?;
        let form = BodyForm::of(request.method, request.headers.get("Content-Type"));
        let params = Params::read(request.query, request.body, form, &quirks)
            .map_err(|refusal| Problem::bad(refusal.message.into_owned()))?;
        let method = request.method;
        match (method, path) {
            ("GET", "metrics") => Ok(Answer::Now(self.metrics())),
            ("POST", "clock/advance") => self.advance(&params),
            (method, path) if path.starts_with(NODES) => {
                let asked = (method, &path[NODES.len()..]);
                nodes::one(&self.setup.process, &self.setup.control, asked, &params)
            }
            _ => {
                let given = self.plain(method, path, request, &params)?;
                Ok(Answer::Now(print(&given)))
            }
        }
    }

    fn plain(&self, method: &str, path: &str, request: &Request<'_>, params: &Params<'_>) -> Given {
        let process = &self.setup.process;
        match (method, path) {
            ("GET", "health/live" | "health/ready") => Ok(json!({ "status": "UP" })),
            ("GET", "info") => Ok(views::info(process, &self.setup.addresses)),
            ("GET", "clock") => Ok(views::clock(process)),
            ("GET", "openapi.json") => Ok(openapi::document()),
            ("POST", "reset") => self.reset(params),
            ("GET", "profile") => Ok(views::profile(&self.node(params)?)),
            ("GET", "quirks") => Ok(quirks::list(&self.node(params)?)),
            ("DELETE", "quirks") => Ok(quirks::reset(&self.node(params)?)),
            ("GET", "journal") => journal::query(&self.node(params)?, params),
            ("GET", "journal/count") => journal::count(&self.node(params)?, params),
            ("GET", "instances") => Ok(views::instances(&self.node(params)?, params)),
            ("GET", "subscribers") => Ok(views::subscribers(&self.node(params)?, params)),
            ("GET", "nodes") => nodes::given(process, &*self.setup.control),
            ("GET", "connections") => Ok(connections::list(&self.node(params)?)),
            (_, path) => {
                if let Some(name) = path.strip_prefix("quirks/") {
                    return quirks::one(&self.node(params)?, method, name, request, params);
                }
                if let Some(rest) = path.strip_prefix("connections/") {
                    return connections::one(&self.node(params)?, method, rest, params);
                }
                Err(unknown_call(method, path))
            }
        }
    }

    /// The node that the call means: the first unless it says another one.
    fn node(&self, params: &Params<'_>) -> Result<Arc<Node>, Problem> {
        let nodes = self.setup.process.nodes();
        let number = number(params, "node")?.unwrap_or(0);
        let found = usize::try_from(number).ok().and_then(|number| nodes.get(number).cloned());
        found.ok_or_else(|| {
            Problem::unknown(format!("there is no node {number}"))
                .hint(format!("nodes are numbered from 0 to {}", nodes.len().saturating_sub(1)))
        })
    }

    fn metrics(&self) -> Response {
        let text = metrics::prometheus_text(&self.setup.process.nodes());
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        Response::text(200, kind, Body::Bytes(Bytes::from(text)))
    }

    fn advance(&self, params: &Params<'_>) -> Result<Answer, Problem> {
        let by_ms = number(params, "ms")?.ok_or_else(|| {
            Problem::bad("say how far the clock shall go")
                .hint("for example clock/advance?ms=16000")
        })?;
        if by_ms > MAX_ADVANCE_MS {
            return Err(Problem::bad(format!("ms is at most {MAX_ADVANCE_MS}")));
        }
        let process = self.setup.process.clone();
        Ok(Answer::Later(Box::pin(async move {
            match process.advance(by_ms).await {
                Ok(now) => print(&json!({ "now": now.0, "advanced": by_ms })),
                Err(error) => Problem::conflict(error.to_string())
                    .hint("start the server with --clock manual")
                    .response(),
            }
        })))
    }

    fn reset(&self, params: &Params<'_>) -> Given {
        let scope = params.or("scope", "all").into_owned();
        let (registry, console, journal, quirks) = match scope.as_str() {
            "all" => (true, true, true, true),
            "registry" => (true, false, false, false),
            "console" => (false, true, false, false),
            "journal" => (false, false, true, false),
            "quirks" => (false, false, false, true),
            other => {
                return Err(Problem::bad(format!("there is no scope {other}"))
                    .hint("scopes are all, registry, console, journal and quirks"));
            }
        };
        for node in self.setup.process.nodes() {
            if registry {
                node.reset().map_err(not_stored)?;
            }
            if console {
                node.desk.reset(node.now()).map_err(not_stored)?;
            }
            if journal {
                node.journal.clear();
            }
            if quirks {
                node.reset_quirks();
            }
        }
        Ok(json!({ "reset": scope }))
    }
}

impl Handler for AdminHandler {
    fn handle(&self, request: &Request<'_>) -> Answer {
        self.call(request).unwrap_or_else(|problem| Answer::Now(problem.response()))
    }
}

/// Every path with the methods it has, for those who miss.
const CALLS: [(&str, &str); 14] = [
    ("health/live", "GET"),
    ("health/ready", "GET"),
    ("info", "GET"),
    ("clock", "GET"),
    ("clock/advance", "POST"),
    ("reset", "POST"),
    ("profile", "GET"),
    ("quirks", "GET, DELETE"),
    ("journal", "GET"),
    ("journal/count", "GET"),
    ("instances", "GET"),
    ("subscribers", "GET"),
    ("connections", "GET"),
    ("nodes", "GET"),
];

fn unknown_call(method: &str, path: &str) -> Problem {
    if let Some((_, methods)) = CALLS.iter().find(|(known, _)| *known == path) {
        return Problem {
            status: 405,
            detail: format!("{method} is no method of /__admin/{path}"),
            hint: Some(format!("it has {methods}")),
        };
    }
    let near = CALLS
        .iter()
        .map(|(known, _)| *known)
        .max_by(|a, b| strsim::jaro(a, path).total_cmp(&strsim::jaro(b, path)));
    let problem = Problem::unknown(format!("there is no call /__admin/{path}"));
    match near {
        Some(near) if strsim::jaro(near, path) > 0.7 => {
            problem.hint(format!("did you mean /__admin/{near}?"))
        }
        _ => problem.hint("/__admin/openapi.json lists all calls"),
    }
}

fn not_stored(error: StoreError) -> Problem {
    Problem { status: 500, detail: error.to_string(), hint: None }
}

/// A whole number among the parameters.
pub(super) fn number(params: &Params<'_>, name: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = params.optional(name) else { return Ok(None) };
    let number = text.parse().map(Some);
    number.map_err(|_| Problem::bad(format!("{name} is no whole number: {text}")))
}

/// A JSON answer.
pub(super) fn print(value: &Value) -> Response {
    let text = serde_json::to_vec(value).unwrap_or_default();
    Response::text(200, "application/json", Body::Bytes(Bytes::from(text)))
}
