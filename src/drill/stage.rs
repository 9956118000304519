//! The server of a drill: one service with two hosts, and every oddity on demand.

use crate::edge::http::{
    self, Answer, Body, Handler, ListenError, Request, Response, ServerConfig, Shutdown, take_over,
};
use crate::wire::media::TEXT_TYPE;
use crate::wire::push;
use crate::wire::reply::JSON_TYPE;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The namespace of the service.
pub const NAMESPACE: &str = "public";
/// Its group.
pub const GROUP: &str = "DEFAULT_GROUP";
/// Its name.
pub const SERVICE: &str = "facos.drill";
/// Its hosts.
pub const HOSTS: [&str; 2] = ["10.9.0.1:8080", "10.9.0.2:8080"];

/// After this time clients list again, ms.
const CACHE_MS: u64 = 2_000;
/// How much older a list says it is that is stale, ms.
const STALE_BY_MS: u64 = 60_000;
/// Subscribers that are pushed to.
const MAX_SUBSCRIBERS: usize = 1_000;
/// How long the port is waited for when the server comes back.
const PORT_PATIENCE: Duration = Duration::from_secs(5);

/// What lists say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// Every host.
    Whole,
    /// No host.
    Empty,
    /// `null`.
    Null,
    /// The first host, and a time of a minute ago.
    Stale,
}

/// The server.
pub struct Stage {
    address: SocketAddr,
    shared: Arc<Shared>,
    running: Option<(Shutdown, Vec<JoinHandle<()>>)>,
}

struct Shared {
    lists: Mutex<Lists>,
    subscribers: Mutex<BTreeSet<SocketAddr>>,
}

impl Stage {
    /// A server on a free port of this machine that does not answer yet.
    ///
    /// # Errors
    /// No port can be had.
    pub fn new() -> Result<Self, ListenError> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listen_error = |source| ListenError { address: any, source };
        let address = http::listen(any).and_then(|found| found.local_addr());
        let address = address.map_err(listen_error)?;
        let lists = Mutex::new(Lists::Whole);
        let shared = Arc::new(Shared { lists, subscribers: Mutex::default() });
        Ok(Self { address, shared, running: None })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer.
    ///
    /// # Errors
    /// The port was taken meanwhile, or the system refuses threads.
    pub fn up(&mut self) -> Result<(), ListenError> {
        let listeners = take_over(&[self.address], PORT_PATIENCE)?;
        let shutdown = Shutdown::default();
        let config = ServerConfig { workers: 1, name: "drill".into(), ..ServerConfig::default() };
        let handler = Arc::new(StageHandler(self.shared.clone()));
        let threads = http::serve(listeners, handler, &config, &shutdown)
            .map_err(|source| ListenError { address: self.address, source })?;
        self.running = Some((shutdown, threads));
        Ok(())
    }

    /// Ends every connection, and answers no more.
    pub fn down(&mut self) {
        let Some((shutdown, threads)) = self.running.take() else { return };
        shutdown.end();
        http::join(threads, "drill");
    }

    /// From now on lists say this.
    pub fn say(&self, lists: Lists) {
        *self.shared.lists.lock() = lists;
    }

    /// Pushes a list without hosts to everybody who asked for pushes; whether anybody did.
    pub fn push_nothing(&self) -> std::io::Result<bool> {
        let nanos = u64::try_from(since_epoch().as_nanos()).unwrap_or(u64::MAX);
        let grouped = format!("{GROUP}@@{SERVICE}");
        let datagram = push::datagram(&list(&grouped, "", Lists::Empty).to_string(), nanos);
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let subscribers = self.shared.subscribers.lock().clone();
        for subscriber in &subscribers {
            socket.send_to(&datagram, subscriber)?;
        }
        Ok(!subscribers.is_empty())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.down();
    }
}

struct StageHandler(Arc<Shared>);

impl Handler for StageHandler {
    fn handle(&self, request: &Request<'_>) -> Answer {
        let path = request.path.trim_end_matches('/');
        let answer = match (request.method, path.rsplit_once("/v1/").map_or(path, |(_, at)| at)) {
            ("GET", "ns/instance/list") => object(&self.list(request)),
            ("GET", "ns/service/list") => object(&json!({"count": 1, "doms": [SERVICE]})),
            (_, "ns/operator/metrics") => object(&json!({"status": "UP"})),
            ("PUT", "ns/instance/beat") => object(&json!({"clientBeatInterval": 5_000})),
            (_, "auth/users/login" | "auth/login") => {
                object(&json!({"accessToken": "drill", "tokenTtl": 18_000}))
            }
            (_, "ns/instance") => Response::text(200, TEXT_TYPE, Body::Static(b"ok")),
            _ => Response::text(404, TEXT_TYPE, Body::Static(b"a drill has one service")),
        };
        Answer::Now(answer)
    }
}

impl StageHandler {
    /// The list that is asked for; who wants pushes is kept.
    fn list(&self, request: &Request<'_>) -> Value {
        let query = request.query.unwrap_or_default();
        let value = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let port = value("udpPort").and_then(|port| port.parse().ok()).filter(|port| *port > 0);
        let ip = value("clientIP").and_then(|ip| ip.parse().ok()).unwrap_or(request.peer.ip());
        let mut subscribers = self.0.subscribers.lock();
        if let Some(port) = port
            && subscribers.len() < MAX_SUBSCRIBERS
        {
            subscribers.insert(SocketAddr::new(ip, port));
        }
        let name = value("serviceName").unwrap_or_default();
        let group = value("groupName").unwrap_or_else(|| GROUP.to_owned());
        let grouped = if name.contains("@@") { name } else { format!("{group}@@{name}") };
        list(&grouped, &value("clusters").unwrap_or_default(), *self.0.lists.lock())
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A list with the keys of both generations of servers.
fn list(grouped: &str, clusters: &str, lists: Lists) -> Value {
    let now_ms = u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX);
    let (hosts, time_ms) = match lists {
        Lists::Whole => (HOSTS.iter().map(|at| host(grouped, at)).collect(), now_ms),
        Lists::Empty => (json!([]), now_ms),
        Lists::Null => (Value::Null, now_ms),
        Lists::Stale => (json!([host(grouped, HOSTS[0])]), now_ms - STALE_BY_MS),
    };
    json!({
        "name": grouped,
        "groupName": grouped.split("@@").next(),
        "dom": grouped,
        "clusters": clusters,
        "cacheMillis": CACHE_MS,
        "hosts": hosts,
        "lastRefTime": time_ms,
        "checksum": time_ms.to_string(),
        "allIPs": false,
        "reachProtectionThreshold": false,
        "valid": true,
        "useSpecifiedURL": false,
        "env": "",
        "metadata": {},
    })
}

fn host(grouped: &str, at: &str) -> Value {
    let (ip, port) = at.split_once(':').unwrap_or((at, "0"));
    json!({
        "instanceId": format!("{ip}#{port}#DEFAULT#{grouped}"),
        "ip": ip,
        "port": port.parse::<u16>().unwrap_or_default(),
        "weight": 1.0,
        "healthy": true,
        "enabled": true,
        "ephemeral": true,
        "valid": true,
        "marked": false,
        "clusterName": "DEFAULT",
        "serviceName": grouped,
        "metadata": {},
    })
}

fn object(value: &Value) -> Response {
    Response::text(200, JSON_TYPE, Body::Bytes(Bytes::from(value.to_string())))
}
