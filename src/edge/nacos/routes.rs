//! Which addresses there are, per version: one table from which requests are dispatched. An address
//! that is not in it is answered `no such api` (`instance/unknown-paths`, `instance/wrong-methods`).

use crate::node::Operation;
use crate::profile::Quirks;
use rustc_hash::FxHashMap;

/// Something that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// POST `/instance`.
    Register,
    /// PUT `/instance`.
    Update,
    /// PATCH `/instance`.
    Patch,
    /// DELETE `/instance`.
    Deregister,
    /// GET `/instance`.
    Instance,
    /// GET `/instance/list`.
    List,
    /// PUT `/instance/beat`.
    Beat,
    /// GET `/instance/statuses`.
    Statuses,
    /// PUT `/instance/metadata/batch`.
    BatchUpdate,
    /// DELETE `/instance/metadata/batch`.
    BatchDelete,
    /// GET `/api/hello`.
    Hello,
    /// GET `/api/srvIPXT`.
    LegacyList,
    /// GET `/api/clientBeat`.
    LegacyBeat,
}

/// One address with its method.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Method in capitals.
    pub method: &'static str,
    /// Path behind `/nacos`.
    pub path: &'static str,
    /// What is asked for.
    pub api: Api,
    /// Its name in journal and metrics.
    pub operation: Operation,
    /// Whether it exists.
    pub exists: fn(&Quirks) -> bool,
}

const fn always(_: &Quirks) -> bool {
    true
}

const fn legacy(quirks: &Quirks) -> bool {
    quirks.api.legacy
}

const fn patch(quirks: &Quirks) -> bool {
    quirks.instance.patch
}

const fn batch(quirks: &Quirks) -> bool {
    quirks.instance.metadata_batch
}

const fn route(
    method: &'static str,
    path: &'static str,
    api: Api,
    operation: Operation,
    exists: fn(&Quirks) -> bool,
) -> Route {
    Route { method, path, api, operation, exists }
}

/// Every address of every version.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/ns/instance", Api::Register, Operation::Register, always),
    route("PUT", "/v1/ns/instance", Api::Update, Operation::Update, always),
    route("PATCH", "/v1/ns/instance", Api::Patch, Operation::Patch, patch),
    route("DELETE", "/v1/ns/instance", Api::Deregister, Operation::Deregister, always),
    route("GET", "/v1/ns/instance", Api::Instance, Operation::Instance, always),
    route("GET", "/v1/ns/instance/list", Api::List, Operation::List, always),
    route("PUT", "/v1/ns/instance/beat", Api::Beat, Operation::Beat, always),
    route("GET", "/v1/ns/instance/statuses", Api::Statuses, Operation::Statuses, always),
    route(
        "PUT",
        "/v1/ns/instance/metadata/batch",
        Api::BatchUpdate,
        Operation::MetadataBatch,
        batch,
    ),
    route(
        "DELETE",
        "/v1/ns/instance/metadata/batch",
        Api::BatchDelete,
        Operation::MetadataBatch,
        batch,
    ),
    route("POST", "/v1/ns/api", Api::Register, Operation::Register, legacy),
    route("PUT", "/v1/ns/api", Api::Update, Operation::Update, legacy),
    route("PATCH", "/v1/ns/api", Api::Patch, Operation::Patch, |q| legacy(q) && patch(q)),
    route("DELETE", "/v1/ns/api", Api::Deregister, Operation::Deregister, legacy),
    route("GET", "/v1/ns/api", Api::Instance, Operation::Instance, legacy),
    route("GET", "/v1/ns/api/list", Api::List, Operation::List, legacy),
    route("PUT", "/v1/ns/api/beat", Api::Beat, Operation::Beat, legacy),
    route("GET", "/v1/ns/api/statuses", Api::Statuses, Operation::Statuses, legacy),
    route("GET", "/v1/ns/api/hello", Api::Hello, Operation::Other, legacy),
    route("GET", "/v1/ns/api/srvIPXT", Api::LegacyList, Operation::List, legacy),
    route("GET", "/v1/ns/api/clientBeat", Api::LegacyBeat, Operation::Beat, legacy),
];

/// The table, to be searched by path.
#[derive(Debug)]
pub struct Routes {
    by_path: FxHashMap<&'static str, Vec<Route>>,
}

impl Default for Routes {
    fn default() -> Self {
        let mut by_path: FxHashMap<&'static str, Vec<Route>> = FxHashMap::default();
        for route in ROUTES {
            by_path.entry(route.path).or_default().push(*route);
        }
        Self { by_path }
    }
}

impl Routes {
    /// The route of an address, if the version has it.
    pub fn find(&self, method: &str, path: &str, quirks: &Quirks) -> Option<Route> {
        let path = match path.strip_suffix('/') {
            Some(shorter) if quirks.http.trailing_slash => shorter,
            _ => path,
        };
        let found = self.by_path.get(path)?.iter().find(|route| route.method == method)?;
        (found.exists)(quirks).then_some(*found)
    }
}
