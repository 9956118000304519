//! Strings and keys as fastjson scans them: double or single quotes, bare names, and escapes that
//! JSON does not know (`\x41`, `\0` to `\7`, `\v`, `\F`, `\'`).

use super::super::units::{self, ascii, utf16};
use super::Thrown;
use super::lexer::{END, Lexer, Token};

/// Where an escape stands decides how a bad one is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    SingleQuoted,
    Key,
}

impl Lexer {
    /// `scanString`: up to the closing quote.
    pub(super) fn scan_text(&mut self) -> Result<(), Thrown> {
        self.scan_quoted(b'"', Place::Text)
    }

    /// `scanStringSingleQuote`.
    pub(super) fn scan_single_quoted(&mut self) -> Result<(), Thrown> {
        self.scan_quoted(b'\'', Place::SingleQuoted)
    }

    fn scan_quoted(&mut self, quote: u8, place: Place) -> Result<(), Thrown> {
        self.literal_at = self.at as isize;
        let mut unescaped: Option<Vec<u16>> = None;
        let start = self.at + 1;
        loop {
            let c = self.advance();
            if c == u16::from(quote) {
                break;
            }
            if c == END && (place == Place::Key || self.at_end()) {
                return Err(unclosed(place, END));
            }
            if self.at > self.text.len() {
                // An escape that reaches over the end is missed by the check above, and the
                // original takes characters from there until its memory is used up.
                return Err(Thrown::Other("Java heap space".to_owned()));
            }
            if c == u16::from(b'\\') {
                let plain = &self.text[start..self.at];
                let units = unescaped.get_or_insert_with(|| plain.to_vec());
                let unit = escaped(place, &self.text, &mut self.at, &mut self.current)?;
                units.push(unit);
            } else if let Some(units) = &mut unescaped {
                units.push(c);
            }
        }
        self.literal_len = unescaped.as_ref().map_or(self.at - start, Vec::len);
        self.unescaped = unescaped;
        self.token = Token::Text;
        self.advance();
        Ok(())
    }

    /// `scanSymbol(quote)`: a quoted key.
    pub(super) fn scan_quoted_key(&mut self, quote: u8) -> Result<String, Thrown> {
        let kept = self.unescaped.take();
        self.scan_quoted(quote, Place::Key)?;
        let key = self.literal();
        self.unescaped = kept;
        self.literal_len = 0;
        Ok(key)
    }

    /// `scanSymbolUnQuoted`: a bare name; the word null is no name.
    pub(super) fn scan_bare_key(&mut self) -> Result<Option<String>, Thrown> {
        if self.token == Token::Error && self.token_at == 0 && self.at == 1 {
            self.at = 0;
        }
        let begins = |c: u8| c.is_ascii_alphabetic() || c == b'_' || c == b'$';
        if self.current < 256 && !ascii(self.current).is_some_and(begins) {
            let found = utf16(&[self.current]);
            return Err(Thrown::json(format!("illegal identifier : {found}{}", self.info()?)));
        }
        self.literal_at = self.at as isize;
        let start = self.at;
        loop {
            let c = self.advance();
            let continues = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
            if c < 256 && !ascii(c).is_some_and(continues) {
                break;
            }
        }
        self.literal_len = self.at - start;
        self.token = Token::Identifier;
        let name = utf16(self.text.get(start..self.at).unwrap_or_default());
        Ok(Some(name).filter(|name| name != "null"))
    }

    /// `scanSymbol(symbolTable)`: any key, or what stands where one could: then the token says it.
    pub(super) fn scan_key(&mut self) -> Result<Option<String>, Thrown> {
        self.skip_blanks()?;
        let token = match ascii(self.current) {
            Some(quote @ (b'"' | b'\'')) => return self.scan_quoted_key(quote).map(Some),
            Some(b'}') => Token::RightBrace,
            Some(b',') => Token::Comma,
            _ if self.current == END => {
                self.token = Token::End;
                return Ok(None);
            }
            _ => return self.scan_bare_key(),
        };
        self.advance();
        self.token = token;
        Ok(None)
    }
}

