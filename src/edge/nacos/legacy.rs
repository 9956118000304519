//! `/v1/ns/api`, what 1.x keeps for clients older than itself (`instance/legacy-api`).

use super::call::{Call, Note, Outcome};
use super::instance::{list_of, place, take_beat};
use crate::model::names::{DEFAULT_GROUP, GROUP_SEPARATOR, PUBLIC_NAMESPACE};
use crate::model::{Refusal, ServiceRef};
use crate::wire::v1::beat::{self, Beat};

/// GET `/api/srvIPXT`: a list in the default group.
pub fn list(call: &Call<'_>, note: &mut Note) -> Outcome {
    let name = grouped_dom(call)?;
    let namespace = call.params.or("namespaceId", PUBLIC_NAMESPACE);
    list_of(call, note, ServiceRef { namespace: &namespace, name: &name })
}

/// GET `/api/clientBeat`.
pub fn beat(call: &Call<'_>, note: &mut Note) -> Outcome {
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
