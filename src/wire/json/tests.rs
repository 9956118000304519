//! The public functions, by what the transcripts show of them, and under hostile texts.

use super::{batch_targets, beat, fast, fastjson, jackson, metadata};
use crate::model::{FullBeat, JavaException, Metadata, Refusal};
use crate::profile::JsonDialect::{self, Fastjson, Jackson};
use proptest::prelude::*;

const BOTH: [JsonDialect; 2] = [Fastjson, Jackson];

fn refused(dialect: JsonDialect, text: &str) -> Refusal {
    beat(dialect, text).unwrap_err()
}

fn pairs(map: &Metadata) -> Vec<(&str, Option<&str>)> {
    map.iter().collect()
}

#[test]
fn a_clients_beat_is_read_by_both() {
    let text = r#"{"cluster":"DEFAULT","ip":"10.0.0.1","metadata":{"b":"1","a":"2"},"period":5000,"port":8080,"scheduled":false,"serviceName":"g@@s","stopped":false,"weight":1.5}"#;
    for dialect in BOTH {
        let beat = beat(dialect, text).unwrap().unwrap();
        assert_eq!((beat.ip.as_deref(), beat.port), (Some("10.0.0.1"), 8080));
        assert_eq!((beat.cluster.as_deref(), beat.weight), (Some("DEFAULT"), 1.5));
        assert_eq!((beat.service_name.as_deref(), beat.ephemeral), (Some("g@@s"), true));
        let order = if dialect == Fastjson { ["a", "b"] } else { ["b", "a"] };
        assert!(beat.metadata.unwrap().iter().map(|entry| entry.0).eq(order));
    }
}