fn unclosed(place: Place, found: u16) -> Thrown {
    match (place, found) {
        (Place::Text, found) => Thrown::json(format!("unclosed string : {}", utf16(&[found]))),
        (Place::SingleQuoted, _) => Thrown::json("unclosed single-quote string"),
        (Place::Key, END) => Thrown::json("unclosed.str"),
        (Place::Key, _) => Thrown::json("unclosed.str.lit"),
    }
}

/// The unit that an escape at `at` stands for; leaves `at` on its last unit.
fn escaped(place: Place, text: &[u16], at: &mut usize, current: &mut u16) -> Result<u16, Thrown> {
    let mut next = || {
        *at += 1;
        *current = text.get(*at).copied().unwrap_or(END);
        *current
    };
    let c = next();
    if let Some(unit) = ascii(c).and_then(simple_escape) {
        return Ok(unit);
    }
    match ascii(c) {
        Some(b'x') => Ok(hex_digit(next())? * 16 + hex_digit(next())?),
        Some(b'u') => parse_hex(&[next(), next(), next(), next()]),
        // A key that ends in a backslash is refused for the escape, not for the missing quote.
        _ if place == Place::Key => Err(Thrown::json("unclosed.str.lit")),
        _ => Err(unclosed(place, c)),
    }
}

fn simple_escape(c: u8) -> Option<u16> {
    Some(u16::from(match c {
        b'0'..=b'7' => c - b'0',
        b'b' => 8,
        b't' => 9,
        b'n' => 10,
        b'v' => 11,
        b'f' | b'F' => 12,
        b'r' => 13,
        b'"' | b'\'' | b'/' | b'\\' => c,
        _ => return None,
    }))
}

/// A digit of `\x`: units that are no digit count as 0, those behind `f` miss the table.
fn hex_digit(unit: u16) -> Result<u16, Thrown> {
    if unit > u16::from(b'f') {
        return Err(Thrown::Index(format!("Index {unit} out of bounds for length 103")));
    }
    Ok(units::hex_digit(unit).unwrap_or(0))
}

/// `Integer.parseInt(text, 16)` of four units: a sign counts as one of them.
fn parse_hex(units: &[u16; 4]) -> Result<u16, Thrown> {
    let text = utf16(units);
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, &*text),
    };
    let value = digits.chars().try_fold(0u32, |value, c| Some(value * 16 + c.to_digit(16)?));
    let Some(value) = value else {
        return Err(Thrown::Number(format!("For input string: \"{text}\" under radix 16")));
    };
    Ok(if negative { value.wrapping_neg() as u16 } else { value as u16 })
}

/// `readString`: the escapes of a string whose end is known already.
pub(super) fn read_string(units: &[u16]) -> Result<String, Thrown> {
    let mut read = Vec::with_capacity(units.len());
    let past = || Thrown::index(units.len(), units.len());
    let mut rest = units.iter().copied();
    let mut next = || rest.next();
    while let Some(unit) = next() {
        if unit != u16::from(b'\\') {
            read.push(unit);
            continue;
        }
        let c = ascii(next().ok_or_else(past)?);
        let unit = match (c.and_then(simple_escape), c) {
            (Some(unit), _) => unit,
            (None, Some(b'x')) => {
                hex_digit(next().ok_or_else(past)?)? * 16 + hex_digit(next().ok_or_else(past)?)?
            }
            (None, Some(b'u')) => {
                let mut digits = [0; 4];
                for digit in &mut digits {
                    *digit = next().ok_or_else(past)?;
                }
                parse_hex(&digits)?
            }
            _ => return Err(Thrown::json("unclosed.str.lit")),
        };
        read.push(unit);
    }
    Ok(utf16(&read))
}
