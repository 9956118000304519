//! `facos profiles`: each quirk with its value, its origin, its evidence and its sentence.

use crate::{Place, run};
use serde_json::Value;

fn json(line: &str) -> Value {
    serde_json::from_str(&run(line).done()).unwrap()
}

#[test]
fn the_built_in_profiles_are_listed_oldest_first() {
    let text = run("profiles list").done();
    let names: Vec<&str> = text.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(names, ["NAME", "1.1.4", "1.2.0", "1.2.1", "2.0.0", "2.0.2", "2.0.4"]);
    let listed = json("profiles list -o json");
    let inherits: Vec<&Value> =
        listed.as_array().unwrap().iter().map(|profile| &profile["inherits"]).collect();
    let [old, middle, new] = ["1.1.4", "1.2.1", "2.0.2"].map(Value::from);
    assert_eq!(inherits, [&Value::Null, &middle, &old, &new, &middle, &new]);
}

#[test]
fn a_quirk_is_shown_with_value_origin_evidence_and_sentence() {
    let text = run("profiles show 1.2.1").done();
    let row = text.lines().find(|line| line.starts_with("beat.light ")).unwrap();
    let cells: Vec<&str> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    let sentence =
        "The lightBeatEnabled key of the answer. enabled: The value of the switch of that name.";
    assert_eq!(cells, ["beat.light", "enabled", "1.2.1", "instance/beat-forms", sentence]);
}

#[test]
fn text_and_json_show_every_quirk() {
    let rows = run("profiles show 2.0.2").done().lines().count() - 1;
    let shown = json("profiles show 2.0.2 -o json");
    let shown = shown.as_array().unwrap();
    assert_eq!(shown.len(), rows);
    let tag = shown.iter().find(|row| row["quirk"] == "distro.responsible_tag").unwrap();
    assert_eq!(
        (&tag["value"], &tag["stated_by"], &tag["means"]),
        (&"ip_port".into(), &"2.0.2".into(), &"`ip:port` of the instance.".into())
    );
}

#[test]
fn a_diff_shows_only_what_differs() {
    let place = Place::new();
    place.write("mine.toml", "inherits = \"1.2.1\"\n[beat]\nlight = \"absent\"\n");
    let text = place.run("profiles diff 1.2.1 mine.toml").done();
    insta::assert_snapshot!(text, @r"
    QUIRK       1.2.1    mine    EVIDENCE OF mine  WHAT IT IS
    beat.light  enabled  absent  -                 The lightBeatEnabled key of the answer.
    ");
    let differing: Value =
        serde_json::from_str(&place.run("profiles diff 1.2.1 mine.toml -o json").done()).unwrap();
    assert_eq!(differing.as_array().unwrap().len(), 1);
    assert_eq!(differing[0]["left"]["evidence"], "instance/beat-forms");
    assert_eq!(differing[0]["right"]["means"], "Not sent.");
    assert_eq!(place.run("profiles diff 1.2.1 nacos-1.2.1 -o json").done(), "[]\n");
}

#[test]
fn a_profile_of_your_own_is_shown_with_its_name_as_the_origin() {
    let place = Place::new();
    place.write("mine.toml", "inherits = \"1.2.1\"\n[push]\ndelay_ms = 0\n");
    let text = place.run("profiles show mine.toml").done();
    assert!(text.contains("\npush.delay_ms "), "{text}");
    let row = text.lines().find(|line| line.starts_with("push.delay_ms ")).unwrap();
    assert!(row.contains("  mine   -  "), "{row}");
}

#[test]
fn a_mistake_in_a_profile_is_told_with_its_line() {
    let place = Place::new();
    place.write("mine.toml", "inherits = \"1.2.1\"\n\n[beat]\nlite = \"absent\"\n");
    let (error, hint) = place.run("profiles show mine.toml").refused(2);
    assert!(error.starts_with("mine.toml:4: no quirk \"beat.lite\""), "{error}");
    assert_eq!(hint, "facos profiles show NAME lists every quirk with its value");
    let (error, hint) = place.run("profiles diff 1.2.1 3.0").refused(2);
    assert!(
        error.starts_with(
            "no profile \"3.0\"; built in: 1.1.4, 1.2.0, 1.2.1, 2.0.0, 2.0.2, 2.0.4; "
        ),
        "{error}"
    );
    assert_eq!(hint, "facos profiles list shows the built-in profiles");
}
