//! The quick scans of a field whose name is guessed (`scanFieldInt` and its like): name, colon and
//! value in one go when they stand there without blanks; otherwise nothing has happened.
//!
//! Their slips are kept, because a client can see them: an int that wraps past its range to a
//! larger value is taken, and a failed scan may leave the position moved.

use super::super::units::{ascii, is_digit, utf16};
use super::Thrown;
use super::lexer::{END, Lexer, Token, is_space};
use super::strings;
use crate::model::java;

/// What became of a scan (`matchStat`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scan<T> {
    /// Another name stands there.
    OtherName,
    /// The name is right, the value is nothing for the quick way.
    Odd,
    /// Read, and a comma behind it.
    Read(T),
    /// Read, and the object closed.
    Last(T),
    /// `null`, and a comma or the closing brace behind it.
    Null,
}

impl<T> Scan<T> {
    /// The same with the value made into another.
    pub(super) fn map<U>(self, make: impl FnOnce(T) -> U) -> Scan<U> {
        match self {
            Scan::Read(value) => Scan::Read(make(value)),
            Scan::Last(value) => Scan::Last(make(value)),
            Scan::OtherName => Scan::OtherName,
            Scan::Odd => Scan::Odd,
            Scan::Null => Scan::Null,
        }
    }
}

impl Lexer {
    /// `scanFieldInt`.
    pub(super) fn scan_field_int(&mut self, name: &str) -> Scan<i32> {
        if !self.stands(name) {
            return Scan::OtherName;
        }
        let start = (self.at, self.current);
        let mut index = self.at + name.len();
        let quoted = self.unit(index) == u16::from(b'"');
        index += usize::from(quoted);
        let negative = self.unit(index) == u16::from(b'-');
        index += usize::from(negative);
        if !is_digit(self.unit(index)) {
            return Scan::Odd;
        }
        let mut value = 0i32;
        let first = index;
        while is_digit(self.unit(index)) {
            let shifted = value.wrapping_mul(10);
            if index > first && shifted < value {
                return Scan::Odd;
            }
            value = shifted.wrapping_add(i32::from(self.unit(index) - 48));
            index += 1;
        }
        if self.unit(index) == u16::from(b'.') || value < 0 {
            return Scan::Odd;
        }
        if quoted {
            if self.unit(index) != u16::from(b'"') {
                return Scan::Odd;
            }
            index += 1;
        }
        while is_space(self.unit(index)) {
            index += 1;
        }
        let value = if negative { value.wrapping_neg() } else { value };
        match ascii(self.unit(index)) {
            Some(b',') => {
                self.move_to(index + 1);
                self.token = Token::Comma;
                Scan::Read(value)
            }
            Some(b'}') => {
                let mut after = index + 1;
                while is_space(self.unit(after)) {
                    after += 1;
                }
                if !self.close_field(after) {
                    (self.at, self.current) = start;
                    return Scan::Odd;
                }
                Scan::Last(value)
            }
            _ => Scan::Odd,
        }
    }

    /// `scanFieldString`.
    pub(super) fn scan_field_text(&mut self, name: &str) -> Result<Scan<String>, Thrown> {
        let start = (self.at, self.current);
        while !self.stands(name) {
            if !is_space(self.current) {
                return Ok(Scan::OtherName);
            }
            self.advance();
        }
        let first = self.at + name.len();
        if self.unit(first) != u16::from(b'"') {
            return Ok(Scan::Odd);
        }
        let first = first + 1;
        let Some(mut end) = self.quote_from(first) else {
            return Err(Thrown::json("unclosed str"));
        };
        let text = if self.text[first..end].contains(&u16::from(b'\\')) {
            while self.slashes_before(end) % 2 == 1 {
                let Some(next) = self.quote_from(end + 1) else {
                    // The original computes a length from the index -1.
                    return Err(Thrown::Other(format!("-{}", first + 1)));
                };
                end = next;
            }
            strings::read_string(&self.text[first..end])?
        } else {
            utf16(&self.text[first..end])
        };
        let mut behind = end + 1;
        while is_space(self.unit(behind)) {
            behind += 1;
        }
        match ascii(self.unit(behind)) {
            Some(b',') => {
                self.move_to(behind + 1);
                Ok(Scan::Read(text))
            }
            Some(b'}') => {
                self.move_to(behind);
                if !self.close_field(behind + 1) {
                    (self.at, self.current) = start;
                    return Ok(Scan::Odd);
                }
                Ok(Scan::Last(text))
            }
            _ => Ok(Scan::Odd),
        }
    }

    /// `scanFieldBoolean`: 1 and 0 are booleans too.
    pub(super) fn scan_field_boolean(&mut self, name: &str) -> Scan<bool> {
        if !self.stands(name) {
            return Scan::OtherName;
        }
        let start = self.at;
        let mut index = self.at + name.len();
        let quoted = self.unit(index) == u16::from(b'"');
        index += usize::from(quoted);
        let words = [("true", true), ("false", false), ("1", true), ("0", false)];
        let spelt = |word: &str| {
            word.bytes().enumerate().all(|(i, byte)| self.unit(index + i) == u16::from(byte))
        };
        let Some((word, value)) = words.into_iter().find(|(word, _)| spelt(word)) else {
            return Scan::Odd;
        };
        index += word.len();
        if quoted {
            if self.unit(index) != u16::from(b'"') {
                return Scan::Odd;
            }
            index += 1;
        }
        while is_space(self.unit(index)) {
            index += 1;
        }
        match ascii(self.unit(index)) {
            Some(b',') => {
                self.move_to(index + 1);
                self.token = Token::Comma;
                Scan::Read(value)
            }
            Some(b'}') => {
                let mut after = index + 1;
                while is_space(self.unit(after)) {
                    after += 1;
                }
                // The position moves even when the scan fails, and the character lags behind it.
                if self.close_field(after) {
                    return Scan::Last(value);
                }
                self.at = after;
                Scan::Odd
            }
            _ => {
                self.at = start;
                Scan::Odd
            }
        }
    }

