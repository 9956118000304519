//! Requests that belong to another server: `DistroFilter`. A node looks who is responsible, sends
//! what it was sent there and gives back what comes (`cluster/*-through-non-owner`,
//! `cluster/loop-guard`). No worker waits meanwhile.
//!
//! A node that knows of no healthy member sends everything to itself, again and again, until the
//! first hop gives up; that is answered here without the hops.

use super::answer;
use super::call::Note;
use super::finish::Finish;
use super::routes::Route;
use crate::edge::http::{Answer, Body, Close, Framing, Request, Response};
use crate::edge::peer::{Hop, wait};
use crate::model::{MemberId, PeerFailure, Responsibility as _, java, names};
use crate::node::{Node, Operation};
use crate::profile::{ForwardClient, Quirks, ResponsibleTag, SendErrorStyle};
use crate::wire::peer::forward::{self, Ends, Original, SILENCE_MS};
use crate::wire::reply::JSON_TYPE;
use crate::wire::v1::{beat, service_name};
use crate::wire::{BodyForm, Params};

/// What other servers call themselves.
const SERVER_AGENT: &str = "Nacos-Server";
/// How long Java's and Apache's clients really wait in silence, ms.
const REAL_SILENCE_MS: u64 = SILENCE_MS + 400;
const NULL_POINTER: &str = "java.lang.NullPointerException";

/// Forwards a request that belongs to another server; `None` when it belongs here.
pub fn elsewhere(
    finish: &Finish<'_>,
    request: &Request<'_>,
    params: &Params<'_>,
    route: &Route,
) -> Option<Answer> {
    let peering = finish.node.peering()?;
    if !is_forwarded(route) {
        return None;
    }
    let mapper = peering.responsible().now();
    let note = noted(route, params);
    let tag = match tag(params, finish) {
        Some(tag) => tag,
        None if mapper.takes_all() => return None,
        None if mapper.healthy().is_empty() => String::new(),
        None => return Some(Answer::Now(no_tag(finish, note))),
    };
    if mapper.is_mine(&tag) {
        return None;
    }
    let agent = request.headers.get("User-Agent").unwrap_or_default();
    if agent.contains(SERVER_AGENT) {
        return Some(Answer::Now(finish.send_error(400, &invalid(request), note)));
    }
    let to = mapper.responsible(&tag).clone();
    let ends = Ends { own: peering.own(), to: &to, identity: finish.node.desk.auth.identity() };
    let mut sent = sent(request, params, route.method, ends, finish.quirks);
    // To beat twice is to beat once, and no beat waits for anything.
    sent.travels = route.operation == Operation::Beat;
    if *peering.own() == to {
        return Some(endless(finish, request, sent.client, note));
    }
    Some(begin(finish, to, sent, note))
}

/// The methods that carry `@CanDistro`.
fn is_forwarded(route: &Route) -> bool {
    matches!(
        (route.method, route.path),
        ("POST" | "PUT" | "PATCH" | "DELETE", "/v1/ns/instance")
            | ("PUT", "/v1/ns/instance/beat" | "/v1/ns/health" | "/v1/ns/health/instance")
            | ("PUT" | "DELETE", "/v1/ns/instance/metadata/batch")
            | ("POST" | "PUT" | "DELETE", "/v1/ns/upgrade/ops/instance")
            | ("GET", "/v1/ns/api/clientBeat")
            | ("PUT", "/v1/ns/api/beat")
            | ("POST" | "PUT" | "DELETE", "/v1/ns/api")
    )
}

/// What decides about a request; `None` when 1.x finds no service name.
fn tag(params: &Params<'_>, finish: &Finish<'_>) -> Option<String> {
    match finish.quirks.distro.responsible_tag {
        ResponsibleTag::ServiceName => params.single("serviceName").map(str::to_owned),
        // 2.x shards as 1.x did until it is upgraded (`DistroTagGeneratorImpl`).
        ResponsibleTag::IpPort if finish.node.is_upgraded() == Some(false) => grouped_name(params),
        ResponsibleTag::IpPort => Some(beat::client_tag(params, finish.quirks)),
    }
}

/// The grouped name of the service (`DistroServiceNameTagGenerator`).
fn grouped_name(params: &Params<'_>) -> Option<String> {
    let name = params.single("serviceName")?;
    let name = name.trim();
    if name.is_empty() || name.contains(names::GROUP_SEPARATOR) {
        return Some(name.to_owned());
    }
    let group = params.single("groupName").filter(|group| !group.trim().is_empty());
    let group = group.unwrap_or(names::DEFAULT_GROUP);
    Some(format!("{group}{}{name}", names::GROUP_SEPARATOR))
}

/// A request without a service name breaks the filter of 1.x.
fn no_tag(finish: &Finish<'_>, note: Note) -> Response {
    let message = format!("Server failed,caused: {};", no_name(finish.quirks));
    finish.send_error(500, &message, note)
}

fn no_name(quirks: &Quirks) -> &'static str {
    match quirks.errors.send_error {
        SendErrorStyle::UnauthorizedEmpty => NULL_POINTER,
        _ => "Cannot invoke \"String.hashCode()\" because \"serviceName\" is null",
    }
}

/// What goes out.
struct Sent {
    bytes: Vec<u8>,
    /// The hop fails in this way although it happens.
    spoilt: Option<&'static str>,
    client: ForwardClient,
    /// It may share a connection with others that are under way.
    travels: bool,
}

