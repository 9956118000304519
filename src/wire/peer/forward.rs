//! A client's request on its way to the server that is responsible: what is carried, in which
//! headers, and what the client then sees (`cluster/*-through-non-owner`, `peer-wire.md` §2.2, §3).
//!
//! Three senders are known, see the quirk `forward.client`. None of them carries a form: its
//! parameters become the query, or are lost, as the quirk `forward.body` says.

use crate::model::java;
use crate::profile::{ForwardBody, ForwardClient, Quirks};
use crate::wire::Params;

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

/// The two ends of the hop.
#[derive(Debug, Clone, Copy)]
pub struct Hop<'a> {
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
    hop: Hop<'_>,
    quirks: &Quirks,
) -> Vec<u8> {
    let query = query(original, params, quirks);
    let client = quirks.forward.client;
    // Java's client does not know PATCH and asks with GET, while its caller sees an exception.
    let patched = client != ForwardClient::Apache && original.method == "PATCH";
    let method = if patched { "GET" } else { original.method };
    let mut bytes = format!("{method} {}", original.path).into_bytes();
    if !query.is_empty() {
        bytes.push(b'?');
        bytes.extend_from_slice(query.as_bytes());
    }
    bytes.extend_from_slice(b" HTTP/1.1\r\n");
    let (headers, body) = match client {
        ForwardClient::Reader | ForwardClient::Writer => {
            (java_headers(original, hop, quirks), &[][..])
        }
        ForwardClient::Apache => apache_headers(original, hop, quirks),
    };
    for (name, value) in headers {
        for part in [name.as_str(), ": ", value.as_str(), "\r\n"] {
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
            let written = pairs.iter().filter(|(_, value)| !java::is_blank(value));
            written.map(|(name, value)| format!("{name}={}&", encode(value))).collect()
        }
        ForwardClient::Apache => {
            let mut pairs = first_values(params, |name| params.single(name).unwrap_or_default());
            java::sort_by_hash_order(&mut pairs, |(name, _)| name);
            set(&mut pairs, "encoding", "UTF-8");
            set(&mut pairs, "nofix", "1");
            let written: Vec<String> =
                pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            written.join("&")
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

fn encode(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// The client's own headers, lower-cased as Tomcat keeps them, each once.
fn own_headers(original: &Original<'_>, left_out: &[&str]) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::new();
    for (name, value) in original.headers {
        let name = name.to_ascii_lowercase();
        let known = kept.iter().any(|(known, _)| *known == name);
        if !known && !left_out.contains(&name.as_str()) {
            kept.push((name, (*value).to_owned()));
        }
    }
    kept
}

fn agent(quirks: &Quirks) -> String {
    format!("Nacos-Server:{}", quirks.server.version)
}

fn java_headers(original: &Original<'_>, hop: Hop<'_>, quirks: &Quirks) -> Vec<(String, String)> {
    let mut headers = own_headers(original, &NOT_SENT_BY_JAVA);
    let accepts = headers.iter().any(|(name, _)| name == "accept");
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    add("Content-Type", FORM);
    add("Accept-Charset", "UTF-8");
    add("Client-Version", &quirks.server.version);
    add("User-Agent", &agent(quirks));
    add("Host", hop.to);
    if !accepts {
        add("Accept", JAVA_ACCEPTS);
    }
    add("Connection", "keep-alive");
    headers
}

/// Sorted whatever the capitals; a name that the client sent stays as Tomcat keeps it, but for the
/// two that the sender knows before it reads the request.
fn apache_headers<'a>(
    original: &Original<'a>,
    hop: Hop<'_>,
    quirks: &Quirks,
) -> (Vec<(String, String)>, &'a [u8]) {
    let mut headers = vec![
        ("Content-Type".to_owned(), FORM.to_owned()),
        ("Accept-Charset".to_owned(), "UTF-8".to_owned()),
    ];
    let mut put = |name: &str, value: &str| match headers
        .iter_mut()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
    {
        Some((_, old)) => value.clone_into(old),
        None => headers.push((name.to_owned(), value.to_owned())),
    };
    for (name, value) in own_headers(original, &NOT_SENT_BY_APACHE) {
        put(&name, &value);
    }
    put("Content-Type", FORM);
    put("Client-Version", &quirks.server.version);
    put("User-Agent", &agent(quirks));
    put("Request-Source", hop.own);
    put("Accept-Charset", "UTF-8");
    if let Some((name, value)) = hop.identity {
        put(name, value);
    }
    let body = if original.is_form { &[][..] } else { original.body };
    let sends_length = original.method != "DELETE" && original.method != "GET";
    let promised = original
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length") && !sends_length);
    if let Some((_, length)) = promised {
        // The length goes along and what it counts does not.
        put("content-length", length);
    }
    headers.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
    headers.push(("Connection".to_owned(), "Keep-Alive".to_owned()));
    if sends_length {
        headers.push(("Content-Length".to_owned(), body.len().to_string()));
    }
    (headers, if sends_length { body } else { &[] })
}

#[cfg(test)]
mod tests;
