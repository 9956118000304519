//! The six drills with clients whose habits are known: one takes everything that it hears, one
//! never lets go of what it has.

use facos::drill::{
    Drill, GROUP, HOSTS, Observer, Outcome, SERVICE, Said, Subject, Times, Verdict, run_drill,
};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

/// How a client deals with what it hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// As Java up to 1.4.0: an empty list is a list, `null` is none, and an older one counts.
    Trusting,
    /// As Python from 2.0: neither an empty nor an older list counts.
    Careful,
    /// Like the first, but it takes `null` for an empty list and ends when nobody answers.
    Fragile,
}

/// A client that lists on every look, and listens for pushes.
struct Client {
    server: SocketAddr,
    habit: Habit,
    hosts: Vec<String>,
    time: u64,
    pushes: UdpSocket,
    ended: bool,
}

impl Client {
    fn start(server: SocketAddr, habit: Habit) -> Self {
        let pushes = UdpSocket::bind("127.0.0.1:0").unwrap();
        pushes.set_nonblocking(true).unwrap();
        Self { server, habit, hosts: Vec::new(), time: 0, pushes, ended: false }
    }

    fn list(&self) -> Option<Value> {
        let mut stream = TcpStream::connect(self.server).ok()?;
        let port = self.pushes.local_addr().unwrap().port();
        write!(
            stream,
            "GET /nacos/v1/ns/instance/list?serviceName={GROUP}%40%40{SERVICE}\
             &clientIP=127.0.0.1&udpPort={port} HTTP/1.0\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    fn push(&self) -> Option<Value> {
        let mut room = [0; 65_536];
        let (length, _) = self.pushes.recv_from(&mut room).ok()?;
        let packet: Value = serde_json::from_slice(&room[..length]).unwrap();
        serde_json::from_str(packet["data"].as_str().unwrap()).ok()
    }

    fn take(&mut self, list: &Value) {
        let time = list["lastRefTime"].as_u64().unwrap();
        let hosts = list["hosts"].as_array().map(|hosts| {
            let at = |host: &Value| format!("{}:{}", host["ip"].as_str().unwrap(), host["port"]);
            hosts.iter().map(at).collect::<Vec<_>>()
        });
        let careful = self.habit == Habit::Careful;
        match hosts {
            Some(hosts) if careful && (hosts.is_empty() || time < self.time) => {}
            Some(hosts) => (self.hosts, self.time) = (hosts, time),
            None if self.habit == Habit::Fragile => self.hosts.clear(),
            None => {}
        }
    }
}

impl Subject for Client {
    fn next(&mut self, _: Duration) -> Option<Said> {
        std::thread::yield_now();
        if self.ended {
            return None;
        }
        if let Some(pushed) = self.push() {
            self.take(&pushed);
            return Some(Said::Hosts(self.hosts.clone()));
        }
        match self.list() {
            Some(list) => self.take(&list),
            None if self.habit == Habit::Fragile => {
                self.ended = true;
                return Some(Said::Ended(Some(1)));
            }
            None => return Some(Said::Error("nobody answers".to_owned())),
        }
        Some(Said::Hosts(self.hosts.clone()))
    }
}

/// Is told nothing worth keeping.
struct Silent;

impl Observer for Silent {
    fn step(&mut self, _: Drill, _: &str) {}
}

fn drill(drill: Drill, habit: Habit) -> Outcome {
    let times = Times { patience: Duration::from_secs(20), hold: Duration::from_millis(100) };
    let start = |server| -> std::io::Result<Box<dyn Subject>> {
        Ok(Box::new(Client::start(server, habit)))
    };
    run_drill(drill, times, start, &mut Silent).unwrap()
}

fn verdicts(habit: Habit) -> Vec<Verdict> {
    Drill::ALL.into_iter().map(|one| drill(one, habit).verdict).collect()
}

#[test]
fn a_client_that_takes_everything_loses_its_providers() {
    assert_eq!(
        verdicts(Habit::Trusting),
        [
            Verdict::CameUp,
            Verdict::Kept,
            Verdict::Emptied,
            Verdict::Emptied,
            Verdict::Kept,
            Verdict::TookOlder,
        ]
    );
}

#[test]
fn a_client_that_lets_nothing_go_keeps_them() {
    assert_eq!(
        verdicts(Habit::Careful),
        [
            Verdict::CameUp,
            Verdict::Kept,
            Verdict::Kept,
            Verdict::Kept,
            Verdict::Kept,
            Verdict::Kept,
        ]
    );
}

#[test]
fn a_client_that_ends_or_reads_null_as_nothing_is_told() {
    assert_eq!(drill(Drill::DownAtRunTime, Habit::Fragile).verdict, Verdict::Ended);
    assert_eq!(drill(Drill::NullHosts, Habit::Fragile).verdict, Verdict::Emptied);
}

#[test]
fn what_was_returned_is_told_change_by_change() {
    let outcome = drill(Drill::EmptyList, Habit::Trusting);
    let all = Said::Hosts(HOSTS.map(str::to_owned).to_vec());
    assert_eq!(outcome.seen.during, [all, Said::Hosts(Vec::new())]);
    assert!(outcome.seen.ready.is_some() && outcome.seen.back.is_some());
    let report = facos::drill::report::Report::of(&[outcome]);
    let told = "10.9.0.1:8080 10.9.0.2:8080 | nothing";
    assert!(!report.passed && report.text().contains(told), "{}", report.text());
}
