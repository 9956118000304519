//! An answer of the admin API on the screen. JSON stays what the server sent; as text, lists of
//! objects become tables and everything else a line for each key, whatever the call.

use serde_json::{Map, Value};

use crate::ctl::Reply;
use crate::wire::text::table::table;

/// The answer as it came, indented for eyes.
pub fn json(reply: &Reply, for_eyes: bool) -> String {
    let parsed = (reply.is_json && for_eyes).then(|| serde_json::from_str::<Value>(&reply.text));
    match parsed.map(|value| value.and_then(|value| serde_json::to_string_pretty(&value))) {
        Some(Ok(pretty)) => with_newline(&pretty),
        _ => with_newline(&reply.text),
    }
}

/// The answer as text.
pub fn text(reply: &Reply) -> String {
    match serde_json::from_str(&reply.text) {
        Ok(value) if reply.is_json => value_text(&value),
        _ => with_newline(&reply.text),
    }
}

fn with_newline(text: &str) -> String {
    let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{newline}")
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Array(items) => list(items),
        Value::Object(object) if object.len() == 1 => object.values().map(value_text).collect(),
        Value::Object(object) => members(object),
        other => format!("{}\n", cell(other)),
    }
}

/// A line for each plain member, then a table for each list.
fn members(object: &Map<String, Value>) -> String {
    let is_list = |value: &Value| value.as_array().is_some_and(|items| has_objects(items));
    let (lists, plain): (Vec<_>, Vec<_>) = object.iter().partition(|(_, value)| is_list(value));
    let width = plain.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    let lines = plain.iter().map(|(key, value)| format!("{key:<width$}  {}\n", cell(value)));
    let mut text: String = lines.collect();
    for (key, value) in lists {
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}{key}\n{}", value_text(value)));
    }
    text
}

fn has_objects(items: &[Value]) -> bool {
    items.iter().any(Value::is_object)
}

/// A table with the keys of all rows, in the order in which they come first.
fn list(items: &[Value]) -> String {
    if items.is_empty() {
        return "none\n".to_owned();
    }
    let objects: Vec<&Map<String, Value>> = items.iter().filter_map(Value::as_object).collect();
    if objects.len() < items.len() {
        return items.iter().map(|item| format!("{}\n", cell(item))).collect();
    }
    let mut keys: Vec<&str> = Vec::new();
    for key in objects.iter().flat_map(|object| object.keys()) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let header: Vec<String> = keys.iter().map(|key| key.to_uppercase()).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let cells: Vec<Vec<String>> = objects
        .iter()
        .map(|object| keys.iter().map(|key| object.get(*key).map(cell).unwrap_or_default()))
        .map(Iterator::collect)
        .collect();
    table(&header, cells.iter().map(|row| row.iter().map(String::as_str).collect()))
}

/// A value in one cell; what has parts of its own stays JSON.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply { text: text.to_owned(), is_json: true }
    }

    #[test]
    fn records_become_a_table_below_what_is_beside_them() {
        let answer = r#"{"records":[
            {"seq":1,"op":"beat","beat":"absent"},
            {"seq":12,"op":"push","to":"a b"}],"dropped":0}"#;
        assert_eq!(
            text(&reply(answer)),
            "dropped  0\n\nrecords\nSEQ  OP    BEAT    TO\n1    beat  absent\n\
             12   push          a b\n"
        );
    }

    #[test]
    fn a_single_value_stands_alone() {
        assert_eq!(text(&reply(r#"{"count":3}"#)), "3\n");
        assert_eq!(text(&reply(r#"{"status":"UP"}"#)), "UP\n");
    }

    #[test]
    fn an_empty_list_is_said_to_be_one() {
        assert_eq!(text(&reply(r#"{"instances":[]}"#)), "none\n");
    }

    #[test]
    fn members_are_lines_and_keep_their_order() {
        let answer = r#"{"profile":"1.2.1","nodes":[1,2],"admin":null}"#;
        assert_eq!(text(&reply(answer)), "profile  1.2.1\nnodes    [1,2]\nadmin    -\n");
    }

    #[test]
    fn json_is_what_came_and_indented_only_for_eyes() {
        assert_eq!(json(&reply("{\"a\":1}"), false), "{\"a\":1}\n");
        assert_eq!(json(&reply("{\"a\":1}"), true), "{\n  \"a\": 1\n}\n");
        let metrics = Reply { text: "a 1\n".to_owned(), is_json: false };
        assert_eq!(json(&metrics, true), "a 1\n");
        assert_eq!(text(&metrics), "a 1\n");
    }
}
