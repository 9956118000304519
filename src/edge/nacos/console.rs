//! `/v1/console`: server state, health, namespaces (`console/probes`, `console/namespaces`).

use super::call::{Call, Handled, Note, Outcome};
use super::routes::{Route, always, route};
use crate::console::{Console, ConsoleEffect, chosen_id};
use crate::model::{ConsoleWrite, Namespace, java};
use crate::node::Operation;
use crate::profile::{NamespaceIds, Quirks};
use crate::wire::Reply;
use crate::wire::v1::console;

/// The addresses of the console.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/console/server/state", Operation::Console, always, state),
    route("GET", "/v1/console/health/liveness", Operation::Console, always, health),
    route("GET", "/v1/console/health/readiness", Operation::Console, always, health),
    route("GET", NAMESPACES, Operation::Console, always, show),
    route("POST", NAMESPACES, Operation::Console, always, create),
    route("PUT", NAMESPACES, Operation::Console, always, edit),
    route("DELETE", NAMESPACES, Operation::Console, always, delete),
];

const NAMESPACES: &str = "/v1/console/namespaces";

/// GET `/server/state`.
fn state(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(Reply::object(console::server_state(&call.quirks.server.version)).into())
}

/// GET `/health/liveness` and `/health/readiness`: whoever answers is alive, and what an operator
/// closed is ready all the same.
fn health(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(Reply::text(200, "OK").into())
}

/// GET `/namespaces`: all, one, or whether there is one.
fn show(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let params = &call.params;
    if params.first("show") == Some("all") {
        return show_one(call);
    }
    if chooses_ids(call.quirks) && params.first("checkNamespaceIdExist") == Some("true") {
        let id = params.joined_required("customNamespaceId")?;
        let exists = call.node.desk.read(|console| console.namespaces.contains(&id));
        return truth(exists);
    }
    let reply = call.node.desk.read(|Console { namespaces, configs, .. }| {
        console::namespaces(namespaces.iter(), |id| configs.count(id))
    });
    Ok(reply.into())
}

fn show_one(call: &Call<'_>) -> Outcome {
    let id = call.params.joined_required("namespaceId")?;
    let body = call.node.desk.read(|Console { namespaces, configs, .. }| {
        if java::is_blank(&id) {
            return Ok(console::public_namespace(&id, configs.count("")));
        }
        Ok(console::namespace(namespaces.get(&id)?, configs.count(&id)))
    })?;
    Ok(Reply::object(body).into())
}

/// POST `/namespaces`.
fn create(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let chooses = chooses_ids(call.quirks);
    let asked = if chooses { call.params.joined_required("customNamespaceId")? } else { "".into() };
    let show_name = call.params.joined_required("namespaceName")?;
    let description = call.params.joined("namespaceDesc");
    let fresh = uuid::Uuid::new_v4().to_string();
    let namespace = Namespace { show_name, description, created: call.node.now() };
    let id = chosen_id(&asked, &fresh).to_owned();
    change(call, false, |console| console.namespaces.create(&id, namespace))
}

/// PUT `/namespaces`.
fn edit(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let id = call.params.joined_required("namespace")?;
    let show_name = call.params.joined_required("namespaceShowName")?;
    let description = call.params.joined("namespaceDesc");
    change(call, true, |console| console.namespaces.edit(&id, show_name, description))
}

/// DELETE `/namespaces`.
fn delete(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let id = call.params.joined_required("namespaceId")?;
    change(call, true, |console| console.namespaces.delete(&id))
}

/// Applies a change; `unchanged` is the answer when there was nothing to change.
fn change(
    call: &Call<'_>,
    unchanged: bool,
    operation: impl FnOnce(&mut Console) -> Option<ConsoleWrite>,
) -> Outcome {
    let (done, receipt) = call.node.desk.change(|console| {
        let write = operation(console);
        Ok((write.is_some(), write.map(ConsoleEffect::Store).into_iter().collect()))
    })?;
    let text = if done || unchanged { "true" } else { "false" };
    Ok(Handled::after(receipt, Reply::object(text.to_owned())))
}

fn truth(value: bool) -> Outcome {
    Ok(Reply::object(value.to_string()).into())
}

fn chooses_ids(quirks: &Quirks) -> bool {
    quirks.console.namespace_ids == NamespaceIds::Chosen
}
