//! Servers for a tool to ask: real ones with a clock that stands still, and scripted ones that say
//! what a test tells them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use facos::client::fleet::{Node, nodes};
use facos::client::http::{Request, address_of, send};
use facos::{Profile, TestServer};

/// A server of a version, with nothing in it.
pub async fn server(version: &str) -> TestServer {
    TestServer::start(Profile::nacos(version).unwrap()).await.unwrap()
}

/// Sends a request with its parameters in the query; the answer's text.
pub async fn call(server: &TestServer, method: &str, target: &str) -> String {
    let address = address_of(&server.url()).unwrap();
    let request = Request::new(method, format!("/nacos/v1/ns/{target}"));
    let response = send(&address, &request).await.unwrap();
    assert_eq!(response.status, 200, "{method} {target}: {}", response.text());
    response.text()
}

/// Registers an instance.
pub async fn register(server: &TestServer, parameters: &str) {
    assert_eq!(call(server, "POST", &format!("instance?{parameters}")).await, "ok");
}

/// The nodes behind some URLs.
pub fn nodes_of(urls: &[String]) -> Vec<Node> {
    nodes(urls).unwrap()
}

/// What a scripted server says to a target: status and body, or nothing at all.
pub type Script = dyn Fn(&str) -> Option<(u16, String)> + Send + Sync;

/// A server that says what it is told; it ends with the value.
pub struct Scripted {
    pub url: String,
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Starts one. Where the script says nothing, the connection is closed without an answer.
    pub fn start(script: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::<Mutex<Vec<_>>>::default());
        let (stopped, script) = (Arc::clone(&stop), Arc::new(script) as Arc<Script>);
        let record = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (script, record) = (Arc::clone(&script), Arc::clone(&record));
                std::thread::spawn(move || serve(stream.unwrap(), &*script, &record));
            }
        });
        Self { url: format!("http://{address}"), address, stop, asked }
    }

    /// `METHOD target body` of everything that was asked.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The accepting thread is woken by a connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, script: &Script, record: &Mutex<Vec<String>>) {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let end = loop {
            if let Some(end) = request_end(&bytes) {
                break end;
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        };
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        bytes.drain(..end);
        let mut words = text.split(' ');
        let asked = format!("{} {}", words.next().unwrap(), words.next().unwrap());
        let body = text.split_once("\r\n\r\n").unwrap().1;
        record.lock().unwrap().push(format!("{asked} {body}").trim_end().to_owned());
        let Some((status, said)) = script(&asked) else { return };
        let answer = format!(
            "HTTP/1.1 {status} \r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{said}",
            said.len()
        );
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Where the first request ends; none while it is not whole.
fn request_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text
        .split_once("content-length: ")
        .and_then(|(_, rest)| rest.split("\r\n").next()?.trim().parse::<usize>().ok());
    let end = head + length.unwrap_or(0);
    (bytes.len() >= end).then_some(end)
}
