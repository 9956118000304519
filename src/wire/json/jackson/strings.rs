//! Strings and names, with the escapes of JSON and no others.

use super::super::units::{hex_digit, utf16};
use super::source::{Failure, described};
use super::tokens::Tokens;

impl Tokens {
    /// A field's name, whose first unit is read.
    pub(super) fn read_name(&mut self, first: u16) -> Result<(), Failure> {
        if first != u16::from(b'"') {
            return Err(self.unexpected(first, "was expecting double-quote to start field name"));
        }
        let mut units = Vec::new();
        loop {
            let Some(unit) = self.read() else {
                return Err(self.error("Unexpected end-of-input in field name"));
            };
            match unit {
                0x22 => break,
                0x5c => units.push(self.escape()?),
                0..32 => return Err(self.bare_control(unit, "name")),
                _ => units.push(unit),
            }
        }
        self.name = utf16(&units);
        Ok(())
    }

    /// Reads the string to its end, into `units` if anyone wants it.
    pub(super) fn read_text(&mut self, mut units: Option<&mut Vec<u16>>) -> Result<(), Failure> {
        self.unread_text = false;
        loop {
            let Some(unit) = self.read() else {
                let message = "Unexpected end-of-input: was expecting closing quote for a string \
                               value";
                return Err(self.error(message));
            };
            let unit = match unit {
                0x22 => return Ok(()),
                0x5c => self.escape()?,
                0..32 => return Err(self.bare_control(unit, "string value")),
                unit => unit,
            };
            if let Some(units) = &mut units {
                units.push(unit);
            }
        }
    }

    fn bare_control(&self, unit: u16, inside: &str) -> Failure {
        self.error(format!(
            "Illegal unquoted character ({}): has to be escaped using backslash to be included in \
             {inside}",
            described(unit)
        ))
    }

    fn escape(&mut self) -> Result<u16, Failure> {
        let ended = "Unexpected end-of-input in character escape sequence";
        let Some(unit) = self.read() else { return Err(self.error(ended)) };
        Ok(match u8::try_from(unit).unwrap_or(0) {
            b'b' => 8,
            b't' => 9,
            b'n' => 10,
            b'f' => 12,
            b'r' => 13,
            b'"' | b'/' | b'\\' => unit,
            b'u' => {
                let mut value = 0;
                for _ in 0..4 {
                    let Some(digit) = self.read() else { return Err(self.error(ended)) };
                    let known = hex_digit(digit);
                    let Some(known) = known else {
                        let comment = "expected a hex-digit for character escape sequence";
                        return Err(self.unexpected(digit, comment));
                    };
                    value = value << 4 | known;
                }
                value
            }
            _ => {
                let found = described(unit);
                return Err(self.error(format!("Unrecognized character escape {found}")));
            }
        })
    }
}
