//! Numbers, booleans, strings and string maps from tokens: what `StdDeserializer` coerces, and how
//! it refuses the rest.

use super::super::units::utf16;
use super::source::Failure;
use super::tokens::{Token, Tokens};
use crate::model::{Metadata, java};

/// The type of metadata inside a bean, and that of a metadata parameter.
pub(in crate::wire) const MAP: &str = "java.util.LinkedHashMap<java.lang.String,java.lang.String>";

/// A string field; `None` is null.
pub(in crate::wire) fn text(tokens: &mut Tokens) -> Result<Option<Box<str>>, Failure> {
    Ok(Some(match tokens.current() {
        Some(Token::Text) => tokens.text()?.into(),
        Some(Token::Int | Token::Float) => tokens.number_text().into(),
        Some(Token::True) => "true".into(),
        Some(Token::False) => "false".into(),
        Some(Token::Null) => return Ok(None),
        _ => return Err(unexpected(tokens, "java.lang.String")),
    }))
}

/// An `int` field.
pub(in crate::wire) fn int(tokens: &mut Tokens) -> Result<i32, Failure> {
    match tokens.current() {
        Some(Token::Int) => {
            let text = tokens.number_text();
            text.parse().map_err(|_| too_large(tokens, &text))
        }
        Some(Token::Float) => {
            let text = tokens.number_text();
            let value: f64 = text.parse().unwrap_or(f64::NAN);
            if value < f64::from(i32::MIN) || value > f64::from(i32::MAX) {
                return Err(too_large(tokens, &text));
            }
            Ok(value as i32)
        }
        Some(Token::Null) => Ok(0),
        Some(Token::Text) => {
            let Some(text) = number_text(tokens, "int")? else { return Ok(0) };
            parse_int(tokens, &text)
        }
        _ => Err(unexpected(tokens, "int")),
    }
}

fn parse_int(tokens: &Tokens, text: &str) -> Result<i32, Failure> {
    if text.encode_utf16().count() <= 9 {
        return java::parse_int(text)
            .ok_or_else(|| weird(tokens, "int", text, "not a valid `int` value"));
    }
    match java::parse_long(text) {
        None => Err(weird(tokens, "int", text, "not a valid `int` value")),
        Some(value) => i32::try_from(value).map_err(|_| {
            let message = format!(
                "Overflow: numeric value ({text}) out of range of int (-2147483648 -2147483647)"
            );
            weird(tokens, "int", text, &message)
        }),
    }
}

fn too_large(tokens: &Tokens, text: &str) -> Failure {
    let digits = text.len();
    let shown = match digits {
        1000.. => {
            format!("[Integer with {} digits]", digits - usize::from(text.starts_with('-')))
        }
        _ => text.to_owned(),
    };
    tokens.error(format!("Numeric value ({shown}) out of range of int (-2147483648 - 2147483647)"))
}

/// A `double` field.
pub(in crate::wire) fn double(tokens: &mut Tokens) -> Result<f64, Failure> {
    match tokens.current() {
        Some(Token::Int) => {
            let text = tokens.number_text();
            // As a long where it fits, which has no negative zero.
            let whole = text.parse::<i64>().map(|value| value as f64);
            Ok(whole.or_else(|_| text.parse()).unwrap_or(f64::NAN))
        }
        Some(Token::Float) => Ok(tokens.number_text().parse().unwrap_or(f64::NAN)),
        Some(Token::Null) => Ok(0.0),
        Some(Token::Text) => {
            let Some(text) = number_text(tokens, "double")? else { return Ok(0.0) };
            match &*text {
                "INF" => return Ok(f64::INFINITY),
                "-INF" => return Ok(f64::NEG_INFINITY),
                _ => {}
            }
            java::parse_double(&text).ok_or_else(|| {
                weird(tokens, "double", &text, "not a valid `double` value (as String to convert)")
            })
        }
        _ => Err(unexpected(tokens, "double")),
    }
}

/// A `boolean` field.
pub(in crate::wire) fn boolean(tokens: &mut Tokens) -> Result<bool, Failure> {
    match tokens.current() {
        Some(Token::True) => Ok(true),
        Some(Token::False | Token::Null) => Ok(false),
        Some(Token::Int) => Ok(tokens.number_text().parse::<i32>() != Ok(0)),
        Some(Token::Text) => {
            let Some(text) = number_text(tokens, "boolean")? else { return Ok(false) };
            match &*text {
                "true" | "True" | "TRUE" => Ok(true),
                "false" | "False" | "FALSE" => Ok(false),
                _ => {
                    let message = "only \"true\"/\"True\"/\"TRUE\" or \
                                   \"false\"/\"False\"/\"FALSE\" recognized";
                    Err(weird(tokens, "boolean", &text, message))
                }
            }
        }
        _ => Err(unexpected(tokens, "boolean")),
    }
}

