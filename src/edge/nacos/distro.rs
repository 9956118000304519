//! `/v1/ns/distro`: the lists of ephemeral instances that members give to each other, and the
//! refusals of what none would send (`operator/distro-reads`, `cluster/distro-datum`).

use super::call::{Call, Note, Outcome};
use super::routes::{Route, always, route};
use crate::model::{DatumKey, JavaException, Refusal, ServiceRef};
use crate::node::Operation;
use crate::peers::upgrade::Core;
use crate::profile::DistroContent;
use crate::registry::Registry;
use crate::wire::reply::ReplyKind;
use crate::wire::v1::{body, datum};
use crate::wire::{Reply, ReplyBody, peer};
use serde_json::Value;

/// The addresses of distro.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/ns/distro/datums", Operation::Other, always, all_datums),
    route("GET", "/v1/ns/distro/datum", Operation::Other, always, get_datum),
    route("PUT", "/v1/ns/distro/datum", Operation::Other, always, put_datum),
    route("PUT", "/v1/ns/distro/checksum", Operation::Other, always, put_checksum),
];

/// The type of what 2.x gives as bytes.
const OCTETS: &str = "application/octet-stream;charset=UTF-8";

/// What takes PUT `/datum`, as Spring names it.
const ON_SYNC_DATUM: &str = "public org.springframework.http.ResponseEntity \
    com.alibaba.nacos.naming.controllers.DistroController.onSyncDatum(java.util.Map<\
    java.lang.String, com.alibaba.nacos.naming.consistency.Datum<\
    com.alibaba.nacos.naming.core.Instances>>) throws java.lang.Exception";

/// GET `/datums`.
fn all_datums(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let datums = call.node.read_in(Core::Old, |registry, _| {
        let mut datums = Vec::new();
        for (namespace, names) in registry.names_by_namespace() {
            for name in names {
                datums.extend(stored(registry, ServiceRef { namespace: &namespace, name: &name }));
            }
        }
        datums
    });
    content(call, datum::map(&datums))
}

/// GET `/datum`: the body names the keys.
fn get_datum(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    if call.request.body.is_empty() {
        return Err(datum::missing_body(call.quirks.distro.content));
    }
    let keys = datum::wanted_keys(call.request.body)?;
    let datums = call.node.read_in(Core::Old, |registry, _| {
        let keys = keys.iter().filter_map(|key| DatumKey::read(key));
        let found = keys.filter_map(|key| match key {
            DatumKey::Ephemeral(service) => stored(registry, service.as_ref()),
            DatumKey::Persistent(_) | DatumKey::Service(_) | DatumKey::Switches => None,
        });
        found.collect::<Vec<_>>()
    });
    content(call, datum::map(&datums))
}

/// A service's ephemeral instances under their key.
fn stored(registry: &Registry, service: ServiceRef<'_>) -> Option<(String, String)> {
    let list = registry.instance_datum(service, true)?;
    let key = DatumKey::Ephemeral(service.to_key()).text();
    // Each write makes a new datum, which is written once.
    let text = datum::datum(&key, 1, &datum::instances(&list));
    Some((key, text))
}

fn content(call: &Call<'_>, text: String) -> Outcome {
    let kind = match call.quirks.distro.content {
        DistroContent::Text => ReplyKind::Text,
        DistroContent::Octets => ReplyKind::Typed(OCTETS.into()),
    };
    Ok(Reply::new(200, kind, ReplyBody::from(text)).into())
}

/// PUT `/datum`: lists that a member says are changed. A node that stands alone has none.
fn put_datum(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let lists: Value = body::read(call.request.body, ON_SYNC_DATUM)?;
    if lists.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err(Refusal::nacos(400, "receive empty entity!"));
    }
    if call.node.peering().is_none() {
        return Err(Refusal::new(
            JavaException::IllegalState,
            "this node stands alone and has no peers",
        ));
    }
    call.node.lists_came(peer::datum::lists(&lists, call.quirks)?);
    Ok(Reply::ok().into())
}

/// PUT `/checksum`: how the lists look at the member that answers for them.
fn put_checksum(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let source = call.params.joined_required("source")?;
    if call.node.peering().is_some() {
        let checksums = peer::distro::read_checksums(call.request.body)?;
        call.node.checksums_came(&source.into(), &checksums);
    }
    Ok(Reply::ok().into())
}
