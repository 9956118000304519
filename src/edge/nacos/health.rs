//! `/v1/ns/health`: an instance's health by hand, and what a probe of the server asks.

use super::call::{Call, Handled, Note, Outcome};
use super::routes::{Route, always, route};
use crate::model::InstanceCall;
use crate::node::Operation;
use crate::profile::Quirks;
use crate::wire::v1::checker;
use crate::wire::v1::health::{self, HealthWrite};
use crate::wire::{Reply, status};

/// The addresses of health.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/ns/health/server", Operation::Health, always, server),
    route("GET", "/v1/ns/health/checkers", Operation::Health, has_checkers, checkers),
    route("GET", "/v1/ns/healthcheckers", Operation::Health, has_glued_checkers, glued_checkers),
    route("PUT", "/v1/ns/health", Operation::Health, always, update),
    route("PUT", "/v1/ns/health/instance", Operation::Health, always, update),
];

/// 1.x maps the path without its slash, where the filters in front of it find nothing
/// (`health/server`).
fn has_checkers(quirks: &Quirks) -> bool {
    quirks.health.checkers
}

fn has_glued_checkers(quirks: &Quirks) -> bool {
    !quirks.health.checkers
}

/// GET `/healthcheckers`, which the filters of 1.x know and no controller.
fn glued_checkers(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    status::passed_over(call.quirks).map(Handled::from)
}

/// GET `/health/server`.
fn server(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let services = call.read(|registry, _| registry.totals().services);
    let port = call.node.address().port();
    Ok(Reply::object(health::server(services, port, call.quirks)).into())
}

/// GET `/health/checkers`.
fn checkers(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(Reply::object(checker::ALL.to_owned()).into())
}

/// PUT `/health` and `/health/instance`.
fn update(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let given = HealthWrite::read(&call.params, call.quirks)?;
    let target: InstanceCall<'_> = given.call();
    note.about(target.service);
    note.address(target.ip, target.port);
    let ((), receipt) = call
        .node
        .change(|registry, now| Ok(((), registry.set_health(now, &target, given.healthy)?)))?;
    Ok(Handled::after(receipt, Reply::ok()))
}
