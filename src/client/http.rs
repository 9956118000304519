//! HTTP/1 requests written as given, over a plain TCP connection.
//!
//! What is added to a request is what Python's `http.client` adds, because the transcripts were
//! recorded with it: `Host` and `Accept-Encoding: identity` on HTTP/1.1 unless given, and
//! `Content-Length` when there is a body or the method is expected to have one
//! (`instance/http-framing`, `instance/http-1.0`).
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::http_read;

/// How long one connect, write or read may take unless the request says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The version on the request line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// Sent without `Host` and `Accept-Encoding` unless they are given.
    Http10,
    /// The usual one.
    #[default]
    Http11,
}

/// One request, sent exactly as it stands here.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, in capital letters.
    pub method: String,
    /// Path and query as they go on the request line; nothing is encoded or normalised.
    pub target: String,
    /// Headers in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body; `None` and an empty body differ in `Content-Length`.
    pub body: Option<Bytes>,
    /// The version on the request line.
    pub version: HttpVersion,
    /// The longest one connect, write or read may take.
    pub timeout: Duration,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: None,
            version: HttpVersion::Http11,
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Adds a header after those already there.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a urlencoded body and its content type, unless a `Content-Type` is already given.
    pub fn form(mut self, form: impl Into<Bytes>) -> Self {
        self.body = Some(form.into());
        if !self.headers.iter().any(|(name, _)| name == "Content-Type") {
            return self.header("Content-Type", "application/x-www-form-urlencoded");
        }
        self
    }

    /// The bytes that go over the wire to `address` (`host:port`).
    pub fn to_bytes(&self, address: &str) -> Result<Vec<u8>, HttpError> {
        if self.target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(HttpError::BadTarget(self.target.clone()));
        }
        let version = match self.version {
            HttpVersion::Http10 => "HTTP/1.0",
            HttpVersion::Http11 => "HTTP/1.1",
        };
        let mut bytes = format!("{} {} {version}\r\n", self.method, self.target).into_bytes();
        if self.version == HttpVersion::Http11 {
            if !self.has("host") {
                // The default port stays out of Host, as RFC 9110 asks.
                let host = address.strip_suffix(":80").unwrap_or(address);
                push_header(&mut bytes, "Host", host);
            }
            if !self.has("accept-encoding") {
                push_header(&mut bytes, "Accept-Encoding", "identity");
            }
        }
        if let Some(length) = self.content_length() {
            push_header(&mut bytes, "Content-Length", &length.to_string());
        }
        for (name, value) in &self.headers {
            push_header(&mut bytes, name, value);
        }
        bytes.extend_from_slice(b"\r\n");
        if let Some(body) = &self.body {
            bytes.extend_from_slice(body);
        }
        Ok(bytes)
    }

    fn content_length(&self) -> Option<usize> {
        if self.has("content-length") || self.has("transfer-encoding") {
            return None;
        }
        let expects_body = matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        self.body.as_ref().map(Bytes::len).or(expects_body.then_some(0))
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
    }
}

/// Writes a header as Latin-1 when it fits, as HTTP means it, and as UTF-8 otherwise.
fn push_header(bytes: &mut Vec<u8>, name: &str, value: &str) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    match value.chars().map(|char| u8::try_from(u32::from(char))).collect::<Result<Vec<u8>, _>>() {
        Ok(latin) => bytes.extend_from_slice(&latin),
        Err(_) => bytes.extend_from_slice(value.as_bytes()),
    }
    bytes.extend_from_slice(b"\r\n");
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers in the order received, read as Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body, with chunks put together and nothing decompressed.
    pub body: Bytes,
}

impl Response {
    /// The value of a header, case aside; repeated headers are joined with `, `.
    pub fn header(&self, name: &str) -> Option<String> {
        let same = |given: &&(String, String)| given.0.eq_ignore_ascii_case(name);
        let values: Vec<&str> =
            self.headers.iter().filter(same).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The body as UTF-8, with replacement characters where it is not.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// A blank or control character would break the request line.
    #[error("the request target {0:?} holds a blank or a control character")]
    BadTarget(String),
    /// The connection could not be made, or broke.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// One connect, write or read took longer than the request allows.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The server closed the connection before it sent anything.
    #[error("the server closed the connection without an answer")]
    Closed,
    /// What came is not the head of an HTTP/1 response.
    #[error("the answer is not HTTP: {0}")]
    BadHead(String),
    /// The connection ended inside the body.
    #[error("the answer ended inside its body")]
    Incomplete,
    /// Head or body exceed what this client keeps.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// A connection to one server; requests follow each other on it.
#[derive(Debug)]
pub struct Connection {
    pub(super) stream: TcpStream,
    pub(super) buffer: BytesMut,
    pub(super) timeout: Duration,
    address: String,
    reusable: bool,
}

impl Connection {
    /// Connects to `address` (`host:port`).
    pub async fn open(address: &str, limit: Duration) -> Result<Self, HttpError> {
        let stream = timeout(limit, TcpStream::connect(address))
            .await
            .map_err(|_| HttpError::TimedOut(limit))??;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: BytesMut::with_capacity(8 * 1024),
            timeout: limit,
            address: address.to_owned(),
            reusable: true,
        })
    }

