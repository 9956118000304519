//! Hosts of a list, in the two shapes that versions have (`instance/register-list-detail`).

use crate::model::metadata::{
    HEART_BEAT_INTERVAL, HEART_BEAT_TIMEOUT, INSTANCE_ID_GENERATOR, IP_DELETE_TIMEOUT,
};
use crate::model::names::service_of;
use crate::model::{HostView, Metadata, java};
use crate::wire::text::json::JsonText;

/// Appends metadata as a Java hash map prints it; `None` is null.
pub fn push_metadata(out: &mut String, metadata: Option<&Metadata>) {
    let Some(metadata) = metadata else {
        out.push_str("null");
        return;
    };
    let mut entries: Vec<(&str, Option<&str>)> = metadata.iter().collect();
    if entries.len() > 1 {
        java::sort_by_hash_order(&mut entries, |(key, _)| key);
    }
    let mut json = JsonText::object();
    for (key, value) in entries {
        json.optional_text(key, value);
    }
    out.push_str(&json.finish());
}

/// Appends a host as 1.x shows it.
pub fn push_dom_host(out: &mut String, service: &str, grouped: bool, host: &HostView<'_>) {
    let mut json = JsonText::object();
    json.boolean("valid", host.healthy);
    json.boolean("marked", false);
    push_metadata(json.key("metadata"), host.metadata.as_deref());
    json.optional_text("instanceId", host.instance_id.as_deref());
    json.number("port", i64::from(host.instance.port));
    json.boolean("healthy", host.healthy);
    json.optional_text("ip", host.instance.ip.as_deref());
    json.text("clusterName", &host.instance.cluster);
    json.double("weight", host.weight);
    json.boolean("ephemeral", host.ephemeral);
    json.text("serviceName", if grouped { service } else { service_of(service) });
    json.boolean("enabled", host.enabled);
    out.push_str(&json.finish());
}

/// Appends a host as 2.x shows it; what is null is left out.
pub fn push_info_host(out: &mut String, service: &str, host: &HostView<'_>) {
    let mut json = JsonText::object();
    if let Some(id) = &host.instance_id {
        json.text("instanceId", id);
    }
    if let Some(ip) = &host.instance.ip {
        json.text("ip", ip);
    }
    json.number("port", i64::from(host.instance.port));
    json.double("weight", host.weight);
    json.boolean("healthy", host.healthy);
    json.boolean("enabled", host.enabled);
    json.boolean("ephemeral", host.ephemeral);
    json.text("clusterName", &host.instance.cluster);
    json.text("serviceName", service);
    let metadata = host.metadata.as_deref();
    push_metadata(json.key("metadata"), metadata);
    push_limits(&mut json, metadata, Generator::LeftOut);
    out.push_str(&json.finish());
}

/// What becomes of an id generator that nobody named beside other metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generator {
    /// It is left out.
    LeftOut,
    /// It is null.
    Null,
}

/// Writes what an instance computes from its metadata.
pub fn push_limits(json: &mut JsonText, metadata: Option<&Metadata>, unnamed: Generator) {
    let number = |key: &str, default: i64| preserved_ms(metadata, key, default);
    json.number("instanceHeartBeatInterval", number(HEART_BEAT_INTERVAL, 5_000));
    match (id_generator(metadata), unnamed) {
        (Some(generator), _) => json.text("instanceIdGenerator", generator),
        (None, Generator::Null) => json.raw("instanceIdGenerator", "null"),
        (None, Generator::LeftOut) => {}
    }
    json.number("instanceHeartBeatTimeOut", number(HEART_BEAT_TIMEOUT, 15_000));
    json.number("ipDeleteTimeout", number(IP_DELETE_TIMEOUT, 30_000));
}

/// A time that an instance sets for itself, ms; only digits count.
pub(super) fn preserved_ms(metadata: Option<&Metadata>, key: &str, default: i64) -> i64 {
    let text = metadata.and_then(|metadata| metadata.get(key));
    text.filter(|text| is_digits(text)).and_then(java::parse_long).unwrap_or(default)
}

/// `Instance.getInstanceIdGenerator`: `simple` without metadata, nothing when the key is missing.
pub(super) fn id_generator(metadata: Option<&Metadata>) -> Option<&str> {
    match metadata {
        Some(metadata) if !metadata.is_empty() => metadata.get(INSTANCE_ID_GENERATOR),
        _ => Some("simple"),
    }
}

/// `^\d+$`.
fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
