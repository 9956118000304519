//! `/v1/cs`: the part of the configuration centre that every client and script touches
//! (`console/config-basic`, `console/config-listener`).

use super::call::{Call, Handled, Note, Outcome};
use super::routes::{Route, always, route};
use crate::console::{Console, ConsoleEffect, KeptConfig, Reader, Served};
use crate::model::{ConfigKey, ConfigScope, JavaException, Refusal, java};
use crate::node::Operation;
use crate::node::desk::Answered;
use crate::profile::{ConfigHealth, Quirks};
use crate::wire::reply::ReplyKind;
use crate::wire::v1::config::{self, Found};
use crate::wire::v1::listener::{self, Probe};
use crate::wire::{Reply, ReplyBody};

/// The addresses of the configuration centre.
pub const ROUTES: &[Route] = &[
    route("GET", CONFIGS, Operation::Config, always, read),
    route("POST", CONFIGS, Operation::Config, always, publish),
    route("DELETE", CONFIGS, Operation::Config, always, delete),
    route("POST", "/v1/cs/configs/listener", Operation::Config, always, listen),
    route("GET", "/v1/cs/health", Operation::Config, always, health),
];

const CONFIGS: &str = "/v1/cs/configs";
/// The header with a client's tag.
const TAG: &str = "Vipserver-Tag";
/// The shortest wait of a poll, ms.
const SHORTEST_POLL_MS: i64 = 10_000;
/// So much earlier than asked a poll is answered, ms.
const POLL_MARGIN_MS: i64 = 500;

/// GET `/configs`.
fn read(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    only_some_or_all(call)?;
    if is_beta(call) {
        return read_beta(call, note);
    }
    let (key, tag) = config::asked(&call.params, call.quirks)?;
    about(note, &key);
    let ip = client_ip(call);
    let reader = reader(call, &ip);
    let reply = call.node.desk.read(|Console { configs, .. }| {
        let Some(served) = configs.look(&key, reader, tag.as_deref()) else {
            return config::not_found();
        };
        let scope = match served {
            Served::All(_) | Served::Asked(_) => None,
            Served::Beta(_) => Some(("isBeta", "true")),
            Served::Own(_, tag) => Some((TAG, tag)),
        };
        let kind = configs.get(&key).and_then(|kept| kept.config.kind.as_deref());
        let KeptConfig { config, md5 } = served.kept();
        config::found(Found { config, md5, kind, scope }, call.quirks)
    });
    Ok(reply.into())
}

/// GET `/configs` with `beta=true`.
fn read_beta(call: &Call<'_>, note: &mut Note) -> Outcome {
    let key = config::beta_asked(&call.params)?;
    about(note, &key);
    let reply = call.node.desk.read(|Console { configs, .. }| {
        let row = configs.beta(&key).map(|(row, kept)| (row, &kept.config));
        config::beta_row(&key, row, call.quirks)
    });
    Ok(reply.into())
}

/// POST `/configs`.
fn publish(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    only_some_or_all(call)?;
    let beta_ips = call.request.headers.get("betaIps");
    let now = call.node.now();
    let (key, scope, config) = config::published(&call.params, beta_ips, call.quirks, now)?;
    about(note, &key);
    let done = Reply::object("true".to_owned());
    change(call, done, |Console { configs, polls, .. }| configs.publish(key, scope, config, polls))
}

/// DELETE `/configs`.
fn delete(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    only_some_or_all(call)?;
    let (key, scope, done) = if is_beta(call) {
        (config::beta_asked(&call.params)?, ConfigScope::Beta, config::beta_stopped())
    } else {
        let (key, scope) = config::removed(&call.params, call.quirks)?;
        (key, scope, Reply::object("true".to_owned()))
    };
    about(note, &key);
    change(call, done, |Console { configs, polls, .. }| configs.remove(&key, scope, polls))
}

fn change(
    call: &Call<'_>,
    done: Reply,
    operation: impl FnOnce(&mut Console) -> Vec<ConsoleEffect>,
) -> Outcome {
    let ((), receipt) = call.node.desk.change(|console| Ok(((), operation(console))))?;
    Ok(Handled::after(receipt, done))
}

/// Searches, exports and imports have the same address as configurations; taking them for
/// such would overwrite what everybody reads.
fn only_some_or_all(call: &Call<'_>) -> Result<(), Refusal> {
    let others = ["show", "search", "delType", "export", "exportV2", "import", "clone"];
    let Some(what) = others.into_iter().find(|name| call.params.contains(name)) else {
        return Ok(());
    };
    let message = format!("facos keeps configurations only, nothing by {what}");
    Err(Refusal::new(JavaException::Plain, message))
}

