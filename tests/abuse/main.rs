//! Clients that mean harm or do not know better: what they send must cost them, not the others.
//!
//! - `pipelines`: answers that nobody reads.
//! - `forms`: parameters without end, without sense and without encoding.
//! - `acks`: garbage on the socket of pushes.

mod acks;
mod forms;
mod pipelines;

use facos::{Profile, TestServer};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The versions whose answers are their own.
const VERSIONS: [&str; 3] = ["1.1.4", "1.2.1", "2.0.2"];

/// A server and the runtime that it is awaited on.
struct Server {
    runtime: tokio::runtime::Runtime,
    server: TestServer,
}

impl Server {
    fn start(version: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = runtime.block_on(TestServer::start(Profile::nacos(version).unwrap())).unwrap();
        Self { runtime, server }
    }

    fn advance(&self, by: Duration) {
        self.runtime.block_on(self.server.advance(by));
    }

    /// Sends a request and reads the answer: status and body.
    fn ask(&self, method: &str, target: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let url = self.server.url();
        let address = url.trim_start_matches("http://");
        exchange(address, method, target, headers, body)
    }

    fn get(&self, target: &str) -> (u16, String) {
        self.ask("GET", target, "", b"")
    }

    /// A number among the metrics.
    fn metric(&self, name: &str) -> u64 {
        let url = self.server.admin_url();
        let address = url.trim_start_matches("http://");
        let (_, text) = exchange(address, "GET", "/__admin/metrics", "", b"");
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.rsplit(' ').next());
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    }
}

fn exchange(
    address: &str,
    method: &str,
    target: &str,
    headers: &str,
    body: &[u8],
) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses a body may close before all of it was sent.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}
