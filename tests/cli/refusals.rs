//! A wrong command line: one line that names the near and the valid ones, then a hint; exit code 2,
//! and nothing on stdout.

use crate::{Place, run};

#[track_caller]
fn error(line: &str) -> String {
    run(line).refused(2).0
}

#[test]
fn an_unknown_command_is_told_with_the_near_and_the_valid_ones() {
    let unknown = error("serv");
    let start = "no command \"serv\" (did you mean serve?); valid: serve, verify, ";
    assert!(unknown.starts_with(start), "{unknown}");
    assert_eq!(
        error("profiles sho"),
        "no command \"sho\" (did you mean show?); valid: list, show, diff"
    );
}

#[test]
fn an_unknown_flag_is_told_with_the_near_one_or_the_valid_ones() {
    assert_eq!(error("serve --prot 1"), "no flag --prot (did you mean --port?)");
    assert_eq!(error("profiles list --xyz"), "no flag --xyz; valid: --output");
}

#[test]
fn a_wrong_profile_is_told_with_the_built_in_ones() {
    let (error, hint) = run("serve --profile 1.2.2").refused(2);
    assert!(
        error.starts_with(
            "--profile: no profile \"1.2.2\" (did you mean 1.2.0 or 1.2.1?); built in: "
        )
    );
    assert_eq!(hint, "facos profiles list shows the built-in profiles");
    let (error, _) = run("serve --profile mine.toml").refused(2);
    assert!(error.starts_with("--profile: cannot read the profile mine.toml: "), "{error}");
}

#[test]
fn a_wrong_quirk_or_value_is_told_with_the_valid_ones() {
    let (unknown, hint) = run("serve --set beat.lihgt=absent").refused(2);
    assert!(
        unknown.starts_with("--set: no quirk \"beat.lihgt\" (did you mean beat.light?); valid")
    );
    assert_eq!(hint, "facos profiles show NAME lists every quirk with its value");
    assert_eq!(
        error("serve --set beat.light=abset"),
        "--set: beat.light can not be \"abset\" (did you mean absent?); valid: absent, disabled, \
         enabled"
    );
    assert_eq!(
        error("serve --set beat.light"),
        "--set: \"beat.light\" is not NAME=VALUE, such as beat.light=absent"
    );
}

#[test]
fn a_wrong_value_of_a_flag_is_told_with_what_is_valid() {
    let examples = [
        ("serve --clock manuel", "--clock: clock can not be \"manuel\" (did you mean manual?); "),
        ("serve --port 65536", "--port: port can not be \"65536\"; valid: a whole number from 0 "),
        (
            "serve --nodes 0",
            "--nodes: nodes can not be \"0\"; valid: a number from 1 to 64, or profiles, such as \
             1.1.4,1.1.4,2.0.2",
        ),
        ("serve --bind localhost", "--bind: bind can not be \"localhost\"; valid: an IP address, "),
        ("serve --log inof", "--log: log can not be \"inof\" (did you mean info?); valid: off, "),
        ("serve --cold-start=no", "--cold-start: cold_start can not be \"no\"; valid: true, false"),
        ("profiles list -o jsn", "--output can not be \"jsn\" (did you mean json?); valid: text, "),
        (
            "ctl advance 5",
            "<DURATION> can not be \"5\": a duration is a number and a unit (ms, s, ",
        ),
        ("ctl --node 300 info", "--node can not be \"300\": 300 is not in 0..=255"),
        ("completions basj", "<SHELL> can not be \"basj\" (did you mean bash?); valid: bash, "),
        ("man serv", "no command \"serv\" of facos (did you mean serve?); valid: serve, "),
    ];
    for (line, start) in examples {
        let error = error(line);
        assert!(error.starts_with(start), "{line}: {error}");
    }
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    assert_eq!(error("serve --port"), "--port <PORT> needs a value");
    assert_eq!(error("serve --port 1 --port 2"), "--port is given twice");
    assert_eq!(error("serve 1.2.1"), "\"1.2.1\" is one argument too many");
    assert_eq!(error("profiles diff 1.1.4"), "missing <B>");
}

#[test]
fn a_limit_rule_that_is_none_is_told_before_anything_starts() {
    let place = Place::new();
    place.write("rule", r#"{"countLimit":"many"}"#);
    let (error, hint) = place.run("serve --port 0 --admin-port 0 --limit-rule rule").refused(2);
    assert_eq!(error, "rule is no limit rule");
    assert!(hint.contains(r#"{"countLimit":100}"#), "{hint}");
    let (error, _) = place.run("serve --port 0 --admin-port 0 --limit-rule none").refused(2);
    assert!(error.starts_with("cannot read none: "), "{error}");
}

#[test]
fn members_are_named_once() {
    let line = "serve --port 0 --admin-port 0 --members a:1 --member-file b";
    let (error, _) = run(line).refused(2);
    assert_eq!(error, "members are named twice, by --members and by --member-file");
    let (error, _) = run("serve --nodes 1.1.4,1.2.2").refused(2);
    assert!(error.starts_with("--nodes: no profile \"1.2.2\""), "{error}");
}

#[test]
fn an_admin_api_for_everybody_needs_a_token() {
    let (error, hint) = run("serve --port 0 --admin-port 0 --admin-bind 0.0.0.0").refused(2);
    assert_eq!(error, "the admin API on 0.0.0.0:0 needs a token, because it is not on loopback");
    assert_eq!(hint, "give --admin-token, or leave it on 127.0.0.1");
}

#[test]
fn a_ready_file_that_can_not_be_written_is_told_before_the_start() {
    let (error, _) = run("serve --ready-file no-such/ready.json").refused(2);
    assert!(error.starts_with("cannot write the ready file no-such/ready.json: "), "{error}");
    let place = Place::new();
    std::fs::create_dir(place.path().join("folder")).unwrap();
    let (error, _) = place.run("serve --ready-file folder").refused(2);
    assert_eq!(error, "cannot write the ready file folder: it is there and no regular file");
}

#[test]
fn a_property_that_nacos_has_not_is_told_with_the_near_one() {
    let (unknown, hint) = run("serve --property nacos.core.auth.enable=true").refused(2);
    assert_eq!(
        unknown,
        "--property: Nacos has no property \"nacos.core.auth.enable\" (did you mean \
         nacos.core.auth.enabled?)"
    );
    assert_eq!(hint, "facos serve --help says which files and names it takes");
    assert_eq!(
        error("serve --property server.port"),
        "--property: \"server.port\" is not NAME=VALUE, such as nacos.core.auth.enabled=true"
    );
    let place = Place::new();
    place.write("app.properties", "# ours\nserver.port=8848\nnacos.naming.expireInstanse=true\n");
    let (error, _) = place.run("serve --properties app.properties").refused(2);
    assert!(error.starts_with("app.properties:3: Nacos has no property"), "{error}");
    let (error, _) = place.run("serve --properties none.properties").refused(2);
    assert!(error.starts_with("cannot read the properties none.properties: "), "{error}");
}
