//! `/v1/ns/upgrade/ops` of 2.0.2: how far an upgrade is, and the data of 2.x (`ver=v2`, the
//! default) and of 1.x (`ver=v1`) side by side. A node that stands alone keeps no data of 1.x: it
//! is asked as if nothing were there, and writes to it are refused (`operator/upgrade-ops`).

use super::call::{Call, Note, Outcome};
use super::routes::{Route, Run, route};
use super::{instance, service};
use crate::model::{JavaException, Refusal, ServiceRef, java, names};
use crate::node::Operation;
use crate::peers::upgrade::{Core, Upgrade};
use crate::profile::Quirks;
use crate::wire::v1::instance::{self as wire_instance, NamedInstance, Withdrawal};
use crate::wire::v1::service::{ListedServices, SearchedNames, ServiceWrite, by_request_param};
use crate::wire::v1::upgrade::{self, UpgradeView};
use crate::wire::v1::{service_answers, service_name};
use crate::wire::{Reply, ReplyBody, request_param};
use rustc_hash::FxHashSet;

/// The addresses of the upgrade.
pub const ROUTES: &[Route] = &[
    page("GET", "/v1/ns/upgrade/ops/metrics", metrics),
    page("POST", SERVICE, create_service),
    page("PUT", SERVICE, |call, note| either(call, note, service::update, old_update_service)),
    page("GET", SERVICE, |call, note| either(call, note, service::detail, old_service)),
    page("DELETE", SERVICE, |call, note| either(call, note, service::delete, old_delete_service)),
    page("GET", "/v1/ns/upgrade/ops/service/list", list_services),
    page("GET", "/v1/ns/upgrade/ops/service/names", service_names),
    page("GET", "/v1/ns/upgrade/ops/instance/list", list),
    page("GET", INSTANCE, |call, note| either(call, note, instance::instance, old_instance)),
    page("POST", INSTANCE, |call, note| either(call, note, instance::register, begins_old_data)),
    page("PUT", INSTANCE, |call, note| either(call, note, instance::update, old_update)),
    page("DELETE", INSTANCE, |call, note| either(call, note, instance::deregister, old_deregister)),
];

const SERVICE: &str = "/v1/ns/upgrade/ops/service";
const INSTANCE: &str = "/v1/ns/upgrade/ops/instance";

const fn page(method: &'static str, path: &'static str, run: Run) -> Route {
    route(method, path, Operation::Operator, exists, run)
}

fn exists(quirks: &Quirks) -> bool {
    quirks.api.upgrade_ops
}

/// Whether the data of 1.x are meant.
fn asks_old_data(call: &Call<'_>) -> bool {
    call.params.joined_or("ver", "v2") != "v2"
}

/// Asks the data that are meant.
fn either(call: &mut Call<'_>, note: &mut Note, new: Run, old: Run) -> Outcome {
    match choose(call) {
        true => new(call, note),
        false => old(call, note),
    }
}

/// Turns to the core whose data are meant; false when there is no such core.
fn choose(call: &mut Call<'_>) -> bool {
    let asks_old = asks_old_data(call);
    call.core = if asks_old { Core::Old } else { Core::New };
    !asks_old || call.node.is_upgraded().is_some()
}

/// A write that would begin data of 1.x on a node that keeps none.
fn begins_old_data(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Err(Refusal::new(JavaException::IllegalState, "this node keeps no data of 1.x"))
}

/// No service is known to the data of 1.x.
fn not_found(note: &mut Note, service: ServiceRef<'_>) -> Outcome {
    note.about(service);
    Err(Refusal::no_such_service(service.namespace, service.name))
}

fn old_service(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    not_found(note, by_request_param(&call.params)?.as_ref())
}

fn old_update_service(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let given = ServiceWrite::updated(&call.params, call.quirks)?;
    given.extras(call.quirks)?;
    not_found(note, given.service())
}

fn old_delete_service(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = by_request_param(&call.params)?;
    note.about(named.as_ref());
    let text = format!("specified service not exist, serviceName : {}", named.name);
    Err(Refusal::nacos(400, text))
}

fn old_instance(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = NamedInstance::read(&call.params, call.quirks)?;
    not_found(note, named.service.as_ref())
}

fn old_update(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let service = service_name::required(&call.params, call.quirks)?;
    let by_default = instance::ephemeral_by_default(call);
    wire_instance::registration(&call.params, call.quirks, by_default)?;
    not_found(note, service.as_ref())
}

/// Who is not there is gone already.
fn old_deregister(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let by_default = instance::ephemeral_by_default(call);
    let withdrawal = Withdrawal::read(&call.params, call.quirks, by_default)?;
    note.about(withdrawal.call().service);
    Ok(Reply::ok().into())
}

