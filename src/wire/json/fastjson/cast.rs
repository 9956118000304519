//! `TypeUtils.castTo…`: what becomes of a value where a field wants another type.

use super::Thrown;
use super::value::Value;
use crate::model::java;

/// `castToInt`; `None` is Java's null.
pub(super) fn to_int(value: Value) -> Result<Option<i32>, Thrown> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Bool(value) => i32::from(value),
        Value::Text(text) => {
            let Some(text) = number_text(&text) else { return Ok(None) };
            java::parse_int(&text).ok_or_else(|| not_a_number(&text))?
        }
        Value::Object(entries) => return counter_to_int(entries),
        Value::Array(_) | Value::Set(_) | Value::Date(_) | Value::Bytes(_) => {
            return Err(can_not_cast("int"));
        }
        number => int_of(&number)?,
    }))
}

/// An object of `andIncrement` and `andDecrement` is taken for a counter: its second value counts.
fn counter_to_int(mut entries: Vec<(Value, Value)>) -> Result<Option<i32>, Thrown> {
    let named = |name: &str| {
        entries.iter().any(|(key, _)| matches!(key, Value::Text(text) if **text == *name))
    };
    if entries.len() != 2 || !named("andIncrement") || !named("andDecrement") {
        return Err(can_not_cast("int"));
    }
    match entries.pop().map(|(_, value)| value) {
        Some(Value::Object(_)) | None => Err(can_not_cast("int")),
        Some(value) => to_int(value),
    }
}

/// `castToDouble`.
pub(super) fn to_double(value: Value) -> Result<Option<f64>, Thrown> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Integer(value) => value as f64,
        Value::Big(digits) => digits.parse().unwrap_or(f64::NAN),
        Value::Decimal(decimal) => decimal.double_value(),
        Value::Float(value) => value.into(),
        Value::Double(value) => value,
        Value::Text(text) => {
            let Some(text) = number_text(&text) else { return Ok(None) };
            java::parse_double(&text).ok_or_else(|| Thrown::Number(java::double_error(&text)))?
        }
        _ => return Err(can_not_cast("double")),
    }))
}

/// `castToBoolean`.
pub(super) fn to_boolean(value: Value) -> Result<Option<bool>, Thrown> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Bool(value) => value,
        Value::Text(text) => {
            let text = &*text;
            let any_case = |word: &str| text.eq_ignore_ascii_case(word);
            if matches!(text, "" | "null" | "NULL") {
                return Ok(None);
            }
            if any_case("true") || any_case("Y") || matches!(text, "1" | "T") {
                true
            } else if any_case("false") || any_case("F") || matches!(text, "0" | "N") {
                false
            } else {
                return Err(can_not_cast("boolean"));
            }
        }
        Value::Array(_) | Value::Set(_) | Value::Object(_) | Value::Date(_) | Value::Bytes(_) => {
            return Err(can_not_cast("boolean"));
        }
        number => int_of(&number)? == 1,
    }))
}

/// `Number.intValue`.
fn int_of(value: &Value) -> Result<i32, Thrown> {
    Ok(match value {
        Value::Integer(value) => *value as i32,
        Value::Big(digits) => {
            let (negative, digits) = match digits.strip_prefix('-') {
                Some(digits) => (true, digits),
                None => (false, &**digits),
            };
            let value = digits.bytes().fold(0i32, |value, digit| {
                value.wrapping_mul(10).wrapping_add(i32::from(digit - b'0'))
            });
            if negative { value.wrapping_neg() } else { value }
        }
        Value::Decimal(decimal) => decimal.int_value()?,
        Value::Float(value) => *value as i32,
        Value::Double(value) => *value as i32,
        _ => 0,
    })
}

/// A text that shall be a number: nothing for the empty one and null, commas cut unless it begins
/// with one.
fn number_text(text: &str) -> Option<String> {
    match text {
        "" | "null" | "NULL" => None,
        text if text.starts_with(',') => Some(text.to_owned()),
        text => Some(text.replace(',', "")),
    }
}

pub(super) fn not_a_number(text: &str) -> Thrown {
    Thrown::Number(format!("For input string: \"{text}\""))
}

/// The value's own text is left out: every caller replaces the message.
fn can_not_cast(kind: &str) -> Thrown {
    Thrown::json(format!("can not cast to {kind}"))
}
