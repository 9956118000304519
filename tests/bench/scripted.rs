//! A server that does what a test tells it: delays, stalls, refusals, forgetfulness, pushes.
//!
//! It keeps the instances that were registered, so that lists are right unless the script says
//! otherwise. Threads and blocking sockets keep it simple; it is asked little.
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as the script sees it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// Parameters of query and body together.
    pub parameters: BTreeMap<String, String>,
    /// Whether a body came.
    pub has_body: bool,
    /// How long the server has been there.
    pub at: Duration,
    /// How many requests of this method and path came before.
    pub number: usize,
}

impl Asked {
    pub fn is_beat(&self) -> bool {
        self.path == "/nacos/v1/ns/instance/beat"
    }

    pub fn is_list(&self) -> bool {
        self.path == "/nacos/v1/ns/instance/list"
    }
}

/// What the script makes of a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// The usual answer, after a while.
    After(Duration),
    /// This answer.
    Say(u16, String),
    /// Closes the connection without an answer.
    HangUp,
}

pub const USUAL: Act = Act::After(Duration::ZERO);

/// The answer to a beat of newer servers.
pub fn beat(code: u32, light: bool, interval_ms: u32) -> Act {
    let text = format!(
        r#"{{"code":{code},"lightBeatEnabled":{light},"clientBeatInterval":{interval_ms}}}"#
    );
    Act::Say(200, text)
}

type Script = dyn Fn(&Asked) -> Act + Send + Sync;

/// The server; it ends with the value.
pub struct Scripted {
    pub url: String,
    state: Arc<State>,
}

/// Metadata by ip and port.
type Instances = BTreeMap<(String, String), String>;

struct State {
    script: Box<Script>,
    began: Instant,
    stop: AtomicBool,
    asked: Mutex<Vec<Asked>>,
    services: Mutex<BTreeMap<String, Instances>>,
    subscribers: Mutex<BTreeMap<String, BTreeSet<u16>>>,
    push_after: Option<Duration>,
    address: SocketAddr,
}

impl Scripted {
    pub fn start(script: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Self {
        Self::start_with(None, script)
    }

    /// A server that pushes each registration so long after it was accepted.
    pub fn start_with(
        push_after: Option<Duration>,
        script: impl Fn(&Asked) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            script: Box::new(script),
            began: Instant::now(),
            stop: AtomicBool::new(false),
            asked: Mutex::default(),
            services: Mutex::default(),
            subscribers: Mutex::default(),
            push_after,
            address,
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stop.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&shared, stream.unwrap()));
            }
        });
        Self { url: format!("http://{address}"), state }
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Instances that are registered now.
    pub fn registered(&self) -> usize {
        self.state.services.lock().unwrap().values().map(BTreeMap::len).sum()
    }

    /// Accepts nothing more and closes what is open at its next request.
    pub fn die(&self) {
        self.state.stop.store(true, Ordering::Relaxed);
        // The accepting thread is woken by a connection.
        let _ = TcpStream::connect(self.state.address);
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.die();
    }
}

fn serve(state: &Arc<State>, mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let Some((asked, length)) = read_request(&bytes, state) else {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
            continue;
        };
        bytes.drain(..length);
        if state.stop.load(Ordering::Relaxed) {
            return;
        }
        let (status, body) = match (state.script)(&asked) {
            Act::HangUp => return,
            Act::Say(status, body) => (status, body),
            Act::After(delay) => {
                std::thread::sleep(delay);
                (200, usual(state, &asked))
            }
        };
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).is_err() {
            return;
        }
    }
}

fn read_request(bytes: &[u8], state: &State) -> Option<(Asked, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    let body = std::str::from_utf8(bytes.get(end..end + length)?).unwrap();
    let mut words = head.split(' ');
    let method = words.next().unwrap().to_owned();
    let target = words.next().unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').chain(body.split('&'));
    let parameters = pairs
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut all = state.asked.lock().unwrap();
    let same = all.iter().filter(|asked| asked.method == method && asked.path == path).count();
    let asked = Asked {
        method,
        path: path.to_owned(),
        parameters,
        has_body: length > 0,
        at: state.began.elapsed(),
        number: same,
    };
    all.push(asked.clone());
    Some((asked, end + length))
}

fn usual(state: &Arc<State>, asked: &Asked) -> String {
    let get = |name: &str| asked.parameters.get(name).cloned().unwrap_or_default();
    let service = get("serviceName");
    let address = (get("ip"), get("port"));
    if asked.is_beat() {
        return r#"{"clientBeatInterval":5000}"#.to_owned();
    }
    if asked.is_list() {
        if let Ok(port @ 1..) = get("udpPort").parse() {
            let mut subscribers = state.subscribers.lock().unwrap();
            subscribers.entry(service.clone()).or_default().insert(port);
        }
        return list(state, &service);
    }
    let mut services = state.services.lock().unwrap();
    let instances = services.entry(service.clone()).or_default();
    if asked.method == "POST" {
        instances.insert(address, get("metadata"));
        if let Some(delay) = state.push_after {
            let state = Arc::clone(state);
            std::thread::spawn(move || push(&state, &service, delay));
        }
    } else {
        instances.remove(&address);
    }
    "ok".to_owned()
}

/// A list as servers write it; metadata is decoded as far as the tests need it.
fn list(state: &State, service: &str) -> String {
    let services = state.services.lock().unwrap();
    let hosts: Vec<String> = services
        .get(service)
        .into_iter()
        .flatten()
        .map(|((ip, port), metadata)| {
            let metadata = metadata
                .replace("%7B", "{")
                .replace("%7D", "}")
                .replace("%22", "\"")
                .replace("%3A", ":")
                .replace("%2C", ",");
            format!(r#"{{"ip":"{ip}","port":{port},"healthy":true,"metadata":{metadata}}}"#)
        })
        .collect();
    format!(r#"{{"hosts":[{}],"lastRefTime":1,"clusters":""}}"#, hosts.join(","))
}

fn push(state: &State, service: &str, delay: Duration) {
    std::thread::sleep(delay);
    let packet = serde_json::json!({
        "type": "dom", "data": list(state, service), "lastRefTime": 7_u64,
    });
    let ports = state.subscribers.lock().unwrap().get(service).cloned().unwrap_or_default();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for port in ports {
        socket.send_to(packet.to_string().as_bytes(), ("127.0.0.1", port)).unwrap();
    }
}
