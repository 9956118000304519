//! Tests of the profiles that are built in, and of what is refused in anybody's.

use super::*;
use std::collections::BTreeMap;
use std::path::Path;

fn built_in() -> Vec<Profile> {
    BUILT_IN.iter().map(|(name, _)| Profile::nacos(name).unwrap()).collect()
}

fn user(text: &str) -> Result<Profile, String> {
    Profile::from_toml("mine.toml", text).map_err(|error| error.to_string())
}

fn refusal(text: &str) -> String {
    let error = user(text).unwrap_err();
    assert!(!error.contains('\n'), "an error is one line: {error}");
    error
}

#[test]
fn a_built_in_profile_goes_by_its_version_and_by_its_full_name() {
    assert_eq!(Profile::nacos("nacos-1.1.4").unwrap().name, "1.1.4");
    assert_eq!(Profile::load("1.2.1").unwrap().inherits.as_deref(), Some("1.1.4"));
    assert_eq!(Profile::load("nacos-2.0.2").unwrap().inherits.as_deref(), Some("1.2.1"));
    for profile in built_in() {
        // What the tag 2.0.4 holds calls itself by the version that was to come.
        let says = if profile.name == "2.0.4" { "2.1.0-SNAPSHOT" } else { &profile.name };
        assert_eq!(profile.quirks.server.version, says);
        assert!(profile.about.ends_with('.'), "{}", profile.name);
    }
}

#[test]
fn the_project_s_four_switches_differ_as_the_versions_do() {
    let [old, middle, new] = ["1.1.4", "1.2.1", "2.0.2"].map(|name| Profile::nacos(name).unwrap());
    assert!(built_in().iter().all(|any| any.quirks.beat.source == BeatSource::QueryOrForm));
    assert!(old.quirks.beat.requires_body && !middle.quirks.beat.requires_body);
    assert_eq!(old.quirks.beat.light, BeatLight::Absent);
    assert_eq!(new.quirks.beat.light, BeatLight::Enabled);
    assert_eq!(old.quirks.beat.reply_code, ReplyCode::Absent);
    assert_eq!(middle.quirks.beat.unknown_light, UnknownLight::NotFound);
    assert_eq!(old.quirks.forward.body, ForwardBody::Dropped);
    assert_eq!(middle.quirks.distro.responsible_tag, ResponsibleTag::ServiceName);
    assert_eq!(new.quirks.distro.responsible_tag, ResponsibleTag::IpPort);
}

#[test]
fn a_quirk_differs_between_two_versions_or_is_marked_operator() {
    for (at, quirk) in QUIRKS.iter().enumerate() {
        let values: Vec<String> =
            built_in().iter().map(|any| any.quirks.get(quirk.name).unwrap()).collect();
        let differs = values.iter().any(|value| *value != values[0]);
        assert_eq!(
            differs,
            quirk.reason == Reason::Versions,
            "{} (number {at}) is {values:?}: a quirk that differs nowhere is a default, unless \
             operators turn it",
            quirk.name
        );
    }
}

#[test]
fn a_delta_states_only_what_changed() {
    for profile in built_in() {
        let Some(parent) = &profile.inherits else { continue };
        let parent = Profile::nacos(parent).unwrap();
        for line in profile.lines().filter(|line| line.origin.stated_by == profile.name) {
            let inherited = parent.quirks.get(line.quirk.name).unwrap();
            assert_ne!(line.value, inherited, "{}: {}", profile.name, line.quirk.name);
        }
    }
}

#[test]
fn every_line_s_evidence_is_a_transcript_that_exists_or_a_page_or_nacos_s_own_source() {
    let transcripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transcripts");
    for (profile, line) in built_in().iter().flat_map(|any| any.lines().map(move |l| (any, l))) {
        let evidence = &line.origin.evidence;
        let page = evidence.split_once(".md §").is_some_and(|(_, section)| !section.is_empty());
        let transcript = transcripts.join(format!("{evidence}.json")).is_file();
        // Where nothing was recorded: a class of the tag.
        let source = evidence.split_once(' ').is_some_and(|(tag, class)| {
            built_in().iter().any(|any| any.name == tag) && class.ends_with(".java")
        });
        let known = page || transcript || source;
        assert!(known, "{}: {} shows {evidence:?}", profile.name, line.quirk.name);
    }
}