    /// Sends a request and reads its whole response.
    pub async fn exchange(&mut self, request: &Request) -> Result<Response, HttpError> {
        // Until the response is read to its end, nothing else may go over this connection.
        self.reusable = false;
        self.timeout = request.timeout;
        let bytes = request.to_bytes(&self.address)?;
        timeout(self.timeout, self.stream.write_all(&bytes))
            .await
            .map_err(|_| HttpError::TimedOut(self.timeout))??;
        let (response, reusable) = http_read::response(self, request.method == "HEAD").await?;
        self.reusable = reusable;
        Ok(response)
    }

    /// Sends a request that is written already and reads its whole response.
    ///
    /// # Errors
    /// The connection broke, or one write or read took longer than `limit`.
    pub async fn exchange_bytes(
        &mut self,
        request: &[u8],
        to_head: bool,
        limit: Duration,
    ) -> Result<Response, HttpError> {
        self.reusable = false;
        self.timeout = limit;
        timeout(limit, self.stream.write_all(request))
            .await
            .map_err(|_| HttpError::TimedOut(limit))??;
        let (response, reusable) = http_read::response(self, to_head).await?;
        self.reusable = reusable;
        Ok(response)
    }

    /// Whether the last exchange left the connection fit for another one.
    pub fn is_reusable(&self) -> bool {
        self.reusable
    }
}

/// Sends one request to `address` (`host:port`) on a connection of its own.
pub async fn send(address: &str, request: &Request) -> Result<Response, HttpError> {
    Connection::open(address, request.timeout).await?.exchange(request).await
}

/// The `host:port` of an address that may carry a scheme and a trailing slash:
/// `http://127.0.0.1:8848/`. `None` when the port is missing, or when anything but plain HTTP is
/// asked for.
pub fn address_of(url: &str) -> Option<String> {
    let address = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
    let (host, port) = address.rsplit_once(':')?;
    let plain = !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok();
    plain.then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(request: &Request) -> String {
        String::from_utf8(request.to_bytes("127.0.0.1:8848").unwrap()).unwrap()
    }

    #[test]
    fn a_get_carries_host_and_identity_and_no_length() {
        let request = Request::new("GET", "/list?a={b}|<c>").header("User-Agent", "x");
        assert_eq!(
            sent(&request),
            "GET /list?a={b}|<c> HTTP/1.1\r\nHost: 127.0.0.1:8848\r\n\
             Accept-Encoding: identity\r\nUser-Agent: x\r\n\r\n"
        );
    }

    #[test]
    fn methods_that_expect_a_body_send_a_length_of_zero_without_one() {
        for method in ["POST", "PUT", "PATCH"] {
            assert!(sent(&Request::new(method, "/")).contains("\r\nContent-Length: 0\r\n"));
        }
        assert!(!sent(&Request::new("DELETE", "/")).contains("Content-Length"));
    }

    #[test]
    fn a_form_sets_length_and_type_unless_a_type_is_given() {
        let plain = sent(&Request::new("POST", "/").form("a=1"));
        let typed =
            sent(&Request::new("POST", "/").header("Content-Type", "text/plain").form("a=1"));
        assert!(plain.ends_with(
            "Content-Length: 3\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\na=1"
        ));
        assert!(typed.ends_with("Content-Length: 3\r\nContent-Type: text/plain\r\n\r\na=1"));
    }

    #[test]
    fn http_1_0_adds_nothing() {
        let mut request = Request::new("GET", "/");
        request.version = HttpVersion::Http10;
        assert_eq!(sent(&request), "GET / HTTP/1.0\r\n\r\n");
    }

    #[test]
    fn given_headers_replace_the_usual_ones() {
        let request =
            Request::new("GET", "/").header("host", "a").header("Accept-Encoding", "gzip");
        assert_eq!(sent(&request), "GET / HTTP/1.1\r\nhost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    }

    #[test]
    fn a_blank_in_the_target_is_refused() {
        let refused = Request::new("GET", "/a b").to_bytes("h:1");
        assert!(matches!(refused, Err(HttpError::BadTarget(_))));
    }

    #[test]
    fn addresses_lose_scheme_and_slash() {
        assert_eq!(address_of("http://127.0.0.1:8848/").as_deref(), Some("127.0.0.1:8848"));
        assert_eq!(address_of("localhost:1").as_deref(), Some("localhost:1"));
        assert_eq!(address_of("https://a:1"), None);
        assert_eq!(address_of("localhost"), None);
        assert_eq!(address_of("http://a:1/nacos"), None);
    }
}
