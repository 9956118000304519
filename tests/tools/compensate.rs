//! `facos compensate` on the wire: what scripted nodes and real ones are sent.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use facos::compensate::{Options, Report, State, run};
use facos::snapshot::{self, Snapshot, take};

use crate::deployment::{Scripted, call, nodes_of, register, server};

fn options(urls: &[String], length_ms: u64) -> Options {
    Options {
        nodes: nodes_of(urls),
        length: Duration::from_millis(length_ms),
        period: Duration::from_millis(400),
        max_age: Duration::from_secs(60),
        probe: false,
        timeout: Duration::from_secs(2),
        connections: 4,
    }
}

async fn snapshot_of(urls: &[String]) -> Snapshot {
    let options = snapshot::Options {
        nodes: nodes_of(urls),
        namespaces: Vec::new(),
        timeout: Duration::from_secs(20),
        answer_timeout: Duration::from_secs(5),
        concurrency: 4,
        now_ms: 0,
    };
    take(&options, &|_, _| ()).await.snapshot
}

async fn kept(urls: &[String], snapshot: &Snapshot, length_ms: u64) -> Report {
    let (options, snapshot) = (options(urls, length_ms), snapshot.clone());
    let whole = tokio::task::spawn_blocking(move || run(&options, &snapshot, &mut |_, _| ()));
    whole.await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_takes_the_beats_that_it_understands() {
    for (version, light) in [("1.1.4", false), ("1.2.1", true), ("2.0.2", true)] {
        let server = server(version).await;
        register(&server, "serviceName=a&ip=10.0.0.1&port=80&metadata=zone=x&weight=0.5").await;
        register(&server, "serviceName=a&ip=10.0.0.2&port=80&enabled=false").await;
        register(&server, "serviceName=b&ip=10.0.0.3&port=80&clusterName=C").await;
        server.advance(Duration::from_secs(1)).await;
        let urls = [server.url()];
        let snapshot = snapshot_of(&urls).await;
        let report = kept(&urls, &snapshot, 1500).await;
        let beaten: BTreeSet<&str> =
            report.instances.iter().map(|instance| instance.instance.as_str()).collect();
        assert_eq!(beaten, BTreeSet::from(["10.0.0.1:80@DEFAULT", "10.0.0.3:80@C"]), "{version}");
        assert_eq!(report.skipped.disabled, 1);
        for instance in &report.instances {
            assert!((2..=6).contains(&instance.beats), "{version}: {instance:?}");
            assert_eq!((instance.refusals, instance.recreations), (0, 0), "{version}");
        }
        let of = |place: Option<facos_place::Place>| {
            server.journal().into_iter().filter(|record| record.beat == place).count()
        };
        let (lights, fulls) = (of(Some(facos_place::ABSENT)), of(Some(facos_place::QUERY)));
        assert!(if light { fulls == 0 } else { lights <= 1 }, "{version}: {lights} {fulls}");
        let list = call(&server, "GET", "instance?serviceName=a&ip=10.0.0.1&port=80").await;
        assert!(list.contains(r#""weight":0.5"#) && list.contains(r#""zone":"x""#), "{list}");
    }
}

mod facos_place {
    //! Names of the journal for where a beat stood.
    pub use facos::node::Place;

    pub const ABSENT: Place = Place::Absent;
    pub const QUERY: Place = Place::Query;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deregistered_meanwhile_does_not_come_back() {
    for version in ["1.1.4", "1.2.1", "2.0.2"] {
        let server = server(version).await;
        register(&server, "serviceName=a&ip=10.0.0.1&port=80").await;
        register(&server, "serviceName=a&ip=10.0.0.2&port=80").await;
        server.advance(Duration::from_secs(1)).await;
        let urls = [server.url()];
        let snapshot = snapshot_of(&urls).await;
        let whole = {
            let (options, snapshot) = (options(&urls, 3000), snapshot.clone());
            tokio::task::spawn_blocking(move || run(&options, &snapshot, &mut |_, _| ()))
        };
        tokio::time::sleep(Duration::from_millis(1200)).await;
        call(&server, "DELETE", "instance?serviceName=a&ip=10.0.0.1&port=80").await;
        server.advance(Duration::from_secs(1)).await;
        let report = whole.await.unwrap().unwrap();
        let states: Vec<State> = report.instances.iter().map(|instance| instance.state).collect();
        assert_eq!(states, [State::Deregistered, State::Kept], "{version}: {report:#?}");
        server.advance(Duration::from_secs(1)).await;
        let list = call(&server, "GET", "instance/list?serviceName=a").await;
        assert!(!list.contains("10.0.0.1") && list.contains("10.0.0.2"), "{version}: {list}");
    }
}

/// A node of two that tells both as members and takes every beat.
fn member(own: &'static str) -> Scripted {
    Scripted::start(move |target| {
        let said = if target.contains("/operator/servers") {
            r#"{"servers":[{"key":"a:1"},{"key":"b:1"}]}"#.to_owned()
        } else if target.contains("/operator/cluster/state") {
            format!(r#"{{"ip":"{own}"}}"#)
        } else if target.contains("/catalog/instances") {
            r#"{"count":1,"list":[{"ip":"10.0.0.1","port":80}]}"#.to_owned()
        } else if target.contains("/instance/beat") {
            r#"{"code":10200,"lightBeatEnabled":true,"clientBeatInterval":5000}"#.to_owned()
        } else {
            return Some((404, String::new()));
        };
        Some((200, said))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_7_each_service_is_beaten_at_its_responsible_member() {
    let (a, b) = (member("a:1"), member("b:1"));
    let services = (0..40).map(|number| {
        let instance = r#"{"ip":"10.0.0.1","port":80,"cluster":"DEFAULT","ephemeral":true,
            "enabled":true,"healthy":true,"weight":1,"metadata":{},"lastBeatMs":null,
            "registeredBy":"beats","responsible":null,"seenOn":[0]}"#;
        format!(
            r#"{{"namespace":"public","group":"g","service":"s{number}","responsible":null,
            "instances":[{instance}]}}"#
        )
    });
    let services = services.collect::<Vec<_>>().join(",");
    let text = format!(
        r#"{{"format":"facos-snapshot","version":1,"complete":true,"takenAtMs":0,
        "sharding":"service","members":[],"nodes":[],"services":[{services}]}}"#
    );
    let snapshot = Snapshot::parse(Path::new("test"), text.as_bytes()).unwrap();
    kept(&[a.url.clone(), b.url.clone()], &snapshot, 1000).await;
    let beaten = |server: &Scripted| -> BTreeSet<String> {
        let beats = server.asked().into_iter().filter(|asked| asked.contains("/instance/beat"));
        let name = |asked: String| {
            let query = asked.split_once("serviceName=").unwrap().1;
            query.split('&').next().unwrap().replace("%40", "@")
        };
        beats.map(name).collect()
    };
    let members = ["a:1".to_owned(), "b:1".to_owned()];
    for (server, own) in [(&a, "a:1"), (&b, "b:1")] {
        let wanted: BTreeSet<String> = (0..40)
            .map(|number| format!("g@@s{number}"))
            .filter(|name| facos::client::fleet::responsible(name, &members) == Some(own))
            .collect();
        assert_eq!(beaten(server), wanted, "{own}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_to_answer_shows_as_a_gap() {
    let server = server("1.2.1").await;
    register(&server, "serviceName=a&ip=10.0.0.1&port=80").await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let snapshot = snapshot_of(&[server.url()]).await;
    let report = kept(&[server.url(), dead], &snapshot, 1500).await;
    assert!(report.nodes[0].beats > 0, "{report:#?}");
    assert_eq!(report.nodes[1].beats, 0);
}

/// A server that takes every beat, closes each connection after so many answers, and says so or
/// does not. Returns its URL and how many beats it took.
fn closing(after: usize, says_so: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let beats = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&beats);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, counted) = (stream.unwrap(), Arc::clone(&counted));
            std::thread::spawn(move || serve_some(stream, after, says_so, &counted));
        }
    });
    (url, beats)
}

