//! Many connections, slow ones, and the end.

use super::{Server, get};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// So many that a limit of 1,024 open files is enough for both ends of this and other tests; the
/// memory of thousands is a matter for measurements.
const IDLE: usize = 400;

#[test]
fn idle_connections_disturb_nobody_and_still_work() {
    let server = Server::start();
    let mut idle: Vec<_> = (0..IDLE).map(|_| server.connect()).collect();
    for client in &mut idle {
        client.send(get("/text", ""));
        assert_eq!(client.reply().status, 200);
    }
    assert_eq!(server.ask(get("/text", "")).body, "ok");
    for client in &mut idle {
        client.send(get("/object", ""));
        assert_eq!(client.reply().body, "{}");
    }
}

#[test]
fn a_slow_sender_is_cut_off_and_disturbs_nobody() {
    let server = Server::limited(|limits| limits.request_timeout = Duration::from_secs(1));
    let mut slow = server.connect();
    slow.send("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    let mut slow_behind = server.connect();
    slow_behind.send(get("/later?x", "") + "GET /tex");
    assert_eq!(slow_behind.reply().body, "x");
    let (began, mut fast) = (Instant::now(), server.connect());
    while slow.stream.write_all(b"x").is_ok() && began.elapsed() < Duration::from_secs(15) {
        fast.send(get("/text", ""));
        assert_eq!(fast.reply().body, "ok");
        slow.stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        match slow.stream.read(&mut [0; 16]) {
            Ok(0) => break,
            Ok(_) => panic!("half a body was answered"),
            Err(_) => {}
        }
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(slow_behind.is_closed());
}

#[test]
fn an_idle_connection_ends_when_its_time_is_over() {
    let server = Server::limited(|limits| limits.keep_alive = Duration::from_secs(1));
    let mut client = server.connect();
    client.send(get("/text", ""));
    client.reply();
    assert!(client.is_closed());
}

#[test]
fn connections_beyond_the_limit_wait_for_a_place() {
    let server = Server::limited(|limits| limits.connections = 2);
    let (first, mut second) = (server.connect(), server.connect());
    second.send(get("/text", ""));
    assert_eq!(second.reply().status, 200);
    let mut third = server.connect();
    third.send(get("/text", ""));
    third.stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(third.stream.read(&mut [0; 1]).is_err());
    drop(first);
    third.stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(third.reply().status, 200);
}

#[test]
fn a_place_is_given_back_by_a_panic() {
    let server = Server::limited(|limits| limits.connections = 1);
    for path in ["/panic", "/panic-later", "/text"] {
        let status = if path == "/text" { 200 } else { 500 };
        assert_eq!(server.ask(get(path, "")).status, status);
    }
}

#[test]
fn the_end_comes_within_a_second_whatever_clients_do() {
    let mut server = Server::start();
    let mut idle = server.connect();
    idle.send(get("/text", ""));
    idle.reply();
    let (mut half, mut never) = (server.connect(), server.connect());
    half.send("GET /te");
    never.send(get("/never", ""));
    assert_eq!(server.ask(get("/text", "")).status, 200);
    let began = Instant::now();
    server.shutdown.end();
    for thread in server.threads.drain(..) {
        thread.join().unwrap();
    }
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
    assert!(idle.is_closed());
}
