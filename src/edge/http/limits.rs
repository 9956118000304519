//! What the server takes before it refuses, as Tomcat in Nacos is set up.

use super::tomcat::PageStyle;
use std::time::Duration;

/// Bounds of one connection and of the server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Request line and headers, bytes (`--server.max-http-header-size=524288` in startup.sh).
    pub head_bytes: usize,
    /// Number of headers; beyond it the request is refused (Tomcat's maxHeaderCount: 100).
    pub headers: usize,
    /// A body larger than this ends the connection, bytes. Forms above Tomcat's 2 MiB are not
    /// parsed; this bound only keeps memory in check.
    pub body_bytes: usize,
    /// Connections at a time; further ones wait in the kernel's queue (Tomcat: 8192).
    pub connections: usize,
    /// How long a request may take to arrive, from its first byte (Tomcat: 20 s).
    pub request_timeout: Duration,
    /// How long a connection may be idle. Nacos clients come back every 5 s; much shorter and each
    /// of them would reconnect just as it sends.
    pub keep_alive: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 512 * 1024,
            headers: 100,
            body_bytes: 16 * 1024 * 1024,
            connections: 20_000,
            request_timeout: Duration::from_secs(20),
            keep_alive: Duration::from_secs(90),
        }
    }
}

/// How a server runs.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Threads that serve connections.
    pub workers: usize,
    /// Name of those threads.
    pub name: String,
    /// Bounds.
    pub limits: Limits,
    /// Look of the pages that answer what does not parse.
    pub pages: PageStyle,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            workers: 2,
            name: "http".to_owned(),
            limits: Limits::default(),
            pages: PageStyle::Tomcat9046,
        }
    }
}
