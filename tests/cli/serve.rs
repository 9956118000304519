//! `facos serve`: the ready line, the ready file, and a clean end.

use crate::running::Running;
use crate::{FACOS, Place};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn the_ready_line_says_where_it_answers() {
    let running = Running::start("--profile 1.2.1 --clock manual");
    assert_eq!(running.ready["profile"], "1.2.1");
    assert_eq!(running.ready["clock"], "manual");
    assert!(running.ready["pid"].as_u64().is_some());
    assert!(running.line.ends_with("}\n"), "{}", running.line);
    assert_eq!(running.ask("POST /nacos/v1/ns/instance?serviceName=a&ip=1.1.1.1&port=1"), "ok");
    assert!(TcpStream::connect(running.admin()).is_ok());
}

#[test]
fn the_ready_file_has_the_same_line() {
    let place = Place::new();
    place.write("ready.json", "of an earlier run");
    let running = Running::start_in(place, &[("FACOS_READY_FILE", "ready.json")], "");
    let file = std::fs::read_to_string(running.place.path().join("ready.json")).unwrap();
    assert_eq!(file, running.line);
    assert_eq!(std::fs::read_dir(running.place.path()).unwrap().count(), 1);
}

#[test]
fn both_signals_end_it_cleanly_within_a_second() {
    for (signal, said) in [("TERM", "stopping on SIGTERM"), ("INT", "stopping on Ctrl-C")] {
        let mut running = Running::start("");
        // A client that stays connected must not hold up the end.
        let idle = TcpStream::connect(running.node()).unwrap();
        let since = Instant::now();
        running.signal(signal);
        let (status, rest, log) = running.wait();
        let took = since.elapsed();
        assert!(took < Duration::from_secs(1), "{signal}: {took:?}");
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""), "{signal}");
        assert!(log.contains(said), "{log}");
        assert!(TcpStream::connect(running.node()).is_err());
        drop(idle);
    }
}

#[test]
fn the_log_is_quiet_by_default_and_silent_when_off() {
    for (level, lines) in [("info", 3), ("off", 0)] {
        let mut running = Running::start(&format!("--log {level}"));
        running.ask("GET /nacos/v1/ns/instance/list?serviceName=a");
        running.signal("TERM");
        let (_, _, log) = running.wait();
        assert!(log.lines().count() <= lines, "{level}: {log}");
    }
}

#[test]
fn a_taken_port_is_told_with_a_way_out() {
    let running = Running::start("");
    let port = running.node().rsplit(':').next().unwrap();
    let line = format!("serve --admin-port 0 --port {port}");
    let (error, hint) = running.place.run(&line).refused(69);
    assert!(error.starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{error}");
    assert!(hint.contains("--port 0"), "{hint}");
}

#[test]
fn a_start_that_fails_leaves_no_ready_file() {
    let running = Running::start("");
    let port = running.node().rsplit(':').next().unwrap();
    let line = format!("serve --admin-port 0 --ready-file ready.json --port {port}");
    running.place.run(&line).refused(69);
    assert_eq!(std::fs::read_dir(running.place.path()).unwrap().count(), 0);
}

#[test]
fn it_serves_on_when_nobody_reads_its_ready_line() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = Command::new(FACOS)
        .args("serve --port 0 --admin-port 0 --ready-file ready.json".split(' '))
        .current_dir(place.path())
        .env_clear()
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ready = loop {
        match std::fs::read_to_string(place.path().join("ready.json")) {
            Ok(text) => break text,
            Err(_) => assert!(child.try_wait().unwrap().is_none(), "it ended instead"),
        }
    };
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let admin = ready["admin"].as_str().unwrap();
    assert_eq!(place.run(&format!("ctl --admin {admin} health")).done(), "{\"status\":\"UP\"}\n");
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn settings_of_the_file_reach_the_server() {
    let place = Place::new();
    place.write("facos.toml", "profile = \"1.2.1\"\n[set.beat]\nlight = \"absent\"\n");
    let running = Running::start_in(place, &[("FACOS_JOURNAL", "1")], "");
    let instance = "serviceName=a&ip=1.1.1.1&port=1";
    running.ask(&format!("POST /nacos/v1/ns/instance?{instance}"));
    let beat = running.ask(&format!("PUT /nacos/v1/ns/instance/beat?{instance}"));
    assert!(beat.contains("clientBeatInterval") && !beat.contains("lightBeat"), "{beat}");
    assert_eq!(running.ctl("journal --count").done(), "{\"count\":1,\"dropped\":1}\n");
}
