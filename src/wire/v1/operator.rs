//! Bodies of the operator's pages (`operator/metrics`, `operator/servers`, `operator/distro`,
//! `operator/server-status`).

use crate::model::{ClientCounts, JavaException, Millis, PushCounts, Refusal, java};
use crate::profile::{MetricsShape, ServersShape};
use crate::wire::text::json::{JsonText, push_text};
use crate::wire::text::time::java_seconds;

/// What GET `/operator/metrics` says.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsView {
    /// Name of the server's status.
    pub status: &'static str,
    /// Services.
    pub services: usize,
    /// Instances.
    pub instances: usize,
    /// Subscribers.
    pub subscribers: usize,
    /// Services that this server is responsible for.
    pub responsible_services: usize,
    /// Instances that this server is responsible for.
    pub responsible_instances: usize,
    /// Clients by kind.
    pub clients: ClientCounts,
    /// The machine it runs on.
    pub machine: Machine,
}

/// How busy the machine is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Machine {
    /// Share of the processors' time in use.
    pub cpu: f32,
    /// Mean number of runnable tasks in the last minute.
    pub load: f32,
    /// Share of the memory in use.
    pub memory: f32,
}

/// GET `/operator/metrics`.
pub fn metrics(view: &MetricsView, shape: MetricsShape, only_status: bool) -> String {
    let mut json = JsonText::object();
    let mut put = |key: &str| match key {
        "status" => json.text(key, view.status),
        "serviceCount" => json.number(key, count(view.services)),
        "instanceCount" => json.number(key, count(view.instances)),
        "subscribeCount" => json.number(key, count(view.subscribers)),
        "responsibleServiceCount" => json.number(key, count(view.responsible_services)),
        "responsibleInstanceCount" => json.number(key, count(view.responsible_instances)),
        "clientCount" | "responsibleClientCount" => json.number(key, count(view.clients.all())),
        "connectionBasedClientCount" => json.number(key, count(view.clients.connected)),
        "ephemeralIpPortClientCount" => json.number(key, count(view.clients.ephemeral)),
        "persistentIpPortClientCount" => json.number(key, count(view.clients.persistent)),
        "cpu" => json.float(key, view.machine.cpu),
        "load" => json.float(key, view.machine.load),
        "mem" => json.float(key, view.machine.memory),
        // Nothing waits here: what raft accepts is applied before its caller is answered.
        _ => json.number(key, 0),
    };
    match shape {
        MetricsShape::Everything => HASHED_METRICS.into_iter().for_each(&mut put),
        _ if only_status => put("status"),
        MetricsShape::StatusFirst => COUNTS.into_iter().chain(MACHINE).for_each(&mut put),
        MetricsShape::WithClients => {
            COUNTS.into_iter().chain(CLIENTS).chain(MACHINE).for_each(&mut put);
        }
    }
    json.finish()
}

/// The order of a hash map.
const HASHED_METRICS: [&str; 9] = [
    "serviceCount",
    "load",
    "mem",
    "raftNotifyTaskCount",
    "responsibleServiceCount",
    "instanceCount",
    "cpu",
    "status",
    "responsibleInstanceCount",
];

/// The order in which 2.x puts them.
const COUNTS: [&str; 7] = [
    "status",
    "serviceCount",
    "instanceCount",
    "subscribeCount",
    "raftNotifyTaskCount",
    "responsibleServiceCount",
    "responsibleInstanceCount",
];

/// What 2.0.4 puts between the counts and the machine.
const CLIENTS: [&str; 5] = [
    "clientCount",
    "connectionBasedClientCount",
    "ephemeralIpPortClientCount",
    "persistentIpPortClientCount",
    "responsibleClientCount",
];

/// What comes last.
const MACHINE: [&str; 3] = ["cpu", "load", "mem"];

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A server as 1.x shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServerView<'a> {
    /// Host.
    pub ip: &'a str,
    /// HTTP port.
    pub port: u16,
    /// What the switches add to its weight.
    pub added_weight: i32,
    /// Whether it was heard of lately.
    pub alive: bool,
    /// The last report of its status; `None` in the list that nobody reports to.
    pub reported: Option<Millis>,
}

/// Appends a server as 1.x shows it.
pub fn push_server(out: &mut String, server: &ServerView<'_>) {
    let mut json = JsonText::object();
    json.text("ip", server.ip);
    json.number("servePort", server.port.into());
    json.text("site", "unknown");
    json.number("weight", 1);
    json.number("adWeight", server.added_weight.into());
    json.boolean("alive", server.alive);
    let reported = server.reported;
    json.number("lastRefTime", reported.map_or(0, |at| i64::try_from(at.0).unwrap_or(i64::MAX)));
    json.optional_text("lastRefTimeStr", reported.map(java_seconds).as_deref());
    json.text("key", &format!("{}:{}", server.ip, server.port));
    out.push_str(&json.finish());
}

