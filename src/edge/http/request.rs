//! Request heads: what Tomcat's connector takes, and what it refuses.

use super::host;
use super::limits::Limits;
use super::response::Manner;
use super::target::{self, Line, Origin};
use std::net::SocketAddr;

/// A request that arrived whole.
#[derive(Debug)]
pub struct Request<'a> {
    /// Any token.
    pub method: &'a str,
    /// The target as sent, without scheme and host.
    pub target: &'a str,
    /// The path as sent.
    pub path: &'a str,
    /// The query as sent.
    pub query: Option<&'a str>,
    /// HTTP/1.0.
    pub http_10: bool,
    /// The headers.
    pub headers: Headers<'a>,
    /// The body, chunks taken apart.
    pub body: &'a [u8],
    /// Who sent it.
    pub peer: SocketAddr,
    /// Which of our addresses it came to.
    pub local: SocketAddr,
}

impl<'a> Request<'a> {
    /// Who says to have sent it: `User-Agent`, or `Client-Version` when that is empty.
    pub fn agent(&self) -> &'a str {
        let agent = self.headers.get("User-Agent").filter(|agent| !agent.is_empty());
        agent.or_else(|| self.headers.get("Client-Version")).unwrap_or_default()
    }
}

/// Headers in the order sent.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    fields: &'a [httparse::Header<'a>],
}

impl<'a> Headers<'a> {
    /// The headers that `httparse` found.
    pub fn new(fields: &'a [httparse::Header<'a>]) -> Self {
        Self { fields }
    }

    /// The first header of that name, any capitals. Bytes that are no UTF-8 hide the header.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let field = self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(field.value).ok()
    }

    /// Every header.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.fields.iter().map(|field| (field.name, field.value))
    }

    /// The values of every header of that name, any capitals.
    fn named(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |field: &&httparse::Header<'_>| field.name.eq_ignore_ascii_case(name);
        self.fields.iter().filter(named).map(|field| field.value)
    }

    /// Whether a `Connection` header names this option.
    fn has_token(&self, token: &str) -> bool {
        self.named("Connection")
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }
}

/// How the body of a request arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// So many bytes.
    Known(u64),
    /// In chunks.
    Chunked,
}

/// A head that was read.
#[derive(Debug)]
pub struct Head<'a> {
    /// Any token.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// HTTP/1.0.
    pub http_10: bool,
    /// Bytes of the head.
    pub bytes: usize,
    /// The body to come.
    pub length: BodyLength,
    /// `Expect: 100-continue`.
    pub expects_continue: bool,
    /// How the answer is to be written.
    pub manner: Manner,
    /// The headers.
    pub headers: Headers<'a>,
}

/// What the bytes so far are.
#[derive(Debug)]
pub enum Parsed<'a> {
    /// Not a whole head yet.
    Partial,
    /// A head.
    Head(Head<'a>),
    /// Something that Tomcat refuses with this status.
    Refused(u16),
}

/// Reads a head at the beginning of `bytes`. `fields` is room for the headers.
///
/// Unlike Tomcat it takes no requests of HTTP/0.9 and no header values that go on in a next line.
pub fn parse<'a>(
    bytes: &'a [u8],
    fields: &'a mut [httparse::Header<'a>],
    limits: &Limits,
) -> Parsed<'a> {
    let skipped = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let head = &bytes[skipped..];
    let line = target::check_line(head);
    if let Line::Refused(status) = line {
        return Parsed::Refused(status);
    }
    let mut request = httparse::Request::new(fields);
    let mut config = httparse::ParserConfig::default();
    config.allow_multiple_spaces_in_request_line_delimiters(true);
    let length = match config.parse_request(&mut request, head) {
        Ok(httparse::Status::Complete(length)) if length <= limits.head_bytes => length,
        Ok(httparse::Status::Partial) if bytes.len() < limits.head_bytes => return Parsed::Partial,
        // Which version it is, and so the status, is known at the end of the line.
        Err(httparse::Error::Version | httparse::Error::NewLine)
            if line == Line::Partial && bytes.len() < limits.head_bytes =>
        {
            return Parsed::Partial;
        }
        Ok(_) | Err(_) => return Parsed::Refused(400),
    };
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Parsed::Refused(400);
    };
    let headers = Headers::new(request.headers);
    read_head(method, target, version == 0, skipped + length, headers)
        .map_or_else(Parsed::Refused, Parsed::Head)
}

