//! `facos drill` as the author of a client meets it, with shell scripts for clients.

use crate::{Place, run};
use serde_json::Value;

/// A client that returns the same hosts whatever happens.
const KEEPS: &str = r#"#!/bin/sh
echo "starting on $FACOS_SERVER for $FACOS_NAMESPACE $FACOS_GROUP $FACOS_SERVICE"
while echo '{"hosts":["10.9.0.2:8080","10.9.0.1:8080"]}'; do sleep 0.02; done
"#;

/// A client that returns nothing once the situation has begun, and comes back.
const EMPTIES: &str = r#"#!/bin/sh
echo '{"hosts":["10.9.0.1:8080","10.9.0.2:8080"]}'
echo '{"hosts":[]}'
while echo '{"hosts":["10.9.0.1:8080","10.9.0.2:8080"]}'; do sleep 0.02; done
"#;

#[test]
fn a_client_that_keeps_its_hosts_passes_every_drill() {
    let place = Place::new();
    place.write("keeps", KEEPS);
    let ended = place.run("drill --for 20ms -o json -- /bin/sh keeps");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(ended.code, Some(0), "{report}");
    let verdicts: Vec<(&str, &str)> = report["drills"]
        .as_array()
        .unwrap()
        .iter()
        .map(|drill| (drill["drill"].as_str().unwrap(), drill["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("down-at-start", "came-up"),
            ("down-at-run-time", "kept"),
            ("empty-list", "kept"),
            // It is a shell script: nobody can push to it.
            ("empty-push", "not-reached"),
            ("null-hosts", "kept"),
            ("stale-time", "kept"),
        ]
    );
}

#[test]
fn a_client_that_returns_nothing_fails_and_the_table_says_where() {
    let place = Place::new();
    place.write("empties", EMPTIES);
    let ended = place.run("drill --drill empty-list --for 50ms -- /bin/sh empties");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("empty-list  EMPTIED"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("the providers were lost in 1 of 1 drills\n"));
}

#[test]
fn a_client_that_ends_or_never_returns_hosts_is_told() {
    let ended = run("drill --drill empty-list --patience 1m -- /bin/true");
    assert!(ended.stdout.contains("empty-list  NEVER READY"), "{}", ended.stdout);
    let ended = run("drill --drill down-at-start --for 1ms --patience 1m -- /bin/true");
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[test]
fn a_wrong_command_line_is_told() {
    let error = |line: &str| run(line).refused(2).0;
    assert_eq!(error("drill"), "missing <COMMAND>...");
    assert!(error("drill --drill empty -- x").starts_with("--drill can not be \"empty\""));
    let place = Place::new();
    let ended = place.run("drill --drill down-at-start -- no-such-program");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("error: cannot start no-such-program: "), "{}", ended.stderr);
}
