//! `/v1/core` of 2.x: members and raft operations (`console/core-cluster`). One node alone is its
//! only member.

use super::call::{Call, Note, Outcome};
use super::routes::{Route, route};
use crate::node::Operation;
use crate::profile::Quirks;
use crate::wire::Reply;
use crate::wire::v1::core;
use crate::wire::v1::member::MemberView;
use crate::wire::v1::result;

/// The addresses of the core module.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/core/cluster/self", Operation::Console, exists, this_member),
    route("GET", "/v1/core/cluster/nodes", Operation::Console, exists, members),
    route("GET", "/v1/core/cluster/simple/nodes", Operation::Console, exists, addresses),
    route("GET", "/v1/core/cluster/health", Operation::Console, exists, health),
    route("POST", "/v1/core/cluster/report", Operation::Console, exists, report),
    route("POST", "/v1/core/cluster/switch/lookup", Operation::Console, exists, switch_lookup),
    route("POST", "/v1/core/cluster/server/leave", Operation::Console, exists, leave),
    route("POST", "/v1/core/ops/raft", Operation::Console, exists, raft),
    route("GET", "/v1/core/ops/idInfo", Operation::Console, exists, ids),
    route("PUT", "/v1/core/ops/log", Operation::Console, exists, set_log_level),
];

fn exists(quirks: &Quirks) -> bool {
    quirks.api.core
}

fn member<'a>(call: &'a Call<'_>) -> MemberView<'a> {
    let (address, refreshed) = (call.node.address(), call.node.started);
    MemberView { address, version: &call.quirks.server.version, refreshed }
}

fn own_address(call: &Call<'_>) -> String {
    call.node.address().to_string()
}

fn this_member(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(core::this_member(&member(call)).into())
}

fn members(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let keyword = call.params.joined("keyword").unwrap_or_default();
    Ok(core::members(&member(call), keyword.trim()).into())
}

fn addresses(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(core::addresses(&own_address(call)).into())
}

fn health(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(result::success("\"UP\"").into())
}

fn report(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(core::report(call.request.body, &own_address(call))?.into())
}

fn switch_lookup(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(core::switch_lookup(&call.params.joined_required("type")?).into())
}

fn leave(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(core::leave(call.request.body)?.into())
}

fn raft(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(core::raft(call.request.body)?.into())
}

/// GET `/ops/idInfo`: no generator of ids is in use.
fn ids(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(result::success("{}").into())
}

/// PUT `/ops/log`: there are no loggers of that kind; the answer is the real one.
fn set_log_level(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    call.params.joined_required("logName")?;
    call.params.joined_required("logLevel")?;
    Ok(Reply::text(200, "200").into())
}
