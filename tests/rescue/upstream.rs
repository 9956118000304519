//! A rescue in front of the server that clients go back to: no downtime, and no failed read.

use crate::java::{Java, PERIOD_MS};
use crate::{Answered, BEAT, LIST, ask, get, known, options, rescue, serve};
use facos::rescue::Options;
use std::net::SocketAddr;

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
