//! A gRPC step: a named connection of a 2.x client is opened, set up, asked, listened to, answered
//! or ended, as `grpc_link.py` of the transcripts does it.
//!
//! Under a manual clock a message that is to come is found by advancing in small steps, as a
//! datagram is.

use super::super::compare::Answer;
use super::super::play::Traffic;
use super::super::python_json::{Style, dumps};
use super::super::session::{NamedLink, Session};
use super::{Outcome, grpc_answer};
use crate::client::grpc::{AUTO, Link, Reply, answer_to};
use crate::wire::grpc::{Headers, Payload, UNARY_PATH, frame, without_metadata};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// From a node's HTTP port to its gRPC port.
const OFFSET: u16 = 1_000;
/// How long a unary call may take.
const PATIENCE_S: f64 = 10.0;
/// How far a manual clock goes between two looks at the stream.
const ADVANCE_STEP: Duration = Duration::from_millis(50);
/// How long, really, to look after an advance: loopback needs less.
const LOOK: Duration = Duration::from_millis(2);
/// How long, really, a server may take to notice what was sent or ended before a manual clock goes
/// on.
const NOTICED: Duration = Duration::from_millis(20);
/// How often a setup is asked after.
const SETUP_LOOK: Duration = Duration::from_millis(20);
/// How long TCP may take to follow the end of the stream.
const AFTER_END: Duration = Duration::from_millis(300);

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Spec {
    Open {
        link: String,
        offset: Option<u16>,
        from: Option<IpAddr>,
        auto: Option<Vec<String>>,
    },
    Check {
        link: String,
    },
    Setup(Map<String, Value>),
    Request {
        link: String,
        r#type: String,
        #[serde(default)]
        body: Map<String, Value>,
        #[serde(default)]
        headers: Headers,
        timeout_s: Option<f64>,
    },
    Burst {
        link: String,
        r#type: String,
        #[serde(default)]
        body: Map<String, Value>,
        #[serde(default)]
        headers: Headers,
        count: u64,
    },
    Raw(Raw),
    ExpectPush {
        link: String,
        r#type: String,
        within_ms: Option<u64>,
        delay_ms: Option<[f64; 2]>,
    },
    Ack {
        link: String,
        r#type: Option<String>,
        #[serde(default)]
        body: Map<String, Value>,
    },
    ExpectEnd {
        link: String,
        within_ms: Option<u64>,
        delay_ms: Option<[f64; 2]>,
    },
    Close {
        link: String,
        #[serde(default)]
        half: bool,
    },
    Drop {
        link: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    link: String,
    method: Option<String>,
    r#type: Option<String>,
    client_ip: Option<String>,
    #[serde(default)]
    headers: Headers,
    text: Option<String>,
    hex: Option<String>,
    #[serde(default)]
    pad: usize,
    #[serde(default)]
    no_metadata: bool,
    #[serde(default)]
    stream: bool,
    settle_ms: Option<u64>,
    timeout_s: Option<f64>,
}

/// Runs a step; delays count from the end of the one before.
pub(super) async fn run(
    session: &mut Session,
    node: usize,
    spec: &Map<String, Value>,
) -> Result<Outcome> {
    let mut filled = session.fill_object(spec);
    if spec.get("op").is_some_and(|op| op == "burst")
        && let Some(body) = spec.get("body")
    {
        // The body of a burst is filled anew for each of its calls.
        filled.insert("body".to_owned(), body.clone());
    }
    let sent = dumps(&filled.clone().into(), Style::Readable);
    let spec: Spec = serde_json::from_value(filled.into()).context("a gRPC step")?;
    let since = session.grpc_ended.unwrap_or_else(|| session.clock.now());
    let seen = step(session, node, spec, since).await;
    session.grpc_ended = Some(session.clock.now());
    let seen = seen?;
    let received = dumps(&seen.clone().into(), Style::Readable);
    Ok(Outcome { seen, traffic: Traffic { sent, received } })
}

async fn step(session: &mut Session, node: usize, spec: Spec, since: Duration) -> Result<Answer> {
    match spec {
        Spec::Open { link, offset, from, auto } => {
            open(session, node, (&link, offset.unwrap_or(OFFSET)), (from, auto)).await
        }
        Spec::Check { link } => check(session, &link).await,
        Spec::Setup(spec) => set_up(session, spec).await,
        Spec::Request { link, r#type, body, headers, timeout_s } => {
            let body = dumps(&body.into(), Style::Ascii);
            unary(session, &link, UNARY_PATH, framed(r#type, body, headers), timeout_s).await
        }
        Spec::Burst { link, r#type, body, headers, count } => {
            burst(session, &link, (&r#type, &body, &headers), count).await
        }
        Spec::Raw(raw) => send_raw(session, raw).await,
        Spec::ExpectPush { link, r#type, within_ms, delay_ms } => {
            let within = Duration::from_millis(within_ms.unwrap_or(5_000));
            expect_push(session, (&link, &r#type), within, (delay_ms, since)).await
        }
        Spec::Ack { link, r#type, body } => ack(session, &link, r#type, body).await,
        Spec::ExpectEnd { link, within_ms, delay_ms } => {
            let within = Duration::from_millis(within_ms.unwrap_or(5_000));
            expect_end(session, &link, within, (delay_ms, since)).await
        }
        Spec::Close { link, half: true } => {
            named(session, &link)?.link.send(None).await?;
            noticed(session).await;
            Ok(Answer::new())
        }
        Spec::Close { link, half: false } => {
            let closed = session.links.remove(&link).context("there is no such link")?;
            closed.link.close().await;
            noticed(session).await;
            Ok(Answer::new())
        }
        Spec::Drop { link } => {
            let dropped = session.links.remove(&link).context("there is no such link")?;
            dropped.link.reset().await?;
            noticed(session).await;
            Ok(Answer::new())
        }
    }
}

fn named<'a>(session: &'a mut Session, name: &str) -> Result<&'a mut NamedLink> {
    session.links.get_mut(name).with_context(|| format!("the link {name} is not open"))
}

/// Lets the server notice what was done before a manual clock goes on.
async fn noticed(session: &Session) {
    if session.clock.is_manual() {
        tokio::time::sleep(NOTICED).await;
    }
}

fn framed(kind: String, body: String, headers: Headers) -> Bytes {
    let client_ip = "127.0.0.1".to_owned();
    Payload { kind, client_ip, headers, body: body.into() }.encode()
}

async fn open(
    session: &mut Session,
    node: usize,
    (name, offset): (&str, u16),
    (from, auto): (Option<IpAddr>, Option<Vec<String>>),
) -> Result<Answer> {
    if let Some(before) = session.links.remove(name) {
        before.link.close().await;
    }
    let node = session.nodes.get(node).with_context(|| format!("there is no node {node}"))?;
    let mut address: SocketAddr = node.parse().with_context(|| format!("the address {node}"))?;
    let port = address.port().checked_add(offset).context("no port is that high")?;
    address.set_port(port);
    let auto = auto.unwrap_or_else(|| AUTO.map(str::to_owned).to_vec());
    let link = Link::open(address, from, auto, session.clock.shared()).await;
    let link = link.with_context(|| format!("gRPC at {address}"))?;
    session.set(format!("grpc.{name}.port"), link.local().port());
    session.links.insert(name.to_owned(), NamedLink { link, last: None, id: None });
    Ok(Answer::new())
}

async fn check(session: &mut Session, name: &str) -> Result<Answer> {
    let body = r#"{"headers": {}, "module": "internal"}"#.to_owned();
    let message = framed("ServerCheckRequest".to_owned(), body, Headers::new());
    let seen = unary(session, name, UNARY_PATH, message, None).await?;
    let id = named(session, name)?.id.clone();
    session.set(format!("grpc.{name}.id"), id);
    Ok(seen)
}

async fn unary(
    session: &mut Session,
    name: &str,
    path: &str,
    message: Bytes,
    timeout_s: Option<f64>,
) -> Result<Answer> {
    let patience = Duration::try_from_secs_f64(timeout_s.unwrap_or(PATIENCE_S))?;
    let known = named(session, name)?;
    let reply = known.link.call(path, message, patience).await;
    let (seen, id) = grpc_answer::reply(&reply, known.link.local());
    if id.is_some() {
        known.id = id;
    }
    Ok(seen)
}

async fn burst(
    session: &mut Session,
    name: &str,
    (kind, body, headers): (&str, &Map<String, Value>, &Headers),
    count: u64,
) -> Result<Answer> {
    let mut distinct: Vec<(u64, Answer)> = Vec::new();
    for i in 0..count {
        session.set("i", i);
        let body = dumps(&session.fill_object(body).into(), Style::Ascii);
        let message = framed(kind.to_owned(), body, headers.clone());
        let seen = unary(session, name, UNARY_PATH, message, None).await?;
        match distinct.iter_mut().find(|(_, known)| *known == seen) {
            Some((times, _)) => *times += 1,
            None => distinct.push((1, seen)),
        }
    }
    let answers: Vec<Value> = distinct
        .into_iter()
        .map(|(times, answer)| json!({ "times": times, "answer": answer }))
        .collect();
    Ok(Answer::from_iter([("answers".to_owned(), answers.into())]))
}

/// What a setup says unless the step says otherwise; null leaves a key out.
fn setup_body(spec: &Map<String, Value>) -> Map<String, Value> {
    let usual = json!({
        "headers": {}, "clientVersion": "Nacos-Java-Client:v2.0.2",
        "abilities": {
            "remoteAbility": {"supportRemoteConnection": false},
            "configAbility": {"supportRemoteMetrics": false},
            "namingAbility": {"supportDeltaPush": false, "supportRemoteMetric": false}
        },
        "labels": {"source": "sdk", "module": "naming"}, "module": "internal", "tenant": null
    });
    let usual = usual.as_object().cloned().unwrap_or_default();
    let said = usual.into_iter().map(|(key, value)| {
        let said = spec.get(&key).cloned().unwrap_or(value);
        (key, said)
    });
    said.filter(|(_, value)| !value.is_null()).collect()
}

async fn set_up(session: &mut Session, spec: Map<String, Value>) -> Result<Answer> {
    let text = |key: &str| spec.get(key).and_then(Value::as_str);
    let name = text("link").context("a setup names its link")?.to_owned();
    let body = dumps(&setup_body(&spec).into(), Style::Ascii);
    let payload = Payload {
        kind: "ConnectionSetupRequest".to_owned(),
        client_ip: text("client_ip").unwrap_or("127.0.0.1").to_owned(),
        headers: Headers::new(),
        body: body.into(),
    };
    let settle = spec.get("settle_ms").and_then(Value::as_u64).unwrap_or(2_000);
    let known = named(session, &name)?;
    known.link.send(Some(payload.encode())).await?;
    let until = tokio::time::Instant::now() + Duration::from_millis(settle);
    while tokio::time::Instant::now() < until {
        let asked = framed("HealthCheckRequest".to_owned(), "{}".to_owned(), Headers::new());
        let reply = known.link.call(UNARY_PATH, asked, Duration::from_secs(10)).await;
        if matches!(&reply, Reply::Message(answer) if answer.kind == "HealthCheckResponse") {
            break;
        }
        tokio::time::sleep(SETUP_LOOK).await;
    }
    Ok(Answer::new())
}

async fn send_raw(session: &mut Session, raw: Raw) -> Result<Answer> {
    let message = match (&raw.hex, &raw.text) {
        (Some(hex), _) => frame(&bytes_of(hex)?),
        (None, text) => {
            let padded = text.as_ref().map(|text| text.clone() + &" ".repeat(raw.pad));
            let body = Bytes::from(padded.unwrap_or_default());
            if raw.no_metadata {
                without_metadata(body)
            } else {
                let client_ip = raw.client_ip.unwrap_or_else(|| "127.0.0.1".to_owned());
                let kind = raw.r#type.unwrap_or_default();
                Payload { kind, client_ip, headers: raw.headers, body }.encode()
            }
        }
    };
    if !raw.stream {
        let path = raw.method.as_deref().unwrap_or(UNARY_PATH);
        return unary(session, &raw.link, path, message, raw.timeout_s).await;
    }
    named(session, &raw.link)?.link.send(Some(message)).await?;
    noticed(session).await;
    session.clock.pass(Duration::from_millis(raw.settle_ms.unwrap_or(300))).await?;
    Ok(Answer::new())
}

fn bytes_of(hex: &str) -> Result<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| {
            let text = std::str::from_utf8(pair)?;
            u8::from_str_radix(text, 16).with_context(|| format!("{hex} is no hexadecimal"))
        })
        .collect()
}

/// Waits until `look` finds something on a link.
async fn wait_for<T>(
    session: &mut Session,
    name: &str,
    within: Duration,
    look: impl Fn(&Link) -> Option<T>,
) -> Result<Option<T>> {
    let due = session.clock.now() + within;
    loop {
        let link = &named(session, name)?.link;
        if let Some(found) = look(link) {
            return Ok(Some(found));
        }
        let left = due.saturating_sub(session.clock.now());
        let manual = session.clock.is_manual();
        let link = &named(session, name)?.link;
        // What comes between the look and the wait is found a moment later.
        link.changed(if manual { LOOK } else { left.min(ADVANCE_STEP) }).await;
        if let Some(found) = look(link) {
            return Ok(Some(found));
        }
        if left.is_zero() {
            return Ok(None);
        }
        if !manual {
            continue;
        }
        session.clock.pass(left.min(ADVANCE_STEP)).await?;
    }
}

async fn expect_push(
    session: &mut Session,
    (name, kind): (&str, &str),
    within: Duration,
    judged: (Option<[f64; 2]>, Duration),
) -> Result<Answer> {
    let arrival = wait_for(session, name, within, |link| link.take(kind)).await?;
    let Some(arrival) = arrival else { return Ok(silent()) };
    let at = session.clock.time_of(arrival.at, arrival.session_ms);
    let known = named(session, name)?;
    let (mut seen, _) = grpc_answer::message(&arrival.payload, known.link.local());
    known.last = Some(arrival);
    judge(&mut seen, at, judged);
    Ok(seen)
}

async fn expect_end(
    session: &mut Session,
    name: &str,
    within: Duration,
    judged: (Option<[f64; 2]>, Duration),
) -> Result<Answer> {
    let end = wait_for(session, name, within, Link::end).await?;
    let Some(end) = end else { return Ok(silent()) };
    noticed(session).await;
    session.clock.pass(AFTER_END).await?;
    let at = session.clock.time_of(end.at, end.session_ms);
    let mut seen = if end.status.code == "OK" {
        Answer::from_iter([("grpc".to_owned(), Value::from("OK"))])
    } else {
        grpc_answer::failed(&end.status)
    };
    let closed = named(session, name)?.link.is_closed();
    seen.insert("tcp".to_owned(), if closed { "closed" } else { "open" }.into());
    judge(&mut seen, at, judged);
    Ok(seen)
}

fn silent() -> Answer {
    Answer::from_iter([("silent".to_owned(), true.into())])
}

/// Whether something came as late as recorded.
fn judge(seen: &mut Answer, at: Duration, (delay_ms, since): (Option<[f64; 2]>, Duration)) {
    let Some([low, high]) = delay_ms else { return };
    let delay = (at.as_secs_f64() - since.as_secs_f64()) * 1_000.0;
    let verdict = if (low..=high).contains(&delay) {
        "as expected".to_owned()
    } else {
        format!("{delay:.0} ms")
    };
    seen.insert("delay".to_owned(), verdict.into());
}

async fn ack(
    session: &mut Session,
    name: &str,
    kind: Option<String>,
    said: Map<String, Value>,
) -> Result<Answer> {
    let known = named(session, name)?;
    let Some(last) = &known.last else { bail!("no request came that could be answered") };
    let asked: Value = serde_json::from_str(&last.payload.text()).unwrap_or_default();
    let mut body = Map::new();
    body.insert("resultCode".to_owned(), 200.into());
    body.insert("errorCode".to_owned(), 0.into());
    body.insert("requestId".to_owned(), asked["requestId"].clone());
    body.insert("success".to_owned(), true.into());
    body.extend(said);
    let kind = kind.unwrap_or_else(|| last.payload.kind.replace("Request", "Response"));
    let answer = answer_to(&kind, dumps(&body.into(), Style::Ascii)).encode();
    known.link.send(Some(answer)).await?;
    noticed(session).await;
    Ok(Answer::new())
}
