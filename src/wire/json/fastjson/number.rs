//! Number literals: fastjson decides by size and suffix what they are, and refuses late.

use super::super::units::utf16;
use super::Thrown;
use super::decimal::Decimal;
use super::lexer::Lexer;
use super::value::Value;
use crate::model::java;

/// The literal's units as they stand, suffix and all.
fn units(lexer: &Lexer) -> &[u16] {
    let start = lexer.literal_at.max(0) as usize;
    lexer.text.get(start..start + lexer.literal_len).unwrap_or_default()
}

/// `numberString()`: the literal without its suffix.
pub(super) fn text(lexer: &Lexer) -> String {
    let mut text = utf16(units(lexer));
    if text.ends_with(['L', 'S', 'B', 'F', 'D']) {
        text.pop();
    }
    text
}

/// `integerValue()`.
pub(super) fn integer(lexer: &Lexer) -> Result<Value, Thrown> {
    let all = utf16(units(lexer));
    let digits = all.strip_suffix(['L', 'S', 'B']).unwrap_or(&all);
    if digits == "-" {
        return Err(Thrown::Number(digits.to_owned()));
    }
    if digits.is_empty() {
        return Ok(Value::Integer(0));
    }
    let Ok(value) = digits.parse::<i64>() else {
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", digits),
        };
        return Ok(Value::Big(format!("{sign}{}", digits.trim_start_matches('0')).into()));
    };
    let small = i32::try_from(value).is_ok();
    Ok(Value::Integer(match all.as_bytes()[all.len() - 1] {
        b'S' if small => i64::from(value as i16),
        b'B' if small => i64::from(value as i8),
        _ => value,
    }))
}

/// `decimalValue(true)`.
pub(super) fn decimal(lexer: &Lexer) -> Result<Value, Thrown> {
    let all = utf16(units(lexer));
    let text = text(lexer);
    let parsed = match all.as_bytes().last() {
        Some(b'F' | b'D') => match java::parse_double(&text) {
            None => Err(Thrown::Number(java::double_error(&text))),
            Some(_) if all.ends_with('F') => Ok(Value::Float(text.parse().unwrap_or(f32::NAN))),
            Some(value) => Ok(Value::Double(value)),
        },
        _ => Decimal::parse(&text).map(Value::Decimal),
    };
    match parsed {
        Err(Thrown::Number(message)) => Err(Thrown::json(format!("{message}, {}", lexer.info()?))),
        other => other,
    }
}

/// `intValue()`: refused beyond an int.
pub(super) fn int(lexer: &Lexer) -> Result<i32, Thrown> {
    let all = utf16(units(lexer));
    let digits = all.split(['L', 'S', 'B']).next().unwrap_or_default();
    match digits {
        "" => Ok(0),
        digits => digits.parse().map_err(|_| Thrown::Number(text(lexer))),
    }
}

/// `bytesValue()` of a hexadecimal literal.
pub(super) fn bytes(lexer: &Lexer) -> Result<Value, Thrown> {
    let digits = lexer.literal();
    if !digits.len().is_multiple_of(2) {
        return Err(Thrown::json(format!("illegal state. {}", digits.len())));
    }
    let nibble = |byte: u8| if byte <= 57 { byte.wrapping_sub(48) } else { byte.wrapping_sub(55) };
    let pairs = digits.as_bytes().chunks_exact(2);
    Ok(Value::Bytes(pairs.map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect()))
}

/// `decimalValue()` without an argument: a suffix is cut, and a bad number is refused as one.
pub(super) fn plain_decimal(lexer: &Lexer) -> Result<Decimal, Thrown> {
    Decimal::parse(&text(lexer))
}
