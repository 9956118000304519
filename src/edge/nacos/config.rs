//! `/v1/cs`: the part of the configuration centre that every client and script touches
//! (`console/config-basic`, `console/config-listener`).

use super::call::{Call, Handled, Note, Outcome};
use super::routes::{Route, always, route};
use crate::console::{Console, ConsoleEffect};
use crate::model::{ConfigKey, JavaException, Refusal, java};
use crate::node::Operation;
use crate::node::desk::Answered;
use crate::profile::{ConfigHealth, Quirks};
use crate::wire::reply::ReplyKind;
use crate::wire::v1::config;
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
/// The shortest wait of a poll, ms.
const SHORTEST_POLL_MS: i64 = 10_000;
/// So much earlier than asked a poll is answered, ms.
const POLL_MARGIN_MS: i64 = 500;

/// GET `/configs`.
fn read(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    only_plain(call)?;
    let key = config::asked(&call.params, call.quirks)?;
    about(note, &key);
    let reply = call.node.desk.read(|console| match console.configs.get(&key) {
        Some(kept) => config::found(&kept.config, &kept.md5, call.quirks),
        None => config::not_found(),
    });
    Ok(reply.into())
}

/// POST `/configs`.
fn publish(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    only_plain(call)?;
    let (key, config) = config::published(&call.params, call.quirks, call.node.now())?;
    about(note, &key);
    change(call, |Console { configs, polls, .. }| configs.publish(key, config, polls))
}

/// DELETE `/configs`.
fn delete(call: &mut Call<'_>, note: &mut Note) -> Outcome {
    only_plain(call)?;
    let key = config::removed(&call.params, call.quirks)?;
    about(note, &key);
    change(call, |Console { configs, polls, .. }| configs.remove(&key, polls))
}

fn change(call: &Call<'_>, operation: impl FnOnce(&mut Console) -> Vec<ConsoleEffect>) -> Outcome {
    let ((), receipt) = call.node.desk.change(|console| Ok(((), operation(console))))?;
    Ok(Handled::after(receipt, Reply::object("true".to_owned())))
}

/// Searches, exports and configurations for some clients only have the same address as the plain
/// ones; taking them for plain ones would overwrite what everybody reads.
fn only_plain(call: &Call<'_>) -> Result<(), Refusal> {
    let others = ["show", "search", "delType", "export", "exportV2", "import", "clone", "beta"];
    let params = &call.params;
    let tagged = params.first("tag").is_some_and(|tag| !java::is_blank(tag));
    let other = others.into_iter().find(|name| params.contains(name));
    let beta = call.request.headers.get("betaIps").is_some_and(|ips| !java::is_blank(ips));
    let what = match (other, tagged, beta) {
        (Some(name), ..) => name,
        (None, true, _) => "tag",
        (None, false, true) => "betaIps",
        (None, false, false) => return Ok(()),
    };
    let message = format!("facos keeps plain configurations only, none by {what}");
    Err(Refusal::new(JavaException::Plain, message))
}

fn about(note: &mut Note, key: &ConfigKey) {
    note.about(crate::model::ServiceRef { namespace: &key.namespace, name: &key.data_id });
}

/// POST `/configs/listener`: which configurations are not what the client has; with
/// `Long-Pulling-Timeout` the answer waits for a change.
fn listen(call: &mut Call<'_>, _note: &mut Note) -> Outcome {
    let probes = listener::probes(call.params.first("Listening-Configs"))?;
    let headers = call.request.headers;
    let Some(asked) = headers.get("Long-Pulling-Timeout") else {
        return short(call, &probes);
    };
    let asked = java::parse_long(asked).ok_or_else(|| Refusal::not_a_number(asked))?;
    let wait = asked.saturating_sub(POLL_MARGIN_MS).max(SHORTEST_POLL_MS);
    let no_hangup = headers.get("Long-Pulling-Timeout-No-Hangup");
    let no_hangup = no_hangup.is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let due = call.node.now() + u64::try_from(wait).unwrap_or_default();
    let answered = call.node.desk.poll(|console| {
        let changed = changed(console, &probes, call.quirks);
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
fn short(call: &Call<'_>, probes: &[Probe]) -> Outcome {
    let changed = call.node.desk.read(|console| {
        let changed = changed(console, probes, call.quirks);
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
fn changed<'p>(console: &Console, probes: &'p [Probe], quirks: &Quirks) -> Vec<&'p ConfigKey> {
    let differs = |probe: &&Probe| {
        let kept = console.configs.get(&probe.key);
        kept.map_or("", |kept| config::md5_text(&kept.md5, quirks)) != probe.md5
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
