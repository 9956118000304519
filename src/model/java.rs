//! Java arithmetic and orders that a client can see: string hashes, the order of hash sets and
//! maps, how doubles print and how texts become numbers and booleans.
//!
//! Every version parses parameters with `Integer.parseInt`, `Double.parseDouble` and commons-lang's
//! `BooleanUtils` (transcripts `instance/bad-port`, `instance/bad-weight`,
//! `instance/boolean-forms`).

use crate::model::{JavaException, Refusal};
use std::fmt::Write as _;
use std::ops::Range;

/// `String.hashCode`: over UTF-16 units, wrapping.
pub fn string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

/// `Objects.hash` of strings.
pub fn objects_hash(texts: &[&str]) -> i32 {
    let hashes = texts.iter().map(|text| string_hash(text));
    hashes.fold(1i32, |hash, next| hash.wrapping_mul(31).wrapping_add(next))
}

/// Where `HashMap` spreads a hash: `h ^ (h >>> 16)`.
pub fn spread(hash: i32) -> u32 {
    let hash = hash as u32;
    hash ^ (hash >> 16)
}

/// Number of buckets of a `HashMap` or `HashSet` that grew to hold `len` entries from the default
/// capacity.
pub fn grown_buckets(len: usize) -> u32 {
    grown_from(16, len)
}

/// Number of buckets of a map made with room for `capacity` that grew to hold `len` entries.
pub fn grown_from(capacity: usize, len: usize) -> u32 {
    let mut buckets = capacity.clamp(1, 1 << 30).next_power_of_two() as u32;
    while len as f64 > f64::from(buckets) * 0.75 {
        buckets *= 2;
    }
    buckets
}

/// Sorts as a default `HashMap` with `String` keys iterates: by bucket, insertion order inside one.
pub fn sort_by_hash_order<T>(items: &mut [T], key: impl Fn(&T) -> &str) {
    sort_by_buckets(items, grown_buckets(items.len()), key);
}

/// From so many items on each is hashed once and remembered.
const HASHED_ONCE: usize = 16;

/// Sorts as a map of `buckets` buckets with `String` keys iterates.
pub fn sort_by_buckets<T>(items: &mut [T], buckets: u32, key: impl Fn(&T) -> &str) {
    let bucket = |item: &T| spread(string_hash(key(item))) & (buckets - 1);
    if items.len() > HASHED_ONCE {
        items.sort_by_cached_key(bucket);
    } else {
        items.sort_by_key(bucket);
    }
}

/// Zeros of the decimal digits that `Character.digit` knows among 16-bit characters.
const ZEROS: [u32; 37] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66,
    0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
    0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

/// `Character.digit(c, 10)`.
fn digit(c: char) -> Option<i64> {
    let code = c as u32;
    ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))
        .map(|zero| i64::from(code - zero))
}

/// `Integer.parseInt`: an optional sign and digits of any script.
pub fn parse_int(text: &str) -> Option<i32> {
    parse_within(text, i64::from(i32::MIN), i64::from(i32::MAX)).map(|value| value as i32)
}

/// `Long.parseLong`.
pub fn parse_long(text: &str) -> Option<i64> {
    parse_within(text, i64::MIN, i64::MAX)
}

fn parse_within(text: &str, min: i64, max: i64) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for c in digits.chars() {
        let digit = digit(c)?;
        value = value.checked_mul(10)?.checked_sub(digit)?;
    }
    let value = if negative { value } else { value.checked_neg()? };
    (min..=max).contains(&value).then_some(value)
}

/// `String.trim`: control characters and spaces, nothing else.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// `StringUtils.isBlank`: only what `Character.isWhitespace` calls white.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_whitespace)
}

/// `Character.isWhitespace`: Unicode spaces but the unbreakable ones, and the separators.
fn is_whitespace(c: char) -> bool {
    match c {
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}' => false,
        '\u{1c}'..='\u{1f}' => true,
        c => c.is_whitespace(),
    }
}

/// `StringUtils.deleteWhitespace`.
pub fn without_whitespace(text: &str) -> String {
    text.chars().filter(|c| !is_whitespace(*c)).collect()
}