#[test]
fn exceptions_carry_what_each_version_prints() {
    let port = r#"{"ip":"10.60.37.1","port":"http"}"#;
    let thrown = refused(Fastjson, port);
    assert_eq!(thrown.exception, JavaException::FastJsonNumber);
    assert_eq!(thrown.message, "parseInt error, field : port");
    let thrown = refused(Fastjson, r#"{"ephemeral":"maybe"}"#);
    assert_eq!(thrown.exception, JavaException::FastJson);
    assert_eq!(thrown.message, "parseBoolean error, field : ephemeral");
    let thrown = refused(Jackson, port);
    assert_eq!(thrown.exception, JavaException::Deserialization);
    assert_eq!(
        thrown.message,
        "errCode: 101, errMsg: Nacos deserialize for class \
         [com.alibaba.nacos.naming.healthcheck.RsInfo] failed.  "
    );
    assert_eq!(
        thrown.cause.as_deref(),
        Some(
            "Cannot deserialize value of type `int` from String \"http\": not a valid `int` \
             value\n at [Source: (String)\"{\"ip\":\"10.60.37.1\",\"port\":\"http\"}\"; line: 1, \
             column: 27] (through reference chain: \
             com.alibaba.nacos.naming.healthcheck.RsInfo[\"port\"])"
        )
    );
}

#[test]
fn a_number_that_is_none_escapes_from_the_first_token_of_fastjson() {
    let thrown = refused(Fastjson, r#""\uZZZZ""#);
    assert_eq!(thrown.exception, JavaException::NumberFormat);
    assert_eq!(thrown.message, "For input string: \"ZZZZ\" under radix 16");
}

#[test]
fn nothing_is_null_to_fastjson_and_an_error_to_jackson() {
    for text in ["null", "[]", " ", "", "\"\"", "\t\n"] {
        assert_eq!(beat(Fastjson, text), Ok(None), "{text:?}");
    }
    assert_eq!(beat(Jackson, "null"), Ok(None));
    let thrown = refused(Jackson, " ");
    let cause = "No content to map due to end-of-input\n at [Source: (String)\" \"; line: 1, \
                 column: 0]";
    assert_eq!(thrown.cause.as_deref(), Some(cause));
}

#[test]
fn long_texts_are_cut_in_the_place_that_jackson_names() {
    let text = format!(r#"{{"ip":"{}","port":"x"}}"#, "i".repeat(600));
    let cause = refused(Jackson, &text).cause.unwrap();
    let shown = format!("(String)\"{}\"[truncated 120 chars]; line: 1, column: 617]", &text[..500]);
    assert!(cause.contains(&shown), "{cause}");
    let text = format!(r#"{{"x":"{}","port":"x"}}"#, "i".repeat(40_000));
    let cause = refused(Jackson, &text).cause.unwrap();
    assert!(cause.contains(" at [Source: (StringReader); line: 1, column: 40016] ("), "{cause}");
}

#[test]
fn metadata_is_json_or_pairs_or_refused() {
    for dialect in BOTH {
        let read = |text: &str| metadata(dialect, text).unwrap().unwrap();
        assert!(read("").is_empty() && read(" \t").is_empty() && read("{}").is_empty());
        assert_eq!(metadata(dialect, "null"), Ok(None));
        assert_eq!(pairs(&read(r#"{"a":"x y"}"#)), [("a", Some("x y"))]);
        assert_eq!(pairs(&read(" a = 1 , b=2,")), [(" b", Some("2")), (" a ", Some(" 1 "))]);
        assert_eq!(pairs(&read("=b")), [("", Some("b"))]);
        assert_eq!(pairs(&read("a=1,a=2")), [("a", Some("2"))]);
        for text in ["a=b=c", "a=", "junk", "{\"a\":", "[\"a\"]", "\"a\"", "a=1,,b=2", ",a=1"] {
            let refusal = metadata(dialect, text).unwrap_err();
            let message = format!("metadata format incorrect:{text}");
            assert_eq!(refusal, Refusal::nacos(400, message));
        }
    }
    let nested = r#"{"o":{"a":1},"l":[1,2],"q":'x'}"#;
    assert_eq!(
        pairs(&metadata(Fastjson, nested).unwrap().unwrap()),
        [("q", Some("x")), ("l", Some("[1,2]")), ("o", Some("{\"a\":1}"))]
    );
    assert!(metadata(Jackson, nested).is_err());
    let values = r#"{"n":1,"f":1.50,"t":true,"z":null}"#;
    let read = |dialect| metadata(dialect, values).unwrap().unwrap();
    let [t, f, z, n] = [("t", Some("true")), ("f", Some("1.50")), ("z", None), ("n", Some("1"))];
    assert_eq!(pairs(&read(Fastjson)), [t, f, z, n]);
    assert_eq!(pairs(&read(Jackson)), [n, f, t, z]);
}

#[test]
fn a_batch_without_a_list_means_all_instances() {
    for text in ["", "nonsense", "null", "{}", "[]", "[1]", r#"[{"ip":"a","port":"x"}]"#] {
        assert_eq!(batch_targets(text), None, "{text}");
    }
    let targets = batch_targets(r#"[{"ip":"a","port":"80","clusterName":" ","zzz":[{}]}]"#);
    let targets = targets.unwrap();
    assert_eq!((&*targets[0].ip, targets[0].port), ("a", 80));
    assert_eq!((&*targets[0].cluster, targets[0].ephemeral), ("DEFAULT", true));
}

#[test]
fn deep_texts_end_where_a_java_stack_does() {
    let deep = |open: &str, close: &str, depth: usize| {
        format!(r#"{{"x":{}1{},"port":5}}"#, open.repeat(depth), close.repeat(depth))
    };
    for (open, close, held, too_many) in [("[", "]", 2_890, 2_910), ("{\"a\":", "}", 1_150, 1_170)]
    {
        let text = deep(open, close, held);
        assert_eq!(beat(Fastjson, &text).unwrap().unwrap().port, 5);
        assert!(metadata(Fastjson, &text).unwrap().unwrap().get("x").unwrap().starts_with(open));
        for depth in [too_many, 100_000] {
            let text = deep(open, close, depth);
            let thrown = refused(Fastjson, &text);
            assert_eq!((thrown.exception, &*thrown.message), (JavaException::FastJson, ""));
            // Jackson passes over what it does not know without a stack.
            assert_eq!(beat(Jackson, &text).unwrap().unwrap().port, 5);
        }
    }
}

#[test]
fn long_texts_take_no_quadratic_time() {
    let size = 200_000;
    let digits = "9".repeat(size);
    let commas = ",".repeat(size);
    let keys: Vec<String> = (0..size / 12).map(|i| format!("\"k{i}\":1")).collect();
    let keys = keys.join(",");
    let slashes = "\\".repeat(size);
    let lines = "\n".repeat(size);
    for text in [
        format!("{{\"ip\":\"{}\"}}", "\\\"".repeat(size / 2)),
        format!("{{\"ip\":\"{slashes}\"}}"),
        format!("{{\"ip\":\"{slashes}"),
        format!("{{\"port\":{digits}}}"),
        format!("{{\"weight\":{digits}.5}}"),
        format!("{{\"metadata\":{{\"a\":{{{digits}:1,{digits}1:2}}}}}}"),
        format!("{{\"x\":{digits}e5}}"),
        format!("{{{commas}}}"),
        format!("{{\"x\":[{commas}]}}"),
        format!("{{{keys}}}"),
        format!("{{\"metadata\":{{{keys}}}}}"),
        format!("{{\"x\":{{{keys}}}}}"),
        format!("{{{lines}\"port\":\"x\"{lines}}}"),
        "{\"x\":".repeat(size / 5),
        "[".repeat(size),
        format!("/*{}", "*".repeat(size)),
        format!("a={}", "b,c=".repeat(size / 4)),
        "\"ip\":".repeat(size / 5),
    ] {
        for dialect in BOTH {
            drop(beat(dialect, &text));
            drop(metadata(dialect, &text));
        }
        drop(batch_targets(&text));
    }
}

/// Texts of the characters that mean something to a parser, and of any others.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\"", "'", "\\", "/", "*", "-", "+", ".", "e", "0", "1",
            "80", " ", "\n", "\r", "\t", "\u{1a}", "\u{8}", "null", "true", "false", "new", "Date",
            "Set", "x'41'", "NaN", "\\u0041", "\\x4", "//", "/*", "*/", "(", ")", "=", "\"ip\":",
            "\"port\":", "\"weight\":", "\"ephemeral\":", "\"metadata\":", "\"x\":", "\"@type\":",
            "\"$ref\":", "\u{feff}", "é", "😀", "L", "F", "undefined",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn plain_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9@._:é日😀 -]{0,12}"
}

/// What a client would send: names once each, in any order, with or without a blank behind them.
fn plain_beat() -> impl Strategy<Value = String> {
    let field = |name: &'static str, value: BoxedStrategy<String>| {
        prop::option::of(value.prop_map(move |value| (name, value))).boxed()
    };
    let quoted = || plain_text().prop_map(|text| format!("\"{text}\"")).boxed();
    let truth = || any::<bool>().prop_map(|value| value.to_string()).boxed();
    let whole = || (0..100_000i32).prop_map(|value| value.to_string()).boxed();
    let weight = prop_oneof!["[1-9][0-9]{0,5}", "(0|[1-9][0-9]{0,5})\\.[0-9]{1,6}"].boxed();
    let entries = prop::collection::btree_map(plain_text(), plain_text(), 0..6);
    let map = (entries, any::<prop::sample::Index>()).prop_map(|(entries, turn)| {
        let entries = entries.iter().map(|(key, value)| format!("\"{key}\":\"{value}\""));
        let mut entries: Vec<String> = entries.filter(|entry| !entry.starts_with("\"@")).collect();
        let turned = turn.index(entries.len().max(1));
        entries.rotate_left(turned);
        format!("{{{}}}", entries.join(","))
    });
    let fields = vec![
        field("ip", quoted()),
        field("port", whole()),
        field("cluster", quoted()),
        field("serviceName", quoted()),
        field("weight", weight),
        field("ephemeral", truth()),
        field("metadata", map.boxed()),
        field("period", whole()),
        field("scheduled", truth()),
        field("stopped", truth()),
    ];
    (fields, any::<bool>()).prop_flat_map(|(fields, blanks)| {
        let fields: Vec<_> = fields.into_iter().flatten().collect();
        Just(fields).prop_shuffle().prop_map(move |fields| {
            let (colon, comma) = if blanks { (": ", ", ") } else { (":", ",") };
            let fields = fields.iter().map(|(name, value)| format!("\"{name}\"{colon}{value}"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(comma))
        })
    })
}

/// What the full parser makes of a text.
fn slowly(dialect: JsonDialect, text: &str) -> Option<FullBeat> {
    match dialect {
        Fastjson => fastjson::beat(text),
        Jackson => jackson::beat(text),
    }
    .expect("the short way took it")
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in soup()) {
        for dialect in BOTH {
            drop(beat(dialect, &text));
            drop(metadata(dialect, &text));
        }
        drop(batch_targets(&text));
    }

    #[test]
    fn the_short_way_takes_plain_beats_and_agrees_with_the_full_parsers(text in plain_beat()) {
        for dialect in BOTH {
            let short = fast::beat(dialect, &text);
            prop_assert_eq!(short.is_some(), text != "{}");
            if short.is_some() {
                prop_assert_eq!(short, slowly(dialect, &text));
            }
        }
    }

    #[test]
    fn the_short_way_agrees_wherever_it_takes_a_spoilt_beat(
        text in plain_beat(),
        cut in any::<prop::sample::Index>(),
        piece in prop::sample::select(vec!["", "0", "\"", ",", "}", "{", ":", " ", "-", "e", "."]),
    ) {
        let chars = text.chars().count();
        let at = text.char_indices().nth(cut.index(chars)).map_or(0, |found| found.0);
        let rest = text[at..].chars().as_str();
        let behind = rest.char_indices().nth(1).map_or(rest.len(), |found| found.0);
        let text = format!("{}{piece}{}", &text[..at], &rest[behind..]);
        for dialect in BOTH {
            if let Some(short) = fast::beat(dialect, &text) {
                prop_assert_eq!(Some(short), slowly(dialect, &text));
            }
        }
    }

    #[test]
    fn the_short_way_to_metadata_agrees_too(
        entries in prop::collection::vec((plain_text(), plain_text()), 0..20),
    ) {
        let entries: Vec<String> =
            entries.iter().map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
        let text = format!("{{{}}}", entries.join(","));
        for dialect in BOTH {
            let full = match dialect {
                Fastjson => fastjson::metadata(&text),
                Jackson => jackson::metadata(&text),
            };
            if let Some(short) = fast::metadata(dialect, &text) {
                prop_assert_eq!(Ok(Some(short)), full);
            }
        }
    }
}
