//! `facos ctl` against a running server.

use crate::running::Running;
use crate::{Place, run};
use serde_json::Value;

const INSTANCE: &str = "serviceName=orders&ip=10.0.0.1&port=8080";

fn with_an_instance(flags: &str) -> Running {
    let running = Running::start(&format!("--profile 1.2.1 --clock manual {flags}"));
    running.ask(&format!("POST /nacos/v1/ns/instance?{INSTANCE}"));
    running.ask(&format!("PUT /nacos/v1/ns/instance/beat?{INSTANCE}"));
    running
}

fn json(running: &Running, line: &str) -> Value {
    serde_json::from_str(&running.ctl(line).done()).unwrap()
}

#[test]
fn time_passes_only_when_it_is_advanced() {
    let running = with_an_instance("");
    let before = json(&running, "clock")["now"].as_u64().unwrap();
    assert_eq!(json(&running, "instances")["instances"][0]["healthy"], true);
    let advanced = json(&running, "advance 16s");
    assert_eq!(advanced["now"].as_u64().unwrap(), before + 16_000);
    assert_eq!(json(&running, "instances --service orders")["instances"][0]["healthy"], false);
    json(&running, "advance 0.5m");
    assert_eq!(running.ctl("instances -o text").done(), "none\n");
}

#[test]
fn a_real_clock_is_not_advanced() {
    let running = Running::start("");
    let (error, hint) = running.ctl("advance 1s").refused(1);
    assert!(error.contains("clock"), "{error}");
    assert_eq!(hint, "start the server with --clock manual");
}

#[test]
fn the_journal_is_filtered_counted_and_forgotten() {
    let running = with_an_instance("");
    let records = json(&running, "journal --op beat --beat absent --status 200");
    assert_eq!(records["records"][0]["service"], "DEFAULT_GROUP@@orders");
    assert_eq!(json(&running, "journal --op register --count")["count"], 1);
    let text = running.ctl("journal -o text").done();
    assert!(text.contains("\nSEQ  TIME"), "{text}");
    assert_eq!(text.lines().count(), 6, "{text}");
    running.ctl("reset --scope journal").done();
    assert_eq!(json(&running, "journal --count")["count"], 0);
    assert_eq!(json(&running, "instances")["instances"].as_array().unwrap().len(), 1);
    running.ctl("reset").done();
    assert_eq!(running.ctl("instances -o text").done(), "none\n");
}

#[test]
fn a_quirk_changes_the_next_answer_and_goes_back() {
    let running = with_an_instance("");
    let beat = || running.ask(&format!("PUT /nacos/v1/ns/instance/beat?{INSTANCE}"));
    assert!(beat().contains("lightBeatEnabled"));
    assert_eq!(json(&running, "quirks set beat.light absent")["value"], "absent");
    assert!(!beat().contains("lightBeatEnabled"));
    assert_eq!(json(&running, "profile")["changed"][0], "beat.light");
    assert_eq!(json(&running, "quirks get beat.light")["started_with"], "enabled");
    assert_eq!(json(&running, "quirks reset beat.light")["value"], "enabled");
    assert!(beat().contains("lightBeatEnabled"));
    running.ctl("quirks set beat.light absent").done();
    running.ctl("quirks reset").done();
    assert!(beat().contains("lightBeatEnabled"));
    assert!(json(&running, "quirks")["quirks"].as_array().unwrap().len() > 40);
}

#[test]
fn what_the_server_refuses_is_told_in_its_words() {
    let running = with_an_instance("");
    let (error, _) = running.ctl("quirks set beat.light abset").refused(1);
    assert!(error.starts_with("beat.light can not be \"abset\" (did you mean absent?)"), "{error}");
    let (error, hint) = running.ctl("journal --op beet").refused(1);
    assert_eq!(error, "there is no operation beet");
    assert!(hint.starts_with("operations are register, "), "{hint}");
    let (error, _) = running.ctl("--node 7 quirks").refused(1);
    assert_eq!(error, "there is no node 7");
}

#[test]
fn every_other_call_has_an_answer() {
    let running = with_an_instance("");
    assert_eq!(running.ctl("health").done(), "{\"status\":\"UP\"}\n");
    assert_eq!(running.ctl("health --live -o text").done(), "UP\n");
    assert_eq!(json(&running, "info")["nodes"][0]["instances"], 1);
    assert!(running.ctl("metrics").done().contains("\nfacos_requests_total{"));
    assert_eq!(running.ctl("subscribers -o text").done(), "none\n");
    let paths = json(&running, "openapi")["paths"].clone();
    assert!(paths["/__admin/clock/advance"]["post"].is_object());
}