/// commons-lang3 `BooleanUtils.toBoolean`: `true`, `on`, `yes`, `t`, `y` in any case.
pub fn to_boolean(text: &str) -> bool {
    ["true", "on", "yes", "t", "y"].iter().any(|yes| text.eq_ignore_ascii_case(yes))
}

/// `Boolean.parseBoolean`: `true` in any case.
pub fn parse_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

/// `Double.parseDouble`: trims, takes a suffix, hexadecimal floats, `NaN` and `Infinity`.
pub fn parse_double(text: &str) -> Option<f64> {
    let text = trim(text);
    let (sign, body) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    match body {
        "NaN" => return Some(f64::NAN),
        "Infinity" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    let value = match body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
        Some(hex) => parse_hex(without_suffix(hex))?,
        None => parse_decimal(without_suffix(body))?,
    };
    Some(sign * value)
}

/// `Float.parseFloat`: the grammar of doubles, rounded once.
pub fn parse_float(text: &str) -> Option<f32> {
    let double = parse_double(text)?;
    let decimal = without_suffix(trim(text)).parse();
    Some(decimal.unwrap_or(double as f32))
}

/// The refusal's text of `Double.parseDouble`.
pub fn double_error(text: &str) -> String {
    match trim(text) {
        "" => "empty String".to_owned(),
        text => format!("For input string: \"{text}\""),
    }
}

fn without_suffix(text: &str) -> &str {
    text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text)
}

fn parse_decimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    exponent.is_none_or(is_exponent).then_some(())?;
    text.parse().ok()
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn is_exponent(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && all_digits(digits)
}

/// The part of a hexadecimal float behind `0x`; its exponent is mandatory.
fn parse_hex(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    if !is_exponent(exponent) {
        return None;
    }
    // An exponent beyond a Java int is as good as infinite in its direction.
    let limit = if exponent.starts_with('-') { -1_000_000 } else { 1_000_000 };
    let mut power: i64 = exponent.parse::<i64>().unwrap_or(limit).clamp(-1_000_000, 1_000_000);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    power -= 4 * fraction.len() as i64;
    let mut bits = 0u64;
    for c in whole.chars().chain(fraction.chars()) {
        let digit = u64::from(c.to_digit(16)?);
        if bits >> 60 == 0 {
            bits = bits << 4 | digit;
        } else {
            // Digits beyond 64 bits only break ties, which one sticky bit tells.
            bits |= u64::from(digit != 0);
            power += 4;
        }
    }
    let mut value = bits as f64;
    while power != 0 && value != 0.0 && value.is_finite() {
        let step = power.clamp(-1000, 1000);
        value *= 2f64.powi(step as i32);
        power -= step;
    }
    Some(value)
}

/// `Double.toString`: `1.0`, `0.01`, `1.0E10`, `NaN`.
pub fn double_text(value: f64) -> String {
    let mut text = String::with_capacity(8);
    push_double(&mut text, value);
    text
}

/// `Float.toString`.
pub fn float_text(value: f32) -> String {
    let mut text = String::with_capacity(8);
    push_floating(&mut text, f64::from(value), value);
    text
}

/// Appends `Double.toString`.
pub fn push_double(out: &mut String, value: f64) {
    push_floating(out, value, value);
}

/// Appends `value`, which is as large as `wide`, with as many digits as its own type needs.
fn push_floating(out: &mut String, wide: f64, value: impl std::fmt::Display + std::fmt::LowerExp) {
    let size = wide.abs();
    if wide.is_nan() {
        out.push_str("NaN");
    } else if wide.is_infinite() {
        out.push_str(if wide > 0.0 { "Infinity" } else { "-Infinity" });
    } else if size == 0.0 || (1e-3..1e7).contains(&size) {
        let start = out.len();
        write!(out, "{value}").expect("writing to a string cannot fail");
        if !out[start..].contains('.') {
            out.push_str(".0");
        }
    } else {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').expect("`{:e}` always has an exponent");
        out.push_str(mantissa);
        if !mantissa.contains('.') {
            out.push_str(".0");
        }
        out.push('E');
        out.push_str(exponent);
    }
}

