//! JSON written as Python writes it.
//!
//! The transcripts' own player compares a JSON answer with a text one, and sorts unordered lists,
//! by that text.
use serde_json::{Map, Number, Value};

/// What `json.dumps` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Its defaults: escaped beyond ASCII, keys in their order.
    Ascii,
    /// With `sort_keys`.
    AsciiSorted,
    /// With `ensure_ascii=False`, to be read by people.
    Readable,
}

/// The text of a value.
pub(super) fn dumps(value: &Value, style: Style) -> String {
    let mut text = String::new();
    write_value(&mut text, value, style);
    text
}

fn write_value(out: &mut String, value: &Value, style: Style) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => write_string(out, text, style),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_value(out, item, style);
            }
            out.push(']');
        }
        Value::Object(fields) => write_object(out, fields, style),
    }
}

fn write_object(out: &mut String, fields: &Map<String, Value>, style: Style) {
    let mut fields: Vec<_> = fields.iter().collect();
    if style == Style::AsciiSorted {
        fields.sort_by_key(|(key, _)| *key);
    }
    out.push('{');
    for (index, (key, value)) in fields.into_iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        write_string(out, key, style);
        out.push_str(": ");
        write_value(out, value, style);
    }
    out.push('}');
}

fn write_string(out: &mut String, text: &str, style: Style) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(char),
            _ if style == Style::Readable && char >= ' ' => out.push(char),
            _ => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

/// Rust and Python agree on when a float needs an exponent, not on how that looks: `1e16`, `1e+16`.
fn number_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let text = format!("{float:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let (sign, power) = match exponent.strip_prefix('-') {
                Some(power) => ('-', power),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{power:0>2}")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn separators_and_escapes_are_pythons() {
        let value = json!({"b": [1, 1.0, null, true], "a": "é\n\u{1}\u{7f}😀\""});
        assert_eq!(
            dumps(&value, Style::Ascii),
            r#"{"b": [1, 1.0, null, true], "a": "\u00e9\n\u0001\u007f\ud83d\ude00\""}"#
        );
        assert_eq!(
            dumps(&value, Style::Readable),
            "{\"b\": [1, 1.0, null, true], \"a\": \"é\\n\\u0001\u{7f}😀\\\"\"}"
        );
        assert!(dumps(&value, Style::AsciiSorted).starts_with("{\"a\":"));
    }

    #[test]
    fn floats_look_as_in_python() {
        for (float, text) in
            [(1e16, "1e+16"), (1.5e-5, "1.5e-05"), (0.0001, "0.0001"), (1e15, "1000000000000000.0")]
        {
            assert_eq!(dumps(&json!(float), Style::Ascii), text);
        }
    }
}
