//! `/operator/switches`: the switches as they are shown, and one entry with its value as it is
//! read.
//!
//! The entries are those of 1.1.4; `lightBeatEnabled` and `autoChangeHealthCheckEnabled` came with
//! 1.2, `doubleWriteEnabled` with 2.0. An entry that the version does not have is answered `ok` and
//! changes nothing (`operator/switches-unknown`).

use super::datum::push_map;
use super::switch_batch;
use crate::model::switches::HealthParams;
use crate::model::{JavaException, Refusal, SwitchEdit, Switches, java};
use crate::profile::Quirks;
use crate::wire::text::json::JsonText;

/// `SwitchEntry.MIN_PUSH_CACHE_TIME_MIILIS`, ms.
const MIN_PUSH_CACHE_MS: i64 = 10_000;
/// `SwitchEntry.MIN_CACHE_TIME_MIILIS`, ms.
const MIN_CACHE_MS: i64 = 1_000;
/// `SwitchEntry.MIN_SERVICE_SYNC_TIME_MIILIS`, ms.
const MIN_SERVICE_SYNC_MS: i64 = 5_000;
/// `SwitchEntry.MIN_SERVER_SYNC_TIME_MIILIS`, ms.
const MIN_SERVER_SYNC_MS: i64 = 1_000;

type Read = Result<SwitchEdit, Refusal>;

/// What an entry with this value changes.
///
/// # Errors
/// The value is none that the entry can have.
pub fn edit(entry: &str, value: &str, quirks: &Quirks) -> Read {
    match entry {
        "batch" => {
            Ok(SwitchEdit::Whole(Box::new(switch_batch::read(value, quirks.switches.json)?)))
        }
        "distroThreshold" => distro_threshold(value),
        "clientBeatInterval" => long(value, i64::MIN, "", |all| &mut all.client_beat_interval),
        "pushVersion" => push_version(value),
        "pushCacheMillis" => {
            let small = "min cache time for http or tcp is too small(<10000)";
            long(value, MIN_PUSH_CACHE_MS, small, |all| &mut all.push_cache_millis)
        }
        "defaultCacheMillis" => {
            let small = "min default cache time  is too small(<1000)";
            long(value, MIN_CACHE_MS, small, |all| &mut all.default_cache_millis)
        }
        "serviceStatusSynchronizationPeriodMillis" => {
            let small = "serviceStatusSynchronizationPeriodMillis is too small(<5000)";
            long(value, MIN_SERVICE_SYNC_MS, small, |all| &mut all.service_status_period_millis)
        }
        "serverStatusSynchronizationPeriodMillis" => {
            let small = "serverStatusSynchronizationPeriodMillis is too small(<15000)";
            long(value, MIN_SERVER_SYNC_MS, small, |all| &mut all.server_status_period_millis)
        }
        "distroServerExpiredMillis" => {
            long(value, i64::MIN, "", |all| &mut all.distro_server_expired_millis)
        }
        "healthCheckTimes" => {
            let times = java::parse_int(value).ok_or_else(|| Refusal::not_a_number(value))?;
            Ok(entry_edit(move |all| all.check_times = times))
        }
        "masters" => {
            let masters = java::split(value, ",").into_iter().map(str::to_owned).collect();
            Ok(entry_edit(move |all| all.masters = Some(masters)))
        }
        "limitedUrlMap" => limited_urls(value),
        "overriddenServerStatus" => {
            let status = if value == "null" { String::new() } else { value.to_owned() };
            Ok(entry_edit(move |all| all.overridden_server_status = Some(status)))
        }
        _ => Ok(boolean(entry, value, quirks)),
    }
}

fn entry_edit(change: impl FnOnce(&mut Switches) + Send + 'static) -> SwitchEdit {
    SwitchEdit::Entry(Box::new(change))
}

