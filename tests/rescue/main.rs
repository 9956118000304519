//! A rescue as clients meet it: models of the Java clients' beat loops on a manual clock, over real
//! sockets, through a whole rollback; and what is answered at every address.
//!
//! - `java`: the four beat loops.
//! - `rollback`: the table of answers and what they do to each loop.
//! - `upstream`: the same with a registry behind it, without a failed read.
//! - `answers`: beats of every form, reads, writes, the first recipe's addresses.

mod answers;
mod java;
mod rollback;
mod upstream;

use facos::Profile;
use facos::rescue::{Known, Options, Rescue};
use facos::serve::{ClockKind, Running, ServeConfig};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The service of all tests.
const SERVICE: &str = "DEFAULT_GROUP@@orders";
const LIST: &str = "/nacos/v1/ns/instance/list?serviceName=DEFAULT_GROUP%40%40orders";
const BEAT: &str = "/nacos/v1/ns/instance/beat";

/// What came back.
#[derive(Debug, PartialEq, Eq)]
struct Answered {
    status: u16,
    content_type: String,
    body: String,
}

impl Answered {
    fn is_json(&self) -> bool {
        self.content_type.starts_with("application/")
            && self.content_type.contains("json")
            && serde_json::from_str::<serde_json::Value>(&self.body).is_ok()
    }

    #[track_caller]
    fn json(&self) -> serde_json::Value {
        assert!(self.is_json(), "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }
}

/// One request on a connection of its own; `None` when nobody listens.
fn ask(to: SocketAddr, method: &str, target: &str, agent: &str, form: &str) -> Option<Answered> {
    let mut stream = TcpStream::connect(to).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let length = form.len();
    write!(
        stream,
        "{method} {target} HTTP/1.0\r\nUser-Agent: {agent}\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\n\r\n{form}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let content_type = head.lines().find_map(|line| line.strip_prefix("Content-Type: "));
    Some(Answered {
        status: head[9..12].parse().unwrap(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: body.to_owned(),
    })
}

/// A plain GET.
fn get(to: SocketAddr, target: &str) -> Answered {
    ask(to, "GET", target, "somebody", "").expect("it listens")
}

/// A server of that version on that port, on a clock of the test's own.
fn serve(version: &str, port: u16) -> (Running, SocketAddr) {
    let config = ServeConfig {
        port,
        admin_port: 0,
        clock: ClockKind::Manual,
        workers: 1,
        ..ServeConfig::new(Profile::nacos(version).unwrap())
    };
    let running = facos::serve::start(config).unwrap();
    let address = running.ready().nodes[0].http.strip_prefix("http://").unwrap().parse().unwrap();
    (running, address)
}

/// Settings of a rescue on that port of this machine, with a clock that nobody waits for.
fn options(port: u16) -> Options {
    let profile = Profile::nacos("1.1.4").unwrap();
    let options = Options::on(SocketAddr::from(([127, 0, 0, 1], port)), profile);
    Options { wait: Duration::from_secs(5), workers: 1, interval_ms: 1_000, ..options }
}

fn rescue(options: Options) -> (Rescue, SocketAddr) {
    let rescue = facos::rescue::start(options).unwrap();
    let address = rescue.addresses()[0];
    (rescue, address)
}

fn known(port: i32) -> Known {
    Known::beating("public", SERVICE, "127.0.0.1", port)
}
