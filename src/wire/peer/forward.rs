//! A client's request on its way to the server that is responsible: what is carried, in which
//! headers, and what the client then sees (`cluster/*-through-non-owner`, `peer-wire.md` §2.2, §3).
//!
//! Three senders are known, see the quirk `forward.client`. None of them carries a form: its
//! parameters become the query, or are lost, as the quirk `forward.body` says.

use crate::model::java;
use crate::profile::{ForwardBody, ForwardClient, Quirks};
use crate::wire::Params;
use std::borrow::Cow;

/// How long the responsible server may be silent, ms.
pub const SILENCE_MS: u64 = 2_000;

/// Headers that Java's client sets by itself or refuses to send.
const NOT_SENT_BY_JAVA: [&str; 12] = [
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "content-transfer-encoding",
    "host",
    "keep-alive",
    "origin",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
/// Headers that Apache's client sets by itself.
const NOT_SENT_BY_APACHE: [&str; 5] =
    ["connection", "content-length", "transfer-encoding", "keep-alive", "upgrade"];
const FORM: &str = "application/x-www-form-urlencoded;charset=UTF-8";
/// Room for a usual head without its query, bytes.
const ROOM_BYTES: usize = 512;
/// What Java's client accepts when the request does not say.
const JAVA_ACCEPTS: &str = "text/html, image/gif, image/jpeg, */*; q=0.2";

/// A request to be forwarded.
#[derive(Debug, Clone, Copy)]
pub struct Original<'a> {
    /// Method as the controllers see it.
    pub method: &'a str,
    /// Path as sent, with the context.
    pub path: &'a str,
    /// Query as sent.
    pub query: Option<&'a str>,
    /// Headers in order.
    pub headers: &'a [(&'a str, &'a str)],
    /// A body that was not read as a form.
    pub body: &'a [u8],
    /// Whether the body was read as a form.
    pub is_form: bool,
}

/// The two ends of the ends.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// `ip:port` of the node that forwards.
    pub own: &'a str,
    /// `ip:port` of the responsible server.
    pub to: &'a str,
    /// Header and value by which servers of 2.x know each other.
    pub identity: Option<(&'a str, &'a str)>,
}

/// Head and body of the forwarded request.
pub fn request(
    original: &Original<'_>,
    params: &Params<'_>,
    ends: Ends<'_>,
    quirks: &Quirks,
) -> Vec<u8> {
    let query = query(original, params, quirks);
    let client = quirks.forward.client;
    // Java's client does not know PATCH and asks with GET, while its caller sees an exception.
    let patched = client != ForwardClient::Apache && original.method == "PATCH";
    let method = if patched { "GET" } else { original.method };
    let mut bytes = Vec::with_capacity(ROOM_BYTES + query.len());
    for part in [method, " ", original.path] {
        bytes.extend_from_slice(part.as_bytes());
    }
    if !query.is_empty() {
        bytes.push(b'?');
        bytes.extend_from_slice(query.as_bytes());
    }
    bytes.extend_from_slice(b" HTTP/1.1\r\n");
    let (headers, body) = match client {
        ForwardClient::Reader | ForwardClient::Writer => {
            (java_headers(original, ends, quirks), &[][..])
        }
        ForwardClient::Apache => apache_headers(original, ends, quirks),
    };
    for (name, value) in headers {
        for part in [&*name, ": ", &*value, "\r\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

fn query(original: &Original<'_>, params: &Params<'_>, quirks: &Quirks) -> String {
    let written = original.query.filter(|query| !java::is_blank(query));
    if let (ForwardBody::Dropped, Some(query)) = (quirks.forward.body, written) {
        return query.to_owned();
    }
    match quirks.forward.client {
        ForwardClient::Reader | ForwardClient::Writer => {
            let mut pairs = first_values(params, |name| params.first(name).unwrap_or_default());
            set(&mut pairs, "encoding", "UTF-8");
            set(&mut pairs, "nofix", "1");
            java::sort_by_hash_order(&mut pairs, |(name, _)| name);
            let mut query = String::with_capacity(ROOM_BYTES);
            for (name, value) in pairs.iter().filter(|(_, value)| !java::is_blank(value)) {
                push_pair(&mut query, name, value);
                query.push('&');
            }
            query
        }
        ForwardClient::Apache => {
            let mut pairs = first_values(params, |name| params.single(name).unwrap_or_default());
            java::sort_by_hash_order(&mut pairs, |(name, _)| name);
            set(&mut pairs, "encoding", "UTF-8");
            set(&mut pairs, "nofix", "1");
            let mut query = String::with_capacity(ROOM_BYTES);
            for (number, (name, value)) in pairs.iter().enumerate() {
                query.push_str(if number == 0 { "" } else { "&" });
                push_pair(&mut query, name, value);
            }
            query
        }
    }
}

/// Each parameter once.
fn first_values<'p>(
    params: &'p Params<'_>,
    value: impl Fn(&'p str) -> &'p str,
) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, _) in params.iter() {
        if !pairs.iter().any(|(known, _)| known == name) {
            pairs.push((name.to_owned(), value(name).to_owned()));
        }
    }
    pairs
}

fn set(pairs: &mut Vec<(String, String)>, name: &str, value: &str) {
    match pairs.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => value.clone_into(old),
        None => pairs.push((name.to_owned(), value.to_owned())),
    }
}

