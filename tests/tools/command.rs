//! What the commands say and how they end: one line and a hint for whatever is wrong.

use std::path::Path;

use assert_cmd::Command;
use facos::TestServer;

use crate::deployment::{Scripted, register, server};

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

async fn run(place: &Path, line: String) -> Ended {
    let place = place.to_owned();
    let whole = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_facos"));
        command.args(line.split_whitespace()).current_dir(place).env_clear();
        command.output().unwrap()
    });
    let output = whole.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The error and the hint of a command that failed; warnings stand above.
fn refusal(ended: &Ended, code: i32) -> (String, String) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    let [.., error, hint] = lines[..] else { panic!("{}", ended.stderr) };
    let error = error.strip_prefix("error: ").unwrap();
    (error.to_owned(), hint.strip_prefix("hint: ").unwrap().to_owned())
}

async fn filled(version: &str) -> TestServer {
    let server = server(version).await;
    register(&server, "serviceName=a&ip=10.0.0.1&port=80").await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_written_and_planned_from() {
    let place = tempfile::tempdir().unwrap();
    let server = filled("1.1.4").await;
    let line = format!("snapshot --node {} --out before.json", server.url());
    let ended = run(place.path(), line).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("1 services, 1 instances of 1 nodes in before.json\n"));
    let line = "plan expand --snapshot before.json --members 10.0.0.1:1 --add 10.0.0.2:1 -o json";
    let planned = run(place.path(), line.to_owned()).await;
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    let planned: serde_json::Value = serde_json::from_str(&planned.stdout).unwrap();
    assert_eq!((&planned["of"], &planned["sharding"]), (&1.into(), &"service".into()));
    assert!(planned["steps"][1].as_str().unwrap().contains("write the whole new member list"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_one_line_and_a_hint() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("foreign.json"), "{\"a\":1}").unwrap();
    let newer = r#"{"format":"facos-snapshot","version":9}"#;
    std::fs::write(place.path().join("newer.json"), newer).unwrap();
    let server = filled("1.2.1").await;
    let url = server.url();
    let cases = [
        ("snapshot --node http://127.0.0.1:1".to_owned(), 69, "cannot reach 127.0.0.1:1: "),
        ("diff --node http://127.0.0.1:1".to_owned(), 2, "nothing to be compared with"),
        (format!("diff --node {url} --node 127.0.0.1:1"), 69, "127.0.0.1:1: "),
        (format!("compensate --node {url} --snapshot no.json"), 2, "cannot read no.json: "),
        (format!("compensate --node {url} --snapshot foreign.json"), 2, "is no snapshot"),
        (format!("compensate --node {url} --snapshot newer.json"), 2, "a snapshot of version 9"),
        ("compensate --node 127.0.0.1:1 --for 1s".to_owned(), 69, "cannot reach 127.0.0.1:1"),
        (format!("plan shrink --node {url} --remove 10.9.9.9:1"), 2, "10.9.9.9:1 is no member"),
        (format!("plan expand --node {url} --add x:1 --members x:1"), 2, "x:1 is a member already"),
        ("upgrade watch --node 127.0.0.1:1 --for 0s".to_owned(), 69, "does not answer"),
        ("gateway-sim --trace no.jsonl".to_owned(), 2, "cannot read no.jsonl"),
        ("gateway-sim --trace foreign.json".to_owned(), 2, "line 1: the first line names"),
        ("snapshot --node nowhere".to_owned(), 2, "nowhere is not the address of a node"),
        ("plan expand --add x:1 --snapshot foreign.json".to_owned(), 2, "is no snapshot"),
        ("plan expand --add x:1 --snapshot newer.json".to_owned(), 2, "a snapshot of version 9"),
        ("plan expand --add x:1 --snapshot no.json".to_owned(), 2, "cannot read no.json: "),
        ("rescue --expect newer.json".to_owned(), 2, "a snapshot of version 9"),
    ];
    for (line, code, words) in cases {
        let (error, hint) = refusal(&run(place.path(), line.clone()).await, code);
        assert!(error.contains(words) && !hint.is_empty(), "{line}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_named_twice_is_told_by_every_command() {
    let place = tempfile::tempdir().unwrap();
    let server = filled("1.2.1").await;
    let url = server.url();
    let nodes = format!("--node {url} --node {}", url.replace("127.0.0.1", "localhost"));
    for command in [
        "snapshot",
        "diff",
        "compensate --for 1s",
        "plan shrink --remove 10.9.9.9:1",
        "upgrade watch --for 0s",
    ] {
        let (error, hint) = refusal(&run(place.path(), format!("{command} {nodes}")).await, 2);
        assert!(error.contains("are the same node"), "{command}: {error}");
        assert_eq!(hint, "give each node once, by one name", "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told_by_every_command_that_listens() {
    let place = tempfile::tempdir().unwrap();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    for command in ["rescue", "audit --node 127.0.0.1:1"] {
        let line = format!("{command} --listen {address} --wait 5ms");
        let (error, hint) = refusal(&run(place.path(), line).await, 69);
        assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{command}: {error}");
        assert!(hint.contains("--wait"), "{command}: {hint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_in_mid_snapshot_leaves_a_file_that_says_so() {
    let place = tempfile::tempdir().unwrap();
    let dies = Scripted::start(|target| {
        if target.contains("/catalog/services") {
            return None;
        }
        Some((200, r#"{"count":1,"services":{"public":["a"]}}"#.to_owned()))
    });
    let whole = filled("1.1.4").await;
    let line = format!("snapshot --node {} --node {} --out half.json", whole.url(), dies.url);
    let (error, hint) = refusal(&run(place.path(), line).await, 1);
    assert!(error.contains("was not read to its end: "), "{error}");
    assert!(hint.starts_with("what was read is kept"), "{hint}");
    let half = std::fs::read_to_string(place.path().join("half.json")).unwrap();
    assert!(half.contains("\"complete\": false") && half.contains("10.0.0.1"), "{half}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_disagree_are_told_and_differ() {
    let place = tempfile::tempdir().unwrap();
    let (one, two) = (filled("1.1.4").await, filled("1.1.4").await);
    register(&one, "serviceName=b&ip=10.0.0.2&port=80&namespaceId=only").await;
    let nodes = format!("--node {} --node {}", one.url(), two.url());
    let (error, _) = refusal(&run(place.path(), format!("snapshot {nodes} --out s.json")).await, 1);
    assert!(error.contains("without namespace only"), "{error}");
    let differs = run(place.path(), format!("diff {nodes} --settle 300ms -o json")).await;
    assert_eq!(differs.code, Some(1), "{}", differs.stderr);
    let told: serde_json::Value = serde_json::from_str(&differs.stdout).unwrap();
    assert_eq!(told["differences"][0]["service"], "DEFAULT_GROUP@@b");
    assert_eq!(told["restart"], serde_json::json!([]), "two nodes have no majority");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_was_wrong_for_too_long_is_told() {
    let place = tempfile::tempdir().unwrap();
    let trace = "{\"format\":\"facos-gateway-trace\",\"version\":1}\n\
        {\"atMs\":0,\"registry\":[{\"address\":\"a:1\"},{\"address\":\"b:1\"}]}\n\
        {\"atMs\":1500,\"registry\":[{\"address\":\"b:1\"}]}\n{\"atMs\":9000}\n";
    std::fs::write(place.path().join("t.jsonl"), trace).unwrap();
    let line =
        |limit: &str| format!("gateway-sim --trace t.jsonl --poll 5s --max-falsely-in {limit}");
    let missed = run(place.path(), line("3s")).await;
    assert_eq!(missed.code, Some(1), "{}", missed.stderr);
    assert!(missed.stdout.starts_with("9.0 s: 3.5 s falsely in, 0.0 s falsely out\n"));
    assert_eq!(run(place.path(), line("4s")).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn compensation_reports_and_ends_in_time() {
    let place = tempfile::tempdir().unwrap();
    let server = filled("1.2.1").await;
    let line = format!("compensate --node {} --for 1s --period 300ms -o json", server.url());
    let ended = run(place.path(), line).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["instances"][0]["state"], "kept");
    assert!(report["nodes"][0]["beats"].as_u64().unwrap() >= 2, "{report}");
}