/// Answers so many requests of a connection, which may come behind each other, and ends it.
fn serve_some(stream: TcpStream, answers: usize, says_so: bool, beats: &AtomicUsize) {
    let mut requests = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    for number in 1..=answers {
        let (mut first, mut line) = (String::new(), String::new());
        if requests.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        while line != "\r\n" {
            line.clear();
            requests.read_line(&mut line).unwrap();
        }
        let body = if first.contains("/instance/beat") {
            beats.fetch_add(1, Ordering::Relaxed);
            r#"{"code":10200,"lightBeatEnabled":true,"clientBeatInterval":5000}"#.to_owned()
        } else if first.contains("/catalog/instances") {
            let host = |number| format!(r#"{{"ip":"10.0.0.{number}","port":80}}"#);
            let hosts: Vec<String> = (0..HOSTS).map(host).collect();
            format!(r#"{{"count":{HOSTS},"list":[{}]}}"#, hosts.join(","))
        } else {
            r#"{"servers":[]}"#.to_owned()
        };
        let connection = if says_so && number == answers { "Connection: close\r\n" } else { "" };
        let length = body.len();
        let head = format!("HTTP/1.1 200 \r\n{connection}Content-Length: {length}\r\n\r\n");
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

/// Instances of the one service that [`closing`] lists.
const HOSTS: usize = 120;

#[tokio::test(flavor = "multi_thread")]
async fn beats_behind_each_other_survive_a_server_that_closes_between_them() {
    let host = |number| {
        format!(
            r#"{{"ip":"10.0.0.{number}","port":80,"cluster":"DEFAULT","ephemeral":true,
            "enabled":true,"healthy":true,"weight":1,"metadata":{{}},"lastBeatMs":null,
            "registeredBy":"beats","responsible":null,"seenOn":[0]}}"#
        )
    };
    let hosts = (0..HOSTS).map(host).collect::<Vec<_>>().join(",");
    let text = format!(
        r#"{{"format":"facos-snapshot","version":1,"complete":true,"takenAtMs":0,
        "sharding":"service","members":[],"nodes":[],"services":[{{"namespace":"public",
        "group":"g","service":"s","responsible":null,"instances":[{hosts}]}}]}}"#
    );
    let snapshot = Snapshot::parse(Path::new("test"), text.as_bytes()).unwrap();
    // Tomcat ends a connection after a hundred requests and says so.
    for (after, says_so) in [(1, true), (3, true), (3, false), (7, false), (100, true)] {
        let (url, taken) = closing(after, says_so);
        let report = kept(&[url], &snapshot, 2000).await;
        let node = &report.nodes[0];
        assert_eq!((node.refusals, node.unanswered), (0, 0), "after {after}: {node:?}");
        for instance in &report.instances {
            assert!((1..=6).contains(&instance.beats), "after {after}: {instance:?} {node:?}");
        }
        // A server that ends a connection with requests unread takes back answers that were on
        // their way; a beat that goes twice harms nobody.
        let taken = taken.load(Ordering::Relaxed) as u64;
        assert!((node.beats..=2 * node.beats).contains(&taken), "after {after}: {taken} {node:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_5_who_takes_connections_is_kept_and_who_does_not_is_let_go() {
    let server = server("1.2.1").await;
    let alive = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap().port()
    };
    let alive_port = alive.local_addr().unwrap().port();
    for port in [alive_port, dead] {
        register(&server, &format!("serviceName=a&ip=127.0.0.1&port={port}")).await;
    }
    let urls = [server.url()];
    let snapshot = snapshot_of(&urls).await;
    let options = Options {
        probe: true,
        max_age: Duration::from_millis(900),
        period: Duration::from_millis(200),
        ..options(&urls, 2500)
    };
    let whole = tokio::task::spawn_blocking(move || run(&options, &snapshot, &mut |_, _| ()));
    let report = whole.await.unwrap().unwrap();
    let state = |port: u16| {
        let named = |instance: &&facos::compensate::InstanceReport| {
            instance.instance == format!("127.0.0.1:{port}@DEFAULT")
        };
        report.instances.iter().find(named).map(|instance| instance.state)
    };
    assert_eq!(state(alive_port), Some(State::Kept), "{report:#?}");
    assert_eq!(state(dead), Some(State::Silent), "{report:#?}");
    drop(alive);
}