fn push_pair(query: &mut String, name: &str, value: &str) {
    query.push_str(name);
    query.push('=');
    query.extend(form_urlencoded::byte_serialize(value.as_bytes()));
}

/// A header on its way; most are sent as they came, and copying each cost as much as the rest of
/// making the request.
type Header<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The client's own headers, lower-cased as Tomcat keeps them, each once.
fn own_headers<'a>(original: &Original<'a>, left_out: &[&str]) -> Vec<Header<'a>> {
    // Room for those that the sender adds.
    let mut kept: Vec<Header<'a>> = Vec::with_capacity(original.headers.len() + 8);
    for (name, value) in original.headers {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if left_out.iter().any(|other| is(other)) || kept.iter().any(|(known, _)| is(known)) {
            continue;
        }
        let name = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(name.to_ascii_lowercase()),
            false => Cow::Borrowed(*name),
        };
        kept.push((name, Cow::Borrowed(*value)));
    }
    kept
}

fn agent(quirks: &Quirks) -> String {
    format!("Nacos-Server:{}", quirks.server.version)
}

fn java_headers<'a>(
    original: &Original<'a>,
    ends: Ends<'a>,
    quirks: &'a Quirks,
) -> Vec<Header<'a>> {
    let mut headers = own_headers(original, &NOT_SENT_BY_JAVA);
    let accepts = headers.iter().any(|(name, _)| name == "accept");
    let mut add = |name, value: Cow<'a, str>| headers.push((Cow::Borrowed(name), value));
    add("Content-Type", FORM.into());
    add("Accept-Charset", "UTF-8".into());
    add("Client-Version", quirks.server.version.as_str().into());
    add("User-Agent", agent(quirks).into());
    add("Host", ends.to.into());
    if !accepts {
        add("Accept", JAVA_ACCEPTS.into());
    }
    add("Connection", "keep-alive".into());
    headers
}

/// Sorted whatever the capitals; a name that the client sent stays as Tomcat keeps it, but for the
/// two that the sender knows before it reads the request.
fn apache_headers<'a>(
    original: &Original<'a>,
    ends: Ends<'a>,
    quirks: &'a Quirks,
) -> (Vec<Header<'a>>, &'a [u8]) {
    let mut headers: Vec<Header<'a>> =
        vec![("Content-Type".into(), FORM.into()), ("Accept-Charset".into(), "UTF-8".into())];
    let mut put = |name: Cow<'a, str>, value: Cow<'a, str>| match headers
        .iter_mut()
        .find(|(known, _)| known.eq_ignore_ascii_case(&name))
    {
        Some((_, old)) => *old = value,
        None => headers.push((name, value)),
    };
    for (name, value) in own_headers(original, &NOT_SENT_BY_APACHE) {
        put(name, value);
    }
    put("Content-Type".into(), FORM.into());
    put("Client-Version".into(), quirks.server.version.as_str().into());
    put("User-Agent".into(), agent(quirks).into());
    put("Request-Source".into(), ends.own.into());
    put("Accept-Charset".into(), "UTF-8".into());
    if let Some((name, value)) = ends.identity {
        put(name.into(), value.into());
    }
    let body = if original.is_form { &[][..] } else { original.body };
    let sends_length = original.method != "DELETE" && original.method != "GET";
    let promised = original
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length") && !sends_length);
    if let Some((_, length)) = promised {
        // The length goes along and what it counts does not.
        put("content-length".into(), (*length).into());
    }
    headers.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
    headers.push(("Connection".into(), "Keep-Alive".into()));
    if sends_length {
        headers.push(("Content-Length".into(), body.len().to_string().into()));
    }
    (headers, if sends_length { body } else { &[] })
}

#[cfg(test)]
mod tests;
