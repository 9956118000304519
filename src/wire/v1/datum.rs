//! What 1.x servers keep under a key, as fastjson writes it: fields in alphabetical order
//! (`operator/raft-service-datum`, `operator/distro-reads`).

use super::hosts::{id_generator, preserved_ms, push_metadata};
use crate::model::metadata::{HEART_BEAT_INTERVAL, HEART_BEAT_TIMEOUT, IP_DELETE_TIMEOUT};
use crate::model::switches::HealthParams;
use crate::model::{
    ClusterDatum, DatumKey, InstanceDatum, JavaException, Millis, Refusal, Selector, ServiceDatum,
    ServiceRef, Switches, java,
};
use crate::profile::{DistroContent, Quirks, ServiceDatumShape};
use crate::wire::text::json::{JsonText, push_list, push_number};
use serde_json::Value;

/// One datum: its key, how often it was written, its value.
pub fn datum(key: &str, stamp: u64, value: &str) -> String {
    let mut json = JsonText::object();
    json.text("key", key);
    json.number("timestamp", i64::try_from(stamp).unwrap_or(i64::MAX));
    json.raw("value", value);
    json.finish()
}

/// The datums of a map, by key.
pub fn map(datums: &[(String, String)]) -> String {
    let mut json = JsonText::object();
    for (key, datum) in datums {
        json.raw(key, datum);
    }
    json.finish()
}

/// The datums of a list; a key that nobody wrote is null.
pub fn list(datums: &[Option<String>]) -> String {
    let mut text = String::new();
    push_list(&mut text, datums, |out, datum| out.push_str(datum.as_deref().unwrap_or("null")));
    text
}

/// The keys that the body of a GET `/distro/datum` names.
///
/// # Errors
/// The body is no JSON object, or names none.
pub fn wanted_keys(body: &[u8]) -> Result<Vec<String>, Refusal> {
    let text = |value: Value| value.get("keys").and_then(Value::as_str).map(str::to_owned);
    let value = serde_json::from_slice(body).map_err(|_| Refusal::null_pointer())?;
    let keys = text(value).ok_or_else(Refusal::null_pointer)?;
    Ok(java::split(&keys, ",").into_iter().map(str::to_owned).collect())
}

/// Spring's words about a GET `/distro/datum` without a body.
pub fn missing_body(content: DistroContent) -> Refusal {
    let argument = match content {
        DistroContent::Text => "com.alibaba.fastjson.JSONObject",
        DistroContent::Octets => "java.lang.String",
    };
    let message = format!(
        "Required request body is missing: public org.springframework.http.ResponseEntity \
         com.alibaba.nacos.naming.controllers.DistroController.get({argument}) throws \
         java.lang.Exception"
    );
    Refusal::new(JavaException::NotReadable, message)
}

/// The keys that a server listens to, in the order of a hash map: services that it does not know
/// yet, the switches, and the persistent instances of each service.
pub fn listened_keys(namespaces: &[(String, Vec<String>)]) -> Vec<String> {
    let mut keys = vec![DatumKey::services_prefix().to_owned(), DatumKey::Switches.text()];
    for (namespace, names) in namespaces {
        let key = |name: &String| ServiceRef { namespace, name }.to_key();
        keys.extend(names.iter().map(|name| DatumKey::Persistent(key(name)).text()));
    }
    java::sort_by_hash_order(&mut keys, |key| key);
    keys
}