/// Entries that are on or off. The later ones read their word with commons-lang, which knows more
/// of them (`operator/switches-boolean`).
fn boolean(entry: &str, value: &str, quirks: &Quirks) -> SwitchEdit {
    let field: Option<fn(&mut Switches) -> &mut bool> = match entry {
        "distro" => Some(|all| &mut all.distro_enabled),
        "check" => Some(|all| &mut all.health_check_enabled),
        "pushEnabled" => Some(|all| &mut all.push_enabled),
        "disableAddIP" => Some(|all| &mut all.disable_add_ip),
        "sendBeatOnly" => Some(|all| &mut all.send_beat_only),
        "defaultInstanceEphemeral" => Some(|all| &mut all.default_instance_ephemeral),
        // The test in front of this one is the wrong way round on every version.
        "enableStandalone" if value.is_empty() => Some(|all| &mut all.enable_standalone),
        _ => None,
    };
    if let Some(field) = field {
        let on = java::parse_boolean(value);
        return entry_edit(move |all| *field(all) = on);
    }
    let has = &quirks.switches;
    let field: Option<fn(&mut Switches) -> &mut bool> = match entry {
        "lightBeatEnabled" if has.light_beat => Some(|all| &mut all.light_beat_enabled),
        "autoChangeHealthCheckEnabled" if has.auto_health_check => {
            Some(|all| &mut all.auto_change_health_check_enabled)
        }
        "doubleWriteEnabled" if has.double_write => Some(|all| &mut all.double_write_enabled),
        _ => None,
    };
    let on = java::to_boolean(value);
    entry_edit(move |all| {
        if let Some(field) = field {
            *field(all) = on;
        }
    })
}

fn long(
    value: &str,
    min: i64,
    too_small: &'static str,
    field: fn(&mut Switches) -> &mut i64,
) -> Read {
    let number = java::parse_long(value).ok_or_else(|| Refusal::not_a_number(value))?;
    if number < min {
        return Err(Refusal::illegal(too_small));
    }
    Ok(entry_edit(move |all| *field(all) = number))
}

fn distro_threshold(value: &str) -> Read {
    let not_a_number = || Refusal::new(JavaException::NumberFormat, java::double_error(value));
    let threshold = java::parse_float(value).ok_or_else(not_a_number)?;
    if threshold <= 0.0 {
        let text = java::float_text(threshold);
        let message = format!("distroThreshold can not be zero or negative: {text}");
        return Err(Refusal::illegal(message));
    }
    Ok(entry_edit(move |all| all.distro_threshold = threshold))
}

/// `kind:x.y.z` (`operator/switches-push-version`).
fn push_version(value: &str) -> Read {
    let parts = java::split(value, ":");
    let part = |at: usize| {
        let length = parts.len();
        parts.get(at).copied().ok_or_else(|| {
            let message = format!("Index {at} out of bounds for length {length}");
            Refusal::new(JavaException::ArrayIndex, message)
        })
    };
    let (kind, version) = (part(0)?, part(1)?);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers: Vec<&str> = version.split('.').collect();
    if numbers.len() != 3 || !numbers.into_iter().all(digits) {
        let message = r"illegal version, must match: [0-9]+\.[0-9]+\.[0-9]+";
        return Err(Refusal::illegal(message));
    }
    let field: fn(&mut Switches) -> &mut String = match kind {
        "java" => |all| &mut all.push_java_version,
        "python" => |all| &mut all.push_python_version,
        "c" => |all| &mut all.push_c_version,
        "go" => |all| &mut all.push_go_version,
        _ => return Err(Refusal::illegal(format!("unsupported client type: {kind}"))),
    };
    let version = version.to_owned();
    Ok(entry_edit(move |all| *field(all) = version))
}

/// `prefix:status,prefix:status`; an empty value changes nothing (`operator/limited-url-map`).
fn limited_urls(value: &str) -> Read {
    if value.is_empty() {
        return Ok(entry_edit(|_| {}));
    }
    let mut limits: Vec<(String, i32)> = Vec::new();
    for entry in java::split(value, ",") {
        let parts = java::split(entry, ":");
        let [prefix, status, ..] = parts[..] else {
            return Err(Refusal::illegal("invalid input for limited urls"));
        };
        if prefix.is_empty() {
            return Err(Refusal::illegal("url can not be empty, url: "));
        }
        let status = java::parse_int(status).ok_or_else(|| Refusal::not_a_number(status))?;
        if status <= 0 {
            return Err(Refusal::illegal(format!("illegal normal status code: {status}")));
        }
        switch_batch::put(&mut limits, prefix, status);
    }
    java::sort_by_hash_order(&mut limits, |(prefix, _)| prefix);
    Ok(entry_edit(move |all| all.limited_url_map = limits))
}

