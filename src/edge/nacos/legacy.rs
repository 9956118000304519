//! `/v1/ns/api`, what 1.x keeps for clients older than itself (`instance/legacy-api`).

use super::call::{Call, Note, Outcome};
use super::instance::{self, list_of, place, take_beat};
use super::routes::{Route, route};
use crate::model::names::{DEFAULT_GROUP, GROUP_SEPARATOR, PUBLIC_NAMESPACE, service_of};
use crate::model::{AgentFamily, Refusal, ServiceRef, java};
use crate::node::Operation;
use crate::profile::Quirks;
use crate::wire::v1::beat::{self, Beat};
use crate::wire::v1::operator;
use crate::wire::{Reply, ReplyBody};

/// The addresses of 1.x; instances can be asked for here, too.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/ns/api", Operation::Register, exists, instance::register),
    route("PUT", "/v1/ns/api", Operation::Update, exists, instance::update),
    route("PATCH", "/v1/ns/api", Operation::Patch, patch_exists, instance::patch),
    route("DELETE", "/v1/ns/api", Operation::Deregister, exists, instance::deregister),
    route("GET", "/v1/ns/api", Operation::Instance, exists, instance::instance),
    route("GET", "/v1/ns/api/list", Operation::List, exists, instance::list),
    route("PUT", "/v1/ns/api/beat", Operation::Beat, exists, instance::beat),
    route("GET", "/v1/ns/api/statuses", Operation::Statuses, exists, instance::statuses),
    route("GET", "/v1/ns/api/hello", Operation::Other, exists, hello),
    route("GET", "/v1/ns/api/allDomNames", Operation::Service, exists, all_names),
    route("GET", "/v1/ns/api/srvIPXT", Operation::List, exists, list),
    route("GET", "/v1/ns/api/clientBeat", Operation::Beat, exists, beat),
];

fn exists(quirks: &Quirks) -> bool {
    quirks.api.legacy
}

fn patch_exists(quirks: &Quirks) -> bool {
    quirks.api.legacy && quirks.instance.patch
}

/// GET `/api/hello`.
fn hello(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(Reply::ok().into())
}

/// GET `/api/allDomNames`: a node that stands alone is responsible for all of them. The
/// first DNS agents are given the public namespace alone.
fn all_names(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let agent = call.agent();
    let mut all = call.read(|registry, _| registry.names_by_namespace());
    let first = || agent.version.is_first_dns().ok_or_else(Refusal::null_pointer);
    let old = agent.family == AgentFamily::Dns && first()?;
    for (_, names) in &mut all {
        for name in names.iter_mut() {
            *name = service_of(name).to_owned();
        }
        if !old {
            names.sort_unstable();
            names.dedup();
            java::sort_by_hash_order(names, |name| name);
        }
    }
    let body = if old {
        let public = all.into_iter().find(|(namespace, _)| namespace == PUBLIC_NAMESPACE);
        operator::public_names(&public.unwrap_or_default().1)
    } else {
        operator::all_names(&all)
    };
    Ok(Reply::object(ReplyBody::from(body)).into())
}

/// GET `/api/srvIPXT`: a list in the default group.
fn list(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let name = grouped_dom(call)?;
    let namespace = call.params.or("namespaceId", PUBLIC_NAMESPACE);
    list_of(call, note, ServiceRef { namespace: &namespace, name: &name })
}

/// GET `/api/clientBeat`.
fn beat(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    beat::restrict_source(&mut call.params, call.quirks);
    call.params.required("dom")?;
    let mut stood = beat::stood(&call.params);
    let read = Beat::read(&call.params, call.quirks, &mut stood);
    note.beat = Some(place(stood));
    take_beat(call, note, read?)
}

fn grouped_dom(call: &Call<'_>) -> Result<String, Refusal> {
    let dom = call.params.required("dom")?;
    if dom.contains(GROUP_SEPARATOR) {
        return Ok(dom.into_owned());
    }
    Ok(format!("{DEFAULT_GROUP}{GROUP_SEPARATOR}{dom}"))
}
