//! The admin API, described for machines.

use serde_json::{Map, Value, json};

/// The version of the document's own format.
const FORMAT: &str = concat!("3.1", ".0");

/// One call: method, path, what it does, its parameters.
type Call = (&'static str, &'static str, &'static str, &'static [&'static str]);

const JOURNAL: &[&str] = &[
    "op",
    "namespace",
    "service",
    "ip",
    "port",
    "agent",
    "beat",
    "status",
    "since",
    "from_ms",
    "limit",
    "node",
];

const CALLS: &[Call] = &[
    ("get", "health/live", "Whether the process lives.", &[]),
    ("get", "health/ready", "Whether it answers.", &[]),
    ("get", "info", "What runs here and how much it holds.", &[]),
    ("get", "clock", "The time and what is due next.", &[]),
    ("post", "clock/advance", "Moves a manual clock; all due work is done on return.", &["ms"]),
    ("post", "reset", "Forgets: all, registry, console, journal or quirks.", &["scope"]),
    ("get", "profile", "The profile and which quirks were changed.", &["node"]),
    ("get", "quirks", "Every quirk with its value.", &["node"]),
    ("delete", "quirks", "Back to the quirks of the start.", &["node"]),
    ("get", "quirks/{name}", "One quirk.", &["node"]),
    ("put", "quirks/{name}", "Changes one quirk; the next request sees it.", &["value", "node"]),
    ("delete", "quirks/{name}", "Sets one quirk back.", &["node"]),
    ("get", "journal", "Requests, pushes and acks, oldest first.", JOURNAL),
    ("get", "journal/count", "How many of them.", JOURNAL),
    ("get", "instances", "Every instance.", &["namespace", "service", "node"]),
    ("get", "subscribers", "Every subscriber over UDP.", &["service", "node"]),
    ("get", "connections", "Every connection of a 2.x client.", &["node"]),
    ("delete", "connections/{id}", "Cuts one, as a network would.", &["node"]),
    ("post", "connections/{id}/reset", "Tells its client to go elsewhere.", &["to", "node"]),
    ("post", "connections/{id}/stall", "Holds back what it is sent.", &["on", "node"]),
    ("get", "nodes", "Every node and how it stands among the others.", &[]),
    ("get", "nodes/{number}", "One of them.", &[]),
    ("post", "nodes/{number}/stop", "Ends it in order.", &[]),
    ("post", "nodes/{number}/kill", "Ends it at once, as a process that is killed.", &[]),
    ("post", "nodes/{number}/start", "Starts it on the ports that it had.", &["profile"]),
    ("post", "nodes/{number}/restart", "Stops and starts it.", &["profile"]),
    ("post", "nodes/{number}/isolate", "Cuts it off from the others.", &["direction"]),
    ("post", "nodes/{number}/heal", "Undoes that.", &[]),
    ("post", "nodes/{number}/lag", "Delays calls from and to it.", &["ms"]),
    ("post", "nodes/{number}/members", "Gives it another list of members.", &["list"]),
    ("get", "metrics", "Prometheus text.", &[]),
    ("get", "openapi.json", "This document.", &[]),
];

/// The document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (method, path, summary, parameters) in CALLS {
        let mut rows: Vec<Value> = parameters.iter().map(|name| parameter(name, "query")).collect();
        for name in ["name", "id", "number"] {
            if path.contains(&format!("{{{name}}}")) {
                rows.push(parameter(name, "path"));
            }
        }
        let call = json!({
            "summary": summary,
            "parameters": rows,
            "responses": {
                "200": { "description": "Done." },
                "default": {
                    "description": "Why not.",
                    "content": { "application/problem+json": {} },
                },
            },
        });
        let entry = paths.entry(format!("/__admin/{path}")).or_insert_with(|| json!({}));
        entry[*method] = call;
    }
    json!({
        "openapi": FORMAT,
        "info": { "title": "facos admin API", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
    })
}

fn parameter(name: &str, place: &str) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": { "type": "string" },
    })
}
