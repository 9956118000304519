//! Request heads: what Tomcat's connector takes, and what it refuses.

use super::limits::Limits;
use super::response::Manner;
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

    fn count(&self, name: &str) -> usize {
        self.fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count()
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
pub fn parse<'a>(
    bytes: &'a [u8],
    fields: &'a mut [httparse::Header<'a>],
    limits: &Limits,
) -> Parsed<'a> {
    let skipped = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let head = &bytes[skipped..];
    // Tomcat refuses a bad target as soon as its line is there.
    if let Some(end) = head.iter().position(|byte| *byte == b'\n')
        && !is_clean(&head[..end])
    {
        return Parsed::Refused(400);
    }
    let mut request = httparse::Request::new(fields);
    let length = match request.parse(head) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() >= limits.head_bytes => {
            return Parsed::Refused(400);
        }
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(httparse::Error::Version) => return Parsed::Refused(505),
        Err(_) => return Parsed::Refused(400),
    };
    if length > limits.head_bytes {
        return Parsed::Refused(400);
    }
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Parsed::Refused(400);
    };
    let headers = Headers::new(request.headers);
    let http_10 = version == 0;
    let Some(target) = origin_form(target) else { return Parsed::Refused(400) };
    if !http_10 && headers.count("Host") != 1 {
        return Parsed::Refused(400);
    }
    let length_of_body = match body_length(&headers) {
        Ok(length) => length,
        Err(status) => return Parsed::Refused(status),
    };
    let connection = headers.get("Connection").unwrap_or("");
    let has = |token: &str| connection.split(',').any(|t| t.trim().eq_ignore_ascii_case(token));
    let keep_asked = has("keep-alive");
    let manner = Manner {
        http_10,
        head_only: method == "HEAD",
        keep: if http_10 { keep_asked } else { !has("close") },
        keep_asked,
    };
    let expects = headers.get("Expect").is_some_and(|e| e.eq_ignore_ascii_case("100-continue"));
    Parsed::Head(Head {
        method,
        target,
        http_10,
        bytes: skipped + length,
        length: length_of_body,
        expects_continue: expects && !http_10,
        manner,
        headers,
    })
}

/// Whether a request line has only characters that Tomcat takes in a target. The two spaces that
/// part it are the only ones allowed.
fn is_clean(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let taken = |byte: &u8| match byte {
        b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'[' | b']' => false,
        _ => (0x20..0x7f).contains(byte),
    };
    line.iter().all(taken) && line.iter().filter(|byte| **byte == b' ').count() <= 2
}

/// Path and query of a target: `/a?b`, `http://host/a?b` or `*`.
fn origin_form(target: &str) -> Option<&str> {
    if target.starts_with('/') || target == "*" {
        return Some(target);
    }
    let rest = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"))?;
    Some(rest.find('/').map_or("/", |at| &rest[at..]))
}

/// How the body arrives; Tomcat answers 501 to an encoding that it does not know.
fn body_length(headers: &Headers<'_>) -> Result<BodyLength, u16> {
    if let Some(encoding) = headers.get("Transfer-Encoding") {
        let chunked = encoding.trim().eq_ignore_ascii_case("chunked");
        return if chunked { Ok(BodyLength::Chunked) } else { Err(501) };
    }
    let mut lengths =
        headers.fields.iter().filter(|f| f.name.eq_ignore_ascii_case("Content-Length"));
    let Some(first) = lengths.next() else { return Ok(BodyLength::Known(0)) };
    if lengths.next().is_some() {
        return Err(400);
    }
    let text = std::str::from_utf8(first.value).map_err(|_| 400u16)?.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let length = if digits { text.parse().ok() } else { None };
    length.map(BodyLength::Known).ok_or(400)
}