#[test]
fn a_token_is_taken_from_the_flag_the_variable_and_the_file() {
    let place = Place::new();
    place.write("facos.toml", "admin_token = \"s3cret\"\n");
    let running = Running::start_in(place, &[], "");
    let (error, hint) = running.ctl("info").refused(1);
    assert_eq!(error, "the admin API of this server needs a token");
    assert_eq!(hint, "give the token of the server with FACOS_ADMIN_TOKEN or --token");
    running.ctl("info --token s3cret").done();
    let variables = [("FACOS_ADMIN", running.admin()), ("FACOS_ADMIN_TOKEN", "s3cret")];
    running.place.run_with(&variables, "ctl info").done();
    let port = running.admin().rsplit(':').next().unwrap();
    running.place.write("facos.toml", &format!("admin_token = \"s3cret\"\nadmin_port = {port}\n"));
    running.place.run("ctl info").done();
    running.ctl("info --token wrong").refused(1);
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let (error, hint) = run("ctl --admin 127.0.0.1:1 info").refused(69);
    assert!(error.starts_with("cannot reach the admin API at 127.0.0.1:1: "), "{error}");
    assert_eq!(hint, "start the server first, or name its admin API with --admin");
    let (error, _) = run("ctl --admin https://localhost:1 info").refused(2);
    assert_eq!(error, "https://localhost:1 is not the address of an admin API");
}

#[test]
fn the_port_of_nacos_clients_is_told_from_the_admin_api() {
    let running = Running::start("");
    let line = format!("ctl --admin {} info", running.node());
    let (error, hint) = running.place.run(&line).refused(69);
    assert!(error.ends_with("answers 404, but not as an admin API does"), "{error}");
    assert_eq!(hint, "the admin API has its own port, which the ready line of serve names");
}

#[test]
fn nodes_end_start_as_another_version_and_are_cut_off() {
    let running = Running::start("--profile 1.1.4 --nodes 3 --clock manual");
    let node = |number: u8| json(&running, &format!("nodes get {number}"));
    assert_eq!(node(0)["healthy"].as_array().unwrap().len(), 3);
    assert_eq!(json(&running, "nodes kill 1")["running"], false);
    let (error, hint) = running.ctl("nodes stop 1").refused(1);
    assert_eq!((error.as_str(), hint.as_str()), ("node 1 has ended already", "start it"));
    json(&running, "advance 14s");
    assert_eq!(node(0)["healthy"].as_array().unwrap().len(), 2);
    let started = json(&running, "nodes start 1 --profile 1.2.1");
    assert_eq!((&started["running"], &started["profile"]), (&true.into(), &"1.2.1".into()));
    json(&running, "advance 6s");
    assert_eq!(node(0)["healthy"].as_array().unwrap().len(), 3);

    assert_eq!(json(&running, "nodes isolate 2 --direction out")["isolated"], "out");
    json(&running, "advance 14s");
    assert_eq!(node(0)["healthy"].as_array().unwrap().len(), 2);
    assert_eq!(node(2)["healthy"].as_array().unwrap().len(), 3, "it still hears the others");
    assert_eq!(json(&running, "nodes heal 2")["isolated"], Value::Null);
    assert_eq!(json(&running, "nodes lag 2 100ms")["lag_ms"], 100);
    json(&running, "advance 6s");
    assert_eq!(node(0)["healthy"].as_array().unwrap().len(), 3);

    let records = json(&running, "journal --op control");
    let done: Vec<&str> = records["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["agent"].as_str().unwrap())
        .collect();
    assert_eq!(done, ["kill", "start 1.2.1", "isolate out", "heal", "lag 100 ms"]);
    let (error, _) = running.ctl("nodes start 1").refused(1);
    assert_eq!(error, "node 1 runs already");
    let (error, _) = running.ctl("nodes get 3").refused(1);
    assert_eq!(error, "there is no node 3");
}

#[test]
fn a_list_of_members_is_a_file_that_is_watched() {
    let place = Place::new();
    place.write("cluster.conf", "127.0.0.1:1\n");
    let line = "--profile 1.1.4 --clock manual --member-file cluster.conf";
    let running = Running::start_in(place, &[], line);
    let members = |running: &Running| json(running, "nodes get 0")["members"].to_string();
    assert_eq!(members(&running), r#"["127.0.0.1:1"]"#);
    running.place.write("cluster.conf", "# two\n127.0.0.1:1, 127.0.0.1:2");
    json(&running, "advance 4s");
    assert_eq!(members(&running), r#"["127.0.0.1:1"]"#);
    json(&running, "advance 2s");
    assert_eq!(members(&running), r#"["127.0.0.1:1","127.0.0.1:2"]"#);
    json(&running, "nodes members 0 127.0.0.1:3");
    json(&running, "advance 1s");
    assert_eq!(members(&running), r#"["127.0.0.1:3"]"#);
}