fn is_beta(call: &Call<'_>) -> bool {
    call.params.first("beta") == Some("true")
}

/// `RequestUtil.getRemoteIp`.
fn client_ip(call: &Call<'_>) -> String {
    let header = |name| call.request.headers.get(name).filter(|text| !java::is_blank(text));
    if let Some(way) = header("X-Forwarded-For") {
        return java::trim(way.split(',').next().unwrap_or_default()).to_owned();
    }
    header("X-Real-IP").map_or_else(|| call.request.peer.ip().to_string(), str::to_owned)
}

fn reader<'a>(call: &Call<'a>, ip: &'a str) -> Reader<'a> {
    Reader { ip, tag: call.request.headers.get(TAG).filter(|tag| !java::is_blank(tag)) }
}

fn about(note: &mut Note, key: &ConfigKey) {
    note.about(crate::model::ServiceRef { namespace: &key.namespace, name: &key.data_id });
}

/// POST `/configs/listener`: which configurations are not what the client has; with
/// `Long-Pulling-Timeout` the answer waits for a change.
fn listen(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let probes = listener::probes(call.params.first("Listening-Configs"))?;
    let ip = client_ip(call);
    let reader = reader(call, &ip);
    let headers = call.request.headers;
    let Some(asked) = headers.get("Long-Pulling-Timeout") else {
        return short(call, reader, &probes);
    };
    let asked = java::parse_long(asked).ok_or_else(|| Refusal::not_a_number(asked))?;
    let wait = asked.saturating_sub(POLL_MARGIN_MS).max(SHORTEST_POLL_MS);
    let no_hangup = headers.get("Long-Pulling-Timeout-No-Hangup");
    let no_hangup = no_hangup.is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let due = call.node.now() + u64::try_from(wait).unwrap_or_default();
    let answered = call.node.desk.poll(&ip, |console| {
        let changed = changed(console, reader, &probes, call.quirks);
        if !changed.is_empty() {
            return Answered::Now(told(&changed));
        }
        if no_hangup {
            return Answered::Now(quiet());
        }
        Answered::Held(probes.iter().map(|probe| probe.key.clone()).collect(), due)
    });
    let held = match answered {
        Ok(reply) => return Ok(reply.into()),
        Err(held) => held,
    };
    call.node.wake_before(Some(held.due));
    Ok(Handled::Later(Box::pin(
        async move { Ok(held.await.map_or_else(quiet, |key| told(&[&key]))) },
    )))
}

/// The answer to who does not wait; the oldest clients read it in headers.
fn short(call: &Call<'_>, reader: Reader<'_>, probes: &[Probe]) -> Outcome {
    let changed = call.node.desk.read(|console| {
        let changed = changed(console, reader, probes, call.quirks);
        changed.into_iter().cloned().collect::<Vec<_>>()
    });
    let changed: Vec<&ConfigKey> = changed.iter().collect();
    let mut reply = quiet();
    if listener::reads_headers(call.request.headers.get("Client-Version")) {
        reply = reply
            .with("Probe-Modify-Response", listener::changed_of_old(&changed))
            .with("Probe-Modify-Response-New", listener::changed(&changed));
    }
    Ok(config::uncached(reply).into())
}

/// The configurations that are not what the client has.
fn changed<'p>(
    console: &Console,
    reader: Reader<'_>,
    probes: &'p [Probe],
    quirks: &Quirks,
) -> Vec<&'p ConfigKey> {
    let differs = |probe: &&Probe| {
        let md5 = console.configs.md5(&probe.key, reader);
        // None at all is not the digest of nothing.
        (if md5.is_empty() { md5 } else { config::md5_text(md5, quirks) }) != probe.md5
    };
    probes.iter().filter(differs).map(|probe| &probe.key).collect()
}

fn told(changed: &[&ConfigKey]) -> Reply {
    let text = format!("{}\n", listener::changed(changed));
    config::uncached(Reply::new(200, ReplyKind::JsonText, ReplyBody::from(text)))
}

fn quiet() -> Reply {
    Reply::new(200, ReplyKind::JsonText, ReplyBody::Empty)
}

/// GET `/cs/health`.
fn health(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let text = match call.quirks.config.health {
        ConfigHealth::Up => "UP",
        ConfigHealth::NoAddressServer => "DOWN:address server down. ",
    };
    Ok(Reply::text(200, text).into())
}