#[test]
fn a_transcript_given_as_evidence_was_recorded_on_that_version() {
    let transcripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transcripts");
    for profile in built_in() {
        let own = |line: &ProfileLine<'_>| line.origin.stated_by == profile.name;
        for line in profile.lines().filter(own) {
            let path = transcripts.join(format!("{}.json", line.origin.evidence));
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let transcript: serde_json::Value = serde_json::from_str(&text).unwrap();
            let Some(versions) = transcript["versions"].as_array() else { continue };
            assert!(
                versions.iter().any(|version| version == &profile.name),
                "{}: {} shows {}, recorded on {versions:?}",
                profile.name,
                line.quirk.name,
                line.origin.evidence
            );
        }
    }
}

#[test]
fn a_value_s_text_reads_back_as_itself() {
    for profile in built_in() {
        let mut copy = profile.clone();
        for line in profile.lines() {
            copy.set(line.quirk.name, &line.value).unwrap();
        }
        assert_eq!(copy.quirks, profile.quirks);
    }
    for quirk in QUIRKS {
        for choice in quirk.choices {
            assert_eq!((quirk.read)(choice.name).as_deref(), Some(choice.name), "{}", quirk.name);
            assert!(choice.doc.ends_with('.'), "{}: {}", quirk.name, choice.doc);
        }
        assert!(quirk.doc.ends_with('.'), "{}: {}", quirk.name, quirk.doc);
    }
}

#[test]
fn quirks_of_one_section_stand_together() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, quirk) in QUIRKS.iter().enumerate() {
        let last = seen.insert(quirk.section(), at);
        assert!(last.is_none_or(|last| last + 1 == at), "{}", quirk.name);
    }
}

#[test]
fn a_user_s_delta_needs_no_evidence_and_keeps_the_rest() {
    let mine = user(
        "inherits = \"1.2.1\"\nabout = \"Light beats are off.\"\n\
         [beat]\nlight = \"disabled\"\nrequires_body = { value = true, evidence = \"a guess\" }\n\
         [push]\ndelay_ms = 250\nagents = [\"java\", \"csharp\"]\n",
    )
    .unwrap();
    assert_eq!((mine.name.as_str(), mine.about.as_str()), ("mine", "Light beats are off."));
    assert_eq!(mine.quirks.beat.light, BeatLight::Disabled);
    assert_eq!(mine.quirks.push.delay_ms, 250);
    assert_eq!(mine.quirks.get("push.agents").unwrap(), "java,csharp");
    assert_eq!(mine.quirks.beat.reply_code, ReplyCode::Present);
    let origin = |name: &str| mine.origins[name].clone();
    assert_eq!(origin("beat.light"), Origin { stated_by: "mine".into(), evidence: "".into() });
    assert_eq!(origin("beat.requires_body").evidence, "a guess");
    assert_eq!(origin("beat.reply_code").stated_by, "1.2.1");
    assert_eq!(origin("beat.source").stated_by, "1.1.4");
}

#[test]
fn a_file_is_loaded_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollback.toml");
    std::fs::write(&path, "inherits = \"nacos-1.1.4\"\nbeat.light = \"disabled\"\n").unwrap();
    let mine = Profile::load(path.to_str().unwrap()).unwrap();
    assert_eq!((mine.name.as_str(), mine.quirks.beat.light), ("rollback", BeatLight::Disabled));
    let error = Profile::load("no/such/file.toml").unwrap_err().to_string();
    assert!(error.starts_with("cannot read the profile no/such/file.toml: "), "{error}");
}

