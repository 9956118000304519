//! Number tokens. A number that touches the end of the text, or begins with a zero, is read by a
//! second routine in the original, which stands elsewhere when it fails; so is it here.

use super::super::units::is_digit;
use super::source::{Failure, described};
use super::tokens::{Token, Tokens};

impl Tokens {
    /// `_parsePosNumber`, whose first digit is read.
    pub(super) fn positive_number(&mut self) -> Result<Token, Failure> {
        let start = self.at - 1;
        if self.unit(start) == Some(u16::from(b'0')) {
            return self.number_again(false, start);
        }
        self.number_ahead(false, start)
    }

    /// `_parseNegNumber`, whose sign is read.
    pub(super) fn negative_number(&mut self) -> Result<Token, Failure> {
        let start = self.at - 1;
        match self.unit(self.at) {
            None => self.number_again(true, start),
            Some(0x30) => self.number_again(true, start),
            Some(0x31..=0x39) => self.number_ahead(true, start),
            Some(other) => {
                self.at += 1;
                Err(self.no_number(other, true))
            }
        }
    }

    /// The way for a number that ends before the text does.
    fn number_ahead(&mut self, negative: bool, start: usize) -> Result<Token, Failure> {
        let mut at = start + usize::from(negative);
        at += self.digits(at);
        let Some(mut found) = self.unit(at) else { return self.number_again(negative, start) };
        let mut token = Token::Int;
        let marks = |unit: u16| matches!(unit, 0x2e | 0x65 | 0x45);
        if marks(found) {
            token = Token::Float;
            at += 1;
            // A failure behind the mark is placed at the mark.
            self.at = at;
            if found == u16::from(b'.') {
                let digits = self.digits(at);
                at += digits;
                let Some(next) = self.unit(at) else { return self.number_again(negative, start) };
                if digits == 0 {
                    return Err(self.no_digit(next, "Decimal point not followed by a digit"));
                }
                found = next;
                at += usize::from(found != u16::from(b'.') && marks(found));
            }
            if found == u16::from(b'e') || found == u16::from(b'E') {
                if let Some(0x2b | 0x2d) = self.unit(at) {
                    at += 1;
                }
                let digits = self.digits(at);
                at += digits;
                let Some(next) = self.unit(at) else { return self.number_again(negative, start) };
                if digits == 0 {
                    return Err(self.no_digit(next, "Exponent indicator not followed by a digit"));
                }
                found = next;
            }
        }
        self.at = at;
        self.number = start..at;
        self.root_blank(found)?;
        Ok(token)
    }

    /// `_parseNumber2`: reads unit by unit.
    fn number_again(&mut self, negative: bool, start: usize) -> Result<Token, Failure> {
        self.at = start + usize::from(negative);
        let Some(first) = self.read() else {
            return Err(self.error("Unexpected end-of-inputNo digit following minus sign"));
        };
        let mut next = Some(first);
        if first == u16::from(b'0') && self.digits(self.at) > 0 {
            return Err(self.error("Invalid numeric value: Leading zeroes not allowed"));
        }
        let mut whole = 0;
        while next.is_some_and(is_digit) {
            whole += 1;
            next = self.read();
        }
        if whole == 0 {
            return Err(self.no_number(first, negative));
        }
        let mut token = Token::Int;
        if next == Some(u16::from(b'.')) {
            token = Token::Float;
            next = self.read();
            if !next.is_some_and(is_digit) {
                let found = next.unwrap_or(u16::from(b'.'));
                return Err(self.no_digit(found, "Decimal point not followed by a digit"));
            }
            while next.is_some_and(is_digit) {
                next = self.read();
            }
        }
        if next == Some(u16::from(b'e')) || next == Some(u16::from(b'E')) {
            token = Token::Float;
            next = self.exponent_unit()?;
            if next == Some(u16::from(b'+')) || next == Some(u16::from(b'-')) {
                next = self.exponent_unit()?;
            }
            if !next.is_some_and(is_digit) {
                let found = next.unwrap_or(0);
                return Err(self.no_digit(found, "Exponent indicator not followed by a digit"));
            }
            while next.is_some_and(is_digit) {
                next = self.read();
            }
        }
        if let Some(next) = next {
            self.at -= 1;
            self.number = start..self.at;
            self.root_blank(next)?;
        } else {
            self.number = start..self.at;
        }
        Ok(token)
    }

    fn exponent_unit(&mut self) -> Result<Option<u16>, Failure> {
        match self.read() {
            Some(unit) => Ok(Some(unit)),
            None => Err(self.error("Unexpected end-of-inputexpected a digit for number exponent")),
        }
    }

    fn digits(&self, at: usize) -> usize {
        self.source()[at.min(self.source().len())..].iter().take_while(|u| is_digit(**u)).count()
    }

    /// `_verifyRootSpace`: outside of everything, a blank must follow a number.
    fn root_blank(&mut self, next: u16) -> Result<(), Failure> {
        if !self.in_root() {
            return Ok(());
        }
        self.at += 1;
        match next {
            32 | 9 => Ok(()),
            10 | 13 => {
                self.line_end(next);
                Ok(())
            }
            _ => Err(self.unexpected(next, "Expected space separating root-level values")),
        }
    }

    fn no_digit(&self, found: u16, comment: &str) -> Failure {
        let found = described(found);
        self.error(format!("Unexpected character ({found}) in numeric value: {comment}"))
    }

    /// `_handleInvalidNumberStart`: something else behind a sign.
    pub(super) fn no_number(&mut self, found: u16, negative: bool) -> Failure {
        let mut found = found;
        if found == u16::from(b'I') {
            let Some(next) = self.read() else {
                return self.error("Unexpected end-of-input in a Number value");
            };
            found = next;
            let sign = if negative { '-' } else { '+' };
            let word = match u8::try_from(next) {
                Ok(b'N') => Some(format!("{sign}INF")),
                Ok(b'n') => Some(format!("{sign}Infinity")),
                _ => None,
            };
            if let Some(word) = word {
                return match self.word(&word, 3) {
                    Err(failure) => failure,
                    Ok(()) => self.error(format!(
                        "Non-standard token '{word}': enable JsonParser.Feature.\
                         ALLOW_NON_NUMERIC_NUMBERS to allow"
                    )),
                };
            }
        }
        let comment = "expected digit (0-9) to follow minus sign, for valid numeric value";
        self.no_digit(found, comment)
    }
}
