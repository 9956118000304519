//! What counts as a difference, and how it reads.
use serde_json::{Value, json};

use super::*;

/// The differences between two answers by the rules of a step's other fields.
fn compare(rules: Value, want: Value, got: Value) -> Vec<String> {
    let mut step = json!({"id": "s"});
    step.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
    let step: Step = serde_json::from_value(step).unwrap();
    let rules = Rules::new(&step, "1.2.1").unwrap();
    rules.differences(want.as_object().unwrap(), got.as_object().unwrap()).unwrap()
}

/// The differences between two JSON bodies.
fn bodies(rules: Value, want: Value, got: Value) -> Vec<String> {
    compare(rules, json!({"status": 200, "json": want}), json!({"status": 200, "json": got}))
}

const NONE: [&str; 0] = [];

#[test]
fn equal_numbers_are_equal_whatever_their_form_and_true_is_no_number() {
    assert_eq!(bodies(json!({}), json!({"a": 1}), json!({"a": 1.0})), NONE);
    assert_eq!(bodies(json!({}), json!([1]), json!([true])), ["0: recorded 1, got true"]);
    assert_eq!(bodies(json!({}), json!([null]), json!([0])), ["0: recorded null, got 0"]);
    let close = (json!([9_223_372_036_854_775_807_u64]), json!([9_223_372_036_854_775_806_u64]));
    assert_eq!(bodies(json!({}), close.0, close.1).len(), 1);
}

#[test]
fn the_order_of_keys_means_nothing_and_missing_or_new_keys_do() {
    assert_eq!(bodies(json!({}), json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1})), NONE);
    assert_eq!(
        bodies(json!({}), json!({"a": {"b": 1}}), json!({"a": {"c": "x"}})),
        ["a.b: recorded 1, got <absent>", "a.c: recorded <absent>, got x"]
    );
}

#[test]
fn optional_keys_are_compared_only_when_both_sides_have_them() {
    let rules = json!({"optional": ["a.*"]});
    assert_eq!(bodies(rules.clone(), json!({"a": {"b": 1}}), json!({"a": {"c": 1}})), NONE);
    assert_eq!(bodies(rules, json!({"a": {"b": 1}}), json!({"a": {"b": 2}})).len(), 1);
}

#[test]
fn moving_values_count_by_their_type() {
    assert_eq!(bodies(json!({}), json!({"lastBeat": 1}), json!({"lastBeat": 2.5})), NONE);
    assert_eq!(bodies(json!({}), json!({"lastBeat": 1}), json!({"lastBeat": "1"})).len(), 1);
    let rules = json!({"mask": ["hosts.*.x", "**.deep"]});
    let want = json!({"hosts": [{"x": 1, "a": {"b": {"deep": "1"}}}], "deep": [1]});
    let got = json!({"hosts": [{"x": 2, "a": {"b": {"deep": "2"}}}], "deep": []});
    assert_eq!(bodies(rules.clone(), want, got), NONE);
    assert_eq!(bodies(rules, json!({"hosts": {"x": 1}}), json!({"hosts": {"x": 2}})).len(), 1);
}

#[test]
fn a_mask_never_covers_the_whole_body() {
    assert_eq!(bodies(json!({"mask": ["**"]}), json!([1]), json!({"a": 1})).len(), 1);
}

#[test]
fn lists_keep_their_order_unless_it_means_nothing() {
    let (want, got) = (json!({"l": [{"a": 1}, {"a": 2}]}), json!({"l": [{"a": 2}, {"a": 1}]}));
    assert_eq!(bodies(json!({}), want.clone(), got.clone()).len(), 2);
    assert_eq!(bodies(json!({"unordered": ["l"]}), want.clone(), got.clone()), NONE);
    let here = json!({"unordered": {"1.2.1": ["l"]}});
    let elsewhere = json!({"unordered": {"2.0.2": ["l"]}});
    assert_eq!(bodies(here, want.clone(), got.clone()), NONE);
    assert_eq!(bodies(elsewhere, want, got).len(), 2);
}

#[test]
fn unordered_items_are_sorted_without_what_moves() {
    let want = json!([{"lastBeat": 1, "ip": "b"}, {"lastBeat": 2, "ip": "a"}]);
    let got = json!([{"ip": "a", "lastBeat": 9}, {"ip": "b", "lastBeat": 8}]);
    assert_eq!(bodies(json!({"unordered": ["l"]}), json!({"l": want}), json!({"l": got})), NONE);
}

