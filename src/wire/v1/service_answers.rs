//! Bodies of the answers about services: 1.x prints hash maps, 2.x prints nodes in the order
//! written.

use super::{checker, hosts, listing, selector};
use crate::model::{ClusterSettings, Refusal, ServiceDetail, ServiceRef, SubscriberView};
use crate::profile::{ListCount, ListShape, Quirks};
use crate::wire::text::json::JsonText;
use std::sync::Arc;

/// GET `/service`.
///
/// # Errors
/// The name has no two parts (1.x).
pub fn detail(
    service: ServiceRef<'_>,
    detail: &ServiceDetail,
    quirks: &Quirks,
) -> Result<String, Refusal> {
    let (group, name) = listing::parts(service.name, quirks)?;
    let mut json = JsonText::object();
    let clusters = detail.clusters.iter();
    if quirks.list.shape == ListShape::Dom {
        hosts::push_metadata(json.key("metadata"), Some(&detail.metadata));
        json.text("groupName", group);
        json.text("namespaceId", service.namespace);
        json.text("name", name);
        json.raw("selector", &selector::text(&detail.selector, quirks));
        json.float("protectThreshold", detail.protect_threshold);
        json.list("clusters", clusters, |out, (name, settings)| {
            let mut json = JsonText::object();
            checker::push(json.key("healthChecker"), &settings.checker, quirks);
            hosts::push_metadata(json.key("metadata"), Some(&settings.metadata));
            json.text("name", name);
            out.push_str(&json.finish());
        });
    } else {
        json.text("namespaceId", service.namespace);
        json.text("groupName", group);
        json.text("name", name);
        json.float("protectThreshold", detail.protect_threshold);
        hosts::push_metadata(json.key("metadata"), Some(&detail.metadata));
        json.raw("selector", &selector::text(&detail.selector, quirks));
        json.list("clusters", clusters, |out, (name, settings)| {
            let mut json = JsonText::object();
            json.text("name", name);
            checker::push(json.key("healthChecker"), &settings.checker, quirks);
            hosts::push_metadata(json.key("metadata"), Some(&settings.metadata));
            out.push_str(&json.finish());
        });
    }
    Ok(json.finish())
}

/// GET `/catalog/service`.
///
/// # Errors
/// The name has no two parts (1.x).
pub fn catalog_detail(
    service: ServiceRef<'_>,
    detail: &ServiceDetail,
    quirks: &Quirks,
) -> Result<String, Refusal> {
    let (group, name) = listing::parts(service.name, quirks)?;
    let mut about = JsonText::object();
    if quirks.list.shape == ListShape::Dom {
        about.text("groupName", group);
        hosts::push_metadata(about.key("metadata"), Some(&detail.metadata));
        about.text("name", name);
        about.raw("selector", &selector::text(&detail.selector, quirks));
        about.float("protectThreshold", detail.protect_threshold);
    } else {
        about.text("name", name);
        about.text("groupName", group);
        about.float("protectThreshold", detail.protect_threshold);
        about.raw("selector", &selector::text(&detail.selector, quirks));
        hosts::push_metadata(about.key("metadata"), Some(&detail.metadata));
    }
    let mut json = JsonText::object();
    json.raw("service", &about.finish());
    json.list("clusters", &detail.clusters, |out, (cluster, settings)| {
        push_cluster(out, service.name, cluster, settings, quirks);
    });
    Ok(json.finish())
}

/// The port that views call the default one, whatever is set.
const DEFAULT_PORT: i64 = 80;

/// A cluster of the catalog; 1.x shows the default check port, 2.x the one that was set.
fn push_cluster(
    out: &mut String,
    service: &str,
    cluster: &str,
    settings: &ClusterSettings,
    quirks: &Quirks,
) {
    let mut json = JsonText::object();
    json.text("serviceName", service);
    json.text("name", cluster);
    checker::push(json.key("healthChecker"), &settings.checker, quirks);
    json.number("defaultPort", DEFAULT_PORT);
    json.number(
        "defaultCheckPort",
        match quirks.list.shape {
            ListShape::Dom => DEFAULT_PORT,
            ListShape::ServiceInfo => i64::from(settings.check_port),
        },
    );
    json.boolean("useIPPort4Check", settings.use_instance_port);
    hosts::push_metadata(json.key("metadata"), Some(&settings.metadata));
    out.push_str(&json.finish());
}

/// GET `/service/list`.
pub fn names(count: usize, names: &[String], quirks: &Quirks) -> String {
    let mut json = JsonText::object();
    let doms = names.iter().map(String::as_str);
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    match quirks.service.list_count {
        ListCount::All => {
            json.number("count", number(count));
            json.texts("doms", doms);
        }
        ListCount::Page => {
            json.texts("doms", doms);
            json.number("count", number(names.len()));
        }
    }
    json.finish()
}

/// GET `/service/names`: 1.x counts namespaces, 2.x names.
pub fn found_names(found: &[(Arc<str>, Vec<String>)], quirks: &Quirks) -> String {
    let mut services = JsonText::object();
    for (namespace, names) in found {
        services.texts(namespace, names.iter().map(String::as_str));
    }
    let mut json = JsonText::object();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    if quirks.list.shape == ListShape::Dom {
        json.number("count", number(found.len()));
        json.raw("services", &services.finish());
    } else {
        json.raw("services", &services.finish());
        json.number("count", number(found.iter().map(|(_, names)| names.len()).sum()));
    }
    json.finish()
}

/// GET `/service/subscribers`.
pub fn subscribers(rows: &[SubscriberView], count: usize, quirks: &Quirks) -> String {
    let mut json = JsonText::object();
    json.list("subscribers", rows, |out, row| {
        let mut json = JsonText::object();
        // A subscriber over a stream has no port and no colon.
        let address = match row.port {
            0 => row.ip.clone(),
            port => format!("{}:{port}", row.ip),
        };
        json.text("addrStr", &address);
        json.text("agent", &row.agent);
        json.text("app", &row.app);
        json.text("ip", &row.ip);
        if quirks.list.shape == ListShape::ServiceInfo {
            json.number("port", i64::from(row.port));
        }
        json.text("namespaceId", &row.namespace);
        json.text("serviceName", &row.service);
        if quirks.list.shape == ListShape::ServiceInfo {
            json.text("cluster", &row.clusters);
        }
        out.push_str(&json.finish());
    });
    json.number("count", i64::try_from(count).unwrap_or(i64::MAX));
    json.finish()
}

/// PUT `/service/checksum`.
pub fn checksum(checksum: &str) -> String {
    let mut json = JsonText::object();
    json.text("checksum", checksum);
    json.finish()
}
