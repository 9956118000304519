//! The command line: what it refuses, in one line with a hint, its exit codes, and its end by a
//! signal.
use std::collections::HashSet;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use rustix::process::{Pid, Signal, kill_process};

use crate::scripted::{Act, Asked, Scripted, USUAL};
use crate::scripted_grpc;

/// Runs the program; the exit code, stdout, and stderr without the line that tells the seed.
fn facos(arguments: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("facos").unwrap();
    let output = command.arg("bench").args(arguments.split_whitespace()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_plain_closed_loop_prints_one_document() {
    let server = Scripted::start(|_| USUAL);
    let arguments = format!(
        "--target {} --preset beat-only --services 4 --connections 4 --duration 500ms \
         --warm-up 100ms -o json",
        server.url
    );
    let (_, stdout, stderr) = facos(&arguments);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert!(document["operations"]["beat"]["rate_per_s"].as_f64().unwrap() > 10.0, "{stderr}");
    assert_eq!(document["operations"].as_object().unwrap().len(), 1);
}

#[test]
fn a_missed_threshold_is_exit_code_4() {
    let server = Scripted::start(|_| USUAL);
    let arguments = format!(
        "--target {} --preset beat-only --services 4 --rate 50/s --duration 400ms --warm-up 0s \
         --threshold beat.rate>1M/s",
        server.url
    );
    let (code, stdout, _) = facos(&arguments);
    assert_eq!(code, 4, "{stdout}");
    assert!(stdout.contains("threshold beat.rate>1M/s: MISSED"), "{stdout}");
}

#[test]
fn each_bad_input_is_one_line_and_a_hint() {
    let refusing = Scripted::start(|_| Act::Say(403, "unknown user!".to_owned()));
    let url = &refusing.url;
    let here = "--target 127.0.0.1:1";
    let cases = [
        (
            format!("{here} --preset beat-only"),
            69,
            "cannot reach 127.0.0.1:1: ",
            "start the server",
        ),
        (
            format!("--target {url}"),
            69,
            "does not answer as a Nacos server: status 403",
            "naming API",
        ),
        (
            "--target 192.0.2.1:80".to_owned(),
            2,
            "192.0.2.1 is not on this machine",
            "--allow-remote 192.0.2.1",
        ),
        (
            format!("{here} --preset stedy"),
            2,
            "there is no preset `stedy`",
            "did you mean `steady`?",
        ),
        (
            format!("{here} --agent jav-1.2.1"),
            2,
            "there is no agent `jav-1.2.1`",
            "did you mean `java-1.2.1`?",
        ),
        (format!("{here} --workload no-such.toml"), 2, "cannot read no-such.toml", "workload file"),
        (
            format!("{here} --preset steady --rate 5/s"),
            2,
            "no stream that a rate could pace",
            "beat-only",
        ),
        (format!("{here} --threshold beat.p99"), 2, "`beat.p99` is no threshold", "measures are"),
        (format!("{here} --connections 60000"), 2, "the limit is 1 to 50000", "facos bench agent"),
        (format!("{here} --subscribers 4000000"), 2, "open files, and the limit is", "ulimit -n"),
        (format!("agent {here} --index 2 --machines 2"), 2, "machine 2 of 2", "numbered from 0"),
        ("merge no-such.json".to_owned(), 2, "cannot read no-such.json", "facos bench -o json"),
    ];
    refused(&cases);
}

#[test]
fn numbers_that_mean_nothing_are_one_line_and_a_hint() {
    let here = "--target 127.0.0.1:1";
    refused(&[
        (format!("{here} --duration 0s"), 2, "`0s` is no time", "facos bench --help"),
        (format!("{here} --timeout 0s"), 2, "`0s` is no time", "facos bench --help"),
        (format!("{here} --connections 0"), 2, "the limit is 1 to 50000", "leave it out"),
        (
            format!("{here} --server-pid 4294967295"),
            2,
            "--server-pid 4294967295 cannot be watched: No such file",
            "the server's process",
        ),
    ]);
}

#[test]
fn results_that_cannot_be_written_are_refused_before_anything_is_sent() {
    let server = Scripted::start(|_| USUAL);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let file = path("file");
    std::fs::write(&file, "of an earlier run").unwrap();
    let target = format!("--target {}", server.url);
    let nowhere = path("no/such.html");
    refused(&[
        (format!("{target} --html {nowhere}"), 2, "such.html: No such file", "nothing was sent"),
        (format!("{target} --json {file}/in.json"), 2, "in.json: Not a directory", "folder"),
        (format!("{target} --junit {}", path("")), 2, "Is a directory", "nothing was sent"),
        (format!("{target} --hlog {file}"), 2, "cannot write", "folder"),
        (format!("{target} --hlog {file}/in/it"), 2, "Not a directory", "folder"),
    ]);
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn a_run_that_fails_leaves_what_its_results_would_have_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("old.html"), "of an earlier run").unwrap();
    std::fs::create_dir(path("logs")).unwrap();
    std::fs::write(path("logs/beat.hlog"), "of an earlier run").unwrap();
    for (json, logs) in [("new.json", "logs"), ("other.json", "new/logs")] {
        let arguments = format!(
            "--target 127.0.0.1:1 --html {} --json {} --hlog {}",
            path("old.html"),
            path(json),
            path(logs)
        );
        refused(&[(arguments, 69, "cannot reach 127.0.0.1:1: ", "start the server")]);
    }
    for kept in ["old.html", "logs/beat.hlog"] {
        assert_eq!(std::fs::read_to_string(path(kept)).unwrap(), "of an earlier run");
    }
    let there = |folder: &str| std::fs::read_dir(path(folder)).unwrap().count();
    assert_eq!((there(""), there("logs")), (2, 1), "nothing new is left behind");
}

#[test]
fn what_clients_of_2x_cannot_do_is_one_line_and_a_hint() {
    let server = Scripted::start(|_| USUAL);
    let here = "--target 127.0.0.1:1";
    refused(&[
        (
            format!("{here} --agent java-2.0.2 --preset beat-only"),
            2,
            "beat-only beats, and java-2.0.2 does not",
            "register-storm",
        ),
        (
            format!("{here} --agent java-2.0.2 --keep"),
            2,
            "what java-2.0.2 registers leaves with it",
            "--agent of 1.x",
        ),
        (
            format!("--target {} --agent go-2", server.url),
            69,
            "does not answer as a Nacos 2.x server over gRPC: cannot connect",
            "--agent of 1.x",
        ),
        (
            "--target 127.0.0.1:65000 --agent go-2".to_owned(),
            2,
            "leaves no port for gRPC",
            "below 64536",
        ),
    ]);
}

/// Arguments, exit code, and what the error and its hint must say.
type Case = (String, i32, &'static str, &'static str);

fn refused(cases: &[Case]) {
    for (arguments, code, error, hint) in cases {
        let (exit, stdout, stderr) = facos(arguments);
        assert_eq!((exit, stdout.as_str()), (*code, ""), "{arguments}: {stderr}");
        let lines: Vec<&str> = stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{arguments}: {stderr}");
        assert!(lines[0].starts_with("error: ") && lines[0].contains(error), "{stderr}");
        assert!(lines[1].starts_with("hint: ") && lines[1].contains(hint), "{stderr}");
    }
}

/// Interrupts a run that would take ten minutes once it `goes`, and returns what it reported.
fn interrupted(arguments: &str, goes: impl Fn() -> bool) -> serde_json::Value {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("facos"));
    command.arg("bench").args(arguments.split_whitespace());
    command.args(["--duration", "10m", "-o", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !goes() {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing is measured");
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("ending early"), "{stderr}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["interrupted"], true);
    assert!(document["duration_s"].as_f64().unwrap() < 60.0, "{document}");
    document
}

#[test]
fn an_interrupted_run_deregisters_and_still_reports() {
    let server = Scripted::start(|_| USUAL);
    let target = &server.url;
    let arguments = format!("--target {target} --preset beat-only --services 4 --connections 4");
    interrupted(&arguments, || {
        let beats = server.asked().iter().any(Asked::is_beat);
        assert!(!beats || server.registered() == 40, "beats follow the registrations");
        beats
    });
    assert_eq!(server.registered(), 0, "what was registered must not stay");
}

#[test]
fn interrupted_clients_of_2x_deregister_and_still_report() {
    let (registered, listed) = (Arc::new(Mutex::new(HashSet::new())), Arc::new(Mutex::new(0)));
    let (instances, lists) = (registered.clone(), listed.clone());
    let url = scripted_grpc::start(move |asked, _| {
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
        let instance = format!("{} {}", body["serviceName"], body["instance"]);
        match body["type"].as_str() {
            Some("registerInstance") => assert!(instances.lock().unwrap().insert(instance)),
            Some(_) => assert!(instances.lock().unwrap().remove(&instance), "{body}"),
            None if asked.kind == "ServiceQueryRequest" => *lists.lock().unwrap() += 1,
            None => {}
        }
        scripted_grpc::Act::After(Duration::ZERO)
    });
    let arguments = format!(
        "--target {url} --agent java-2.0.2 --preset list-only --services 4 --connections 20 \
         --workers 2 --warm-up 0s"
    );
    let document = interrupted(&arguments, || {
        let lists = *listed.lock().unwrap();
        assert!(lists == 0 || registered.lock().unwrap().len() == 40);
        lists > 0
    });
    assert!(document["operations"]["list"]["requests"].as_u64().unwrap() > 0, "{document}");
    assert_eq!(registered.lock().unwrap().len(), 0, "what was registered must not stay");
}

#[test]
fn presets_and_schema_are_printed() {
    let (code, presets, _) = facos("presets");
    assert_eq!(code, 0);
    for name in ["steady", "restart-storm", "350x100", "push-fanout"] {
        assert!(presets.lines().any(|line| line.starts_with(name)), "{presets}");
    }
    let (code, schema, _) = facos("schema");
    assert_eq!(code, 0);
    serde_json::from_str::<serde_json::Value>(&schema).unwrap();
}