/// GET `/operator/servers` from servers that are written already.
pub fn servers(list: &str) -> String {
    let mut json = JsonText::object();
    json.raw("servers", &format!("[{list}]"));
    json.finish()
}

/// GET `/operator/distro/status`; any action but `view` shows nothing.
pub fn distro_status(list: Option<&str>) -> String {
    let mut json = JsonText::object();
    if let Some(list) = list {
        json.raw("status", &format!("{{\"unknown\":[{list}]}}"));
    }
    json.finish()
}

/// GET `/operator/distro/server` and `/operator/distro/client`.
pub fn responsible_server(address: &str) -> String {
    let mut json = JsonText::object();
    json.text("responsibleServer", address);
    json.finish()
}

/// GET `/operator/push/state` where datagrams sent are counted.
pub fn pushes_sent(counts: &PushCounts, unacked: &[String], detail: bool, reset: bool) -> String {
    let failed = counts.failed + unacked.len() as u64;
    let mut json = JsonText::object();
    json.number("total", whole(counts.sent));
    if detail {
        json.texts("data", unacked.iter().map(String::as_str));
    }
    json.number("succeed", whole(counts.sent) - whole(failed));
    json.boolean("reset", reset);
    push_ratio(&mut json, counts.sent, failed);
    json.finish()
}

/// GET `/operator/push/state` where acks are counted.
pub fn pushes_acked(counts: &PushCounts, detail: bool, reset: bool) -> String {
    let mut json = JsonText::object();
    json.number("succeed", whole(counts.acked) - whole(counts.failed));
    json.number("total", whole(counts.acked));
    push_ratio(&mut json, counts.acked, counts.failed);
    if detail {
        let mut costs = JsonText::object();
        let average = counts.cost_ms.checked_div(counts.acked).filter(|cost| *cost > 0);
        costs.number("avgPushCost", average.map_or(-1, whole));
        costs.number("maxPushCost", if counts.acked > 0 { whole(counts.max_cost_ms) } else { -1 });
        json.raw("detail", &costs.finish());
    }
    json.boolean("reset", reset);
    json.finish()
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn push_ratio(json: &mut JsonText, total: u64, failed: u64) {
    match total {
        0 => json.number("ratio", 0),
        _ => json.float("ratio", (total as f32 - failed as f32) / total as f32),
    }
}

/// GET `/operator/server/status`: reports of peers, `site#ip:port#time#weight` a line. `known` says
/// whether a server is one of the members.
///
/// # Errors
/// A report is of a server that is no member, or does not read as one.
pub fn status_reports(
    text: &str,
    shape: ServersShape,
    known: impl Fn(&str) -> bool,
    mut heard: impl FnMut(&str, i64, i32),
) -> Result<(), Refusal> {
    for line in java::split(text, "\r\n") {
        let parts = java::split(line, "#");
        let [_, address, time, weight, ..] = parts[..] else { continue };
        let weight = if parts.len() == 4 { weight } else { "1" };
        let server = server_address(address)?;
        let (said, weight) = match shape {
            ServersShape::Servers => {
                let said = java::parse_long(time).ok_or_else(|| Refusal::not_a_number(time))?;
                member(&server, &known)?;
                (said, number(weight)?)
            }
            ServersShape::Members => {
                let weight = number(weight)?;
                member(&server, &known)?;
                (java::parse_long(time).unwrap_or(0), weight)
            }
        };
        heard(&server, said, weight);
    }
    Ok(())
}

fn server_address(text: &str) -> Result<String, Refusal> {
    let parts = java::split(text, ":");
    let part = |at: usize| {
        let length = parts.len();
        parts.get(at).copied().ok_or_else(|| {
            let message = format!("Index {at} out of bounds for length {length}");
            Refusal::new(JavaException::ArrayIndex, message)
        })
    };
    let (ip, port) = (part(0)?, number(part(1)?)?);
    Ok(format!("{ip}:{port}"))
}

fn number(text: &str) -> Result<i32, Refusal> {
    java::parse_int(text).ok_or_else(|| Refusal::not_a_number(text))
}

fn member(server: &str, known: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    if known(server) {
        return Ok(());
    }
    Err(Refusal::illegal(format!("server: {server} is not in serverlist")))
}

/// GET `/api/allDomNames`: names without group, by namespace.
pub fn all_names(namespaces: &[(String, Vec<String>)]) -> String {
    let mut json = JsonText::object();
    json.number("count", count(namespaces.iter().map(|(_, names)| names.len()).sum()));
    let mut doms = JsonText::object();
    for (namespace, names) in namespaces {
        doms.texts(namespace, names.iter().map(String::as_str));
    }
    json.raw("doms", &doms.finish());
    json.finish()
}

/// The same for DNS agents of the first days: only the public namespace.
pub fn public_names(names: &[String]) -> String {
    let mut json = JsonText::object();
    json.number("count", count(names.len()));
    json.list("doms", names, |out, name| push_text(out, name));
    json.finish()
}
