//! Flag over environment over file over default, each with its source; a mistake names its place.

use crate::Place;

/// The value and the source that `config print --effective` shows for a setting.
fn shown(place: &Place, variables: &[(&str, &str)], flags: &str, name: &str) -> [String; 2] {
    let line = format!("config print --effective {flags}");
    let text = place.run_with(variables, &line).done();
    let row = text.lines().find(|line| line.split_whitespace().next() == Some(name));
    let row = row.unwrap_or_else(|| panic!("{name} is not shown: {text}"));
    let mut cells = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).skip(1);
    [cells.next().unwrap().to_owned(), cells.next().unwrap().to_owned()]
}

#[test]
fn each_layer_lies_over_the_one_before() {
    let place = Place::new();
    let variables = [("FACOS_PORT", "2")];
    assert_eq!(shown(&place, &[], "", "port"), ["8848", "default"]);
    place.write("facos.toml", "# Ours.\nport = 1\n");
    assert_eq!(shown(&place, &[], "", "port"), ["1", "facos.toml:2"]);
    assert_eq!(shown(&place, &variables, "", "port"), ["2", "FACOS_PORT"]);
    assert_eq!(shown(&place, &variables, "--port 3", "port"), ["3", "--port"]);
}

#[test]
fn a_quirk_comes_from_the_nearest_layer_or_the_profile() {
    let place = Place::new();
    let quirk = "set.beat.light";
    let profile = "--profile 1.2.1";
    assert_eq!(shown(&place, &[], profile, quirk), ["enabled", "profile 1.2.1"]);
    assert_eq!(shown(&place, &[], profile, "set.list.shape"), ["dom", "profile 1.1.4"]);
    place.write("facos.toml", "[set.beat]\nlight = \"disabled\"\n");
    assert_eq!(shown(&place, &[], profile, quirk), ["disabled", "facos.toml:2"]);
    let variables = [("FACOS_SET", "push.delay_ms=5 beat.light=absent")];
    assert_eq!(shown(&place, &variables, profile, quirk), ["absent", "FACOS_SET"]);
    let flags = "--set beat.light=enabled --set push.delay_ms=6";
    assert_eq!(shown(&place, &variables, flags, quirk), ["enabled", "--set"]);
    assert_eq!(shown(&place, &variables, flags, "set.push.delay_ms"), ["6", "--set"]);
}

#[test]
fn another_file_is_named_by_flag_before_variable() {
    let place = Place::new();
    place.write("facos.toml", "port = 1\n");
    place.write("a.toml", "port = 2\n");
    place.write("b.toml", "port = 3\n");
    let variable = [("FACOS_CONFIG", "a.toml")];
    assert_eq!(shown(&place, &variable, "", "port"), ["2", "a.toml:1"]);
    assert_eq!(shown(&place, &variable, "--config b.toml", "port"), ["3", "b.toml:1"]);
    let (error, hint) = place.run("config print --config c.toml").refused(2);
    assert!(error.starts_with("cannot read the settings c.toml: "), "{error}");
    assert_eq!(hint, "name an existing file with --config or FACOS_CONFIG");
}

