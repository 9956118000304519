//! `/v1/ns/operator` and, from 1.2, its second name `/v1/ns/ops`: what operators and migration
//! scripts ask and set.

use super::call::{Call, Handled, Note, Outcome};
use super::routes::{Route, always, route};
use crate::node::Operation;
use crate::profile::Quirks;
use crate::wire::v1::switches;
use crate::wire::{Reply, ReplyBody, request_param};

/// The addresses of the operator.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/ns/operator/switches", Operation::Operator, always, show_switches),
    route("PUT", "/v1/ns/operator/switches", Operation::Operator, always, set_switch),
    route("GET", "/v1/ns/ops/switches", Operation::Operator, has_alias, show_switches),
    route("PUT", "/v1/ns/ops/switches", Operation::Operator, has_alias, set_switch),
];

fn has_alias(quirks: &Quirks) -> bool {
    quirks.api.operator_alias
}

/// GET `/operator/switches`.
fn show_switches(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let quirks = call.quirks;
    let body = call.node.read(|registry, _| switches::body(registry.switches(), quirks));
    Ok(Reply::object(ReplyBody::from(body)).into())
}

/// PUT `/operator/switches`.
fn set_switch(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let debug = request_param::boolean(&call.params, "debug")?;
    let entry = call.params.joined_required("entry")?;
    let value = call.params.joined_required("value")?;
    let edit = switches::edit(&entry, &value, call.quirks)?;
    let ((), receipt) =
        call.node.change(|registry, now| Ok(((), registry.change_switches(now, edit, debug))))?;
    Ok(Handled::after(receipt, Reply::ok()))
}