/// Texts between separators as `String.split` gives them: trailing empty ones are dropped.
pub fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    if text.is_empty() {
        return vec![text];
    }
    let mut parts: Vec<&str> = text.split(separator).collect();
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}

/// `List.subList(from, to)` of a list of `len` items.
///
/// # Errors
/// The range is none of the list's.
pub fn sub_list(from: i32, to: i32, len: usize) -> Result<Range<usize>, Refusal> {
    let out_of_bounds = |text: String| Err(Refusal::new(JavaException::IndexOutOfBounds, text));
    let (Ok(start), end) = (usize::try_from(from), usize::try_from(to)) else {
        return out_of_bounds(format!("fromIndex = {from}"));
    };
    match end {
        Ok(end) if end > len => out_of_bounds(format!("toIndex = {to}")),
        Ok(end) if end >= start => Ok(start..end),
        _ => Err(Refusal::illegal(format!("fromIndex({from}) > toIndex({to})"))),
    }
}

/// Number of buckets of a `HashSet` that was copied from a collection of `len` entries.
pub fn copied_buckets(len: usize) -> u32 {
    let wanted = ((len as f32 / 0.75) as u32 + 1).max(16);
    wanted.next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_take_a_sign_and_digits_of_any_script_but_no_spaces() {
        assert_eq!(parse_int("+80"), Some(80));
        assert_eq!(parse_int("-1"), Some(-1));
        assert_eq!(parse_int("٨٠"), Some(80));
        assert_eq!(parse_int("-2147483648"), Some(i32::MIN));
        for bad in ["", "+", "-", "80.0", "0x50", " 80", "2147483648", "99999999999999999999"] {
            assert_eq!(parse_int(bad), None, "{bad}");
        }
    }

    #[test]
    fn doubles_follow_java_grammar() {
        for (text, value) in [
            ("2.5d", 2.5),
            (" 1e3 ", 1000.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1F", 1.0),
            ("0x1p3", 8.0),
            ("0x.8P1f", 1.0),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse_double(text), Some(value), "{text}");
        }
        assert!(parse_double("NaN").is_some_and(f64::is_nan));
        for bad in ["", "heavy", "1,5", "inf", "infinity", "nan", "1e", "0x1", "1dd", ".", "e5"] {
            assert_eq!(parse_double(bad), None, "{bad}");
        }
        assert_eq!(double_error(" x "), "For input string: \"x\"");
        assert_eq!(double_error(" "), "empty String");
    }

    #[test]
    fn doubles_print_as_java_prints_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.01, "0.01"),
            (10000.1, "10000.1"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1.25e10, "1.25E10"),
            (0.001, "0.001"),
            (0.000_123, "1.23E-4"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double_text(value), text);
        }
    }

    #[test]
    fn yes_has_five_forms_and_one_is_not_among_them() {
        assert!(["TRUE", "On", "yes", "t", "Y"].iter().all(|text| to_boolean(text)));
        assert!(!["1", "false", "", "junk", " true"].iter().any(|text| to_boolean(text)));
        assert!(parse_boolean("True"));
        assert!(!parse_boolean("yes"));
    }

    #[test]
    fn splitting_drops_trailing_empty_parts_only() {
        assert_eq!(split("a@@", "@@"), ["a"]);
        assert_eq!(split("@@a", "@@"), ["", "a"]);
        assert_eq!(split("@@", "@@"), [""; 0]);
        assert_eq!(split("", "@@"), [""]);
    }

    #[test]
    fn maps_iterate_by_bucket() {
        let mut keys = ["n", "f", "t", "z"];
        sort_by_hash_order(&mut keys, |key| key);
        assert_eq!(keys, ["t", "f", "z", "n"]);
    }

    #[test]
    fn blank_and_trimmed_are_not_the_same_set() {
        assert!(is_blank(" \t\u{3000}"));
        assert!(!is_blank("\u{a0}"));
        assert_eq!(trim("\u{1} x\u{3000}"), "x\u{3000}");
    }
}
