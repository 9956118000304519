//! Arrays and objects as the JSON text that `JSONObject.toString` gives, with the features that
//! Nacos switches on: nulls are written, keys stand in hash order.

use super::value::{Value, in_hash_order};
use crate::model::java;
use std::fmt::Write as _;

/// `JSON.toJSONString`.
pub(super) fn json(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Array(items) | Value::Set(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            let mut sorted: Vec<&(Value, Value)> = entries.iter().collect();
            in_hash_order(&mut sorted, |entry| &entry.0);
            out.push('{');
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, key);
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
        leaf => write_leaf(out, leaf),
    }
}

/// A value without parts; apart from [`write`] so that deep values need little stack.
#[inline(never)]
fn write_leaf(out: &mut String, value: &Value) {
    let written = match value {
        Value::Bool(value) => write!(out, "{value}"),
        Value::Integer(value) | Value::Date(value) => write!(out, "{value}"),
        Value::Big(digits) => write!(out, "{digits}"),
        Value::Decimal(decimal) => write!(out, "{decimal}"),
        Value::Float(value) if !value.is_finite() => write!(out, "null"),
        Value::Float(value) => write!(out, "{}", float_text(*value)),
        Value::Double(value) if !value.is_finite() => write!(out, "null"),
        Value::Double(value) => write!(out, "{}", java::double_text(*value)),
        Value::Text(text) => {
            quote(out, text);
            Ok(())
        }
        Value::Bytes(bytes) => write_bytes(out, bytes),
        Value::Null | Value::Array(_) | Value::Set(_) | Value::Object(_) => write!(out, "null"),
    };
    written.expect("writing to a string cannot fail");
}

/// Bytes as fastjson would read them again.
fn write_bytes(out: &mut String, bytes: &[u8]) -> std::fmt::Result {
    out.push_str("x'");
    for byte in bytes {
        write!(out, "{byte:02X}")?;
    }
    out.write_char('\'')
}

/// `Float.toString`: the digits that tell it from other floats, in the form of a double.
pub(super) fn float_text(value: f32) -> String {
    java::double_text(value.to_string().parse().unwrap_or(f64::NAN))
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                write!(out, "\\u{:04X}", c as u32).expect("writing to a string cannot fail");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// `Date.toString` on a server that runs in UTC: `Thu Jan 01 00:00:00 UTC 1970`.
pub(super) fn date_text(ms: i64) -> String {
    let days = ms.div_euclid(86_400_000);
    let seconds = ms.rem_euclid(86_400_000) / 1000;
    // Days since the first of March of the year 0, in eras of 400 years.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400 + i64::from(month >= 10);
    const MONTHS: [&str; 12] =
        ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    format!(
        "{} {} {day:02} {:02}:{:02}:{:02} UTC {year}",
        DAYS[days.rem_euclid(7) as usize],
        MONTHS[month as usize],
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
    )
}
