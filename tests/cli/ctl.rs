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