#[test]
fn lists_of_other_lengths_differ_as_a_whole() {
    assert_eq!(
        bodies(json!({}), json!({"l": [1, 2]}), json!({"l": [1]})),
        ["l: recorded [1, 2], got [1]"]
    );
}

#[test]
fn text_masks_cut_texts_and_strings_in_json() {
    let rules = json!({"text_mask": [r"\d+"]});
    assert_eq!(bodies(rules.clone(), json!({"m": "at 1"}), json!({"m": "at 22"})), NONE);
    let text = |text: &str| json!({"status": 200, "text": text});
    assert_eq!(compare(rules.clone(), text("at 1"), text("at 22")), NONE);
    assert_eq!(compare(rules, text("at 1"), text("on 1")), ["body: recorded at <*>, got on <*>"]);
}

#[test]
fn a_json_answer_and_a_text_one_are_compared_as_text() {
    let want = json!({"status": 200, "text": "{\"a\": 1}"});
    assert_eq!(compare(json!({}), want.clone(), json!({"status": 200, "json": {"a": 1}})), NONE);
    assert_eq!(compare(json!({}), want, json!({"status": 200, "json": {"a": 2}})).len(), 1);
}

#[test]
fn another_status_is_told_with_both_bodies_and_nothing_else() {
    assert_eq!(
        compare(
            json!({}),
            json!({"status": 200, "content_type": "a/b", "text": "ok"}),
            json!({"status": 500, "content_type": null, "json": {"e": 1}})
        ),
        ["status: recorded 200, got 500", "body: recorded ok, got {\"e\": 1}"]
    );
}

#[test]
fn content_types_are_equal_but_for_case_and_blanks() {
    let typed = |typed: &str| json!({"status": 200, "content_type": typed, "text": ""});
    assert_eq!(compare(json!({}), typed("a/b;charset=UTF-8"), typed("A/B; charset=utf-8")), NONE);
    assert_eq!(
        compare(json!({}), typed("a/b"), typed("a/c")),
        ["content-type: recorded a/b, got a/c"]
    );
}

#[test]
fn the_level_says_how_much_counts() {
    let want = json!({"status": 404, "content_type": "text/html", "text": "x"});
    let got = json!({"status": 404, "content_type": "text/plain", "text": "y"});
    assert_eq!(compare(json!({"compare": "status"}), want.clone(), got.clone()), NONE);
    assert_eq!(
        compare(json!({"compare": "status+type"}), want.clone(), got.clone()),
        ["content-type: recorded text/html, got text/plain"]
    );
    assert_eq!(compare(json!({}), want, got).len(), 2);
}

#[test]
fn kept_headers_are_compared_and_null_means_absent() {
    let answer = |headers: Value| json!({"status": 200, "headers": headers});
    let want = answer(json!({"Vary": null, "Allow": "GET"}));
    assert_eq!(
        compare(json!({}), want, answer(json!({"Vary": "Origin", "Allow": "GET"}))),
        ["header.Vary: recorded null, got Origin"]
    );
}

#[test]
fn a_broken_connection_is_one_whatever_broke_it() {
    let failed = |why: &str| json!({"failed": why});
    assert_eq!(compare(json!({}), failed("TimeoutError"), failed("RemoteDisconnected")), NONE);
    assert_eq!(
        compare(json!({}), json!({"status": 200}), failed("TimeoutError")),
        [r#"connection: recorded {"status": 200}, got {"failed": "TimeoutError"}"#]
    );
}

#[test]
fn parts_of_datagrams_are_compared_by_their_paths() {
    let push = |ip: &str| json!({"gzip": true, "packet": {"data": {"hosts": [{"ip": ip}]}}});
    assert_eq!(
        compare(json!({}), push("a"), push("b")),
        ["packet.data.hosts.0.ip: recorded a, got b"]
    );
    let silent = json!({"silent": true});
    assert_eq!(compare(json!({}), silent.clone(), silent), NONE);
}

#[test]
fn long_values_are_shown_short() {
    let found = bodies(json!({}), json!(["x".repeat(400)]), json!(["é".repeat(300)]));
    let (want, got) = ("x".repeat(297), "é".repeat(300));
    assert_eq!(found, [format!("0: recorded {want}..., got {got}")]);
}
