//! Pages of Spring Boot's actuator (`console/actuator`).

use crate::wire::media::Accepted;
use crate::wire::reply::{JSON_TYPE, ReplyKind};
use crate::wire::text::json::{JsonText, push_double};
use crate::wire::{Reply, ReplyBody};

/// The type of its JSON, unless the client wants plain JSON.
const ACTUATOR_TYPE: &str = "application/vnd.spring-boot.actuator.v2+json;charset=UTF-8";
/// The type of the Prometheus text, as Boot writes it.
const PROMETHEUS_TYPE: &str = "text/plain; version=0.0.4;charset=utf-8";

/// What `/actuator/prometheus` tells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Monitored {
    /// Services.
    pub services: usize,
    /// Instances.
    pub instances: usize,
    /// Subscribers.
    pub subscribers: usize,
    /// Pushes sent the first time.
    pub pushes: u64,
    /// Pushes acknowledged.
    pub acked: u64,
    /// Pushes given up.
    pub failed: u64,
    /// From an event to its ack, all acks together, ms.
    pub cost_ms: u64,
    /// The longest of these, ms.
    pub max_cost_ms: u64,
    /// Configurations.
    pub configs: usize,
    /// Held polls.
    pub polls: usize,
    /// Since the start, ms.
    pub uptime_ms: u64,
    /// When the node started, ms since 1970.
    pub started_ms: u64,
}

/// An answer in JSON of the actuator's own type.
pub fn json(text: String, accept: Option<&str>) -> Reply {
    let plain = Accepted::read(accept).is_some_and(|accepted| accepted.names("application/json"));
    let kind = if plain { JSON_TYPE } else { ACTUATOR_TYPE };
    Reply::new(200, ReplyKind::Streamed(kind.into()), ReplyBody::from(text))
}

/// GET `/actuator`: links to the pages of these names.
pub fn links(base: &str, names: &[&str]) -> String {
    let link = |href: &str| {
        let mut json = JsonText::object();
        json.text("href", href);
        json.boolean("templated", false);
        json.finish()
    };
    let mut links = JsonText::object();
    links.raw("self", &link(base));
    for name in names {
        links.raw(name, &link(&format!("{base}/{name}")));
    }
    let mut json = JsonText::object();
    json.raw("_links", &links.finish());
    json.finish()
}

/// GET `/actuator/health`.
pub fn health() -> String {
    "{\"status\":\"UP\"}".to_owned()
}

/// GET `/actuator/env`: the properties of a JVM that is none.
pub fn environment() -> String {
    "{\"activeProfiles\":[\"standalone\"],\"propertySources\":[]}".to_owned()
}

/// GET `/actuator/prometheus`.
pub fn prometheus(seen: &Monitored) -> Reply {
    let count = |number: u64| number as f64;
    let size = |number: usize| number as f64;
    let cost = |number: f64| if seen.acked == 0 { -1.0 } else { number };
    let average = count(seen.cost_ms) / count(seen.acked.max(1));
    let naming = [
        ("mysqlHealthCheck", 0.0),
        ("httpHealthCheck", 0.0),
        ("tcpHealthCheck", 0.0),
        ("serviceCount", size(seen.services)),
        ("ipCount", size(seen.instances)),
        ("subscriberCount", size(seen.subscribers)),
        ("maxPushCost", cost(count(seen.max_cost_ms))),
        ("avgPushCost", cost(average.trunc())),
        ("leaderStatus", 0.0),
        ("totalPush", count(seen.pushes)),
        ("totalPushCountForAvg", count(seen.acked)),
        ("totalPushCostForAvg", count(seen.cost_ms)),
        ("failedPush", count(seen.failed)),
    ];
    let config = [
        ("configCount", size(seen.configs)),
        ("longPolling", size(seen.polls)),
        ("longConnection", 0.0),
    ];
    let mut text = String::new();
    begin(&mut text, "nacos_monitor", "gauge");
    let naming = naming.iter().map(|gauge| ("naming", gauge));
    for (module, (name, value)) in naming.chain(config.iter().map(|gauge| ("config", gauge))) {
        text.push_str(&format!("nacos_monitor{{module=\"{module}\",name=\"{name}\",}} "));
        push_value(&mut text, *value);
    }
    begin(&mut text, "nacos_exception_total", "counter");
    for name in ["disk", "leaderSendBeatFailed"] {
        text.push_str(&format!("nacos_exception_total{{module=\"naming\",name=\"{name}\",}} "));
        push_value(&mut text, 0.0);
    }
    for (name, millis) in [
        ("process_start_time_seconds", seen.started_ms),
        ("process_uptime_seconds", seen.uptime_ms),
    ] {
        begin(&mut text, name, "gauge");
        text.push_str(&format!("{name} "));
        push_value(&mut text, count(millis) / 1_000.0);
    }
    Reply::new(200, ReplyKind::Typed(PROMETHEUS_TYPE.into()), ReplyBody::from(text))
}

fn begin(text: &mut String, name: &str, kind: &str) {
    text.push_str(&format!("# HELP {name}  \n# TYPE {name} {kind}\n"));
}

fn push_value(text: &mut String, value: f64) {
    push_double(text, value);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_micrometer_writes_them() {
        let seen = Monitored { services: 2, acked: 2, cost_ms: 7, ..Monitored::default() };
        let ReplyBody::Bytes(bytes) = prometheus(&seen).body else { panic!("there is a text") };
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.starts_with("# HELP nacos_monitor  \n# TYPE nacos_monitor gauge\n"));
        assert!(text.contains("nacos_monitor{module=\"naming\",name=\"serviceCount\",} 2.0\n"));
        assert!(text.contains("name=\"avgPushCost\",} 3.0\n"));
        let none = prometheus(&Monitored::default());
        let ReplyBody::Bytes(bytes) = none.body else { panic!("there is a text") };
        assert!(std::str::from_utf8(&bytes).unwrap().contains("\"maxPushCost\",} -1.0\n"));
    }

    #[test]
    fn who_wants_plain_json_gets_it() {
        let kind = |accept| json(health(), accept).kind;
        let streamed = |kind: &'static str| ReplyKind::Streamed(kind.into());
        assert_eq!(kind(None), streamed(ACTUATOR_TYPE));
        assert_eq!(kind(Some("*/*")), streamed(ACTUATOR_TYPE));
        assert_eq!(kind(Some("application/json")), streamed(JSON_TYPE));
        assert_eq!(
            links("http://h/a", &["health"]),
            "{\"_links\":{\"self\":{\"href\":\"http://h/a\",\"templated\":false},\
             \"health\":{\"href\":\"http://h/a/health\",\"templated\":false}}}"
        );
    }
}
