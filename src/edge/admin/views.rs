//! What the admin API shows of a process and its nodes.

use crate::node::{Node, Process};
use crate::profile::QUIRKS;
use crate::wire::Params;
use serde_json::{Value, json};
use std::sync::Arc;

/// Who answers here, and how much it holds.
pub fn info(process: &Process, addresses: &Value) -> Value {
    let now = process.clock.now();
    let nodes: Vec<Value> = process
        .nodes()
        .iter()
        .enumerate()
        .map(|(number, node)| {
            let totals = node.read(|registry, _| registry.totals());
            json!({
                "node": number,
                "profile": node.profile().name,
                "version": node.quirks().server.version,
                "address": addresses["nodes"][number],
                "uptime_ms": now.since(node.started),
                "services": totals.services,
                "instances": totals.instances,
                "subscribers": totals.subscribers,
            })
        })
        .collect();
    json!({
        "facos": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "clock": clock_kind(process),
        "now": now.0,
        "admin": addresses["admin"],
        "nodes": nodes,
    })
}

/// The clock and what is due next.
pub fn clock(process: &Process) -> Value {
    let next = process.next_deadline();
    json!({
        "clock": clock_kind(process),
        "now": process.clock.now().0,
        "next_deadline": next.map(|next| next.0),
    })
}

fn clock_kind(process: &Process) -> &'static str {
    if process.clock.is_manual() { "manual" } else { "real" }
}

/// The profile of a node with what differs from it now.
pub fn profile(node: &Arc<Node>) -> Value {
    let (profile, quirks) = (node.profile(), node.quirks());
    let changed: Vec<&str> = QUIRKS
        .iter()
        .map(|quirk| quirk.name)
        .filter(|name| profile.quirks.get(name).ok() != quirks.get(name).ok())
        .collect();
    json!({
        "name": profile.name,
        "about": profile.about,
        "inherits": profile.inherits,
        "changed": changed,
    })
}

/// Every instance of the services asked for.
pub fn instances(node: &Arc<Node>, params: &Params<'_>) -> Value {
    let namespace = params.optional("namespace");
    let service = params.optional("service");
    let now = node.now();
    let mut found = Vec::new();
    node.read(|registry, _| {
        registry.each_instance(&mut |known, entry| {
            let wanted = namespace.as_deref().is_none_or(|wanted| wanted == known.namespace)
                && service.as_deref().is_none_or(|wanted| {
                    wanted == known.name || wanted == crate::model::names::service_of(known.name)
                });
            if !wanted {
                return;
            }
            let instance = &entry.instance;
            found.push(json!({
                "namespace": known.namespace,
                "service": known.name,
                "ip": instance.ip(),
                "port": instance.port,
                "cluster": &*instance.cluster,
                "ephemeral": instance.ephemeral,
                "healthy": instance.healthy,
                "enabled": instance.enabled,
                "weight": instance.weight,
                "silent_ms": now.since(entry.last_beat),
            }));
        });
    });
    json!({ "instances": found })
}

/// Every subscriber over UDP.
pub fn subscribers(node: &Arc<Node>, params: &Params<'_>) -> Value {
    let service = params.optional("service");
    let wanted = |known: crate::model::ServiceRef<'_>| {
        service.as_deref().is_none_or(|wanted| {
            wanted == known.name || wanted == crate::model::names::service_of(known.name)
        })
    };
    let found = node.read(|registry, _| registry.subscribers(&wanted));
    let rows: Vec<Value> = found
        .iter()
        .map(|row| {
            json!({
                "namespace": row.namespace,
                "service": row.service,
                "ip": row.ip,
                "port": row.port,
                "agent": row.agent,
                "app": row.app,
                "clusters": row.clusters,
            })
        })
        .collect();
    json!({ "subscribers": rows })
}
