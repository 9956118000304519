//! `/v1/core` of 2.x: members and raft operations (`console/core-cluster`, `cluster/members`).

use super::ask::ask;
use super::call::{Call, Handled, Note, Outcome};
use super::members::{self, Shown};
use super::routes::{Route, route};
use crate::model::PeerCall;
use crate::node::Operation;
use crate::profile::Quirks;
use crate::wire::Reply;
use crate::wire::v1::core;
use crate::wire::v1::result;
use futures_util::future::join_all;
use std::sync::Arc;

/// The addresses of the core module.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/core/cluster/self", Operation::Console, exists, this_member),
    route("GET", "/v1/core/cluster/nodes", Operation::Console, exists, all_members),
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

fn this_member(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let shown = Shown::of(call);
    let own = shown.own(&call.node.address().to_string());
    Ok(core::this_member(own.as_ref()).into())
}

fn all_members(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let keyword = call.params.joined("keyword").unwrap_or_default();
    Ok(core::members(&Shown::of(call).views(false), keyword.trim()).into())
}

fn addresses(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let shown = Shown::of(call);
    Ok(core::addresses(shown.views(false).iter().map(|member| member.address)).into())
}

fn health(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(result::success("\"UP\"").into())
}

fn report(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(match core::report(call.request.body)? {
        Some(reported) => core::reported(members::hear_report(call.node, reported)).into(),
        None => core::illegal_report().into(),
    })
}

fn switch_lookup(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(core::switch_lookup(&call.params.joined_required("type")?).into())
}

fn leave(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let gone = core::leaving(call.request.body)?;
    let others = call.node.members_leave(&gone);
    if others.is_empty() {
        return Ok(core::left().into());
    }
    let (node, gone) = (call.node.clone(), PeerCall::Leave(Arc::new(gone)));
    Ok(Handled::Later(Box::pin(async move {
        // Whoever does not answer is looked after by the next reports; this answer is the same.
        join_all(others.iter().map(|to| ask(&node, to, &gone))).await;
        Ok(core::left())
    })))
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
