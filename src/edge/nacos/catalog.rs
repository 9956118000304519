//! `/v1/ns/catalog`: services as the console shows them.

use super::call::{Call, Note, Outcome};
use super::routes::{Route, always, route};
use crate::node::Operation;
use crate::wire::Reply;
use crate::wire::v1::{catalog, service_answers};

/// The addresses of the catalog.
pub const ROUTES: &[Route] =
    &[route("GET", "/v1/ns/catalog/service", Operation::Catalog, always, service)];

/// GET `/catalog/service`.
fn service(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = catalog::service(&call.params, call.quirks)?;
    let asked = named.as_ref();
    note.about(asked);
    let detail = call.node.read(|registry, _| registry.catalog_service(asked))?;
    Ok(Reply::object(service_answers::catalog_detail(asked, &detail, call.quirks)?).into())
}
