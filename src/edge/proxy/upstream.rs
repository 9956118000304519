//! HTTP requests on to the first registry that answers, and its answers back.

use crate::client::http::{Connection, HttpError, HttpVersion, Request as Outgoing, Response};
use crate::edge::http::{Body, Close, Framing, Request, Response as Answered};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Idle connections that one worker keeps to one registry.
const MAX_IDLE: usize = 256;
/// How long a connection may take before the next registry is tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer may take: a held poll of the configuration centre takes 30 s and more.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);

/// Headers that belong to one connection, or that are made anew for the next.
const OF_ONE_HOP: [&str; 10] = [
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "transfer-encoding",
    "content-length",
    "expect",
];

thread_local! {
    /// Connections to use again, by registry; each worker has its own, since a socket belongs to
    /// the runtime that opened it.
    static IDLE: RefCell<HashMap<String, Vec<Connection>>> = RefCell::new(HashMap::new());
}

/// A request on its way; it owns what it says.
#[derive(Debug, Clone)]
pub struct Passed(Outgoing);

/// No registry behind us answers.
#[derive(Debug, thiserror::Error)]
#[error("no registry answers behind this one; the last, {address}: {error}")]
pub struct Unreachable {
    /// The registry that was tried last.
    pub address: String,
    /// Why it did not answer.
    pub error: HttpError,
}

/// Registries that hold the same, each `host:port`.
#[derive(Debug)]
pub struct Upstreams {
    addresses: Vec<String>,
    preferred: AtomicUsize,
}

impl Passed {
    /// What came in, without what belongs to its connection, and with its sender's address.
    pub fn of(request: &Request<'_>) -> Self {
        let mut passed = Outgoing::new(request.method, request.target);
        passed.timeout = ANSWER_TIMEOUT;
        passed.version = HttpVersion::Http11;
        let mut forwarded_for = request.peer.ip().to_string();
        for (name, value) in request.headers.iter() {
            let value: String = value.iter().map(|byte| char::from(*byte)).collect();
            if name.eq_ignore_ascii_case("X-Forwarded-For") {
                forwarded_for = format!("{value}, {forwarded_for}");
            } else if !OF_ONE_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop)) {
                passed.headers.push((name.to_owned(), value));
            }
        }
        passed.headers.push(("X-Forwarded-For".to_owned(), forwarded_for));
        let framed = ["Content-Length", "Transfer-Encoding"];
        if framed.iter().any(|name| request.headers.get(name).is_some()) {
            passed.body = Some(Bytes::copy_from_slice(request.body));
        }
        Self(passed)
    }
}

impl Upstreams {
    /// At least one registry, the first preferred.
    pub fn new(addresses: Vec<String>) -> Self {
        Self { addresses, preferred: AtomicUsize::new(0) }
    }

    /// Their addresses, as given.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Sends a request to the registry that answered last, and to the others in turn when it no
    /// longer does. Each is asked once: to register, to beat and to ask twice is what clients do
    /// themselves.
    ///
    /// # Errors
    /// None of them answers.
    pub async fn pass(&self, request: &Passed) -> Result<Response, Unreachable> {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut last = None;
        for step in 0..self.addresses.len() {
            let at = (first + step) % self.addresses.len();
            let address = &self.addresses[at];
            match ask(address, &request.0).await {
                Ok(response) => {
                    if step > 0 {
                        self.preferred.store(at, Ordering::Relaxed);
                    }
                    return Ok(response);
                }
                Err(error) => last = Some(Unreachable { address: address.clone(), error }),
            }
        }
        Err(last.unwrap_or_else(|| Unreachable {
            address: "none".to_owned(),
            error: HttpError::Closed,
        }))
    }
}

/// One exchange, on a connection that was used before if there is one. Such a connection may have
/// been closed at the other end meanwhile, which says nothing about the registry.
async fn ask(address: &str, request: &Outgoing) -> Result<Response, HttpError> {
    while let Some(used) = take_idle(address) {
        match exchange(address, used, request).await {
            Err(HttpError::Closed | HttpError::Io(_)) => {}
            done => return done,
        }
    }
    let fresh = Connection::open(address, CONNECT_TIMEOUT).await?;
    exchange(address, fresh, request).await
}

async fn exchange(
    address: &str,
    mut connection: Connection,
    request: &Outgoing,
) -> Result<Response, HttpError> {
    let response = connection.exchange(request).await?;
    if connection.is_reusable() {
        IDLE.with_borrow_mut(|idle| {
            let kept = idle.entry(address.to_owned()).or_default();
            if kept.len() < MAX_IDLE {
                kept.push(connection);
            }
        });
    }
    Ok(response)
}

fn take_idle(address: &str) -> Option<Connection> {
    IDLE.with_borrow_mut(|idle| idle.get_mut(address)?.pop())
}

/// The answer as it came, framed anew.
pub fn answer(response: Response) -> Answered {
    let chunked = response.header("Transfer-Encoding").is_some();
    let mut content_type = None;
    let mut headers = Vec::new();
    for (name, value) in response.headers {
        let of_one_hop = OF_ONE_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop));
        if name.eq_ignore_ascii_case("Content-Type") {
            content_type = Some(value.into());
        } else if !of_one_hop && !name.eq_ignore_ascii_case("Date") {
            headers.push((name.into(), value.into()));
        }
    }
    Answered {
        status: response.status,
        content_type,
        headers,
        body: if response.body.is_empty() { Body::Empty } else { Body::Bytes(response.body) },
        framing: if chunked { Framing::Chunked } else { Framing::Length },
        close: Close::ByStatus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_keeps_its_headers_and_loses_those_of_its_connection() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let passed = answer(Response {
            status: 404,
            headers: vec![
                header("Content-Type", "text/plain"),
                header("Transfer-Encoding", "chunked"),
                header("Connection", "close"),
                header("Date", "now"),
                header("Config-Type", "yaml"),
            ],
            body: Bytes::from_static(b"no"),
        });
        assert_eq!((passed.status, passed.framing), (404, Framing::Chunked));
        assert_eq!(passed.content_type.as_deref(), Some("text/plain"));
        assert_eq!(passed.headers, [("Config-Type".into(), "yaml".into())]);
    }
}