/// The value under the key of a list of instances.
pub fn instances(instances: &[InstanceDatum<'_>]) -> String {
    let mut json = JsonText::object();
    json.list("instanceList", instances, push_instance);
    json.finish()
}

fn push_instance(out: &mut String, datum: &InstanceDatum<'_>) {
    let instance = datum.instance;
    let metadata = instance.metadata.as_ref();
    let mut json = JsonText::object();
    json.text("app", &instance.app);
    json.text("clusterName", &instance.cluster);
    json.boolean("enabled", instance.enabled);
    json.boolean("ephemeral", instance.ephemeral);
    json.boolean("healthy", instance.healthy);
    let number = |key: &str, default| preserved_ms(metadata, key, default);
    json.number("instanceHeartBeatInterval", number(HEART_BEAT_INTERVAL, 5_000));
    json.number("instanceHeartBeatTimeOut", number(HEART_BEAT_TIMEOUT, 15_000));
    json.text("instanceId", datum.id.as_deref().unwrap_or_default());
    json.text("instanceIdGenerator", id_generator(metadata).unwrap_or_default());
    json.text("ip", instance.ip());
    json.number("ipDeleteTimeout", number(IP_DELETE_TIMEOUT, 30_000));
    json.number("lastBeat", millis(datum.last_beat));
    json.boolean("marked", false);
    push_metadata(json.key("metadata"), metadata);
    json.number("port", instance.port.into());
    json.text("serviceName", datum.service);
    json.text("tenant", "");
    json.double("weight", instance.weight);
    out.push_str(&json.finish());
}

/// The value under the key of a service.
pub fn service(service: &ServiceDatum<'_>, quirks: &Quirks) -> String {
    let mut json = JsonText::object();
    json.text("appName", "");
    json.text("checksum", service.checksum);
    let mut clusters = JsonText::object();
    for cluster in &service.clusters {
        push_cluster(clusters.key(cluster.name), cluster, &service.key.name);
    }
    json.raw("clusterMap", &clusters.finish());
    let counted = quirks.raft.service_datum == ServiceDatumShape::FieldsAndCounts;
    if counted {
        json.boolean("empty", service.is_empty);
    }
    json.boolean("enabled", true);
    if counted {
        json.number("finalizeCount", 0);
    }
    json.text("groupName", service.group);
    json.number("ipDeleteTimeout", 30_000);
    json.number("lastModifiedMillis", millis(service.modified));
    push_metadata(json.key("metadata"), Some(service.metadata));
    json.text("name", &service.key.name);
    json.text("namespaceId", &service.key.namespace);
    json.raw("owners", "[]");
    json.float("protectThreshold", service.protect_threshold);
    json.boolean("resetWeight", false);
    push_selector(json.key("selector"), service.selector);
    json.text("token", "");
    json.finish()
}

fn push_cluster(out: &mut String, cluster: &ClusterDatum<'_>, service: &str) {
    let settings = cluster.settings;
    let mut json = JsonText::object();
    json.number("defCkport", settings.check_port.into());
    json.number("defIPPort", 80);
    json.number("defaultCheckPort", 80);
    json.number("defaultPort", 80);
    json.raw("healthCheckTask", NEVER_RUN);
    json.raw("healthChecker", &cluster.checker);
    push_metadata(json.key("metadata"), Some(&settings.metadata));
    json.text("name", cluster.name);
    json.text("serviceName", service);
    json.text("sitegroup", "");
    json.boolean("useIPPort4Check", settings.use_instance_port);
    out.push_str(&json.finish());
}

/// A cluster's check before its first run; what it measures is kept elsewhere here.
const NEVER_RUN: &str = "{\"cancelled\":false,\"checkRTBest\":9223372036854775807,\
    \"checkRTLast\":-1,\"checkRTLastLast\":-1,\"checkRTNormalized\":2000,\"checkRTWorst\":0,\
    \"cluster\":{\"$ref\":\"..\"},\"startTime\":0}";

fn push_selector(out: &mut String, selector: &Selector) {
    let mut json = JsonText::object();
    match selector {
        Selector::None => json.text("type", "none"),
        Selector::Label { expression, labels } => {
            json.text("expression", expression.as_deref().unwrap_or_default());
            json.texts("labels", labels.iter().map(String::as_str));
            json.text("type", "label");
        }
    }
    out.push_str(&json.finish());
}

fn millis(at: Millis) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// The value under the key of the switches.
pub fn switches(all: &Switches, quirks: &Quirks) -> String {
    let has = &quirks.switches;
    let mut json = JsonText::object();
    push_map(json.key("adWeightMap"), &all.ad_weights);
    if has.auto_health_check {
        json.boolean("autoChangeHealthCheckEnabled", all.auto_change_health_check_enabled);
    }
    json.number("checkTimes", all.check_times.into());
    json.text("checksum", "");
    json.number("clientBeatInterval", all.client_beat_interval);
    json.number("defaultCacheMillis", all.default_cache_millis);
    json.boolean("defaultInstanceEphemeral", all.default_instance_ephemeral);
    json.number("defaultPushCacheMillis", all.push_cache_millis);
    json.boolean("disableAddIP", all.disable_add_ip);
    json.boolean("distroEnabled", all.distro_enabled);
    json.number("distroServerExpiredMillis", all.distro_server_expired_millis);
    json.float("distroThreshold", all.distro_threshold);
    json.boolean("enableAuthentication", all.enable_authentication);
    json.boolean("enableStandalone", all.enable_standalone);
    json.boolean("healthCheckEnabled", all.health_check_enabled);
    json.raw("healthCheckWhiteList", "[]");
    push_health(json.key("httpHealthParams"), all.http_health);
    json.texts("incrementalList", all.incremental_list.iter().map(String::as_str));
    if has.light_beat {
        json.boolean("lightBeatEnabled", all.light_beat_enabled);
    }
    push_map(json.key("limitedUrlMap"), &all.limited_url_map);
    json.texts("masters", all.masters.iter().flatten().map(String::as_str));
    push_health(json.key("mysqlHealthParams"), all.mysql_health);
    json.text("name", "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00");
    json.text("overriddenServerStatus", all.overridden_server_status.as_deref().unwrap_or(""));
    push_tail(&mut json, all);
    json.finish()
}

fn push_tail(json: &mut JsonText, all: &Switches) {
    json.text("pushCVersion", &all.push_c_version);
    json.boolean("pushEnabled", all.push_enabled);
    json.text("pushGoVersion", &all.push_go_version);
    json.text("pushJavaVersion", &all.push_java_version);
    json.text("pushPythonVersion", &all.push_python_version);
    json.boolean("sendBeatOnly", all.send_beat_only);
    json.number("serverStatusSynchronizationPeriodMillis", all.server_status_period_millis);
    json.number("serviceStatusSynchronizationPeriodMillis", all.service_status_period_millis);
    push_health(json.key("tcpHealthParams"), all.tcp_health);
}

fn push_health(out: &mut String, params: HealthParams) {
    let mut json = JsonText::object();
    json.float("factor", params.factor);
    json.number("max", params.max.into());
    json.number("min", params.min.into());
    out.push_str(&json.finish());
}

/// Appends a map of numbers.
pub(super) fn push_map(out: &mut String, entries: &[(String, i32)]) {
    let mut json = JsonText::object();
    for (key, value) in entries {
        push_number(json.key(key), i64::from(*value));
    }
    out.push_str(&json.finish());
}
