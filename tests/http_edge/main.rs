//! The HTTP edge over raw sockets: what clients of a Tomcat see
//! (`instance/http-1.0`, `instance/http-framing`, `instance/raw-query-characters`).

mod crowd;
mod framing;
mod properties;
mod refusals;
mod requests;

use bytes::Bytes;
use facos::edge::http::{
    Answer, Body, Handler, Limits, Request, Response, ServerConfig, Shutdown, listen, serve,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Answers by path what a test wants to see.
struct Paths;

impl Handler for Paths {
    fn handle(&self, request: &Request<'_>) -> Answer {
        let text = |body: String| Response::text(200, "text/plain", Body::Bytes(body.into()));
        let mut response = match request.path {
            "/text" => Response::text(200, "text/plain;charset=UTF-8", Body::Static(b"ok")),
            "/object" => Response::object(200, Body::Static(b"{}")),
            "/parts" => {
                let parts = ["{\"a\":", "1", "}"].map(|part| Bytes::from_static(part.as_bytes()));
                Response::object(200, Body::Parts(parts))
            }
            "/empty" => Response::empty(401),
            "/status" => {
                let status = request.query.and_then(|status| status.parse().ok());
                Response::text(status.unwrap_or(0), "text/plain", Body::Static(b"x"))
            }
            "/panic" => panic!("a handler may panic"),
            "/panic-later" => {
                return Answer::Later(Box::pin(async { panic!("an answer may panic") }));
            }
            "/later" => {
                let body = request.query.unwrap_or("").to_owned();
                return Answer::Later(Box::pin(async move {
                    tokio::task::yield_now().await;
                    Response::text(200, "text/plain", Body::Bytes(body.into()))
                }));
            }
            "/never" => return Answer::Later(Box::pin(std::future::pending())),
            "/length" => text(request.body.len().to_string()),
            _ => {
                let version = if request.http_10 { "1.0" } else { "1.1" };
                let agent = request.headers.get("user-agent").unwrap_or("-");
                let body = String::from_utf8_lossy(request.body);
                text(format!("{} {} {version} {agent} {body}", request.method, request.target))
            }
        };
        response.headers.push(("Keep-Alive".into(), "timeout=60".into()));
        Answer::Now(response)
    }
}

/// A server on a free port, ended with the value.
struct Server {
    address: SocketAddr,
    shutdown: Shutdown,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.end();
    }
}

impl Server {
    fn start() -> Self {
        Self::limited(|_| {})
    }

    fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, mut config) = (Shutdown::default(), ServerConfig::default());
        change(&mut config.limits);
        let threads = serve(vec![listener], Arc::new(Paths), &config, &shutdown).unwrap();
        Self { address, shutdown, threads }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, bytes: Vec::new() }
    }

    /// Sends these bytes on a connection of their own and reads one answer.
    fn ask(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut client = self.connect();
        client.send(bytes);
        client.reply()
    }
}

/// A connection of a client.
struct Client {
    stream: TcpStream,
    bytes: Vec<u8>,
}

/// An answer taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The answer without the time it was given at.
    fn timeless(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "Date");
        self
    }
}

impl Client {
    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Reads more; false when the server has closed.
    fn more(&mut self) -> bool {
        let mut room = [0; 65536];
        let count = self.stream.read(&mut room).unwrap();
        self.bytes.extend_from_slice(&room[..count]);
        count > 0
    }

    /// Whether the server has closed and nothing is left to read.
    fn is_closed(&mut self) -> bool {
        self.bytes.is_empty() && !self.more()
    }

    fn reply(&mut self) -> Reply {
        self.reply_to("GET")
    }

    fn reply_to(&mut self, method: &str) -> Reply {
        let head = loop {
            if let Some(end) = self.bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                break String::from_utf8(self.bytes.drain(..end + 4).collect()).unwrap();
            }
            assert!(self.more(), "closed behind {:?}", String::from_utf8_lossy(&self.bytes));
        };
        let mut lines = head.trim_end().lines();
        let line = lines.next().unwrap().trim_end();
        let status = line.strip_prefix("HTTP/1.1 ").unwrap().parse().unwrap();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut reply = Reply { status, headers, body: String::new() };
        reply.body = String::from_utf8(self.body(method, &reply)).unwrap();
        reply
    }

    fn body(&mut self, method: &str, reply: &Reply) -> Vec<u8> {
        if method == "HEAD" || reply.status == 100 {
            return Vec::new();
        }
        if reply.header("Transfer-Encoding") == Some("chunked") {
            let mut body = Vec::new();
            loop {
                let line = self.until(|bytes| bytes.windows(2).position(|w| w == b"\r\n"));
                let size = usize::from_str_radix(&String::from_utf8(line).unwrap(), 16).unwrap();
                self.take(2);
                body.extend(self.take(size));
                assert_eq!(self.take(2), b"\r\n");
                if size == 0 {
                    return body;
                }
            }
        }
        match reply.header("Content-Length") {
            Some(length) => self.take(length.parse().unwrap()),
            None => {
                while self.more() {}
                std::mem::take(&mut self.bytes)
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        self.until(|bytes| (bytes.len() >= count).then_some(count))
    }

    fn until(&mut self, found: impl Fn(&[u8]) -> Option<usize>) -> Vec<u8> {
        loop {
            if let Some(end) = found(&self.bytes) {
                return self.bytes.drain(..end).collect();
            }
            assert!(self.more(), "closed inside a body");
        }
    }
}

/// A request without a body.
fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}
