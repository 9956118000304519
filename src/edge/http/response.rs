//! Answers and how they are written.

use crate::model::Millis;
use crate::wire::text::time::http_date;
use bytes::Bytes;
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::time::{SystemTime, UNIX_EPOCH};

/// An answer to one request.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code; no reason phrase is sent, as Tomcat sends none.
    pub status: u16,
    /// `Content-Type`; `None` sends no such header.
    pub content_type: Option<Cow<'static, str>>,
    /// Further headers, in Tomcat's capitals.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Body,
    /// How its end is told.
    pub framing: Framing,
    /// Whether the connection ends.
    pub close: Close,
}

/// A header: its name, and its value.
pub type Header = (Cow<'static, str>, Cow<'static, str>);

/// A body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Text of the program.
    Static(&'static [u8]),
    /// Shared bytes.
    Bytes(Bytes),
    /// Pieces, written one after the other.
    Parts([Bytes; 3]),
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `Content-Length`, as Spring does for texts.
    Length,
    /// One chunk, as Tomcat does for objects; on HTTP/1.0 the end of the connection.
    Chunked,
}

/// Whether the connection ends after the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// As Tomcat decides: after 400, 408, 411, 413, 414, 500, 501 and 503.
    ByStatus,
    /// In any case.
    Always,
}

/// What a handler returns.
pub enum Answer {
    /// The answer.
    Now(Response),
    /// The answer comes later; only this connection waits.
    Later(Pin<Box<dyn Future<Output = Response> + Send>>),
}

impl Response {
    /// A text with its type.
    pub fn text(status: u16, content_type: impl Into<Cow<'static, str>>, body: Body) -> Self {
        Self {
            status,
            content_type: Some(content_type.into()),
            headers: Vec::new(),
            body,
            framing: Framing::Length,
            close: Close::ByStatus,
        }
    }

    /// A status without a body and without a type.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            headers: Vec::new(),
            body: Body::Empty,
            framing: Framing::Length,
            close: Close::ByStatus,
        }
    }

    /// An object, chunked.
    pub fn object(status: u16, body: Body) -> Self {
        let mut response = Self::text(status, "application/json;charset=UTF-8", body);
        response.framing = Framing::Chunked;
        response
    }
}

impl Body {
    /// Its size, bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Static(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Parts(parts) => parts.iter().map(Bytes::len).sum(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => {}
            Self::Static(text) => out.extend_from_slice(text),
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
            Self::Parts(parts) => parts.iter().for_each(|part| out.extend_from_slice(part)),
        }
    }
}

/// What the request says about how it may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// The request was HTTP/1.0.
    pub http_10: bool,
    /// HEAD: no body.
    pub head_only: bool,
    /// The client asked to keep the connection, or did not ask otherwise on HTTP/1.1.
    pub keep: bool,
    /// The client said so in a header.
    pub keep_asked: bool,
}

/// Writes an answer behind what is already in `out` and says whether the connection goes on.
pub fn write(out: &mut Vec<u8>, response: &Response, manner: Manner) -> bool {
    let ends_by_status = matches!(response.status, 400 | 408 | 411 | 413 | 414 | 500 | 501 | 503);
    let has_body = !manner.head_only && !matches!(response.status, 0..200 | 204 | 205 | 304);
    let unframed = manner.http_10 && response.framing == Framing::Chunked;
    let keep = manner.keep && !ends_by_status && response.close != Close::Always && !unframed;
    let mut number = itoa::Buffer::new();
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(number.format(response.status).as_bytes());
    out.extend_from_slice(b" \r\n");
    let mut keep_alive = None;
    for (name, value) in &response.headers {
        if name == "Keep-Alive" {
            keep_alive = (keep && manner.keep_asked).then_some(value);
        } else {
            header(out, name.as_bytes(), value.as_bytes());
        }
    }
    if let Some(content_type) = &response.content_type {
        header(out, b"Content-Type", content_type.as_bytes());
    }
    match response.framing {
        Framing::Length if has_body || manner.head_only => {
            header(out, b"Content-Length", number.format(response.body.len()).as_bytes());
        }
        Framing::Chunked if has_body && !manner.http_10 => {
            header(out, b"Transfer-Encoding", b"chunked");
        }
        Framing::Length | Framing::Chunked => {}
    }
    write_date(out);
    if let Some(value) = keep_alive {
        header(out, b"Keep-Alive", value.as_bytes());
    }
    if !keep {
        header(out, b"Connection", b"close");
    } else if manner.http_10 || keep_alive.is_some() {
        header(out, b"Connection", b"keep-alive");
    }
    out.extend_from_slice(b"\r\n");
    if has_body {
        write_body(out, response, unframed);
    }
    keep
}

fn header(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn write_body(out: &mut Vec<u8>, response: &Response, unframed: bool) {
    if response.framing == Framing::Length || unframed {
        response.body.append_to(out);
        return;
    }
    let length = response.body.len();
    if length > 0 {
        out.extend_from_slice(format!("{length:x}\r\n").as_bytes());
        response.body.append_to(out);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
}

thread_local! {
    /// The `Date` header of this second.
    static DATE: std::cell::RefCell<(u64, Vec<u8>)> =
        const { std::cell::RefCell::new((0, Vec::new())) };
}

fn write_date(out: &mut Vec<u8>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    DATE.with_borrow_mut(|(second, line)| {
        if *second != now || line.is_empty() {
            *second = now;
            line.clear();
            line.extend_from_slice(
                format!("Date: {}\r\n", http_date(Millis(now * 1_000))).as_bytes(),
            );
        }
        out.extend_from_slice(line);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_one_chunk_and_on_http_10_the_rest_of_the_connection() {
        let object = Response::object(200, Body::Static(b"{}"));
        let manner = Manner { http_10: false, head_only: false, keep: true, keep_asked: false };
        let mut out = Vec::new();
        assert!(write(&mut out, &object, manner));
        let text = String::from_utf8_lossy(&out).into_owned();
        assert!(text.ends_with("\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), "{text}");
        out.clear();
        assert!(!write(&mut out, &object, Manner { http_10: true, keep_asked: true, ..manner }));
        let text = String::from_utf8_lossy(&out).into_owned();
        assert!(text.contains("Connection: close") && text.ends_with("\r\n\r\n{}"), "{text}");
    }
}
