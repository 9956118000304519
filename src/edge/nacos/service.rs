//! `/v1/ns/service` and `/v1/ns/cluster`: services and clusters as objects of their own.

use super::call::{Call, Handled, Note, Outcome};
use super::routes::{Route, always, route};
use crate::model::{Refusal, ServicePage, ServiceRef, names};
use crate::node::Operation;
use crate::profile::SubscriberMatch;
use crate::wire::Reply;
use crate::wire::v1::service::{self, ClusterWrite, ListedServices, ServiceWrite};
use crate::wire::v1::{paging, selector, service_answers, service_name};

/// The addresses of services.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/ns/service", Operation::Service, always, create),
    route("PUT", "/v1/ns/service", Operation::Service, always, update),
    route("GET", "/v1/ns/service", Operation::Service, always, detail),
    route("DELETE", "/v1/ns/service", Operation::Service, always, delete),
    route("GET", "/v1/ns/service/list", Operation::Service, always, list),
    route("PUT", "/v1/ns/service/checksum", Operation::Service, always, checksum),
    route("GET", "/v1/ns/service/subscribers", Operation::Service, always, subscribers),
    route("PUT", "/v1/ns/cluster", Operation::Cluster, always, cluster),
];

/// POST `/service`.
fn create(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let given = ServiceWrite::created(&call.params, call.quirks)?;
    note.about(given.service());
    let extras = || given.extras(call.quirks);
    let ((), receipt) = call.node.change(|registry, now| {
        let threshold = given.protect_threshold;
        Ok(((), registry.create_service(now, given.service(), threshold, &extras)?))
    })?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// PUT `/service`.
fn update(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let given = ServiceWrite::updated(&call.params, call.quirks)?;
    note.about(given.service());
    let extras = || given.extras(call.quirks);
    let ((), receipt) = call.node.change(|registry, now| {
        let threshold = given.protect_threshold;
        Ok(((), registry.update_service(now, given.service(), threshold, &extras)?))
    })?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// GET `/service`.
fn detail(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = service::named(&call.params, call.quirks)?;
    let asked = named.as_ref();
    note.about(asked);
    let detail = call.node.read(|registry, _| registry.service(asked))?;
    Ok(Reply::object(service_answers::detail(asked, &detail, call.quirks)?).into())
}

/// DELETE `/service`.
fn delete(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = service::named(&call.params, call.quirks)?;
    note.about(named.as_ref());
    let ((), receipt) = call
        .node
        .change(|registry, now| Ok(((), registry.delete_service(now, named.as_ref())?)))?;
    Ok(Handled::after(receipt, Reply::ok()))
}

/// GET `/service/list`.
fn list(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let asked = ListedServices::read(&call.params)?;
    let page = ServicePage {
        namespace: &asked.namespace,
        group: &asked.group,
        filter: &|| selector::filter(&asked.selector, call.quirks),
        pick: &|count| paging::names(asked.page, asked.size, count, call.quirks),
    };
    let (count, names) = call.node.read(|registry, _| registry.service_names(&page))?;
    Ok(Reply::object(service_answers::names(count, &names, call.quirks)).into())
}

/// PUT `/service/checksum`.
fn checksum(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = service_name::unchecked(&call.params)?;
    note.about(named.as_ref());
    let checksum = call.node.read(|registry, _| registry.service_checksum(named.as_ref()))?;
    Ok(Reply::object(service_answers::checksum(&checksum)).into())
}

/// GET `/service/subscribers`: whatever goes wrong behind the parameters is an empty answer.
fn subscribers(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let asked = service::SubscribersOf::read(&call.params, call.quirks)?;
    note.about(asked.service.as_ref());
    let found = subscribers_of(call, asked.service.as_ref()).and_then(|rows| {
        let page = paging::subscribers(asked.page, asked.size, rows.len(), call.quirks)?;
        Ok((rows.len(), rows[page].to_vec()))
    });
    let (count, rows) = found.unwrap_or_default();
    Ok(Reply::object(service_answers::subscribers(&rows, count, call.quirks)).into())
}

fn subscribers_of(
    call: &Call<'_>,
    asked: ServiceRef<'_>,
) -> Result<Vec<crate::model::SubscriberView>, Refusal> {
    let (group, name) = names::parts_of(asked.name)?;
    let similar = |known: &str| {
        names::service_of(known).contains(name) && names::group_of(known).contains(group)
    };
    let matches = |known: ServiceRef<'_>| match call.quirks.service.subscribers {
        SubscriberMatch::Same => known == asked,
        SubscriberMatch::SimilarName => {
            format!("{}##{}", known.namespace, known.name).starts_with(asked.namespace)
                && similar(known.name)
        }
        SubscriberMatch::SimilarInNamespace => {
            known.namespace == asked.namespace && similar(known.name)
        }
    };
    let mut rows = call.node.read(|registry, _| registry.subscribers(&matches));
    for row in &mut rows {
        asked.namespace.clone_into(&mut row.namespace);
    }
    Ok(rows)
}

/// PUT `/cluster`.
fn cluster(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let given = ClusterWrite::read(&call.params, call.quirks)?;
    note.about(given.service());
    let set = |settings: &mut _| given.set(settings, call.quirks);
    let ((), receipt) = call.node.change(|registry, now| {
        Ok(((), registry.update_cluster(now, given.service(), &given.cluster, &set)?))
    })?;
    Ok(Handled::after(receipt, Reply::ok()))
}
