//! JSON as Jackson and fastjson write it: keys in the order given, doubles as `Double.toString`,
//! control characters escaped and everything else raw.

use crate::model::java;
use std::fmt::Write as _;

/// Writes one object, key by key.
#[derive(Debug)]
pub struct JsonText {
    text: String,
}

impl JsonText {
    /// An object without keys so far.
    pub fn object() -> Self {
        Self { text: String::from("{") }
    }

    /// The text.
    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }

    /// The text so far, for somebody who writes the last key's value and the rest.
    pub fn unfinished(self) -> String {
        self.text
    }

    /// Writes a key and leaves the value to the caller.
    pub fn key(&mut self, key: &str) -> &mut String {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        push_text(&mut self.text, key);
        self.text.push(':');
        &mut self.text
    }

    /// A text.
    pub fn text(&mut self, key: &str, value: &str) {
        push_text(self.key(key), value);
    }

    /// A text or null.
    pub fn optional_text(&mut self, key: &str, value: Option<&str>) {
        let out = self.key(key);
        match value {
            Some(value) => push_text(out, value),
            None => out.push_str("null"),
        }
    }

    /// A whole number.
    pub fn number(&mut self, key: &str, value: i64) {
        push_number(self.key(key), value);
    }

    /// A boolean.
    pub fn boolean(&mut self, key: &str, value: bool) {
        self.key(key).push_str(if value { "true" } else { "false" });
    }

    /// A double.
    pub fn double(&mut self, key: &str, value: f64) {
        push_double(self.key(key), value);
    }

    /// A float.
    pub fn float(&mut self, key: &str, value: f32) {
        let out = self.key(key);
        match value.is_finite() {
            true => out.push_str(&java::float_text(value)),
            false => push_text(out, &java::float_text(value)),
        }
    }

    /// Something that is JSON already.
    pub fn raw(&mut self, key: &str, value: &str) {
        self.key(key).push_str(value);
    }

    /// A list of texts.
    pub fn texts<'t>(&mut self, key: &str, values: impl IntoIterator<Item = &'t str>) {
        let out = self.key(key);
        push_list(out, values, push_text);
    }

    /// A list whose elements `write` puts into the text.
    pub fn list<T>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut String, T),
    ) {
        push_list(self.key(key), values, write);
    }
}

/// Appends a list.
pub fn push_list<T>(
    out: &mut String,
    values: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(out, value);
    }
    out.push(']');
}

/// Appends a text in quotes.
pub fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        if escape.is_empty() {
            write!(out, "\\u{byte:04X}").expect("writing to a string cannot fail");
        } else {
            out.push_str(escape);
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Appends a whole number.
pub fn push_number(out: &mut String, value: i64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Appends a double; what JSON has no number for stands in quotes.
pub fn push_double(out: &mut String, value: f64) {
    if value.is_finite() {
        java::push_double(out, value);
    } else {
        out.push('"');
        java::push_double(out, value);
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_the_order_given() {
        let mut json = JsonText::object();
        json.text("b", "x\"\\\n\u{1}é");
        json.number("a", -1);
        json.double("w", 1.0);
        json.optional_text("n", None);
        json.texts("l", ["1", "2"]);
        assert_eq!(
            json.finish(),
            r#"{"b":"x\"\\\n\u0001é","a":-1,"w":1.0,"n":null,"l":["1","2"]}"#
        );
        assert_eq!(JsonText::object().finish(), "{}");
    }
}
