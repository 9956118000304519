//! A member that only writes down what it is sent and answers politely, as the one did beside which
//! real servers were recorded (`peer-wire.md` §2.1).

use facos::node::Clock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Heard {
    /// When, on the node's clock, ms.
    pub at_ms: u64,
    /// Method and path.
    pub kind: (String, String),
    /// Query as sent.
    pub query: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Body, unpacked where it is really packed.
    pub body: String,
}

/// The member.
pub struct Peer {
    /// `ip:port`.
    pub address: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    clock: Arc<OnceLock<Arc<Clock>>>,
}

/// What requests of a kind are answered.
pub type Answers = BTreeMap<(String, String), String>;

impl Peer {
    /// A member whose name comes after `first` in the order of texts.
    pub fn after(first: &str, answers: Answers) -> Self {
        let mut passed_over = Vec::new();
        let listener = loop {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            if listener.local_addr().unwrap().to_string().as_str() > first {
                break listener;
            }
            // Held, so that the next one is another.
            passed_over.push(listener);
            assert!(passed_over.len() < 5_000, "no port comes after {first}");
        };
        let address = listener.local_addr().unwrap().to_string();
        let (heard, clock) = (Arc::default(), Arc::default());
        let shared = Shared {
            own: address.clone(),
            answers,
            heard: Arc::clone(&heard),
            clock: Arc::clone(&clock),
        };
        let shared = Arc::new(shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), shared) = (stream, shared.clone()) else { return };
                std::thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { address, heard, clock }
    }

    /// Times are those of this clock from now on.
    pub fn follow(&self, clock: Arc<Clock>) {
        let _ = self.clock.set(clock);
    }

    /// What came in so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

struct Shared {
    own: String,
    answers: Answers,
    heard: Arc<Mutex<Vec<Heard>>>,
    clock: Arc<OnceLock<Arc<Clock>>>,
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some(heard) = self.read(&mut reader) {
            let body = self.answer(&heard);
            self.heard.lock().unwrap().push(heard);
            let head = format!(
                "HTTP/1.1 200\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let mut writer = stream;
            if writer.write_all(format!("{head}{body}").as_bytes()).is_err() {
                return;
            }
        }
    }

    fn read(&self, reader: &mut BufReader<&TcpStream>) -> Option<Heard> {
        let mut line = String::new();
        let mut next = || {
            line.clear();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            Some(line.trim_end().to_owned())
        };
        let request = next()?;
        let mut words = request.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = Vec::new();
        loop {
            let header = next()?;
            let Some((name, value)) = header.split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "Content-Length");
        let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
        reader.read_exact(&mut body).ok()?;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let at_ms = self.clock.get().map_or(0, |clock| clock.now().0);
        let kind = (method, path.to_owned());
        Some(Heard { at_ms, kind, query: query.to_owned(), headers, body: unpacked(&body) })
    }

    fn answer(&self, heard: &Heard) -> String {
        let sender = match heard.kind.1.rsplit_once('/') {
            Some((_, "vote")) => {
                // 2.0.2 sends it as a form.
                let given = if heard.query.is_empty() { &heard.body } else { &heard.query };
                let given: BTreeMap<String, String> =
                    form_urlencoded::parse(given.as_bytes()).into_owned().collect();
                given.get("vote").and_then(|vote| serde_json::from_str(vote).ok())
            }
            Some((_, "beat")) => {
                let outer: Option<Value> = serde_json::from_str(&heard.body).ok();
                let inner = outer
                    .and_then(|outer| serde_json::from_str::<Value>(outer["beat"].as_str()?).ok());
                inner.map(|inner| inner["peer"].clone())
            }
            _ => None,
        };
        let sender: Option<Value> = sender;
        match sender {
            Some(sender) => self.follower_of(&sender).to_string(),
            None => self.answers.get(&heard.kind).cloned().unwrap_or_else(|| "ok".to_owned()),
        }
    }

    /// Votes for whoever asks.
    fn follower_of(&self, sender: &Value) -> Value {
        json!({
            "heartbeatDueMs": 5000, "ip": self.own, "leaderDueMs": 18_000, "state": "FOLLOWER",
            "term": sender["term"], "voteFor": sender["ip"],
        })
    }
}

/// A beat is packed; everything else only says so.
fn unpacked(body: &[u8]) -> String {
    let mut text = String::new();
    if body.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
        return text;
    }
    String::from_utf8_lossy(body).into_owned()
}
