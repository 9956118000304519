//! GET `/nacos/`: a page of facos's own, for people. It says what this server is and shows what is
//! live; a real server shows its console there (`console/probes`). Every text is escaped by the
//! template, and nothing is loaded from elsewhere.

use super::call::{Call, Note, Outcome};
use super::routes::{Route, always, route};
use crate::model::names::{group_of, service_of};
use crate::model::{Millis, Refusal, Switches};
use crate::node::{Node, Operation};
use crate::profile::{QUIRKS, Quirks};
use crate::registry::{Registry, Tally};
use crate::wire::reply::ReplyKind;
use crate::wire::text::time::java_seconds;
use crate::wire::v1::switches;
use crate::wire::{Reply, ReplyBody};
use askama::Template;
use rustc_hash::FxHashMap;

/// The addresses of the page.
pub const ROUTES: &[Route] = &[
    route("GET", "/", Operation::Other, always, show),
    route("GET", "/index.html", Operation::Other, always, show),
];

/// Rows of a table.
const MAX_ROWS: usize = 200;
/// Instances whose clients are looked up: the lock is held meanwhile.
const MAX_WALKED: usize = 20_000;

#[derive(Template)]
#[template(path = "status.html")]
struct Page<'a> {
    version: &'static str,
    server: &'a str,
    profile: &'a str,
    about: &'a str,
    address: String,
    status: &'static str,
    clock: &'static str,
    now: String,
    age: String,
    numbers: Vec<Number>,
    turned: Vec<Turned>,
    services: Vec<ServiceRow>,
    more_services: usize,
    clients: Vec<ClientRow>,
    more_clients: usize,
    walked_all: bool,
}

struct Number {
    name: &'static str,
    value: String,
    alarms: bool,
}

/// Something that is not as the profile says.
struct Turned {
    name: String,
    now: String,
    usual: String,
}

struct ServiceRow {
    namespace: String,
    group: String,
    name: String,
    tally: Tally,
}

#[derive(Default)]
struct ClientRow {
    address: String,
    instances: usize,
    subscriptions: usize,
    seen: Millis,
    last_beat: String,
    agent: String,
}

fn show(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let node = call.node;
    let now = node.now();
    let (live, status) = node.read(|registry, _| (Live::of(registry), registry.status().name()));
    let numbers = live.numbers();
    let (services, more_services) = cut(live.services);
    let (mut clients, more_clients) = cut(live.clients);
    for client in &mut clients {
        let never = client.seen == Millis(0);
        client.last_beat = if never { String::new() } else { ago(now.since(client.seen)) };
    }
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        server: &call.quirks.server.version,
        profile: &node.profile().name,
        about: &node.profile().about,
        address: node.address().to_string(),
        status,
        clock: if node.clock().is_manual() { "manual" } else { "real" },
        now: java_seconds(now),
        age: ago(now.since(node.started)),
        numbers,
        turned: turned(node, call.quirks, &live.switches),
        services,
        more_services,
        clients,
        more_clients,
        walked_all: live.walked <= MAX_WALKED,
    };
    let text = page.render().map_err(|_| Refusal::illegal("the page can not be written"))?;
    let kind = ReplyKind::Typed("text/html;charset=UTF-8".into());
    Ok(Reply::new(200, kind, ReplyBody::from(text)).into())
}

/// What the registry holds at one moment.
struct Live {
    services: Vec<ServiceRow>,
    clients: Vec<ClientRow>,
    walked: usize,
    expired: u64,
    given_up: u64,
    unacked: usize,
    switches: Switches,
}

impl Live {
    fn of(registry: &Registry) -> Self {
        let mut services = Vec::new();
        registry.tallies(&mut |service, tally| {
            services.push(ServiceRow {
                namespace: service.namespace.to_owned(),
                group: group_of(service.name).to_owned(),
                name: service_of(service.name).to_owned(),
                tally,
            });
        });
        let (given_up, unacked) = registry.pushes();
        let (clients, walked) = clients_of(registry);
        Self {
            services,
            clients,
            walked,
            expired: registry.expired(),
            given_up,
            unacked,
            switches: registry.switches().clone(),
        }
    }

    fn numbers(&self) -> Vec<Number> {
        let sum = |of: fn(&Tally) -> usize| self.services.iter().map(|row| of(&row.tally)).sum();
        let (instances, healthy): (usize, usize) = (sum(|t| t.instances), sum(|t| t.healthy));
        let number = |name, value: u64, alarms| Number { name, value: value.to_string(), alarms };
        vec![
            number("Services", self.services.len() as u64, false),
            number("Instances", instances as u64, false),
            number("Unhealthy", (instances - healthy) as u64, healthy < instances),
            number("Subscribers", sum(|tally| tally.subscribers) as u64, false),
            number("Expired", self.expired, false),
            number("Pushes unacked", self.unacked as u64, false),
            number("Pushes given up", self.given_up, false),
        ]
    }
}

/// Who publishes and who subscribes, by address, and how many instances there are to look at.
fn clients_of(registry: &Registry) -> (Vec<ClientRow>, usize) {
    let mut clients: FxHashMap<String, ClientRow> = FxHashMap::default();
    let mut walked = 0;
    registry.each_instance(&mut |_, entry| {
        walked += 1;
        if walked > MAX_WALKED {
            return;
        }
        let row = clients.entry(entry.instance.ip().to_owned()).or_default();
        row.instances += 1;
        if entry.instance.ephemeral {
            row.seen = row.seen.max(entry.last_beat);
        }
    });
    for subscriber in registry.subscribers(&|_| true) {
        let row = clients.entry(subscriber.ip).or_default();
        row.subscriptions += 1;
        row.agent = subscriber.agent;
    }
    let row = |(address, row)| ClientRow { address, ..row };
    (clients.into_iter().map(row).collect(), walked)
}

/// The first rows, in order, and how many are left out.
fn cut<T: Row>(mut rows: Vec<T>) -> (Vec<T>, usize) {
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    let more = rows.len().saturating_sub(MAX_ROWS);
    rows.truncate(MAX_ROWS);
    (rows, more)
}

/// A row of a table, with what it is sorted by.
trait Row {
    fn order(&self) -> (&str, &str, &str);
}

impl Row for ServiceRow {
    fn order(&self) -> (&str, &str, &str) {
        (&self.namespace, &self.group, &self.name)
    }
}

impl Row for ClientRow {
    fn order(&self) -> (&str, &str, &str) {
        (&self.address, "", "")
    }
}

/// Quirks that somebody turned since the start, and switches that are not at their default.
fn turned(node: &Node, quirks: &Quirks, now: &Switches) -> Vec<Turned> {
    let usual = &node.profile().quirks;
    let quirk = |name: &str| {
        let (now, usual) = (quirks.get(name).ok()?, usual.get(name).ok()?);
        (now != usual).then(|| Turned { name: name.to_owned(), now, usual })
    };
    let mut found: Vec<Turned> = QUIRKS.iter().filter_map(|info| quirk(info.name)).collect();
    let switches = switches::differences(now, &Switches::default(), quirks);
    found.extend(switches.into_iter().map(|(name, now, usual)| Turned { name, now, usual }));
    found
}

/// A length of time as people say it.
fn ago(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
