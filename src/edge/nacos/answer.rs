//! From a reply to bytes with headers: the negotiated type, keep-alive and cross-origin headers.

use crate::edge::http::{Body, Close, Framing, Request, Response};
use crate::profile::{Cors, ErrorStyle, KeepAliveHeader, Quirks};
use crate::wire::media::{Accepted, TEXT_TYPE};
use crate::wire::reply::{JSON_TYPE, ReplyKind};
use crate::wire::status::{self, Refused};
use crate::wire::{Reply, ReplyBody};
use std::borrow::Cow;
use std::cell::RefCell;

/// What the client accepts.
#[derive(Debug, Clone)]
pub struct Accepts {
    text_type: Cow<'static, str>,
    takes_json: bool,
    /// Whether an error page shall be HTML.
    pub prefers_html: bool,
    /// The header does not parse.
    pub nonsense: bool,
}

thread_local! {
    /// The header last read and what it says. The clients of a registry are of few kinds and send
    /// always the same one; reading it took 2 % of a light beat's processor time.
    static LAST_ACCEPTED: RefCell<(String, Accepts)> =
        const { RefCell::new((String::new(), Accepts::ANYTHING)) };
}

impl Accepts {
    /// What a client accepts that says nothing.
    const ANYTHING: Self = Self {
        text_type: Cow::Borrowed(TEXT_TYPE),
        takes_json: true,
        prefers_html: false,
        nonsense: false,
    };

    /// Reads the `Accept` header.
    pub fn of(request: &Request<'_>) -> Self {
        let header = match request.headers.get("Accept") {
            None | Some("*/*") => return Self::ANYTHING,
            header => header,
        };
        LAST_ACCEPTED.with_borrow_mut(|(text, read)| {
            let header = header.unwrap_or_default();
            if text != header {
                *read = Accepted::read(Some(header)).map_or_else(
                    || Self { nonsense: true, ..Self::ANYTHING },
                    |accepted| Self {
                        text_type: accepted.text_type().unwrap_or(Cow::Borrowed(TEXT_TYPE)),
                        takes_json: accepted.takes_json(),
                        prefers_html: accepted.prefers_html(),
                        nonsense: false,
                    },
                );
                header.clone_into(text);
            }
            read.clone()
        })
    }
}

/// The response for a reply.
pub fn response(reply: Reply, accepts: &Accepts, style: ErrorStyle) -> Response {
    if reply.kind == ReplyKind::Object
        && reply.status == 200
        && !accepts.takes_json
        && let Refused::Reply(refused) = status::refused(&status::not_representable(), style)
    {
        return response(refused, accepts, style);
    }
    let (content_type, framing) = match reply.kind {
        ReplyKind::Text => (Some(accepts.text_type.clone()), Framing::Length),
        ReplyKind::Object => (Some(Cow::Borrowed(JSON_TYPE)), Framing::Chunked),
        ReplyKind::JsonText => (Some(Cow::Borrowed(JSON_TYPE)), Framing::Length),
        ReplyKind::Typed(kind) => (Some(kind), Framing::Length),
        ReplyKind::Streamed(kind) => (Some(kind), Framing::Chunked),
        ReplyKind::Untyped => (None, Framing::Length),
    };
    let body = match reply.body {
        ReplyBody::Empty => Body::Empty,
        ReplyBody::Static(text) => Body::Static(text.as_bytes()),
        ReplyBody::Bytes(bytes) => Body::Bytes(bytes),
        ReplyBody::Parts(parts) => Body::Parts(parts),
    };
    let status = reply.status;
    let headers = reply.headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Response { status, content_type, headers, body, framing, close: Close::ByStatus }
}

/// Adds what every answer of the version carries.
pub fn keep_alive(response: &mut Response, quirks: &Quirks) {
    if quirks.http.keep_alive_header == KeepAliveHeader::Timeout60 {
        response.headers.push(("Keep-Alive".into(), Cow::Borrowed("timeout=60")));
    }
}

const VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// Adds the cross-origin headers that a request with an `Origin` gets (`instance/cors`).
pub fn cross_origin(response: &mut Response, origin: Option<&str>, quirks: &Quirks) {
    if quirks.http.cors == Cors::Absent {
        return;
    }
    let Some(origin) = origin else { return };
    response.headers.push(("Access-Control-Allow-Origin".into(), Cow::Owned(origin.to_owned())));
    response.headers.push(("Vary".into(), Cow::Borrowed(VARY)));
    response.headers.push(("Access-Control-Allow-Credentials".into(), Cow::Borrowed("true")));
}

/// Whether a browser asks if it may ask.
pub fn is_preflight(request: &Request<'_>) -> bool {
    request.method == "OPTIONS"
        && request.headers.get("Origin").is_some()
        && request.headers.get("Access-Control-Request-Method").is_some()
}

/// The answer to a preflight outside of naming, where Spring's own filter gives it.
pub fn allowed(request: &Request<'_>, quirks: &Quirks) -> Response {
    let mut response = Response { status: 200, ..preflight(request, quirks) };
    response.headers.retain(|(name, _)| name != "Allow");
    response.headers.push(("Access-Control-Max-Age".into(), Cow::Borrowed("18000")));
    response
}

/// The container's answer to the context path alone: the same with a slash.
pub fn to_the_slash(request: &Request<'_>) -> Response {
    let host = match request.headers.get("Host").filter(|host| !host.is_empty()) {
        Some(host) => host.to_owned(),
        None => request.local.to_string(),
    };
    let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
    let mut response = Response::empty(302);
    let location = format!("http://{host}{}/{query}", request.path);
    response.headers.push(("Location".into(), Cow::Owned(location)));
    response
}

/// The answer to a preflight: 501 where no controller has OPTIONS, but with everything allowed.
pub fn preflight(request: &Request<'_>, quirks: &Quirks) -> Response {
    let mut response = Response::empty(501);
    cross_origin(&mut response, request.headers.get("Origin"), quirks);
    let asked = |name| request.headers.get(name).map(|text| Cow::Owned(text.to_owned()));
    if let Some(method) = asked("Access-Control-Request-Method") {
        response.headers.push(("Access-Control-Allow-Methods".into(), method));
    }
    if let Some(headers) = asked("Access-Control-Request-Headers") {
        response.headers.push(("Access-Control-Allow-Headers".into(), headers));
    }
    let allow = "GET, HEAD, POST, PUT, DELETE, TRACE, OPTIONS, PATCH";
    response.headers.push(("Allow".into(), Cow::Borrowed(allow)));
    response
}