#[test]
fn mistakes_in_a_file_are_one_line_with_the_place_and_the_remedy() {
    for (text, expected) in [
        ("", "mine.toml: inherits is missing; name a built-in profile: inherits = \"1.2.1\""),
        (
            "inherits = \"1.2.2\"",
            "mine.toml: no profile \"1.2.2\" (did you mean 1.2.0 or 1.2.1?); \
             built in: 1.1.4, 1.2.0, 1.2.1, 2.0.0, 2.0.2, 2.0.4; a file's name ends in .toml",
        ),
        ("inherits = 121", "mine.toml:1: inherits is a text"),
        (
            "inherits = \"1.2.1\"\n[beat\n",
            "mine.toml:2: not valid TOML: unclosed table, expected `]`",
        ),
        (
            "inherits = \"1.2.1\"\n\n[beat]\nlite = \"absent\"",
            "mine.toml:4: no quirk \"beat.lite\" (did you mean beat.light?); \
             valid: beat.source, beat.needs_cluster, beat.makes_id, beat.requires_body, \
             beat.checked_first, beat.light, beat.reply_code, beat.unknown_light, \
             beat.persistent_ignored, beat.json, beat.null_is",
        ),
        (
            "inherits = \"1.2.1\"\n[beat]\nlight = \"disable\"",
            "mine.toml:3: beat.light can not be \"disable\" (did you mean disabled?); \
             valid: absent, disabled, enabled",
        ),
        (
            "inherits = \"1.2.1\"\nbeat.light = false",
            "mine.toml:2: beat.light can not be the truth value false; \
             valid: absent, disabled, enabled",
        ),
        (
            "inherits = \"1.2.1\"\npush.delay_ms = \"500\"",
            "mine.toml:2: push.delay_ms can not be the text \"500\"; \
             valid: a whole number up to 86400000",
        ),
        (
            "inherits = \"1.2.1\"\npush.delay_ms = -1",
            "mine.toml:2: push.delay_ms can not be \"-1\"; valid: a whole number up to 86400000",
        ),
        (
            "inherits = \"1.2.1\"\npush.agents = [\"java\", \"c-sharp\"]",
            "mine.toml:2: push.agents can not be \"java,c-sharp\"; \
             valid: a list of java, dns, c, go_sdk, go_client, csharp",
        ),
        (
            "inherits = \"1.2.1\"\nbeat.light = { valeu = \"absent\" }",
            "mine.toml:2: no key \"valeu\" in beat.light (did you mean value?); valid: value, evidence",
        ),
        (
            "inherits = \"1.2.1\"\nbeat.light = { evidence = \"x\" }",
            "mine.toml:2: beat.light has no value",
        ),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
    let error = refusal("inherits = \"1.2.1\"\n[beats]\nlight = \"absent\"");
    assert!(error.starts_with("mine.toml:2: no key \"beats\" in a profile (did you mean beat?);"));
}

#[test]
fn a_profile_that_inherits_nothing_states_every_quirk_with_evidence() {
    let read = |text: &str| {
        let file = super::file::parse("old.toml", "old", text, super::file::Author::BuiltIn);
        file.and_then(super::load::resolve).unwrap_err().to_string()
    };
    let first_of_all = "[server]\nversion = { value = \"1\", evidence = \"x §1\" }";
    assert_eq!(
        read(first_of_all),
        "core.model is missing; a profile that inherits nothing states every quirk"
    );
    assert_eq!(read("server.version = \"1\""), "old.toml:1: server.version has no evidence");
}

#[test]
fn setting_by_hand_says_what_is_valid() {
    let mut profile = Profile::nacos("1.2.1").unwrap();
    profile.set("beat.light", "absent").unwrap();
    assert_eq!(profile.quirks.beat.light, BeatLight::Absent);
    assert_eq!(profile.origins["beat.light"].stated_by, "--set");
    assert_eq!(profile.origins["beat.light"].evidence, "");
    let refused = profile.set("beat.light", "off").unwrap_err().to_string();
    assert_eq!(refused, "beat.light can not be \"off\"; valid: absent, disabled, enabled");
    assert_eq!(profile.quirks.beat.light, BeatLight::Absent, "a refused value changes nothing");
    let unknown = profile.set("beat.ligth", "absent").unwrap_err().to_string();
    assert!(
        unknown.starts_with("no quirk \"beat.ligth\" (did you mean beat.light?); valid: beat.")
    );
    assert_eq!(unknown, profile.quirks.get("beat.ligth").unwrap_err().to_string());
}

#[test]
fn a_setting_is_a_name_and_a_value_that_fit() {
    let setting: Setting = "beat.light = disabled".parse().unwrap();
    assert_eq!(setting, Setting { name: "beat.light", value: "disabled".into() });
    let refused = |text: &str| text.parse::<Setting>().unwrap_err().to_string();
    assert_eq!(
        refused("beat.light"),
        "\"beat.light\" is not NAME=VALUE, such as beat.light=absent"
    );
    assert_eq!(
        refused("forward.body=moved"),
        "forward.body can not be \"moved\"; valid: dropped, moved_to_query, moved_and_sent"
    );
    let near = refused("responsible-tag=ip_port");
    assert!(
        near.starts_with("no quirk \"responsible-tag\" (did you mean distro.responsible_tag?)")
    );
}