/// The switches that differ, by the names that are shown, each with both values.
pub fn differences(
    now: &Switches,
    usual: &Switches,
    quirks: &Quirks,
) -> Vec<(String, String, String)> {
    let fields = |switches| -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(&body(switches, quirks)).unwrap_or_default()
    };
    let (now, usual) = (fields(now), fields(usual));
    let text = |value: &serde_json::Value| value.to_string();
    let differs = |(key, value): (String, serde_json::Value)| {
        let other = usual.get(&key)?;
        (value != *other).then(|| (key, text(&value), text(other)))
    };
    now.into_iter().filter_map(differs).collect()
}

/// GET `/operator/switches`: the bean in the order of its fields.
pub fn body(switches: &Switches, quirks: &Quirks) -> String {
    let has = &quirks.switches;
    let mut json = JsonText::object();
    match &switches.masters {
        Some(masters) => json.texts("masters", masters.iter().map(String::as_str)),
        None => json.raw("masters", "null"),
    }
    push_map(json.key("adWeightMap"), &switches.ad_weights);
    json.number("defaultPushCacheMillis", switches.push_cache_millis);
    json.number("clientBeatInterval", switches.client_beat_interval);
    json.number("defaultCacheMillis", switches.default_cache_millis);
    json.float("distroThreshold", switches.distro_threshold);
    json.boolean("healthCheckEnabled", switches.health_check_enabled);
    if has.auto_health_check {
        json.boolean("autoChangeHealthCheckEnabled", switches.auto_change_health_check_enabled);
    }
    json.boolean("distroEnabled", switches.distro_enabled);
    json.boolean("enableStandalone", switches.enable_standalone);
    json.boolean("pushEnabled", switches.push_enabled);
    json.number("checkTimes", switches.check_times.into());
    push_health(json.key("httpHealthParams"), switches.http_health);
    push_health(json.key("tcpHealthParams"), switches.tcp_health);
    push_health(json.key("mysqlHealthParams"), switches.mysql_health);
    json.texts("incrementalList", switches.incremental_list.iter().map(String::as_str));
    json.number("serverStatusSynchronizationPeriodMillis", switches.server_status_period_millis);
    json.number("serviceStatusSynchronizationPeriodMillis", switches.service_status_period_millis);
    json.boolean("disableAddIP", switches.disable_add_ip);
    json.boolean("sendBeatOnly", switches.send_beat_only);
    if has.light_beat {
        json.boolean("lightBeatEnabled", switches.light_beat_enabled);
    }
    if has.double_write {
        json.boolean("doubleWriteEnabled", switches.double_write_enabled);
    }
    push_map(json.key("limitedUrlMap"), &switches.limited_url_map);
    json.number("distroServerExpiredMillis", switches.distro_server_expired_millis);
    push_tail(&mut json, switches, quirks);
    json.finish()
}

fn push_tail(json: &mut JsonText, switches: &Switches, quirks: &Quirks) {
    json.text("pushGoVersion", &switches.push_go_version);
    json.text("pushJavaVersion", &switches.push_java_version);
    json.text("pushPythonVersion", &switches.push_python_version);
    json.text("pushCVersion", &switches.push_c_version);
    if quirks.switches.csharp {
        json.text("pushCSharpVersion", &switches.push_csharp_version);
    }
    json.boolean("enableAuthentication", switches.enable_authentication);
    json.optional_text("overriddenServerStatus", switches.overridden_server_status.as_deref());
    json.boolean("defaultInstanceEphemeral", switches.default_instance_ephemeral);
    json.raw("healthCheckWhiteList", "[]");
    json.text("name", "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00");
    json.raw("checksum", "null");
}

fn push_health(out: &mut String, params: HealthParams) {
    let mut json = JsonText::object();
    json.number("max", params.max.into());
    json.number("min", params.min.into());
    json.float("factor", params.factor);
    out.push_str(&json.finish());
}
