//! `/v2/core/loader` of 2.x: which connections there are, and how some of them are told to go to
//! another server (`grpc/reload-client`, `grpc/reload-current`).

use super::call::{Call, Handled, Note, Outcome};
use super::machine::measure;
use super::routes::{Route, Run, route};
use crate::model::{JavaException, Refusal};
use crate::node::Operation;
use crate::peers::upgrade::Core;
use crate::profile::Quirks;
use crate::registry::Registry;
use crate::wire::grpc::balance::{self, Balance, Shown};
use crate::wire::{Reply, ReplyBody, request_param};

/// The addresses of the loader.
pub const ROUTES: &[Route] = &[
    page("/v2/core/loader/current", current),
    page("/v2/core/loader/reloadCurrent", reload_current),
    page("/v2/core/loader/reloadClient", reload_client),
    page("/v2/core/loader/smartReloadCluster", smart_reload),
    page("/v2/core/loader/cluster", cluster),
];

const fn page(path: &'static str, run: Run) -> Route {
    route("GET", path, Operation::Loader, exists, run)
}

fn exists(quirks: &Quirks) -> bool {
    quirks.grpc.port
}

/// The connections by name.
fn current(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let body = call.node.read_in(Core::New, |registry, _| {
        let mut shown: Vec<Shown<'_>> = registry
            .connections()
            .iter()
            .map(|known| Shown {
                meta: &known.meta,
                since: known.since,
                last_active: known.last_active,
            })
            .collect();
        balance::current(&mut shown)
    });
    Ok(Reply::object(ReplyBody::from(body)).into())
}

/// Tells SDKs above a count to go, at the next check.
fn reload_current(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let count = request_param::integer(&call.params, "count")?;
    let to = call.params.joined("redirectAddress");
    call.node.read_in(Core::New, |registry, _| {
        registry.connections_mut().reload(i64::from(count), to.as_deref());
    });
    Ok(Reply::text(200, "success").into())
}

/// Tells one SDK to go, and is answered when that has answered, or did not for three seconds.
fn reload_client(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let name = call
        .params
        .joined("connectionId")
        .ok_or_else(|| Refusal::new(JavaException::MissingParameter, "connectionId"))?;
    let to = call.params.joined("redirectAddress");
    let success = || Reply::text(200, "success");
    let Some(done) = call.node.reset_connection(&name, to.as_deref()) else {
        return Ok(success().into());
    };
    Ok(Handled::Later(Box::pin(async move {
        // However it ended, the answer is the same.
        let _ = done.await;
        Ok(success())
    })))
}

/// Spreads connections over servers; one that stands alone is in balance.
fn smart_reload(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(Reply::text(200, "Ok").into())
}

/// How many connections each server has.
fn cluster(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let machine = measure();
    let address = call.request.local.to_string();
    let write = |registry: &mut Registry, _| {
        let connections = registry.connections();
        let ((all, sdks), rule) = (connections.counts(), &connections.rule);
        let balance = Balance { all, sdks, rule, load: machine.load, cpu: machine.cpu };
        balance::cluster(&address, &balance)
    };
    let body = call.node.read(write);
    Ok(Reply::object(ReplyBody::from(body)).into())
}
