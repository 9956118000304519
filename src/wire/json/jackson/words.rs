//! `true`, `false`, `null`, and whatever else begins no value but looks a little like one.

use super::super::units::utf16;
use super::source::{Failure, begins_identifier, continues_identifier};
use super::tokens::Tokens;

/// A longer word is cut in messages.
const LONGEST_WORD: usize = 256;
const VALID: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

impl Tokens {
    /// What begins no value.
    pub(super) fn odd_value(&mut self, first: u16) -> Failure {
        let non_standard = |word: &str| {
            format!(
                "Non-standard token '{word}': enable JsonParser.Feature.\
                 ALLOW_NON_NUMERIC_NUMBERS to allow"
            )
        };
        match u8::try_from(first).unwrap_or(0) {
            b'N' => match self.word("NaN", 1) {
                Ok(()) => return self.error(non_standard("NaN")),
                Err(failure) => return failure,
            },
            b'I' => match self.word("Infinity", 1) {
                Ok(()) => return self.error(non_standard("Infinity")),
                Err(failure) => return failure,
            },
            b'+' => {
                return match self.read() {
                    None => self.error("Unexpected end-of-input in a Number value"),
                    Some(next) => self.no_number(next, false),
                };
            }
            _ => {}
        }
        if begins_identifier(first) {
            return self.unknown_word(&utf16(&[first]));
        }
        self.unexpected(first, &format!("expected a valid value {VALID}"))
    }

    /// `_matchToken`: the rest of `word`, of which `known` characters are read.
    pub(super) fn word(&mut self, word: &str, known: usize) -> Result<(), Failure> {
        for (index, expected) in word.bytes().enumerate().skip(known) {
            if self.unit(self.at) != Some(u16::from(expected)) {
                return Err(self.unknown_word(&word[..index]));
            }
            self.at += 1;
        }
        match self.unit(self.at) {
            Some(next) if next >= u16::from(b'0') && continues_identifier(next) => {
                Err(self.unknown_word(word))
            }
            _ => Ok(()),
        }
    }

    /// `_reportInvalidToken`: reads on as long as it looks like a word.
    fn unknown_word(&mut self, begun: &str) -> Failure {
        let mut word: Vec<u16> = begun.encode_utf16().collect();
        let mut cut = "";
        while let Some(next) = self.unit(self.at).filter(|unit| continues_identifier(*unit)) {
            self.at += 1;
            word.push(next);
            if word.len() >= LONGEST_WORD {
                cut = "...";
                break;
            }
        }
        self.error(format!("Unrecognized token '{}{cut}': was expecting {VALID}", utf16(&word)))
    }
}