/// What Tomcat reads from a head before it looks for somebody to answer.
fn read_head<'a>(
    method: &'a str,
    target: &'a str,
    http_10: bool,
    bytes: usize,
    headers: Headers<'a>,
) -> Result<Head<'a>, u16> {
    let Origin { target, host } = target::origin(target).ok_or(400_u16)?;
    check_host(&headers, host, http_10)?;
    let (length, doubtful) = body_length(&headers, http_10)?;
    let expects_continue = match headers.get("Expect") {
        Some(expected) if !http_10 => {
            expected.trim().eq_ignore_ascii_case("100-continue").then_some(true).ok_or(417_u16)?
        }
        _ => false,
    };
    let (close, keep_asked) = (headers.has_token("close"), headers.has_token("keep-alive"));
    let keep = !close && !doubtful && (keep_asked || !http_10);
    let manner = Manner { http_10, head_only: method == "HEAD", keep, keep_asked };
    Ok(Head { method, target, http_10, bytes, length, expects_continue, manner, headers })
}

/// One `Host` on HTTP/1.1, at most one on HTTP/1.0, the one of the target if that has one.
fn check_host(headers: &Headers<'_>, in_target: Option<&str>, http_10: bool) -> Result<(), u16> {
    let mut hosts = headers.named("Host");
    let valid = match (hosts.next(), hosts.next()) {
        (Some(host), None) => {
            let same = in_target.is_none_or(|other| http_10 || other.as_bytes() == host);
            same && host::is_valid(host)
        }
        (None, None) => http_10,
        _ => false,
    };
    valid.then_some(()).ok_or(400)
}

/// How the body arrives, and whether the request says it in two ways, after which the connection
/// can not be trusted. HTTP/1.0 knows no encodings; Tomcat answers 501 to those it does not know.
fn body_length(headers: &Headers<'_>, http_10: bool) -> Result<(BodyLength, bool), u16> {
    let length = content_length(headers)?;
    let mut chunked = false;
    if !http_10 {
        for value in headers.named("Transfer-Encoding") {
            for encoding in value.split(|byte| *byte == b',') {
                match encoding.trim_ascii() {
                    name if name.eq_ignore_ascii_case(b"chunked") => chunked = true,
                    name if name.eq_ignore_ascii_case(b"identity") => {}
                    _ => return Err(501),
                }
            }
        }
    }
    if chunked {
        return Ok((BodyLength::Chunked, length.is_some()));
    }
    Ok((BodyLength::Known(length.unwrap_or(0)), false))
}

fn content_length(headers: &Headers<'_>) -> Result<Option<u64>, u16> {
    let mut lengths = headers.named("Content-Length");
    let Some(first) = lengths.next() else { return Ok(None) };
    let digits = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    let length = std::str::from_utf8(first).ok().and_then(|digits| digits.parse().ok());
    match length {
        Some(length) if digits && lengths.next().is_none() => Ok(Some(length)),
        _ => Err(400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The status of a refusal; 200 for a head, 0 for the front of one.
    fn seen(bytes: &[u8]) -> u16 {
        match parse(bytes, &mut [httparse::EMPTY_HEADER; 8], &Limits::default()) {
            Parsed::Partial => 0,
            Parsed::Head(_) => 200,
            Parsed::Refused(status) => status,
        }
    }

    #[test]
    fn what_is_said_of_the_front_of_a_head_is_said_of_the_whole() {
        for (head, status) in [
            (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], 200),
            (b"GET / HTTP/1.2\r\n\r\n", 505),
            (b"GET / ICY\r\n\r\n", 400),
            (b"A\x04 ...... ..\n\x01", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", 400),
        ] {
            assert_eq!(seen(head), status, "{head:?}");
            for cut in 0..head.len() {
                let early = seen(&head[..cut]);
                assert!(early == 0 || early == status, "{early} of {:?}", &head[..cut]);
            }
        }
    }
}