#[test]
fn without_effective_only_what_is_stated_is_printed() {
    let place = Place::new();
    place.write("facos.toml", "profile = \"1.2.1\"\n");
    let text = place.run("config print --set beat.light=absent --cold-start").done();
    insta::assert_snapshot!(text, @r"
    NAME            VALUE   FROM
    profile         1.2.1   facos.toml:1
    cold_start      true    --cold-start
    set.beat.light  absent  --set
    ");
}

#[test]
fn json_has_the_types_of_the_values() {
    let place = Place::new();
    let line = "config print --effective -o json --port 0 --cold-start --admin-token s3cret";
    let printed: serde_json::Value = serde_json::from_str(&place.run(line).done()).unwrap();
    let value = |name: &str| {
        let rows = printed.as_array().unwrap().iter();
        rows.clone().find(|row| row["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(value("port"), 0);
    assert_eq!(value("cold_start"), true);
    assert_eq!(value("data"), serde_json::Value::Null);
    assert_eq!(value("clock"), "real");
    assert_eq!(value("admin_token"), "***");
    assert_eq!(value("set.push.delay_ms"), "500");
}

#[test]
fn a_token_is_never_shown() {
    let place = Place::new();
    place.write("facos.toml", "admin_token = \"from file\"\n");
    let wrong = place.run("config print");
    assert!(!wrong.stderr.contains("from file"), "{}", wrong.stderr);
    assert_eq!(
        wrong.refused(2).0,
        "facos.toml:1: admin_token can not be \"***\"; valid: visible ASCII characters without \
         blanks"
    );
    place.write("facos.toml", "admin_token = \"from-file\"\n");
    for variables in [&[][..], &[("FACOS_ADMIN_TOKEN", "from-variable")]] {
        for output in ["text", "json"] {
            let line = format!("config print --effective -o {output}");
            let text = place.run_with(variables, &line).done();
            assert!(text.contains("***") && !text.contains("from-"), "{text}");
        }
    }
}

#[test]
fn a_mistake_in_the_file_is_told_with_its_line() {
    let place = Place::new();
    let told = |text: &str| {
        place.write("facos.toml", text);
        place.run("serve --port 0 --admin-port 0").refused(2).0
    };
    assert_eq!(
        told("port = 0\nadmin-prot = 1\n"),
        "facos.toml:2: no setting \"admin-prot\" (did you mean admin_port?); valid: profile, bind, \
         port, nodes, members, member_file, admin_bind, admin_port, admin_token, clock, \
         cold_start, expire_instances, data, journal, workers, ready_file, log, auth, properties, \
         limit_rule, set, property"
    );
    assert_eq!(
        told("clock = \"mannual\""),
        "facos.toml:1: clock can not be \"mannual\" (did you mean manual?); valid: real, manual"
    );
    assert_eq!(
        told("\n[set.push]\ndelay_ms = -1"),
        "facos.toml:3: push.delay_ms can not be \"-1\"; valid: a whole number up to 86400000"
    );
    assert!(told("profile = 1.2.1").starts_with("facos.toml:1: not valid TOML: "));
    let unknown = told("profile = \"1.2.2\"");
    assert!(
        unknown.starts_with("facos.toml:1: no profile \"1.2.2\" (did you mean 1.2.0 or 1.2.1?)")
    );
}

#[test]
fn a_mistake_in_the_environment_is_told_with_its_variable() {
    let place = Place::new();
    let (error, _) = place.run_with(&[("FACOS_WORKERS", "many")], "config print").refused(2);
    assert_eq!(
        error,
        "FACOS_WORKERS: workers can not be \"many\"; valid: a whole number from 1 to 255"
    );
    let ended = place.run_with(&[("FACOS_PROT", "1")], "config print --port 2");
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.stderr, "warning: FACOS_PROT states nothing (did you mean FACOS_PORT?)\n");
}

#[test]
fn properties_come_from_every_layer_and_their_secrets_are_hidden() {
    let place = Place::new();
    place.write("facos.toml", "[property]\nnacos.naming.expireInstance = false\n");
    let key = "--property nacos.core.auth.default.token.secret.key=abcdef";
    let variables = [("FACOS_PROPERTY", "nacos.core.auth.enabled=true")];
    let printed = place.run_with(&variables, &format!("config print {key}")).done();
    assert!(!printed.contains("abcdef"), "{printed}");
    for (name, value, source) in [
        ("nacos.naming.expireInstance", "false", "facos.toml:2"),
        ("nacos.core.auth.enabled", "true", "FACOS_PROPERTY"),
        ("nacos.core.auth.default.token.secret.key", "***", "--property"),
    ] {
        let name = format!("property.{name} ");
        let line = printed.lines().find(|line| line.starts_with(&name)).unwrap();
        assert!(line.contains(value) && line.ends_with(source), "{line}");
    }
}
