//! `facos rescue` as an operator meets it: the port it takes, the answer it ends with.

use crate::{FACOS, Place, run};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A rescue under way.
struct Rescue {
    child: Child,
    stdout: BufReader<ChildStdout>,
    ready: Value,
}

impl Rescue {
    fn start(place: &Place, flags: &str) -> Self {
        let mut child = Command::new(FACOS)
            .args(["rescue", "--bind", "127.0.0.1", "-o", "json"])
            .args(flags.split_whitespace())
            .current_dir(place.path())
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap();
        Self { child, stdout, ready }
    }

    /// Sends a beat and gives the whole answer.
    fn beat(&self, port: u16, form: &str) -> String {
        let url = self.ready["listening"][0].as_str().unwrap();
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        write!(
            stream,
            "PUT /nacos/v1/ns/instance/beat?serviceName=g%40%40a&ip=10.0.0.1&port={port} \
             HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Its end: exit code and report.
    fn wait(mut self) -> (Option<i32>, Value) {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        (self.child.wait().unwrap().code(), serde_json::from_str(&line).unwrap())
    }
}

/// A snapshot of one instance that beats.
fn snapshot(place: &Place) {
    place.write(
        "before.json",
        r#"{"format":"facos-snapshot","version":1,"complete":true,"takenAtMs":1,
            "sharding":"service","members":[],"nodes":[],"services":[{"namespace":"public",
            "group":"g","service":"a","responsible":null,"instances":[{"ip":"10.0.0.1","port":80,
            "cluster":"DEFAULT","ephemeral":true,"enabled":true,"healthy":true,"weight":1.0,
            "metadata":{},"lastBeatMs":null,"registeredBy":"beats","responsible":null,
            "seenOn":[0]}]}]}"#,
    );
}

const FULL: &str = "beat=%7B%22ip%22%3A%2210.0.0.1%22%7D";

#[test]
fn it_ends_with_0_as_soon_as_everybody_of_the_snapshot_is_free() {
    let place = Place::new();
    snapshot(&place);
    let rescue = Rescue::start(&place, "--port 0 --expect before.json --for 60s");
    assert!(rescue.ready["afterMs"].as_f64().unwrap() < 100.0, "{}", rescue.ready);
    let answer = rescue.beat(80, "");
    let expected = "{\"clientBeatInterval\":5000,\"code\":10200,\"lightBeatEnabled\":false}";
    assert!(answer.ends_with(expected), "{answer}");
    rescue.beat(81, "");
    rescue.beat(80, FULL);
    let (code, report) = rescue.wait();
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["expectedRescued"], 1);
}

#[test]
fn it_ends_with_1_and_names_who_is_missing_when_the_time_is_over() {
    let place = Place::new();
    snapshot(&place);
    let rescue = Rescue::start(&place, "--port 0 --expect before.json --for 1ms");
    let (code, report) = rescue.wait();
    assert_eq!(code, Some(1), "{report}");
    assert_eq!(report["notRescued"][0]["state"], "unseen");
    assert_eq!(report["notRescued"][0]["port"], 80);
}

#[test]
fn a_signal_ends_it_with_the_answer_so_far() {
    let place = Place::new();
    for (form, expected) in [("", 1), (FULL, 0)] {
        let rescue = Rescue::start(&place, "--port 0 --stay");
        rescue.beat(80, "");
        rescue.beat(80, form);
        let command = format!("kill -INT {}", rescue.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &command]).status().unwrap().success());
        let (code, report) = rescue.wait();
        assert_eq!(code, Some(expected), "{report}");
    }
}

#[test]
fn a_port_in_use_is_one_line_and_a_hint() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    let (error, hint) = run(&format!("rescue --listen {address} --wait 5ms")).refused(69);
    assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
    assert_eq!(hint, "stop what listens there, or wait longer for its end: --wait 60s");
}

#[test]
fn a_wrong_file_or_flag_is_told_before_anything_listens() {
    let place = Place::new();
    place.write("other.json", "{}");
    place.write(
        "nobody.json",
        r#"{"format":"facos-snapshot","version":1,"complete":true,
        "takenAtMs":1,"sharding":"service","members":[],"nodes":[],"services":[]}"#,
    );
    let error = |line: &str| place.run(line).refused(2).0;
    assert!(error("rescue --expect none.json").starts_with("cannot read none.json: "));
    assert!(error("rescue --expect other.json").starts_with("other.json is no snapshot: "));
    assert!(error("rescue --expect nobody.json").starts_with("nobody in the snapshot of"));
    assert_eq!(
        error("rescue --upstream https://a:1"),
        "--upstream: https://a:1 is not the address of a server"
    );
    assert_eq!(error("rescue --port 7 --port 7"), "0.0.0.0:7 is given twice");
    assert!(error("rescue --answer ful").starts_with("--answer can not be \"ful\" (did you"));
    assert!(error("rescue --profile 1.1.5").starts_with("--profile: no profile \"1.1.5\""));
}
