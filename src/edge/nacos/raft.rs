//! `/v1/ns/raft`: the raft of 1.x, what it shows and what members say to each other by it, and its
//! end on a 2.x node, where every address answers that it has stopped (`operator/raft-reads`,
//! `cluster/raft-views`).

use super::call::{Call, Handled, Note, Outcome};
use super::operator::own_peer;
use super::routes::{Route, always, route};
use crate::model::{DatumKey, JavaException, Refusal, java};
use crate::node::Operation;
use crate::peers::Raft;
use crate::peers::upgrade::{Core, Upgrade};
use crate::profile::{OldRaft, Quirks};
use crate::wire::v1::datum;
use crate::wire::v1::raft;
use crate::wire::{Reply, ReplyBody, peer, url_decode};

/// How long the old protocol still runs on a 2.x node, ms.
const STOPS_AFTER_MS: u64 = 5_000;

/// The addresses of raft.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/ns/raft/peer", Operation::Other, always, own),
    route("GET", "/v1/ns/raft/leader", Operation::Other, always, leader),
    route("GET", "/v1/ns/raft/state", Operation::Other, always, state),
    route("GET", "/v1/ns/raft/listeners", Operation::Other, always, listeners),
    route("GET", "/v1/ns/raft/datum", Operation::Other, always, get_datum),
    route("POST", "/v1/ns/raft/vote", Operation::Other, always, vote),
    route("POST", "/v1/ns/raft/beat", Operation::Other, always, beat),
    route("PUT", "/v1/ns/raft/datum/reload", Operation::Other, always, reload),
    route("POST", "/v1/ns/raft/datum", Operation::Other, always, publish),
    route("DELETE", "/v1/ns/raft/datum", Operation::Other, always, remove),
    route("POST", "/v1/ns/raft/datum/commit", Operation::Other, always, commit),
    route("DELETE", "/v1/ns/raft/datum/commit", Operation::Other, always, forget),
];

fn has_stopped(quirks: &Quirks) -> bool {
    quirks.raft.old_protocol == OldRaft::Stops
}

/// Refuses what the version's raft does not answer any more.
fn must_run(call: &Call<'_>) -> Result<(), Refusal> {
    if !has_stopped(call.quirks) {
        return Ok(());
    }
    if let Some(stopped) = call.node.upgrade(Upgrade::has_stopped_old_raft) {
        return if stopped { Err(stopped_raft()) } else { Ok(()) };
    }
    let since = call.node.now().since(call.node.started);
    if call.node.options().cold_start && since < STOPS_AFTER_MS {
        return Ok(());
    }
    Err(stopped_raft())
}

fn stopped_raft() -> Refusal {
    Refusal::new(JavaException::IllegalState, "old raft protocol already stop")
}

fn object(json: String) -> Outcome {
    Ok(Reply::object(ReplyBody::from(json)).into())
}

/// What raft's answers carry; the second name is the real server's own, and nothing is encoded.
fn uncached(reply: Reply) -> Reply {
    reply.with("Cache-Control", "no-cache").with("Content-Encode", "gzip")
}

/// GET `/peer`.
fn own(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    object(raft::peer(&own_peer(call)))
}

/// GET `/leader`: a node that stands alone leads.
fn leader(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let leader = call.node.raft(|raft| raft.leader().cloned());
    object(raft::leader(leader.unwrap_or_else(|| Some(own_peer(call))).as_ref()))
}

/// GET `/state`.
fn state(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let services = call.node.read_in(Core::Old, |registry, _| registry.totals().services);
    let peers = call.node.raft(Raft::peers).unwrap_or_else(|| vec![own_peer(call)]);
    let body = raft::state(&peers, services);
    Ok(uncached(Reply::object(ReplyBody::from(body))).into())
}

/// GET `/listeners`.
fn listeners(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let names = call.node.read_in(Core::Old, |registry, _| registry.names_by_namespace());
    object(raft::listeners(&datum::listened_keys(&names)))
}

/// GET `/datum`: what raft keeps under each of the keys.
fn get_datum(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let keys = call.params.required("keys")?;
    let keys = url_decode(&keys)?;
    let known = |key: &str| kept(call, &DatumKey::read(key)?);
    let datums: Vec<Option<String>> = java::split(&keys, ",").into_iter().map(known).collect();
    Ok(uncached(Reply::text(200, datum::list(&datums))).into())
}

/// What raft keeps under a key.
fn kept(call: &Call<'_>, key: &DatumKey) -> Option<String> {
    let quirks = call.quirks;
    if let Some(kept) = call.node.raft(|raft| raft.datum(key)) {
        return kept.map(|kept| peer::datum::one(&kept, quirks));
    }
    call.node.read_in(Core::Old, |registry, _| {
        let stamp = registry.datum_stamp(key)?;
        let value = match key {
            DatumKey::Switches => datum::switches(registry.stored_switches()?, quirks),
            DatumKey::Persistent(service) => {
                datum::instances(&registry.instance_datum(service.as_ref(), false)?)
            }
            DatumKey::Service(service) => {
                datum::service(&registry.service_datum(service.as_ref())?, quirks)
            }
            DatumKey::Ephemeral(_) => return None,
        };
        Some(datum::datum(&key.text(), stamp, &value))
    })
}

/// POST `/vote`: a member asks for this node's vote.
fn vote(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let candidate = peer::raft::read_peer(&call.params.required("vote")?)?;
    object(raft::peer(&call.node.vote_came(&candidate)?))
}

/// POST `/beat`: a leader's sign of life.
fn beat(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let beat = peer::raft::read_beat(call.request.body)?;
    object(raft::peer(&call.node.beat_came(&beat)?))
}

/// PUT `/datum/reload`: everything is in memory already.
fn reload(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    call.params.required("key")?;
    Ok(Reply::ok().into())
}

/// POST `/datum`: a follower's write.
fn publish(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let (key, value) = peer::raft::read_published(call.request.body, call.quirks)?;
    let receipt = call.node.publish(key, Some(value))?;
    Ok(Handled::after(Some(receipt), done()))
}

/// DELETE `/datum`: a follower's removal.
fn remove(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let named = call.params.required("key")?;
    let key = DatumKey::read(&url_decode(&named)?);
    let Some(key) = key else { return Ok(done().into()) };
    let receipt = call.node.publish(key, None)?;
    Ok(Handled::after(Some(receipt), done()))
}

/// POST `/datum/commit`: the leader wrote something.
fn commit(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    committed(call, false)
}

/// DELETE `/datum/commit`: the leader removed something.
fn forget(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    committed(call, true)
}

fn committed(call: &Call<'_>, removes: bool) -> Outcome {
    must_run(call)?;
    let told = peer::raft::read_committed(call.request.body, removes, call.quirks)?;
    let value = if removes { None } else { told.value };
    if !removes && value.is_none() {
        return Err(Refusal::null_pointer());
    }
    let receipts = call.node.commit_came(told.key, (told.stamp, value), &told.source)?;
    // One disk takes everything in order: what was queued last is durable last.
    Ok(Handled::after(receipts.into_iter().next_back(), done()))
}

/// The answer to a member.
fn done() -> Reply {
    uncached(Reply::text(200, "ok"))
}
