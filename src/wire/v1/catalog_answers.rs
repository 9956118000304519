//! Bodies of the catalog's answers (`catalog/*`).

use super::{hosts, listing};
use crate::model::{CatalogHost, CheckTimes, HostView, Metadata, Refusal, ServiceCounts, java};
use crate::profile::{ListShape, Quirks};
use crate::wire::text::json::{JsonText, push_list};

/// GET `/catalog/instances`.
pub fn instances(service: &str, count: usize, page: &[CatalogHost<'_>], quirks: &Quirks) -> String {
    let mut json = JsonText::object();
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if quirks.list.shape == ListShape::Dom {
        json.number("count", count);
        json.list("list", page, |out, host| push_instance(out, service, host));
    } else {
        json.list("list", page, |out, host| hosts::push_info_host(out, service, &host.host));
        json.number("count", count);
    }
    json.finish()
}

/// An instance as Jackson writes the object of 1.x.
fn push_instance(out: &mut String, service: &str, shown: &CatalogHost<'_>) {
    let CatalogHost { host, last_beat, times, copied } = shown;
    let instance = host.instance;
    let metadata = host.metadata.as_deref();
    let mut json = JsonText::object();
    json.optional_text("instanceId", host.instance_id.as_deref());
    json.optional_text("ip", instance.ip.as_deref());
    json.number("port", i64::from(instance.port));
    json.double("weight", host.weight);
    json.boolean("healthy", host.healthy);
    json.boolean("enabled", host.enabled);
    json.boolean("ephemeral", host.ephemeral);
    json.text("clusterName", &instance.cluster);
    json.text("serviceName", service);
    hosts::push_metadata(json.key("metadata"), metadata);
    json.number("lastBeat", i64::try_from(last_beat.0).unwrap_or(i64::MAX));
    json.boolean("mockValid", false);
    json.boolean("marked", false);
    // A list that travelled has empty texts where there was none.
    json.optional_text("tenant", copied.then_some(""));
    // An instance that a beat made has none.
    json.optional_text("app", Some(&*instance.app).filter(|app| !app.is_empty()));
    json.number("failCount", i64::from(times.failures));
    json.number("okcount", i64::from(times.successes));
    json.number("checkRT", times.last_ms);
    let port = if instance.port > 0 { format!(":{}", instance.port) } else { String::new() };
    let default_key = format!("{}{port}:unknown", instance.ip());
    json.text("datumKey", &format!("{default_key}:{}", instance.cluster));
    json.text("defaultKey", &default_key);
    hosts::push_limits(&mut json, metadata, hosts::Generator::Null);
    out.push_str(&json.finish());
}

/// GET `/catalog/services`; 1.x counts nothing where it shows nothing.
///
/// # Errors
/// A name has no two parts (1.x).
pub fn services(
    count: usize,
    page: &[(&str, ServiceCounts)],
    quirks: &Quirks,
) -> Result<String, Refusal> {
    let mut rows = String::new();
    let mut wrong = None;
    push_list(&mut rows, page, |out, (name, counts)| {
        if let Err(refusal) = push_counts(out, name, *counts, quirks) {
            wrong.get_or_insert(refusal);
        }
    });
    if let Some(refusal) = wrong {
        return Err(refusal);
    }
    let mut json = JsonText::object();
    let total = i64::try_from(count).unwrap_or(i64::MAX);
    if quirks.list.shape == ListShape::Dom {
        json.raw("serviceList", &rows);
        json.number("count", if page.is_empty() { 0 } else { total });
    } else {
        json.number("count", total);
        json.raw("serviceList", &rows);
    }
    Ok(json.finish())
}

fn push_counts(
    out: &mut String,
    name: &str,
    counts: ServiceCounts,
    quirks: &Quirks,
) -> Result<(), Refusal> {
    let (group, name) = listing::parts(name, quirks)?;
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut json = JsonText::object();
    json.text("name", name);
    json.text("groupName", group);
    json.number("clusterCount", number(counts.clusters));
    json.number("ipCount", number(counts.instances));
    json.number("healthyInstanceCount", number(counts.healthy));
    json.text("triggerFlag", if counts.threshold_reached { "true" } else { "false" });
    out.push_str(&json.finish());
    Ok(())
}

/// One service of `/catalog/services?withInstances=true`.
///
/// # Errors
/// The name has no two parts (1.x).
pub fn service_hosts(
    name: &str,
    metadata: &Metadata,
    clusters: &[(&str, Vec<HostView<'_>>)],
    quirks: &Quirks,
) -> Result<String, Refusal> {
    let (group, name) = listing::parts(name, quirks)?;
    let room = if quirks.list.shape == ListShape::Dom { 8 } else { 1 };
    let mut ordered: Vec<&(&str, Vec<HostView<'_>>)> = clusters.iter().collect();
    ordered.sort_unstable_by_key(|(name, _)| *name);
    java::sort_by_buckets(&mut ordered, java::grown_from(room, clusters.len()), |(name, _)| name);
    let mut map = JsonText::object();
    let full = quirks.catalog.full_details;
    let unset = |json: &mut JsonText, keys: &[&str]| {
        keys.iter().filter(|_| full).for_each(|key| json.raw(key, "null"));
    };
    for (cluster, hosts) in ordered {
        let mut json = JsonText::object();
        unset(&mut json, &["clusterName", "healthChecker", "metadata"]);
        json.list("hosts", hosts, push_address);
        map.raw(cluster, &json.finish());
    }
    let mut json = JsonText::object();
    unset(&mut json, &["namespace"]);
    json.text("serviceName", name);
    json.text("groupName", group);
    json.raw("clusterMap", &map.finish());
    hosts::push_metadata(json.key("metadata"), Some(metadata));
    if full {
        json.float("protectThreshold", 0.0);
    }
    unset(&mut json, &["selector", "ephemeral"]);
    Ok(json.finish())
}

fn push_address(out: &mut String, host: &HostView<'_>) {
    let mut json = JsonText::object();
    json.boolean("valid", host.healthy);
    hosts::push_metadata(json.key("metadata"), host.metadata.as_deref());
    json.number("port", i64::from(host.instance.port));
    json.optional_text("ip", host.instance.ip.as_deref());
    json.double("weight", host.weight);
    json.boolean("enabled", host.enabled);
    out.push_str(&json.finish());
}

/// GET `/catalog/rt/service`.
pub fn check_times(clusters: &[(String, CheckTimes)]) -> String {
    let mut json = JsonText::object();
    json.list("clusters", clusters, |out, (name, times)| {
        let mut json = JsonText::object();
        json.number("checkRTNormalized", times.period_ms);
        json.text("name", name);
        json.number("checkRTBest", times.best_ms);
        json.number("checkRTWorst", times.worst_ms);
        out.push_str(&json.finish());
    });
    json.finish()
}
