//! Spring's conversions of `@RequestParam`: what a controller declares as `boolean` or `int`
//! (`operator/servers`, `operator/cluster-state`).

use super::Params;
use crate::model::{JavaException, Refusal, java};

/// `@RequestParam(required = false) boolean`: a missing one is false.
///
/// # Errors
/// The text is no boolean.
pub fn boolean(params: &Params<'_>, name: &str) -> Result<bool, Refusal> {
    let Some(text) = params.joined(name) else { return Ok(false) };
    let word = java::trim(&text).to_lowercase();
    match word.as_str() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(mismatch(
            "boolean",
            "java.lang.IllegalArgumentException",
            format!("Invalid boolean value [{text}]"),
        )),
    }
}

/// A required `@RequestParam int`.
///
/// # Errors
/// The parameter is missing, or its text is no number.
pub fn int(params: &Params<'_>, name: &str) -> Result<i32, Refusal> {
    let text = params.joined(name).ok_or_else(|| missing(name, "int"))?;
    let number: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    decode(&number).ok_or_else(|| {
        let message = format!("For input string: \"{number}\"");
        mismatch("int", "java.lang.NumberFormatException", message)
    })
}

/// `NumberUtils.parseNumber`: decimal, or hexadecimal with a prefix.
fn decode(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let hex = ["0x", "0X", "#"].into_iter().find_map(|prefix| digits.strip_prefix(prefix));
    match hex {
        Some(hex) => i32::try_from(sign * i64::from_str_radix(hex, 16).ok()?).ok(),
        None => java::parse_int(text),
    }
}

fn missing(name: &str, kind: &'static str) -> Refusal {
    Refusal::new(JavaException::MissingTypedParameter(kind), name.to_owned())
}

fn mismatch(kind: &str, class: &str, cause: String) -> Refusal {
    let message = format!(
        "Failed to convert value of type 'java.lang.String' to required type '{kind}'; nested \
         exception is {class}: {cause}"
    );
    let mut refusal = Refusal::new(JavaException::TypeMismatch, message);
    refusal.cause = Some(cause);
    refusal
}
