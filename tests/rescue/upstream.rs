//! A rescue in front of the server that clients go back to: no downtime, and no failed read.

use crate::java::{Java, PERIOD_MS};
use crate::{Answered, BEAT, LIST, ask, get, known, options, rescue, serve};
use bytes::Bytes;
use facos::client::grpc::{AUTO, Link, Reply};
use facos::rescue::Options;
use facos::wire::grpc::{Headers, Payload};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

fn behind(upstreams: &[SocketAddr]) -> Options {
    Options { upstreams: upstreams.iter().map(ToString::to_string).collect(), ..options(0) }
}

fn hosts(list: &Answered) -> usize {
    list.json()["hosts"].as_array().map_or(0, Vec::len)
}

const NAMED: &str = "serviceName=DEFAULT_GROUP%40%40orders&ip=127.0.0.1&port=9001";
const FULL: &str = "beat=%7B%22ip%22%3A%22127.0.0.1%22%2C%22port%22%3A9001%2C%22cluster%22%3A\
                    %22DEFAULT%22%7D";

#[tokio::test]
async fn every_client_comes_back_behind_it_and_no_read_fails_or_is_empty() {
    let mut clients = Java::all();
    let (old, old_address) = serve("1.2.1", 0);
    for client in &mut clients {
        client.register(old_address);
        client.pass(3 * PERIOD_MS, old_address);
        assert_eq!(client.look(), "RFLL");
    }
    let lists: Vec<_> = clients.iter().map(|client| known(client.port())).collect();
    old.stop();
    let (back, back_address) = serve("1.1.4", 0);
    let expected = lists.clone();
    let options = Options { lists, expected, ..behind(&[back_address]) };
    let (standing_in, address) = rescue(options);
    until_listed(address);
    for _ in 0..8 {
        for client in &mut clients {
            let list = get(address, LIST);
            assert!(list.status == 200 && hosts(&list) > 0, "{list:?}");
            client.pass(PERIOD_MS, address);
        }
        back.process().advance(PERIOD_MS).await.unwrap();
    }
    let sent: Vec<String> = clients.iter_mut().map(Java::look).collect();
    assert_eq!(sent, ["LFFFFFFF"; 4], "one answered beat is enough");
    assert!(standing_in.report().rescued);
    assert_eq!(hosts(&get(back_address, LIST)), 4, "the registry itself has everybody");
    assert_eq!(get(address, LIST).json()["hosts"], get(back_address, LIST).json()["hosts"]);
}

