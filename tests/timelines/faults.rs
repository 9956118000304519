//! Faults on real sockets: whatever happens to nodes and to what is between them, nobody panics, no
//! queue grows, and once it is over every node lists the same again. The simulator goes through
//! them by the hundred (`tests/sim`).

use super::clients::{Habit, Scene};
use facos::client::http::Request;
use facos::node::peering::Direction;
use std::io::{Read, Write};
use std::net::TcpListener;

/// Versions with the habit of their clients.
const VERSIONS: [(&str, Habit); 3] =
    [("1.1.4", Habit::Query), ("1.2.1", Habit::Light), ("2.0.2", Habit::Light)];
/// Long enough after a fault for clients to come back and for nodes to tell each other.
const QUIET_MS: u64 = 40_000;
/// So many calls may wait at a time, ever.
const MOST_WAITING: usize = 200;

/// Every version goes through a fault; when it is over all nodes list all instances.
fn through(fault: impl Fn(&mut Scene)) {
    for (version, habit) in VERSIONS {
        one_through(version, habit, &fault);
    }
}

fn one_through(version: &str, habit: Habit, fault: impl Fn(&mut Scene)) {
    let mut scene = Scene::start(version, habit);
    scene.run(15_000);
    fault(&mut scene);
    for node in 0..3 {
        assert!(scene.waiting(node) <= MOST_WAITING, "{version} {node}");
    }
    scene.run(QUIET_MS);
    assert!(scene.all_listed(), "{version}: {:?}", [0, 1, 2].map(|node| scene.missing(node)));
}

#[test]
fn a_node_that_is_killed_while_it_tells_others_leaves_no_difference() {
    through(|scene| {
        scene.register_again();
        scene.kill(1);
        scene.run(30_000);
        scene.start_again(1, None);
    });
}

#[test]
fn a_slow_peer_holds_up_nobody_and_catches_up() {
    through(|scene| {
        let (network, slow) = scene.network(2);
        network.lag(&slow, 900);
        scene.run(30_000);
        assert_eq!((scene.missing(0), scene.missing(1)), (0, 0));
        network.lag(&slow, 0);
    });
}

#[test]
fn a_node_that_is_cut_off_one_way_is_one_of_them_again_when_it_is_healed() {
    for (direction, (version, habit)) in
        [Direction::In, Direction::Out, Direction::Both].into_iter().zip(VERSIONS)
    {
        one_through(version, habit, |scene| {
            let (network, cut) = scene.network(1);
            network.isolate(&cut, direction);
            scene.run(30_000);
            network.heal(&cut);
        });
    }
}

#[test]
fn a_clock_that_jumps_ten_minutes_loses_nobody_who_still_beats() {
    through(|scene| scene.leap(600_000));
}

#[test]
fn what_a_broken_peer_sends_is_refused_and_changes_nothing() {
    const KEY: &str = "com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@tl.00";
    let bodies = [
        "{".to_owned(),
        "[]".to_owned(),
        format!("{{\"{KEY}\":"),
        format!("{{\"{KEY}\":{{}}}}"),
        format!("{{\"{KEY}\":{{\"key\":\"{KEY}\",\"timestamp\":1,\"value\":[]}}}}"),
        format!("{{\"{KEY}\":{{\"value\":{{\"instanceList\":\"none\"}}}}}}"),
        "\u{0}\u{1}\u{2}".to_owned(),
    ];
    for version in ["1.1.4", "1.2.1"] {
        let mut scene = Scene::start(version, Habit::Query);
        scene.run(6_000);
        for body in &bodies {
            for (method, path) in [
                ("PUT", "/nacos/v1/ns/distro/datum"),
                ("PUT", "/nacos/v1/ns/distro/checksum?source=a:1"),
                ("POST", "/nacos/v1/ns/service/status"),
                ("POST", "/nacos/v1/ns/raft/beat"),
                ("POST", "/nacos/v1/ns/raft/datum"),
                ("POST", "/nacos/v1/ns/raft/datum/commit"),
                ("DELETE", "/nacos/v1/ns/raft/datum/commit"),
            ] {
                let request = Request::new(method, path).header("Content-Type", "application/json");
                let request = Request { body: Some(body.clone().into()), ..request };
                scene.send(0, request);
            }
        }
        scene.run(12_000);
        assert!(scene.all_listed(), "{version}");
    }
}

#[test]
fn a_member_that_answers_500_for_ever_costs_the_others_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stranger = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream
                .write_all(b"HTTP/1.1 500\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops");
        }
    });
    through(|scene| {
        scene.list_also(&[&stranger]);
        scene.run(30_000);
        assert!(scene.all_listed());
    });
}