fn sent(
    request: &Request<'_>,
    params: &Params<'_>,
    method: &str,
    ends: Ends<'_>,
    quirks: &Quirks,
) -> Sent {
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(value)))
        .collect();
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, &**value)).collect();
    let is_form = BodyForm::of(method, request.headers.get("Content-Type")) != BodyForm::None;
    let original = Original {
        method,
        path: request.path,
        query: request.query,
        headers: &headers,
        body: request.body,
        is_form,
    };
    let client = quirks.forward.client;
    let writes = !is_form && !request.body.trim_ascii().is_empty();
    let spoilt = match client {
        ForwardClient::Apache | ForwardClient::Reader => None,
        ForwardClient::Writer if method == "PATCH" => {
            Some("java.net.ProtocolException: Invalid HTTP method: PATCH")
        }
        ForwardClient::Writer => writes.then_some(
            "java.net.ProtocolException: cannot write to a URLConnection if doOutput=false - call \
             setDoOutput(true)",
        ),
    };
    Sent {
        bytes: forward::request(&original, params, ends, quirks),
        spoilt,
        client,
        travels: false,
    }
}

/// What the journal keeps of a request that goes on elsewhere.
fn noted(route: &Route, params: &Params<'_>) -> Note {
    let mut note = Note::new(route.operation);
    if let Ok(service) = service_name::unchecked(params) {
        note.about(service.as_ref());
    }
    let port = params.optional("port").and_then(|port| java::parse_int(&port)).unwrap_or(0);
    note.address(&params.optional("ip").unwrap_or_default(), port);
    if route.operation == Operation::Beat {
        note.beat = Some(super::instance::place(beat::stood(params)));
    }
    note
}

fn begin(finish: &Finish<'_>, to: MemberId, sent: Sent, note: Note) -> Answer {
    let (node, agent) = (finish.node.clone(), finish.agent.to_owned());
    Answer::Later(Box::pin(async move {
        let response = hop(&node, &to, &sent).await;
        ended(&node, &agent, response, note)
    }))
}

fn ended(node: &Node, agent: &str, mut response: Response, note: Note) -> Response {
    answer::keep_alive(&mut response, &node.quirks());
    note.answered(node, agent, response.status);
    response
}

/// What becomes of a request that a node sends to itself.
fn endless(
    finish: &Finish<'_>,
    request: &Request<'_>,
    client: ForwardClient,
    note: Note,
) -> Answer {
    let (node, agent) = (finish.node.clone(), finish.agent.to_owned());
    if java::is_blank(request.headers.get("User-Agent").unwrap_or_default()) {
        // The second hop carries the server's own agent and is refused at once.
        let response = match client {
            ForwardClient::Reader => failed(client, NULL_POINTER.to_owned()),
            _ => relayed(client, 400, finish.page_for_people(400, &invalid(request))),
        };
        return Answer::Now(ended(&node, &agent, response, note));
    }
    Answer::Later(Box::pin(async move {
        if let Some(peering) = node.peering() {
            wait(&node, peering, SILENCE_MS).await;
        }
        let response = failed(client, PeerFailure::TimedOut.to_string());
        ended(&node, &agent, response, note)
    }))
}

fn invalid(request: &Request<'_>) -> String {
    format!("receive invalid redirect request from peer {}", request.peer.ip())
}

async fn hop(node: &Node, to: &MemberId, sent: &Sent) -> Response {
    let Some(peering) = node.peering() else { return Response::empty(500) };
    let (bytes, travels) = (&sent.bytes[..], sent.travels);
    let request = Hop { to, bytes, silence_ms: REAL_SILENCE_MS, travels };
    let answer = match request.run(node, peering).await {
        Ok(answer) => answer,
        Err(failure) => return failed(sent.client, told(sent.client, to, &failure)),
    };
    if let Some(exception) = sent.spoilt {
        return failed(sent.client, exception.to_owned());
    }
    let (status, body) = answer;
    let lost = match sent.client {
        // The stream of an error that has no body is null.
        ForwardClient::Reader => body.is_empty() && status != 200,
        ForwardClient::Writer => false,
        ForwardClient::Apache => status == 304,
    };
    if lost {
        return failed(sent.client, NULL_POINTER.to_owned());
    }
    relayed(sent.client, status, Body::Bytes(body))
}

/// What the client's log and the client read of a failure.
fn told(client: ForwardClient, to: &str, failure: &PeerFailure) -> String {
    match (client, failure) {
        (ForwardClient::Apache, PeerFailure::Refused) => {
            let ip = to.rsplit_once(':').map_or(to, |(ip, _)| ip);
            format!(
                "org.apache.http.conn.HttpHostConnectException: Connect to {to} [/{ip}] failed: \
                 Connection refused"
            )
        }
        (_, failure) => failure.to_string(),
    }
}

fn failed(client: ForwardClient, text: String) -> Response {
    relayed(client, 500, Body::Bytes(text.into()))
}

fn relayed(client: ForwardClient, status: u16, body: Body) -> Response {
    let content_type = match client {
        ForwardClient::Reader | ForwardClient::Writer => None,
        ForwardClient::Apache => Some(JSON_TYPE.into()),
    };
    let body = if body.is_empty() { Body::Empty } else { body };
    let framing = Framing::Length;
    Response { status, content_type, headers: Vec::new(), body, framing, close: Close::ByStatus }
}
