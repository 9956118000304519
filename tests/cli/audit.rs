//! `facos audit` as an operator meets it.

use crate::running::Running;
use crate::{Place, run};
use serde_json::Value;

const RECORDS: &str = r#"{"records":[{"seq":1,"time":1,"operation":"beat","service":"g@@s",
    "ip":"10.0.0.1","port":80,"agent":"Nacos-Java-Client:v1.4.2","beat":"absent","status":200}]}"#;

#[test]
fn a_journal_tells_who_breaks_and_the_exit_code_says_whether_anybody_does() {
    let place = Place::new();
    place.write("journal.json", RECORDS);
    let broken = place.run("audit --journal journal.json --against 1.1.4 -o json");
    let report: Value = serde_json::from_str(&broken.stdout).unwrap();
    assert_eq!(broken.code, Some(1), "{report}");
    let client = &report["clients"][0];
    assert_eq!(
        (&client["sdk"], &client["version"]),
        (&Value::from("Nacos-Java-Client"), &Value::from("1.4.2"))
    );
    assert_eq!(client["findings"][0]["quirk"], "beat.requires_body");
    let fine = place.run("audit --journal journal.json --against 1.2.1").done();
    assert!(fine.ends_with("0 of 1 clients break on 1.2.1, 0 are at risk\n"), "{fine}");
}

#[test]
fn the_journal_of_a_running_facos_is_asked_for() {
    let running = Running::start("--profile 1.2.1");
    running.ask("PUT /nacos/v1/ns/instance/beat?serviceName=a&ip=10.0.0.1&port=80");
    let ended = run(&format!("audit --journal http://{} --against 1.1.4", running.admin()));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("1 of 1 clients break on 1.1.4"), "{}", ended.stdout);
}

#[test]
fn a_wrong_command_line_is_told() {
    let error = |line: &str, code| run(line).refused(code).0;
    assert_eq!(error("audit", 2), "missing --node <URL>");
    assert!(error("audit --journal none.json", 2).starts_with("cannot read none.json: "));
    let gone = error("audit --journal http://127.0.0.1:1", 69);
    assert!(gone.starts_with("cannot reach 127.0.0.1:1: "), "{gone}");
    assert_eq!(error("audit --node a:1 --node a:1", 2), "--node: a:1 is given twice");
    assert!(error("audit --node a:1 --against 9", 2).starts_with("--against: no profile \"9\""));
    let place = Place::new();
    place.write("other.json", "[]");
    let foreign = place.run("audit --journal other.json").refused(2).0;
    assert!(foreign.starts_with("other.json is no journal of facos: "), "{foreign}");
}
