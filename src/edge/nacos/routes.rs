//! Which addresses there are, per version: one table from which requests are dispatched, put
//! together from the slices of its areas. An address that is not in it is answered `no such api`
//! (`instance/unknown-paths`, `instance/wrong-methods`).

use super::call::{Call, Note, Outcome};
use super::{
    accounts, actuator, catalog, config, console, core, distro, health, instance, legacy, loader,
    operator, page, raft, service, upgrade,
};
use crate::node::Operation;
use crate::profile::Quirks;
use rustc_hash::FxHashMap;

/// Paths below this are guarded by the naming filters.
pub const NAMING: &str = "/v1/ns/";

/// One address with its method.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Method in capitals.
    pub method: &'static str,
    /// Path behind `/nacos`.
    pub path: &'static str,
    /// Its name in journal and metrics.
    pub operation: Operation,
    /// Whether the version has it.
    pub exists: fn(&Quirks) -> bool,
    /// What answers.
    pub run: Run,
}

/// A handler.
pub type Run = fn(&mut Call<'_>, &mut Note) -> Outcome;

/// For addresses that every version has.
pub const fn always(_: &Quirks) -> bool {
    true
}

/// A row of the table.
pub const fn route(
    method: &'static str,
    path: &'static str,
    operation: Operation,
    exists: fn(&Quirks) -> bool,
    run: Run,
) -> Route {
    Route { method, path, operation, exists, run }
}

/// Every area's addresses.
const AREAS: &[&[Route]] = &[
    instance::ROUTES,
    legacy::ROUTES,
    service::ROUTES,
    catalog::ROUTES,
    health::ROUTES,
    operator::ROUTES,
    raft::ROUTES,
    distro::ROUTES,
    upgrade::ROUTES,
    page::ROUTES,
    loader::ROUTES,
    console::ROUTES,
    config::ROUTES,
    accounts::ROUTES,
    core::ROUTES,
    actuator::ROUTES,
];

/// Every address of every version.
pub fn all() -> impl Iterator<Item = &'static Route> {
    AREAS.iter().flat_map(|area| area.iter())
}

/// The table, to be searched by path.
#[derive(Debug)]
pub struct Routes {
    by_path: FxHashMap<&'static str, Vec<Route>>,
}

impl Default for Routes {
    fn default() -> Self {
        let mut by_path: FxHashMap<&'static str, Vec<Route>> = FxHashMap::default();
        for route in all() {
            by_path.entry(route.path).or_default().push(*route);
        }
        Self { by_path }
    }
}

impl Routes {
    /// The route of an address, if the version has it.
    pub fn find(&self, method: &str, path: &str, quirks: &Quirks) -> Option<Route> {
        let path = Self::without_slash(path, quirks);
        let mut found = self.by_path.get(path)?.iter();
        found.find(|route| route.method == method && (route.exists)(quirks)).copied()
    }

    /// Whether the version has the path, with whatever method.
    pub fn has_path(&self, path: &str, quirks: &Quirks) -> bool {
        let found = self.by_path.get(Self::without_slash(path, quirks));
        found.is_some_and(|routes| routes.iter().any(|route| (route.exists)(quirks)))
    }

    /// Spring takes a path with a slash at its end for the one without, but Nacos's filters in
    /// front of naming do so only since 2.x.
    fn without_slash<'p>(path: &'p str, quirks: &Quirks) -> &'p str {
        let taken = quirks.http.trailing_slash || !path.starts_with(NAMING);
        match path.strip_suffix('/') {
            Some(shorter) if taken && !shorter.is_empty() => shorter,
            _ => path,
        }
    }
}
