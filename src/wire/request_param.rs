//! `@RequestParam` of primitive types, as Spring 5.1 converts them: through its conversion
//! service and, when that fails, through the property editor whose exception is shown
//! (`service/create-threshold`, `catalog/instances-paging`, `operator/servers`).

use super::Params;
use crate::model::{JavaException, Refusal, java};

/// A required `int`.
///
/// # Errors
/// It is missing, or no number.
pub fn int(params: &Params<'_>, name: &str) -> Result<i32, Refusal> {
    match params.single(name) {
        Some(text) => parse_int(text, "int"),
        None => Err(missing(name, "int")),
    }
}

/// A required `Integer`: an empty text is none.
///
/// # Errors
/// It is missing, or no number.
pub fn integer(params: &Params<'_>, name: &str) -> Result<i32, Refusal> {
    match params.single(name).filter(|text| !text.is_empty()) {
        Some(text) => parse_int(text, "java.lang.Integer"),
        None => Err(missing(name, "Integer")),
    }
}

/// An `int` that may be left out, they thought: there is no int that stands for nothing.
///
/// # Errors
/// It is missing, or no number.
pub fn optional_int(params: &Params<'_>, name: &str) -> Result<i32, Refusal> {
    match params.single(name) {
        Some(text) => parse_int(text, "int"),
        None => Err(no_null("int", name)),
    }
}

/// A `float` that may be left out only where there is a default.
///
/// # Errors
/// It is missing, or no number.
pub fn float(params: &Params<'_>, name: &str, default: Option<f32>) -> Result<f32, Refusal> {
    match (params.single(name), default) {
        (Some(""), Some(default)) | (None, Some(default)) => Ok(default),
        (None, None) => Err(no_null("float", name)),
        (Some(text), _) => {
            let text = java::without_whitespace(text);
            java::parse_float(&text).ok_or_else(|| {
                mismatch("float", "java.lang.NumberFormatException", java::double_error(&text))
            })
        }
    }
}

/// A `boolean`; one left out is false.
///
/// # Errors
/// It is neither.
pub fn boolean(params: &Params<'_>, name: &str) -> Result<bool, Refusal> {
    boolean_or(params, name, None)
}

/// A `boolean` that has a default when it is left out, and where there is one also when it is
/// empty.
///
/// # Errors
/// It is neither.
pub fn boolean_or(params: &Params<'_>, name: &str, default: Option<bool>) -> Result<bool, Refusal> {
    let text = match (params.single(name), default) {
        (None, _) | (Some(""), Some(_)) => return Ok(default.unwrap_or_default()),
        (Some(text), _) => text,
    };
    match java::trim(text).to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => {
            let message = format!("Invalid boolean value [{text}]");
            Err(mismatch("boolean", "java.lang.IllegalArgumentException", message))
        }
    }
}

/// `NumberUtils.parseNumber`: decimal, or hexadecimal behind `0x` or `#`.
fn parse_int(text: &str, kind: &str) -> Result<i32, Refusal> {
    let text = java::without_whitespace(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", &*text),
    };
    let hexadecimal = ["0x", "0X", "#"].iter().find_map(|prefix| digits.strip_prefix(prefix));
    let (value, shown) = match hexadecimal {
        Some(digits) => (parse_hexadecimal(sign, digits), format!("{sign}{digits}")),
        None => (java::parse_int(&text), text.clone()),
    };
    value.ok_or_else(|| {
        let radix = if hexadecimal.is_some() { " under radix 16" } else { "" };
        let message = format!("For input string: \"{shown}\"{radix}");
        mismatch(kind, "java.lang.NumberFormatException", message)
    })
}

/// `Integer.decode` behind the prefix, where no second sign may stand.
fn parse_hexadecimal(sign: &str, digits: &str) -> Option<i32> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    i32::from_str_radix(&format!("{sign}{digits}"), 16).ok()
}

fn missing(name: &str, kind: &'static str) -> Refusal {
    Refusal::new(JavaException::MissingTypedParameter(kind), name.to_owned())
}

/// `MethodArgumentTypeMismatchException`.
fn mismatch(kind: &str, class: &str, cause: String) -> Refusal {
    let message = format!(
        "Failed to convert value of type 'java.lang.String' to required type '{kind}'; nested \
         exception is {class}: {cause}"
    );
    let mut refusal = Refusal::new(JavaException::TypeMismatch, message);
    refusal.cause = Some(cause);
    refusal
}

fn no_null(kind: &str, name: &str) -> Refusal {
    Refusal::new(
        JavaException::IllegalState,
        format!(
            "Optional {kind} parameter '{name}' is present but cannot be translated into a null \
             value due to being declared as a primitive type. Consider declaring it as object \
             wrapper for the corresponding primitive type."
        ),
    )
}