/// POST `/service`: of the kind that instances have by default, unless it is said.
fn create_service(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    if !choose(call) {
        return begins_old_data(call, note);
    }
    let by_default = instance::ephemeral_by_default(call);
    let given = call.params.optional("ephemeral");
    let ephemeral = given.map_or(by_default, |text| java::to_boolean(&text));
    service::create_of_kind(call, note, ephemeral)
}

/// GET `/service/list`: the data of 1.x are an empty page.
fn list_services(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    if choose(call) {
        return service::list(call, note);
    }
    ListedServices::read(&call.params)?;
    Ok(Reply::object(service_answers::names(0, &[], call.quirks)).into())
}

/// GET `/service/names`: no namespace is known to the data of 1.x.
fn service_names(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    if choose(call) {
        return service::names(call, note);
    }
    match SearchedNames::read(&call.params)?.namespace {
        Some(_) => Err(Refusal::null_pointer()),
        None => Ok(Reply::object(service_answers::found_names(&[], call.quirks)).into()),
    }
}

/// GET `/metrics`.
fn metrics(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let as_json = request_param::boolean_or(&call.params, "json", Some(false))?;
    let mut view = new_data(call)?;
    if let Some(going) = call.node.upgrade(Going::of) {
        add_old_data(call, &going, &mut view)?;
    }
    let text = if as_json { upgrade::json(&view) } else { upgrade::table(&view) };
    Ok(Reply::text(200, text).into())
}

/// How far an upgrade is.
struct Going {
    upgraded: bool,
    all_new: bool,
    waiting: usize,
    counted: usize,
}

impl Going {
    fn of(engine: &Upgrade) -> Self {
        Self {
            upgraded: engine.serves() == Core::New,
            all_new: engine.is_all_new(),
            waiting: engine.waiting(),
            counted: engine.counted_services(),
        }
    }
}

/// What a node shows that stands alone: nothing of 1.x.
fn new_data(call: &Call<'_>) -> Result<UpgradeView, Refusal> {
    let names = names_in(call, Core::New)?;
    Ok(call.node.read_in(Core::New, |registry, _| {
        let (totals, [ephemeral, persistent]) = (registry.totals(), registry.kinds());
        UpgradeView {
            upgraded: true,
            all_new: true,
            double_write: registry.switches().double_write_enabled,
            services: totals.services,
            instances: totals.instances,
            subscribers: totals.subscribers,
            ephemeral_services: ephemeral.services,
            persistent_services: persistent.services,
            ephemeral_instances: ephemeral.instances,
            persistent_instances: persistent.instances,
            only_new: names,
            ..UpgradeView::default()
        }
    }))
}

fn add_old_data(call: &Call<'_>, going: &Going, view: &mut UpgradeView) -> Result<(), Refusal> {
    let old = names_in(call, Core::Old)?;
    let (totals, responsible) = call
        .node
        .read_in(Core::Old, |registry, _| (registry.totals(), registry.responsible_totals()));
    view.upgraded = going.upgraded;
    view.all_new = going.all_new;
    view.waiting = going.waiting;
    view.services = going.counted;
    view.old_services = totals.services;
    view.old_instances = totals.instances;
    view.responsible_services = responsible.services;
    view.responsible_instances = responsible.instances;
    let new = std::mem::take(&mut view.only_new);
    view.only_new = without(&new, &old);
    view.only_old = without(&old, &new);
    Ok(())
}

fn without(names: &[String], others: &[String]) -> Vec<String> {
    let others: FxHashSet<&String> = others.iter().collect();
    names.iter().filter(|name| !others.contains(name)).cloned().collect()
}

/// `namespace##group@@service` of every service of a core, in the order shown.
fn names_in(call: &Call<'_>, core: Core) -> Result<Vec<String>, Refusal> {
    call.node.read_in(core, |registry, _| {
        let mut all = Vec::new();
        for (namespace, services) in registry.names_by_namespace() {
            for name in services {
                all.push(format!("{namespace}##{}", names::shown(&name)?));
            }
        }
        java::sort_by_hash_order(&mut all, |name| name);
        Ok(all)
    })
}

/// GET `/instance/list`.
fn list(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    if choose(call) {
        return instance::list(call, note);
    }
    let service = service_name::required(&call.params, call.quirks)?;
    note.about(service.as_ref());
    let clusters = call.params.optional("clusters").unwrap_or_default();
    let cache_millis = call.read(|registry, _| registry.switches().default_cache_millis);
    let body = upgrade::empty_old_list(&service.name, &clusters, cache_millis);
    Ok(Reply::object(ReplyBody::from(body)).into())
}
