//! Parameters of a request as Tomcat 9 and Spring's `FormContentFilter` find them in query and body
//! (`instance/params-*`).
//!
//! Tomcat reads the query always, and the body of a POST whose type is exactly
//! `application/x-www-form-urlencoded` (capitals count) and of any `multipart/form-data`. A pair
//! with a broken escape is dropped and the others are kept. Spring reads form bodies of PUT, PATCH
//! and DELETE, whatever the capitals of their type, in the charset that the type names; there a
//! broken escape fails the request.

use crate::model::{JavaException, Refusal};
use std::borrow::Cow;

/// Tomcat's `maxPostSize`, bytes: a larger form is not read.
const MAX_POST_BYTES: usize = 2 * 1024 * 1024;
/// Tomcat's `maxParameterCount`: parameters behind it are not there.
const MAX_PARAMETERS: usize = 10_000;
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// A name with its value; no value is a name that Spring found without `=`.
pub(super) type Pair<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// How a request's body is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyForm<'a> {
    /// Not a form, or one that nobody reads.
    None,
    /// Tomcat reads it.
    Tomcat,
    /// Spring reads it in this charset.
    Spring(&'a str),
    /// Parts between boundaries.
    Multipart(&'a str),
}

impl<'a> BodyForm<'a> {
    /// What the method and the type say.
    pub fn of(method: &str, content_type: Option<&'a str>) -> Self {
        let Some(content_type) = content_type else { return Self::None };
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind == "multipart/form-data" {
            return parameter(content_type, "boundary").map_or(Self::None, Self::Multipart);
        }
        match method {
            "POST" if kind == FORM_TYPE => Self::Tomcat,
            "PUT" | "PATCH" | "DELETE" if kind.eq_ignore_ascii_case(FORM_TYPE) => {
                Self::Spring(parameter(content_type, "charset").unwrap_or("UTF-8"))
            }
            _ => Self::None,
        }
    }

    /// Whether Tomcat, and not a filter, reads the body.
    pub fn is_tomcats(self) -> bool {
        matches!(self, Self::Tomcat | Self::Multipart(_))
    }
}

/// A parameter of a media type, without quotes.
fn parameter<'a>(content_type: &'a str, name: &str) -> Option<&'a str> {
    content_type.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Appends the pairs of a query or form as Tomcat finds them.
pub(super) fn tomcat<'a>(text: &'a [u8], pairs: &mut Vec<Pair<'a>>) {
    for part in text.split(|byte| *byte == b'&') {
        if part.is_empty() || pairs.len() >= MAX_PARAMETERS {
            continue;
        }
        let (name, value) = match part.iter().position(|byte| *byte == b'=') {
            Some(0) => continue,
            Some(at) => (&part[..at], &part[at + 1..]),
            None => (part, &part[part.len()..]),
        };
        if let (Some(name), Some(value)) = (decode(name), decode(value)) {
            pairs.push((text_of(name), Some(text_of(value))));
        }
    }
}

/// Appends the pairs of a POST form; one that is too large for Tomcat has none.
pub(super) fn tomcat_body<'a>(body: &'a [u8], pairs: &mut Vec<Pair<'a>>) {
    if body.len() <= MAX_POST_BYTES {
        tomcat(body, pairs);
    }
}

/// Appends the pairs of a form as Spring's `FormHttpMessageConverter` finds them.
pub(super) fn spring<'a>(
    body: &'a [u8],
    charset: &str,
    pairs: &mut Vec<Pair<'a>>,
) -> Result<(), Refusal> {
    if body.is_empty() {
        return Ok(());
    }
    let encoding = if charset.eq_ignore_ascii_case("UTF-8") {
        encoding_rs::UTF_8
    } else {
        encoding_rs::Encoding::for_label(charset.as_bytes()).unwrap_or(encoding_rs::UTF_8)
    };
    let text = |bytes: Cow<'a, [u8]>| -> Cow<'a, str> {
        if encoding == encoding_rs::UTF_8 {
            return text_of(bytes);
        }
        Cow::Owned(encoding.decode_without_bom_handling(&bytes).0.into_owned())
    };
    for part in body.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
        let (name, value) = match part.iter().position(|byte| *byte == b'=') {
            Some(at) => (&part[..at], Some(&part[at + 1..])),
            None => (part, None),
        };
        let name = decode(name).ok_or_else(|| illegal_escape(part))?;
        let value = value.map(|value| decode(value).ok_or_else(|| illegal_escape(part)));
        pairs.push((text(name), value.transpose()?.map(text)));
    }
    Ok(())
}

