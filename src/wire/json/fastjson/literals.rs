//! Literals without quotes as fastjson scans them: words, numbers with suffixes, hexadecimal bytes.

use super::super::units::{ascii, is_digit, utf16};
use super::Thrown;
use super::lexer::{END, Lexer, Token, is_space};

impl Lexer {
    pub(super) fn scan_word(&mut self, word: &'static str, token: Token) -> Result<(), Thrown> {
        for expected in word.bytes() {
            if self.current != u16::from(expected) {
                return Err(Thrown::json(format!("error parse {word}")));
            }
            self.advance();
        }
        if !self.ends_word(b":/") {
            return Err(Thrown::json(format!("scan {word} error")));
        }
        self.token = token;
        Ok(())
    }

    fn ends_word(&self, more: &[u8]) -> bool {
        let current = self.current;
        current == END
            || is_space(current)
            || ascii(current).is_some_and(|c| b",}]".contains(&c) || more.contains(&c))
    }

    pub(super) fn scan_null_or_new(&mut self, colon_ends: bool) -> Result<(), Thrown> {
        let second = self.advance();
        let (rest, name, token) = match ascii(second) {
            Some(b'u') => ("ull", "null", Token::Null),
            _ => ("ew", "new", Token::New),
        };
        for expected in rest.bytes() {
            if self.current != u16::from(expected) {
                return Err(Thrown::json(format!("error parse {name}")));
            }
            self.advance();
        }
        let more: &[u8] = if token == Token::Null && colon_ends { b":" } else { b"" };
        if !self.ends_word(more) {
            return Err(Thrown::json(format!("scan {name} error")));
        }
        self.token = token;
        Ok(())
    }

    pub(super) fn scan_identifier(&mut self) -> Result<(), Thrown> {
        self.literal_at = self.at as isize - 1;
        self.unescaped = None;
        loop {
            self.literal_len += 1;
            self.advance();
            if !is_letter_or_digit(self.current) {
                break;
            }
        }
        let word = utf16(self.literal_units());
        self.token = match word.as_str() {
            "new" => Token::New,
            "true" => Token::True,
            "false" => Token::False,
            "undefined" => Token::Undefined,
            "Set" => Token::Set,
            "TreeSet" => Token::TreeSet,
            word if word.eq_ignore_ascii_case("null") => Token::Null,
            _ => Token::Identifier,
        };
        Ok(())
    }

    pub(super) fn scan_hex(&mut self) -> Result<(), Thrown> {
        let illegal = |c: u16| Thrown::json(format!("illegal state. {}", utf16(&[c])));
        let quote = u16::from(b'\'');
        if self.advance() != quote {
            return Err(illegal(self.current));
        }
        self.literal_at = self.at as isize;
        // The first digit is passed over unread, and not counted.
        let mut c = self.advance();
        while c != quote || self.at as isize > self.literal_at + 1 {
            c = self.advance();
            if c == quote {
                self.literal_len += 1;
                break;
            }
            if !ascii(c).is_some_and(|c| matches!(c, b'0'..=b'9' | b'A'..=b'F')) {
                return Err(illegal(c));
            }
            self.literal_len += 1;
        }
        self.advance();
        self.token = Token::Hex;
        Ok(())
    }

    /// `scanNumber`: digits, a fraction, a suffix or an exponent, each of which may be empty.
    pub(super) fn scan_number(&mut self) -> Result<(), Thrown> {
        self.literal_at = self.at as isize;
        if self.current == u16::from(b'-') {
            self.take();
        }
        self.take_digits();
        let mut token = Token::Int;
        if self.current == u16::from(b'.') {
            self.take();
            token = Token::Float;
            self.take_digits();
        }
        match ascii(self.current) {
            Some(b'L' | b'S' | b'B') => self.take(),
            Some(b'F' | b'D') => {
                self.take();
                token = Token::Float;
            }
            Some(b'e' | b'E') => {
                self.take();
                if matches!(ascii(self.current), Some(b'+' | b'-')) {
                    self.take();
                }
                self.take_digits();
                if matches!(ascii(self.current), Some(b'D' | b'F')) {
                    self.take();
                }
                token = Token::Float;
            }
            _ => {}
        }
        self.token = token;
        Ok(())
    }

    fn take(&mut self) {
        self.literal_len += 1;
        self.advance();
    }

    fn take_digits(&mut self) {
        while is_digit(self.current) {
            self.take();
        }
    }
}

fn is_letter_or_digit(unit: u16) -> bool {
    char::from_u32(unit.into()).is_some_and(char::is_alphanumeric)
}