/// The snapshot is taken in beside the answers.
fn until_listed(address: SocketAddr) {
    while get(address, LIST).status != 200 {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn only_light_beats_are_answered_here() {
    let (back, back_address) = serve("1.1.4", 0);
    let (standing_in, address) = rescue(behind(&[back_address]));
    let light = ask(address, "PUT", &format!("{BEAT}?{NAMED}"), "a", "").unwrap();
    assert_eq!(light.json()["code"], 10200);
    let full = ask(address, "PUT", &format!("{BEAT}?{NAMED}"), "a", FULL).unwrap();
    assert_eq!(full.body, r#"{"clientBeatInterval":5000}"#, "that is 1.1.4's own answer");
    let operations: Vec<String> = journal(&back);
    assert_eq!(operations, ["beat"]);
    // Refusals come back as they are.
    let unknown = get(address, "/nacos/v1/ns/service?serviceName=DEFAULT_GROUP%40%40none");
    let itself = get(back_address, "/nacos/v1/ns/service?serviceName=DEFAULT_GROUP%40%40none");
    assert_eq!(unknown, itself);
    assert_eq!(ask(address, "POST", "/nacos/v1/ns/instance?a", "a", NAMED).unwrap().body, "ok");
    assert_eq!(standing_in.report().passed, 3);
}

fn journal(server: &facos::serve::Running) -> Vec<String> {
    let records = server.process().node(0).unwrap().journal.query(&facos::node::Filter::default());
    records.iter().map(|record| record.operation.name().to_owned()).collect()
}

#[tokio::test]
async fn the_flag_is_taken_out_of_what_the_registry_answers() {
    let (_newer, newer_address) = serve("1.2.1", 0);
    let (standing_in, address) = rescue(behind(&[newer_address]));
    for _ in 0..2 {
        let full = ask(address, "PUT", &format!("{BEAT}?{NAMED}"), "a", FULL).unwrap();
        assert_eq!(
            full.body,
            r#"{"code":10200,"lightBeatEnabled":false,"clientBeatInterval":5000}"#
        );
    }
    let report = standing_in.report();
    assert_eq!((report.corrected, report.rescued), (2, true));
}

#[tokio::test]
async fn the_next_registry_takes_over_and_when_none_answers_nothing_is_200_but_light_beats() {
    let (first, first_address) = serve("1.1.4", 0);
    let (second, second_address) = serve("1.1.4", 0);
    let (standing_in, address) = rescue(behind(&[first_address, second_address]));
    let full = || ask(address, "PUT", &format!("{BEAT}?{NAMED}"), "a", FULL).unwrap().status;
    assert_eq!(full(), 200);
    first.stop();
    assert_eq!(full(), 200);
    assert_eq!(journal(&second), ["beat"]);
    second.stop();
    assert_eq!(full(), 503);
    assert_eq!(get(address, LIST).status, 503);
    let light = ask(address, "PUT", &format!("{BEAT}?{NAMED}"), "a", "").unwrap();
    assert_eq!(light.status, 200);
    assert_eq!(standing_in.report().unreachable, 2);
}

#[tokio::test]
async fn who_deregisters_through_it_is_waited_for_no_longer() {
    let (_back, back_address) = serve("1.1.4", 0);
    let options = Options { expected: vec![known(9001)], ..behind(&[back_address]) };
    let (standing_in, address) = rescue(options);
    assert!(!standing_in.report().rescued);
    let gone = format!("/nacos/v1/ns/instance?{NAMED}&ephemeral=true");
    ask(address, "POST", "/nacos/v1/ns/instance", "a", NAMED).unwrap();
    assert_eq!(ask(address, "DELETE", &gone, "a", "").unwrap().status, 200);
    assert!(standing_in.report().rescued);
}

/// A free port whose neighbour a thousand above is free, too.
fn free_port_with_neighbour() -> u16 {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    loop {
        let port = free(0).unwrap().local_addr().unwrap().port();
        if port.checked_add(1_000).and_then(free).is_some() {
            return port;
        }
    }
}

fn message(kind: &str, body: &str) -> Bytes {
    let (kind, body) = (kind.to_owned(), Bytes::from(body.to_owned()));
    Payload { kind, client_ip: "10.0.0.9".to_owned(), headers: Headers::new(), body }.encode()
}

async fn call(link: &Link, kind: &str, body: &str) -> String {
    match link.call("/Request/request", message(kind, body), Duration::from_secs(10)).await {
        Reply::Message(payload) => format!("{} {}", payload.kind, payload.text()),
        Reply::Failed(status) => panic!("{kind}: {status:?}"),
    }
}

#[tokio::test]
async fn a_client_of_grpc_registers_through_it_and_is_let_go_with_its_connection() {
    let (back, back_address) = serve("2.0.2", 0);
    let port = free_port_with_neighbour();
    let upstreams = vec![back_address.to_string()];
    let (standing_in, address) = rescue(Options { upstreams, ..options(port) });
    let grpc = SocketAddr::new(address.ip(), port + 1_000);
    let auto = AUTO.map(str::to_owned).to_vec();
    let mut link = Link::open(grpc, None, auto, Arc::default()).await.unwrap();
    let setup = r#"{"clientVersion":"Nacos-Java-Client:v2.0.2",
        "labels":{"source":"sdk","module":"naming"}}"#;
    link.send(Some(message("ConnectionSetupRequest", setup))).await.unwrap();
    while !call(&link, "HealthCheckRequest", "{}").await.starts_with("HealthCheckResponse") {}
    let register = r#"{"namespace":"public","groupName":"DEFAULT_GROUP","serviceName":"orders",
        "type":"registerInstance","instance":{"ip":"10.0.0.1","port":80}}"#;
    let answer = call(&link, "InstanceRequest", register).await;
    assert!(answer.starts_with("InstanceResponse"), "{answer}");
    assert_eq!(hosts(&get(back_address, LIST)), 1, "the registry behind has it");
    assert_eq!(hosts(&get(address, LIST)), 1, "and the rescue passes its list on");
    assert_eq!(standing_in.report().beats, 0, "it is nobody to be freed");
    drop(link);
    // The registry sees the end of the connection, too.
    while !journal(&back).contains(&"disconnect".to_owned()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn without_a_registry_behind_the_port_of_grpc_stays_closed() {
    let port = free_port_with_neighbour();
    let (_standing_in, address) = rescue(options(port));
    assert_eq!(address.port(), port);
    assert!(std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port + 1_000)).is_err());
}