/// `URLDecoder.decode(text, "UTF-8")`.
///
/// # Errors
/// An escape is broken.
pub fn url_decode(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let decoded = decode(text.as_bytes()).map(text_of);
    decoded.ok_or_else(|| Refusal::illegal(escape_message(text.as_bytes())))
}

/// `URLDecoder` throws in the filter, before any controller could answer.
fn illegal_escape(part: &[u8]) -> Refusal {
    Refusal::new(JavaException::SendError(500), escape_message(part))
}

/// What `URLDecoder` says about the first broken escape.
fn escape_message(part: &[u8]) -> String {
    let broken = |at: &usize| {
        part[*at] == b'%'
            && !part
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(|digit| HEX[usize::from(*digit)].is_some()))
    };
    let at = (0..part.len()).find(broken).unwrap_or_default();
    let digits = part.get(at + 1..at + 3).unwrap_or_default();
    if digits.len() < 2 {
        return "URLDecoder: Incomplete trailing escape (%) pattern".to_owned();
    }
    let index = digits.iter().position(|digit| HEX[usize::from(*digit)].is_none());
    let (index, digits) = (index.unwrap_or_default(), String::from_utf8_lossy(digits));
    format!(
        "URLDecoder: Illegal hex characters in escape (%) pattern - Error at index {index} in: \
         \"{digits}\""
    )
}

/// Appends the fields of a multipart body; what is no form-data part is passed over.
pub(super) fn multipart<'a>(body: &'a [u8], boundary: &str, pairs: &mut Vec<Pair<'a>>) {
    let delimiter = format!("--{boundary}");
    let mut rest = body;
    while let Some(at) = find(rest, delimiter.as_bytes()) {
        rest = &rest[at + delimiter.len()..];
        if rest.starts_with(b"--") || pairs.len() >= MAX_PARAMETERS {
            return;
        }
        let end = find(rest, delimiter.as_bytes()).unwrap_or(rest.len());
        let Some(blank) = find(&rest[..end], b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&rest[..blank]);
        let content = &rest[blank + 4..end];
        let content = content.strip_suffix(b"\r\n").unwrap_or(content);
        let disposition = head.lines().find(|line| {
            line.get(..20).is_some_and(|name| name.eq_ignore_ascii_case("Content-Disposition:"))
        });
        let Some(disposition) = disposition else { continue };
        // A part with a file name is a file and no parameter.
        if parameter(disposition, "filename").is_some() {
            continue;
        }
        if let Some(name) = parameter(disposition, "name") {
            let name = Cow::Owned(name.to_owned());
            pairs.push((name, Some(String::from_utf8_lossy(content))));
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// The bytes behind `+` and `%xx`; `None` when an escape is broken.
fn decode(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let Some(first) = text.iter().position(|byte| matches!(byte, b'+' | b'%')) else {
        return Some(Cow::Borrowed(text));
    };
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(&text[..first]);
    let mut rest = &text[first..];
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let (&[high, low], after) = rest.split_first_chunk::<2>()?;
                out.push(HEX[usize::from(high)]? << 4 | HEX[usize::from(low)]?);
                rest = after;
            }
            byte => out.push(*byte),
        }
    }
    Some(Cow::Owned(out))
}

/// Values of hexadecimal digits: a beat's form has forty escapes, and looking them up costs a
/// third of computing them.
static HEX: [Option<u8>; 256] = {
    let mut digits = [None; 256];
    let mut digit = 0u8;
    while digit < 16 {
        let upper = b"0123456789ABCDEF"[digit as usize];
        digits[upper as usize] = Some(digit);
        digits[upper.to_ascii_lowercase() as usize] = Some(digit);
        digit += 1;
    }
    digits
};

/// UTF-8 text; what is none becomes U+FFFD.
fn text_of(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        },
        Cow::Owned(bytes) => Cow::Owned(
            String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        ),
    }
}
