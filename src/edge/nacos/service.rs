//! `/v1/ns/service` and `/v1/ns/cluster`: services and clusters as objects of their own.

use super::call::{Call, Handled, Note, Outcome};
use super::members;
use super::routes::{Route, always, route};
use super::subscribers::subscribers;
use crate::model::{NewService, Refusal, ServiceRef};
use crate::node::Operation;
use crate::peers::upgrade::Core;
use crate::profile::{ListShape, Quirks, SelectorShape};
use crate::wire::Reply;
use crate::wire::peer;
use crate::wire::v1::service::{self, ClusterWrite, ListedServices, ServiceWrite};
use crate::wire::v1::status_report::StatusReport;
use crate::wire::v1::{listing, paging, selector, service_answers, service_name};

/// The addresses of services.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/ns/service", Operation::Service, always, create),
    route("PUT", "/v1/ns/service", Operation::Service, always, update),
    route("GET", "/v1/ns/service", Operation::Service, always, detail),
    route("DELETE", "/v1/ns/service", Operation::Service, always, delete),
    route("GET", "/v1/ns/service/list", Operation::Service, always, list),
    route("GET", "/v1/ns/service/names", Operation::Service, always, names),
    route("POST", "/v1/ns/service/status", Operation::Service, always, status),
    route("PUT", "/v1/ns/service/checksum", Operation::Service, always, checksum),
    route("GET", "/v1/ns/service/subscribers", Operation::Service, always, subscribers),
    route("GET", "/v1/ns/service/selector/types", Operation::Service, types_exist, selector_types),
    route("PUT", "/v1/ns/cluster", Operation::Cluster, always, cluster),
];

fn types_exist(quirks: &Quirks) -> bool {
    quirks.service.selector == SelectorShape::WithContext
}

/// GET `/service/selector/types`.
fn selector_types(_call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    Ok(Reply::object(selector::types()).into())
}

/// POST `/service`: a service of persistent instances.
fn create(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    create_of_kind(call, note, false)
}

/// Creates a service of a kind.
pub(super) fn create_of_kind(call: &Call<'_>, note: &mut Note, ephemeral: bool) -> Outcome {
    let given = ServiceWrite::created(&call.params, call.quirks)?;
    let (service, protect_threshold) = (given.service(), given.protect_threshold);
    note.about(service);
    let new = NewService { service, protect_threshold, ephemeral };
    let extras = || given.extras(call.quirks);
    let ((), receipt) =
        call.change(|registry, now| Ok(((), registry.create_service(now, &new, &extras)?)))?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// PUT `/service`.
pub(super) fn update(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let given = ServiceWrite::updated(&call.params, call.quirks)?;
    note.about(given.service());
    let extras = || given.extras(call.quirks);
    let ((), receipt) = call.change(|registry, now| {
        let threshold = given.protect_threshold;
        Ok(((), registry.update_service(now, given.service(), threshold, &extras)?))
    })?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// GET `/service`.
pub(super) fn detail(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = service::named(&call.params, call.quirks)?;
    let asked = named.as_ref();
    note.about(asked);
    let named_as = named.given.as_deref().unwrap_or(&named.name);
    let detail = call.read(|registry, now| registry.service(now, asked, named_as))?;
    Ok(Reply::object(service_answers::detail(asked, &detail, call.quirks)?).into())
}

/// DELETE `/service`.
pub(super) fn delete(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = service::named(&call.params, call.quirks)?;
    note.about(named.as_ref());
    let ((), receipt) = call
        .node
        .change(|registry, now| Ok(((), registry.delete_service(now, named.as_ref())?)))?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// GET `/service/list`.
pub(super) fn list(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let asked = ListedServices::read(&call.params)?;
    let (count, names) = page_of_names(call, &asked)?;
    Ok(Reply::object(service_answers::names(count, &names, call.quirks)).into())
}

/// How many services there are, and the names of the page.
fn page_of_names(
    call: &Call<'_>,
    asked: &ListedServices<'_>,
) -> Result<(usize, Vec<String>), Refusal> {
    let namespace = &*asked.namespace;
    let listing = call.read(|registry, _| registry.listing(namespace));
    let Some(listing) = listing.filter(|listing| !listing.is_empty()) else {
        return Ok((0, Vec::new()));
    };
    let mut names = listing::of_group(&listing, &asked.group, call.quirks)?;
    if let Some(filter) = selector::filter(&asked.selector, call.quirks)? {
        call.read(|registry, _| {
            names.retain(|name| registry.has_metadata(ServiceRef { namespace, name }, &filter));
        });
    }
    if paging::is_past_end(asked.page, asked.size, names.len()) && call.quirks.service.past_end_all
    {
        return Ok((names.len(), names.iter().map(|name| (**name).to_owned()).collect()));
    }
    let page = paging::names(asked.page, asked.size, names.len(), call.quirks)?;
    let plain = |name: &&str| listing::without_group(name, &asked.group, call.quirks);
    Ok((names.len(), names[page].iter().map(plain).collect()))
}

/// GET `/service/names`: of one namespace, or of all.
pub(super) fn names(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let asked = service::SearchedNames::read(&call.params)?;
    let namespaces = match &asked.namespace {
        Some(namespace) => vec![namespace.as_str().into()],
        None => call.read(|registry, _| registry.namespaces()),
    };
    let mut found = Vec::new();
    for namespace in namespaces {
        let listing = call.read(|registry, _| registry.listing(&namespace));
        let listing = match listing {
            Some(listing) => listing,
            None if call.quirks.list.shape == ListShape::Dom => return Err(Refusal::null_pointer()),
            None => [].into(),
        };
        let names = listing::matching(&listing, &asked.pattern(), call.quirks)?;
        found.push((namespace, listing::names_shown(&names, call.quirks)?));
    }
    Ok(Reply::object(service_answers::found_names(&found, call.quirks)).into())
}

/// POST `/service/status`: what a member says about its services.
fn status(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let report = StatusReport::read(call.request.body, call.is_form(), call.quirks)?;
    if !members::is_known(call.node, &report.sender) {
        let text = format!("ip: {} is not in serverlist", report.sender);
        return Err(Refusal::nacos(400, text));
    }
    if let Some(status) = peer::distro::read_service_status(call.request.body)? {
        call.node.statuses_came(&status);
    }
    Ok(Reply::text(200, if report.says_something { "ok" } else { "fail" }).into())
}

/// PUT `/service/checksum`.
fn checksum(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = service_name::unchecked(&call.params)?;
    note.about(named.as_ref());
    let checksum =
        call.node.read_in(Core::Old, |registry, _| registry.service_checksum(named.as_ref()))?;
    Ok(Reply::object(service_answers::checksum(&checksum)).into())
}

/// PUT `/cluster`.
fn cluster(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let given = ClusterWrite::read(&call.params, call.quirks)?;
    note.about(given.service());
    let set = |settings: &mut _| given.set(settings, call.quirks);
    let ((), receipt) = call.change(|registry, now| {
        Ok(((), registry.update_cluster(now, given.service(), &given.cluster, &set)?))
    })?;
    Ok(Handled::after(receipt, Reply::ok()))
}