    /// `scanFieldDouble`.
    pub(super) fn scan_field_double(&mut self, name: &str) -> Result<Scan<f64>, Thrown> {
        if !self.stands(name) {
            return Ok(Scan::OtherName);
        }
        let first = self.at + name.len();
        let quoted = self.unit(first) == u16::from(b'"');
        let start = first + usize::from(quoted);
        let negative = self.unit(start) == u16::from(b'-');
        let mut index = start + usize::from(negative);
        if self.unit(index) == u16::from(b'n') {
            return Ok(self.scan_field_null(index, quoted));
        }
        if !is_digit(self.unit(index)) {
            return Ok(Scan::Odd);
        }
        let (mut digits, mut power) = (0i64, 1i64);
        while is_digit(self.unit(index)) {
            digits = digits.wrapping_mul(10).wrapping_add(i64::from(self.unit(index) - 48));
            index += 1;
        }
        if self.unit(index) == u16::from(b'.') {
            index += 1;
            if !is_digit(self.unit(index)) {
                return Ok(Scan::Odd);
            }
            while is_digit(self.unit(index)) {
                digits = digits.wrapping_mul(10).wrapping_add(i64::from(self.unit(index) - 48));
                power = power.wrapping_mul(10);
                index += 1;
            }
        }
        let exponent = matches!(ascii(self.unit(index)), Some(b'e' | b'E'));
        if exponent {
            index += 1;
            index += usize::from(matches!(ascii(self.unit(index)), Some(b'+' | b'-')));
            while is_digit(self.unit(index)) {
                index += 1;
            }
        }
        let literal = start..index;
        if quoted {
            if self.unit(index) != u16::from(b'"') {
                return Ok(Scan::Odd);
            }
            index += 1;
        }
        let value = if !exponent && literal.len() < 17 {
            let value = digits as f64 / power as f64;
            if negative { -value } else { value }
        } else {
            let text = utf16(&self.text[literal]);
            java::parse_double(&text).ok_or_else(|| Thrown::Number(java::double_error(&text)))?
        };
        Ok(self.end_field_double(index, value))
    }

    fn end_field_double(&mut self, index: usize, value: f64) -> Scan<f64> {
        match ascii(self.unit(index)) {
            Some(b',') => {
                self.move_to(index + 1);
                self.token = Token::Comma;
                Scan::Read(value)
            }
            Some(b'}') if self.close_field(index + 1) => Scan::Last(value),
            _ => Scan::Odd,
        }
    }

    fn scan_field_null(&mut self, index: usize, quoted: bool) -> Scan<f64> {
        let word = [b'n', b'u', b'l', b'l'];
        if !word.iter().enumerate().all(|(i, byte)| self.unit(index + i) == u16::from(*byte)) {
            return Scan::Odd;
        }
        let mut index = index + 4;
        if quoted && self.unit(index) == u16::from(b'"') {
            index += 1;
        }
        while is_space(self.unit(index)) {
            index += 1;
        }
        let token = match ascii(self.unit(index)) {
            Some(b',') => Token::Comma,
            Some(b'}') => Token::RightBrace,
            _ => return Scan::Odd,
        };
        self.move_to(index + 1);
        self.token = token;
        Scan::Null
    }

    /// `matchField`: the name, then the token behind it.
    pub(super) fn match_field(&mut self, name: &str) -> Result<bool, Thrown> {
        while !self.stands(name) {
            if !is_space(self.current) {
                return Ok(false);
            }
            self.advance();
        }
        self.move_to(self.at + name.len());
        match ascii(self.current) {
            Some(b'{') => {
                self.advance();
                self.token = Token::LeftBrace;
            }
            Some(b'[') => {
                self.advance();
                self.token = Token::LeftBracket;
            }
            Some(b'S') if self.stands("Set[") => {
                self.move_to(self.at + 3);
                self.token = Token::Set;
            }
            _ => self.next_token()?,
        }
        Ok(true)
    }

    fn move_to(&mut self, index: usize) {
        self.at = index;
        self.current = self.unit(index);
    }

    /// Takes what follows the closing brace at `after` for the token; false when it is nothing
    /// that may follow.
    fn close_field(&mut self, after: usize) -> bool {
        let found = self.unit(after);
        let token = match ascii(found) {
            Some(b',') => Token::Comma,
            Some(b']') => Token::RightBracket,
            Some(b'}') => Token::RightBrace,
            _ if found == END => {
                self.at = after;
                self.current = END;
                self.token = Token::End;
                return true;
            }
            _ => return false,
        };
        self.move_to(after + 1);
        self.token = token;
        true
    }

    fn quote_from(&self, index: usize) -> Option<usize> {
        let rest = self.text.get(index..)?;
        rest.iter().position(|unit| *unit == u16::from(b'"')).map(|found| index + found)
    }

    fn slashes_before(&self, index: usize) -> usize {
        self.text[..index].iter().rev().take_while(|unit| **unit == u16::from(b'\\')).count()
    }
}
