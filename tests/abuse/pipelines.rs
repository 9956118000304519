//! Answers that nobody reads.

use bytes::Bytes;
use facos::edge::http::{Answer, Body, Handler, Request, Response, ServerConfig, Shutdown, serve};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Answers every request with as many bytes as its query says, and counts the requests.
#[derive(Default)]
struct Bulky {
    asked: AtomicUsize,
}

impl Handler for Bulky {
    fn handle(&self, request: &Request<'_>) -> Answer {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let size = request.query.and_then(|size| size.parse().ok()).unwrap_or(0);
        let body = Body::Bytes(Bytes::from(vec![b'z'; size]));
        Answer::Now(Response::text(200, "text/plain", body))
    }
}

/// A server on a free port, ended with the value.
struct Server {
    address: SocketAddr,
    handler: Arc<Bulky>,
    shutdown: Shutdown,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.end();
    }
}

fn server() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (handler, shutdown) = (Arc::new(Bulky::default()), Shutdown::default());
    let config = ServerConfig { workers: 1, ..ServerConfig::default() };
    serve(vec![listener], handler.clone(), &config, &shutdown).unwrap();
    Server { address, handler, shutdown }
}

/// Asks and reads until the server closes.
fn ask(address: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn pipelined_answers_that_nobody_reads_do_not_pile_up() {
    let server = server();
    let mut greedy = TcpStream::connect(server.address).unwrap();
    // The kernel's buffers take some answers before the server notices that nobody reads.
    let request = b"GET /?1000000 HTTP/1.1\r\nHost: x\r\n\r\n";
    greedy.write_all(&request.repeat(1_000)).unwrap();
    let began = Instant::now();
    while server.handler.asked.load(Ordering::Relaxed) == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "nothing was answered");
        std::thread::yield_now();
    }
    // One worker: an answer to somebody else means that the greedy client's turn is over.
    assert!(ask(server.address, "/?3").ends_with("\r\n\r\nzzz"));
    let asked = server.handler.asked.load(Ordering::Relaxed);
    assert!(asked < 100, "{asked} answers of a megabyte were made for a client that reads none");
}

#[test]
fn pipelined_answers_all_arrive_when_they_are_read() {
    let server = server();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(&b"GET /?300000 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).unwrap();
    assert_eq!(answers.iter().filter(|byte| **byte == b'z').count(), 200 * 300_000);
}
