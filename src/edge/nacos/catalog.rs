//! `/v1/ns/catalog`: services as the console shows them.

use super::call::{Call, Note, Outcome};
use super::routes::{Route, always, route};
use crate::model::{Refusal, ServiceCounts, ServiceRef, java};
use crate::node::Operation;
use crate::wire::Reply;
use crate::wire::text::json::push_list;
use crate::wire::v1::catalog::{self, ClusterPage, ServicesPage};
use crate::wire::v1::{catalog_answers, listing, paging, service_answers, service_name};
use std::sync::Arc;

/// The addresses of the catalog.
pub const ROUTES: &[Route] = &[
    route("GET", "/v1/ns/catalog/service", Operation::Catalog, always, service),
    route("GET", "/v1/ns/catalog/services", Operation::Catalog, always, services),
    route("GET", "/v1/ns/catalog/instances", Operation::Catalog, always, instances),
    route("GET", "/v1/ns/catalog/rt/service", Operation::Catalog, always, check_times),
];

/// GET `/catalog/service`.
fn service(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = catalog::service(&call.params, call.quirks)?;
    let asked = named.as_ref();
    note.about(asked);
    let detail = call.read(|registry, now| registry.catalog_service(now, asked))?;
    Ok(Reply::object(service_answers::catalog_detail(asked, &detail, call.quirks)?).into())
}

/// GET `/catalog/instances`.
fn instances(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let asked = ClusterPage::read(&call.params, call.quirks)?;
    let service = asked.service.as_ref();
    note.about(service);
    let body = call.read(|registry, now| {
        let pick = |count| paging::instances(asked.page, asked.size, count);
        registry.cluster_hosts(now, service, &asked.cluster, &pick, |count, page| {
            catalog_answers::instances(service.name, count, page, call.quirks)
        })
    })?;
    Ok(Reply::object(body).into())
}

/// GET `/catalog/services`.
fn services(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let asked = ServicesPage::read(&call.params)?;
    let listing = call.read(|registry, _| registry.listing(&asked.namespace));
    let listing = listing.unwrap_or_else(|| [].into());
    let mut names: Vec<&Arc<str>> = match asked.pattern(call.quirks) {
        Some(pattern) => listing::matching(&listing, &pattern, call.quirks)?,
        None => listing.iter().collect(),
    };
    if asked.with_instances {
        return with_instances(call, &asked, &names);
    }
    let namespace = &*asked.namespace;
    let (total, page) = call.read(|registry, _| {
        if asked.with_ips_only {
            names.retain(|name| registry.has_instances(ServiceRef { namespace, name }));
        }
        if !java::is_blank(&asked.address) {
            let service = |name| ServiceRef { namespace, name };
            names.retain(|name| registry.has_address(service(name), &asked.address));
        }
        let mut page: Vec<(&str, ServiceCounts)> = Vec::new();
        for name in &names[asked.pick(names.len(), call.quirks)] {
            let counts = registry.service_counts(ServiceRef { namespace, name });
            page.extend(counts.map(|counts| (&***name, counts)));
        }
        (names.len(), page)
    });
    Ok(Reply::object(catalog_answers::services(total, &page, call.quirks)?).into())
}

/// The page with every instance of its services.
fn with_instances(call: &Call<'_>, asked: &ServicesPage, names: &[&Arc<str>]) -> Outcome {
    let page = &names[asked.pick(names.len(), call.quirks)];
    let entries: Result<Vec<String>, Refusal> = call.read(|registry, _| {
        let entry = |name: &&Arc<str>| {
            let service = ServiceRef { namespace: &asked.namespace, name };
            registry.service_hosts(service, |metadata, clusters| {
                catalog_answers::service_hosts(name, metadata, clusters, call.quirks)
            })
        };
        page.iter().filter_map(entry).collect()
    });
    let mut body = String::new();
    push_list(&mut body, entries?, |out, entry| out.push_str(&entry));
    Ok(Reply::object(body).into())
}

/// GET `/catalog/rt/service`.
fn check_times(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    let named = service_name::unchecked(&call.params)?;
    note.about(named.as_ref());
    let times = call.read(|registry, now| registry.check_times(now, named.as_ref()))?;
    Ok(Reply::object(catalog_answers::check_times(&times)).into())
}
