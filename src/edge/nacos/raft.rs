//! `/v1/ns/raft`: the raft of 1.x on a node that stands alone, and its end on a 2.x node, where
//! every address answers that it has stopped (`operator/raft-reads`).

use super::call::{Call, Note, Outcome};
use super::operator::own_peer;
use super::routes::{Route, always, route};
use crate::model::{DatumKey, JavaException, Refusal, java};
use crate::node::Operation;
use crate::profile::{OldRaft, Quirks};
use crate::wire::v1::datum;
use crate::wire::v1::raft;
use crate::wire::{Reply, ReplyBody, url_decode};

/// How long the old protocol still runs on a 2.x node, ms.
const STOPS_AFTER_MS: u64 = 5_000;

/// The addresses of raft.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/ns/raft/peer", Operation::Other, always, peer),
    route("GET", "/v1/ns/raft/leader", Operation::Other, always, leader),
    route("GET", "/v1/ns/raft/state", Operation::Other, always, state),
    route("GET", "/v1/ns/raft/listeners", Operation::Other, always, listeners),
    route("GET", "/v1/ns/raft/datum", Operation::Other, always, get_datum),
    route("POST", "/v1/ns/raft/vote", Operation::Other, has_stopped, stopped),
    route("POST", "/v1/ns/raft/beat", Operation::Other, has_stopped, stopped),
    route("PUT", "/v1/ns/raft/datum/reload", Operation::Other, has_stopped, stopped),
    route("POST", "/v1/ns/raft/datum", Operation::Other, has_stopped, stopped),
    route("DELETE", "/v1/ns/raft/datum", Operation::Other, has_stopped, stopped),
    route("POST", "/v1/ns/raft/datum/commit", Operation::Other, has_stopped, stopped),
    route("DELETE", "/v1/ns/raft/datum/commit", Operation::Other, has_stopped, stopped),
];

fn has_stopped(quirks: &Quirks) -> bool {
    quirks.raft.old_protocol == OldRaft::Stops
}

/// Refuses what the version's raft does not answer any more.
fn must_run(call: &Call<'_>) -> Result<(), Refusal> {
    if !has_stopped(call.quirks) {
        return Ok(());
    }
    let since = call.node.now().since(call.node.started);
    if call.node.options().cold_start && since < STOPS_AFTER_MS {
        return Ok(());
    }
    Err(Refusal::new(JavaException::IllegalState, "old raft protocol already stop"))
}

/// What only a raft with peers does.
fn stopped(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    Ok(Reply::ok().into())
}

fn object(json: String) -> Outcome {
    Ok(Reply::object(ReplyBody::from(json)).into())
}

/// What raft's answers carry; the second name is the real server's own, and nothing is encoded.
fn uncached(reply: Reply) -> Reply {
    reply.with("Cache-Control", "no-cache").with("Content-Encode", "gzip")
}

/// GET `/peer`.
fn peer(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    object(raft::peer(&own_peer(call)))
}

/// GET `/leader`: a node that stands alone leads.
fn leader(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    object(raft::leader(&own_peer(call)))
}

/// GET `/state`.
fn state(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let services = call.node.read(|registry, _| registry.totals().services);
    let body = raft::state(&own_peer(call), services);
    Ok(uncached(Reply::object(ReplyBody::from(body))).into())
}

/// GET `/listeners`.
fn listeners(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let names = call.node.read(|registry, _| registry.names_by_namespace());
    object(raft::listeners(&datum::listened_keys(&names)))
}

/// GET `/datum`: what raft keeps under each of the keys.
fn get_datum(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    must_run(call)?;
    let keys = call.params.required("keys")?;
    let keys = url_decode(&keys)?;
    let quirks = call.quirks;
    let datums: Vec<Option<String>> = call.node.read(|registry, _| {
        let stored = |key: &str| {
            let key = DatumKey::read(key)?;
            let stamp = registry.datum_stamp(&key)?;
            let value = match &key {
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
        };
        java::split(&keys, ",").into_iter().map(stored).collect()
    });
    Ok(uncached(Reply::text(200, datum::list(&datums))).into())
}
