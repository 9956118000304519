//! Where in the text something failed, and the text of the exception that says so.

use super::super::units::utf16;
use std::fmt::Write as _;

/// A line and a column, both from 1; columns count UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// An exception of Jackson: the message, where, and through which fields it was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) struct Failure {
    pub(super) message: String,
    pub(super) place: Place,
    /// The fields, innermost first, as they are printed.
    pub(super) through: Vec<String>,
    /// Thrown by the parser, not by what reads its tokens.
    pub(super) by_parser: bool,
}

/// More than so many units of the text are not shown.
const SHOWN_UNITS: usize = 500;
/// A longer text is read through a reader, which shows nothing of it.
const LONGEST_SHOWN: usize = 0x8000;

impl Failure {
    /// The same failure, reached through `field` of `class`.
    pub(super) fn through(mut self, class: &str, field: &str) -> Self {
        self.through.push(format!("{class}[\"{field}\"]"));
        self.by_parser = false;
        self
    }

    /// `getMessage()`.
    pub(super) fn text(&self, source: &[u16]) -> String {
        let mut text = format!("{}\n at {}", self.message, location(source, self.place));
        if !self.through.is_empty() {
            text.push_str(" (through reference chain: ");
            for (index, field) in self.through.iter().rev().enumerate() {
                text.push_str(if index == 0 { "" } else { "->" });
                text.push_str(field);
            }
            text.push(')');
        }
        text
    }
}

/// `JsonLocation.toString()`.
pub(super) fn location(source: &[u16], place: Place) -> String {
    let mut text = String::from("[Source: (");
    if source.len() > LONGEST_SHOWN {
        text.push_str("StringReader)");
    } else {
        let shown = &source[..source.len().min(SHOWN_UNITS)];
        let _ = write!(text, "String)\"{}\"", utf16(shown));
        if source.len() > SHOWN_UNITS {
            let _ = write!(text, "[truncated {} chars]", source.len() - SHOWN_UNITS);
        }
    }
    let _ = write!(text, "; line: {}, column: {}]", place.line, place.column);
    text
}

/// `_getCharDesc`: a character as an exception names it.
pub(super) fn described(unit: u16) -> String {
    match unit {
        0..=31 | 127..=159 => format!("(CTRL-CHAR, code {unit})"),
        256.. => format!("'{}' (code {unit} / 0x{unit:x})", utf16(&[unit])),
        _ => format!("'{}' (code {unit})", utf16(&[unit])),
    }
}

/// `Character.isJavaIdentifierStart` of one unit.
pub(super) fn begins_identifier(unit: u16) -> bool {
    let currency = |c| matches!(c, '$' | '¢'..='¥' | '\u{20a0}'..='\u{20c0}');
    char::from_u32(unit.into()).is_some_and(|c| c.is_alphabetic() || c == '_' || currency(c))
}

/// `Character.isJavaIdentifierPart` of one unit.
pub(super) fn continues_identifier(unit: u16) -> bool {
    let ignorable = matches!(unit, 0..=8 | 0xe..=0x1b | 0x7f..=0x9f);
    let digit = char::from_u32(unit.into()).is_some_and(char::is_numeric);
    begins_identifier(unit) || digit || ignorable
}
