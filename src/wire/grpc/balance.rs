//! How the connections of 2.x clients are spread, as `/v2/core/loader` and
//! `ServerLoaderInfoRequest` tell it (`grpc/reload-current`).

use crate::model::{ClientAbilities, ConnectionMeta, LimitRule, Millis, java};
use crate::wire::text::json::JsonText;
use crate::wire::text::time::iso_millis;

/// What a server says of its connections.
#[derive(Debug, Clone, Copy)]
pub struct Balance<'a> {
    /// All connections.
    pub all: usize,
    /// Those of SDKs.
    pub sdks: usize,
    /// How many there may be.
    pub rule: &'a LimitRule,
    /// Mean number of runnable tasks in the last minute.
    pub load: f32,
    /// Share of the processors' time in use.
    pub cpu: f32,
}

/// A connection as `/v2/core/loader/current` shows it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// What its client said.
    pub meta: &'a ConnectionMeta,
    /// When it was registered.
    pub since: Millis,
    /// Its last sign of life.
    pub last_active: Millis,
}

/// The file `data/loader/limitRule`; `None` when it is no rule. What it leaves out has no limit.
pub fn read_limit_rule(text: &str) -> Option<LimitRule> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Rule {
        monitor_ip_list: Vec<String>,
        count_limit: i64,
        count_limit_per_client_ip_default: i64,
        count_limit_per_client_ip: IndexedLimits,
        count_limit_per_client_app: IndexedLimits,
    }
    type IndexedLimits = serde_json::Map<String, serde_json::Value>;
    impl Default for Rule {
        fn default() -> Self {
            Self {
                monitor_ip_list: Vec::new(),
                count_limit: -1,
                count_limit_per_client_ip_default: -1,
                count_limit_per_client_ip: IndexedLimits::new(),
                count_limit_per_client_app: IndexedLimits::new(),
            }
        }
    }
    let limits = |map: IndexedLimits| {
        let limit = |(name, limit): (String, serde_json::Value)| Some((name, limit.as_i64()?));
        map.into_iter().map(limit).collect::<Option<Vec<_>>>()
    };
    let rule: Rule = serde_json::from_str(text).ok()?;
    Some(LimitRule {
        monitor_ips: rule.monitor_ip_list,
        count: rule.count_limit,
        per_ip_default: rule.count_limit_per_client_ip_default,
        per_ip: limits(rule.count_limit_per_client_ip)?,
        per_app: limits(rule.count_limit_per_client_app)?,
    })
}

/// `loaderMetrics`, in the order of a Java map.
pub(super) fn loader_metrics(balance: &Balance<'_>) -> String {
    let mut metrics = JsonText::object();
    metrics.text("load", &balance.load.to_string());
    metrics.text("sdkConCount", &balance.sdks.to_string());
    metrics.text("cpu", &balance.cpu.to_string());
    metrics.text("conCount", &balance.all.to_string());
    metrics.text("limitRule", &limit_rule(balance.rule));
    metrics.finish()
}

fn limit_rule(rule: &LimitRule) -> String {
    let map = |limits: &[(String, i64)]| {
        let mut json = JsonText::object();
        for (name, limit) in limits {
            json.number(name, *limit);
        }
        json.finish()
    };
    let mut json = JsonText::object();
    json.texts("monitorIpList", rule.monitor_ips.iter().map(String::as_str));
    json.number("countLimit", rule.count);
    json.number("countLimitPerClientIpDefault", rule.per_ip_default);
    json.raw("countLimitPerClientIp", &map(&rule.per_ip));
    json.raw("countLimitPerClientApp", &map(&rule.per_app));
    json.finish()
}

/// GET `/v2/core/loader/cluster` of a server that stands alone.
pub fn cluster(address: &str, balance: &Balance<'_>) -> String {
    let sdks = i64::try_from(balance.sdks).unwrap_or(i64::MAX);
    let mut json = JsonText::object();
    json.number("total", sdks);
    json.number("min", sdks);
    json.list("detail", [address], |out, address| {
        let mut server = JsonText::object();
        server.text("address", address);
        server.raw("metric", &loader_metrics(balance));
        out.push_str(&server.finish());
    });
    json.number("memberCount", 1);
    json.double("threshold", sdks as f64 * 1.1);
    json.number("max", sdks);
    json.number("avg", sdks);
    json.boolean("completed", true);
    json.number("metricsCount", 1);
    json.finish()
}

/// GET `/v2/core/loader/current`: all connections by name.
pub fn current(connections: &mut [Shown<'_>]) -> String {
    java::sort_by_hash_order(connections, |shown| &shown.meta.name);
    let mut json = JsonText::object();
    for shown in connections {
        json.raw(&shown.meta.name, &connection(shown));
    }
    json.finish()
}

fn connection(shown: &Shown<'_>) -> String {
    let meta = shown.meta;
    let mut json = JsonText::object();
    json.boolean("traced", false);
    match meta.abilities {
        Some(known) => json.raw("abilities", &abilities(known)),
        None => json.raw("abilities", "null"),
    }
    json.raw("metaInfo", &meta_info(shown));
    json.raw("labels", &labels(meta));
    json.boolean("connected", true);
    json.finish()
}

fn abilities(known: ClientAbilities) -> String {
    let part = |flags: Option<&[(&str, bool)]>| match flags {
        None => "null".to_owned(),
        Some(flags) => {
            let mut json = JsonText::object();
            flags.iter().for_each(|(name, flag)| json.boolean(name, *flag));
            json.finish()
        }
    };
    let remote = known.remote_connection.map(|flag| [("supportRemoteConnection", flag)]);
    let config = known.remote_metrics.map(|flag| [("supportRemoteMetrics", flag)]);
    let naming = known
        .naming
        .map(|(delta, metric)| [("supportDeltaPush", delta), ("supportRemoteMetric", metric)]);
    let mut json = JsonText::object();
    json.raw("remoteAbility", &part(remote.as_ref().map(<[_; 1]>::as_slice)));
    json.raw("configAbility", &part(config.as_ref().map(<[_; 1]>::as_slice)));
    json.raw("namingAbility", &part(naming.as_ref().map(<[_; 2]>::as_slice)));
    json.finish()
}

fn meta_info(shown: &Shown<'_>) -> String {
    let meta = shown.meta;
    let number = |at: Millis| i64::try_from(at.0).unwrap_or(i64::MAX);
    let mut json = JsonText::object();
    json.text("connectType", "GRPC");
    json.text("clientIp", &meta.client_ip);
    json.number("localPort", i64::from(meta.local.port()));
    json.optional_text("version", meta.version.as_deref());
    json.text("connectionId", &meta.name);
    json.text("createTime", &iso_millis(shown.since, "+00:00"));
    json.number("lastActiveTime", number(shown.last_active));
    json.text("appName", meta.app_name());
    json.optional_text("tenant", meta.tenant.as_deref());
    json.raw("labels", &labels(meta));
    json.optional_text("tag", meta.label("Vipserver-Tag"));
    json.boolean("clusterSource", meta.is_cluster());
    json.boolean("sdkSource", meta.is_sdk());
    json.finish()
}

fn labels(meta: &ConnectionMeta) -> String {
    let mut labels: Vec<_> = meta.labels.iter().flatten().collect();
    java::sort_by_hash_order(&mut labels, |label| &label.0);
    let mut json = JsonText::object();
    for (name, value) in labels {
        json.optional_text(name, value.as_deref());
    }
    json.finish()
}
