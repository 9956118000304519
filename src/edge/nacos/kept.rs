//! A request that outlives the buffer it arrived in, for calls that go on after something else is
//! known.

use crate::edge::http::{Headers, Request};
use std::net::SocketAddr;

/// Everything of a request, owned.
#[derive(Clone)]
pub struct KeptRequest {
    method: String,
    target: String,
    path_bytes: usize,
    has_query: bool,
    http_10: bool,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    peer: SocketAddr,
    local: SocketAddr,
}

impl KeptRequest {
    /// A copy of a request.
    pub fn of(request: &Request<'_>) -> Self {
        let header = |(name, value): (&str, &[u8])| (name.to_owned(), value.to_owned());
        Self {
            method: request.method.to_owned(),
            target: match request.query {
                Some(query) => format!("{}?{query}", request.path),
                None => request.path.to_owned(),
            },
            path_bytes: request.path.len(),
            has_query: request.query.is_some(),
            http_10: request.http_10,
            headers: request.headers.iter().map(header).collect(),
            body: request.body.to_owned(),
            peer: request.peer,
            local: request.local,
        }
    }

    /// Shows it as it was.
    pub fn with<T>(&self, look: impl FnOnce(&Request<'_>) -> T) -> T {
        let fields: Vec<httparse::Header<'_>> =
            self.headers.iter().map(|(name, value)| httparse::Header { name, value }).collect();
        look(&Request {
            method: &self.method,
            target: &self.target,
            path: &self.target[..self.path_bytes],
            query: self.has_query.then(|| &self.target[self.path_bytes + 1..]),
            http_10: self.http_10,
            headers: Headers::new(&fields),
            body: &self.body,
            peer: self.peer,
            local: self.local,
        })
    }
}