/// The string at the token, trimmed; `None` when it is empty or says null, which is the default
/// value; blanks alone are refused.
fn number_text(tokens: &mut Tokens, class: &str) -> Result<Option<String>, Failure> {
    let text = tokens.text()?;
    if text.is_empty() {
        return Ok(None);
    }
    let trimmed = java::trim(&text);
    if trimmed.is_empty() {
        return Err(tokens.mismatch(format!(
            "Cannot coerce blank String (all whitespace) to `{class}` value (but could if \
             coercion was enabled using `CoercionConfig`)"
        )));
    }
    Ok((trimmed != "null").then(|| trimmed.to_owned()))
}

/// `Map<String, String>`: a `LinkedHashMap`.
pub(in crate::wire) fn metadata(tokens: &mut Tokens, class: &str) -> Result<Metadata, Failure> {
    match tokens.current() {
        Some(Token::StartObject) => {}
        Some(Token::Text) => return Err(map_from_text(tokens)),
        _ => return Err(unexpected(tokens, class)),
    }
    let mut map = Metadata::new();
    while tokens.next_name()? {
        let name = tokens.name().to_owned();
        tokens.next()?;
        let value = text(tokens).map_err(|failure| {
            if failure.by_parser {
                return failure;
            }
            failure.through("java.util.LinkedHashMap", &name)
        })?;
        map.insert(&name, value.as_deref());
    }
    Ok(map)
}

/// A string where a map should be.
fn map_from_text(tokens: &mut Tokens) -> Failure {
    from_text(tokens, "java.util.LinkedHashMap", &format!("element of `{MAP}`"))
}

/// `_deserializeFromString`: nothing here is made from a string; `wanted` names what should stand
/// there.
pub(super) fn from_text(tokens: &mut Tokens, class: &str, wanted: &str) -> Failure {
    let text = match tokens.text() {
        Ok(text) => text,
        Err(failure) => return failure,
    };
    match java::trim(&text) {
        // Blanks alone are called empty, too.
        "" => tokens.mismatch(format!(
            "Cannot coerce empty String (\"\") to {wanted} (but could if coercion was enabled \
             using `CoercionConfig`)"
        )),
        trimmed => no_creator(
            tokens,
            class,
            &format!(
                "String-argument constructor/factory method to deserialize from String value \
                 ('{trimmed}')"
            ),
        ),
    }
}

/// `handleMissingInstantiator`.
pub(super) fn no_creator(tokens: &Tokens, class: &str, from: &str) -> Failure {
    tokens.mismatch(format!(
        "Cannot construct instance of `{class}` (although at least one Creator exists): no {from}"
    ))
}

/// `handleUnexpectedToken`.
pub(in crate::wire) fn unexpected(tokens: &mut Tokens, class: &str) -> Failure {
    let (shape, token) = match tokens.current() {
        Some(Token::StartObject) => ("Object value", "START_OBJECT"),
        Some(Token::EndObject) => ("Object value", "END_OBJECT"),
        Some(Token::FieldName) => ("Object value", "FIELD_NAME"),
        Some(Token::StartArray) => ("Array value", "START_ARRAY"),
        Some(Token::EndArray) => ("Array value", "END_ARRAY"),
        Some(Token::Text) => ("String value", "VALUE_STRING"),
        Some(Token::Int) => ("Integer value", "VALUE_NUMBER_INT"),
        Some(Token::Float) => ("Floating-point value", "VALUE_NUMBER_FLOAT"),
        Some(Token::True) => ("Boolean value", "VALUE_TRUE"),
        Some(Token::False) => ("Boolean value", "VALUE_FALSE"),
        Some(Token::Null) => ("Null value", "VALUE_NULL"),
        None => {
            return tokens.mismatch(format!(
                "Unexpected end-of-input when trying read value of type `{class}`"
            ));
        }
    };
    tokens.mismatch(format!(
        "Cannot deserialize value of type `{class}` from {shape} (token `JsonToken.{token}`)"
    ))
}

/// `weirdStringException`: long strings are cut in the middle.
fn weird(tokens: &Tokens, class: &str, text: &str, message: &str) -> Failure {
    const SHOWN: usize = 500;
    let units: Vec<u16> = text.encode_utf16().collect();
    let shown = if units.len() <= SHOWN {
        text.to_owned()
    } else {
        let (head, tail) = (&units[..SHOWN], &units[units.len() - SHOWN..]);
        format!("{}]...[{}", utf16(head), utf16(tail))
    };
    tokens.mismatch(format!(
        "Cannot deserialize value of type `{class}` from String \"{shown}\": {message}"
    ))
}
