//! `/actuator`: what probes and Prometheus ask of Spring Boot (`console/actuator`).

use super::call::{Call, Note, Outcome};
use super::routes::{Route, always, route};
use crate::node::Operation;
use crate::profile::{Actuator, Quirks};
use crate::wire::v1::actuator::{self, Monitored};

/// The addresses of the actuator.
pub const ROUTES: &[Route] = &[
    route("GET", "/actuator", Operation::Console, always, links),
    route("GET", "/actuator/health", Operation::Console, always, health),
    route("GET", "/actuator/info", Operation::Console, always, info),
    route("GET", "/actuator/env", Operation::Console, everything, environment),
    route("GET", "/actuator/prometheus", Operation::Console, everything, prometheus),
];

fn everything(quirks: &Quirks) -> bool {
    quirks.console.actuator == Actuator::Everything
}

fn json(call: &Call<'_>, text: String) -> Outcome {
    Ok(actuator::json(text, call.request.headers.get("Accept")).into())
}

fn links(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let host = call.request.headers.get("Host").unwrap_or_default();
    let base = format!("http://{host}{}", call.request.path.trim_end_matches('/'));
    let names = ["health", "info", "env", "prometheus"];
    let shown = if everything(call.quirks) { names.len() } else { 2 };
    json(call, actuator::links(&base, &names[..shown]))
}

fn health(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    json(call, actuator::health())
}

fn info(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    json(call, "{}".to_owned())
}

fn environment(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    json(call, actuator::environment())
}

fn prometheus(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let node = call.node;
    let (totals, counts) =
        node.read(|registry, now| (registry.totals(), registry.push_counts(now)));
    let (configs, polls) = node.desk.read(|console| (console.configs.len(), console.polls.len()));
    let seen = Monitored {
        services: totals.services,
        instances: totals.instances,
        subscribers: totals.subscribers,
        pushes: counts.sent,
        acked: counts.acked,
        failed: counts.failed,
        cost_ms: counts.cost_ms,
        max_cost_ms: counts.max_cost_ms,
        configs,
        polls,
        uptime_ms: node.now().since(node.started),
        started_ms: node.started.0,
    };
    Ok(actuator::prometheus(&seen).into())
}
