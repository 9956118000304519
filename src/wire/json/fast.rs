//! The short way for what clients really send: one pass over the bytes, nothing allocated but the
//! strings kept.
//!
//! It takes plain objects that both parsers read alike: known names once each, strings without
//! escapes, short numbers, no blanks but one behind `:` and `,`. Anything else is left to the full
//! parsers, which say what it means or why it is refused.

use super::unsaid;
use crate::model::{FullBeat, Metadata, java};
use crate::profile::JsonDialect;

/// Metadata of more keys is left to the full parsers.
const MOST_KEYS: usize = 16;

/// A beat, if it is a plain one.
pub(super) fn beat(dialect: JsonDialect, text: &str) -> Option<FullBeat> {
    let mut bytes = Bytes { text, at: 0 };
    let mut beat = unsaid();
    let mut seen = 0u32;
    bytes.take(b'{')?;
    loop {
        let name = bytes.string()?;
        bytes.separator(b':')?;
        let bit = match name {
            "ip" => {
                beat.ip = Some(bytes.string()?.into());
                0
            }
            "port" => {
                beat.port = bytes.int()?;
                1
            }
            "cluster" => {
                beat.cluster = Some(bytes.string()?.into());
                2
            }
            "serviceName" => {
                beat.service_name = Some(bytes.string()?.into());
                3
            }
            "weight" => {
                beat.weight = bytes.double()?;
                4
            }
            "ephemeral" => {
                beat.ephemeral = bytes.boolean()?;
                5
            }
            "metadata" => {
                beat.metadata = Some(bytes.map(dialect)?);
                6
            }
            // Fields of the clients that no server reads.
            "period" => {
                bytes.int()?;
                7
            }
            "scheduled" => {
                bytes.boolean()?;
                8
            }
            "stopped" => {
                bytes.boolean()?;
                9
            }
            _ => return None,
        };
        if seen & 1 << bit != 0 {
            return None;
        }
        seen |= 1 << bit;
        if bytes.next()? == b'}' {
            return bytes.ended().then_some(beat);
        }
        bytes.back_to_separator()?;
    }
}

/// A metadata parameter, if it is a plain object of strings.
pub(super) fn metadata(dialect: JsonDialect, text: &str) -> Option<Metadata> {
    let mut bytes = Bytes { text, at: 0 };
    let map = bytes.map(dialect)?;
    bytes.ended().then_some(map)
}

/// The text and how far it is read.
struct Bytes<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Bytes<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn ended(&self) -> bool {
        self.at == self.text.len()
    }

    /// A colon or comma, and a blank behind it if there is one.
    fn separator(&mut self, byte: u8) -> Option<()> {
        self.take(byte)?;
        self.at += usize::from(self.peek() == Some(b' '));
        Some(())
    }

    /// The byte just read must have been a comma.
    fn back_to_separator(&mut self) -> Option<()> {
        self.at -= 1;
        self.separator(b',')
    }

    /// A string of nothing but printable characters.
    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let rest = &self.text.as_bytes()[self.at..];
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=31);
        let length = rest.iter().position(special)?;
        let string = self.text.get(self.at..self.at + length)?;
        self.at += length;
        self.take(b'"')?;
        Some(string)
    }

    /// Digits, without a zero in front of others, and few enough for an int.
    fn int(&mut self) -> Option<i32> {
        let (value, digits) = self.digits(0, 9);
        let leading_zero = digits > 1 && self.text.as_bytes()[self.at - digits] == b'0';
        (digits > 0 && !leading_zero).then_some(value as i32)
    }

    /// Digits and perhaps a fraction, few enough for the quotient of two integers to be exact.
    fn double(&mut self) -> Option<f64> {
        let whole = self.int()?;
        if self.peek() != Some(b'.') {
            return Some(f64::from(whole));
        }
        self.at += 1;
        let (value, digits) = self.digits(i64::from(whole), 6);
        let power = 10i64.checked_pow(u32::try_from(digits).ok()?)?;
        (digits > 0).then_some(value as f64 / power as f64)
    }

    /// Appends at most `most` digits to `value`; a digit more is left for others to stumble over.
    fn digits(&mut self, value: i64, most: usize) -> (i64, usize) {
        let mut value = value;
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek()
            && self.at - start < most
        {
            value = value * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        (value, self.at - start)
    }

    fn boolean(&mut self) -> Option<bool> {
        let rest = &self.text.as_bytes()[self.at..];
        let (value, length) = match rest {
            [b't', b'r', b'u', b'e', ..] => (true, 4),
            [b'f', b'a', b'l', b's', b'e', ..] => (false, 5),
            _ => return None,
        };
        self.at += length;
        Some(value)
    }

    /// An object of strings, with its keys in the order that the parser's map gives them.
    fn map(&mut self, dialect: JsonDialect) -> Option<Metadata> {
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Some(Metadata::new());
        }
        let mut entries = [(0u32, "", ""); MOST_KEYS];
        let mut count = 0;
        loop {
            let key = self.string()?;
            self.separator(b':')?;
            let value = self.string()?;
            // fastjson has a use of its own for `@type` and `$ref`.
            let plain = !key.starts_with(['@', '$']);
            let repeated = entries[..count].iter().any(|entry| entry.1 == key);
            if !plain || repeated || count == MOST_KEYS {
                return None;
            }
            entries[count] = (0, key, value);
            count += 1;
            if self.next()? == b'}' {
                break;
            }
            self.back_to_separator()?;
        }
        let entries = &mut entries[..count];
        if count > 1 && dialect == JsonDialect::Fastjson {
            let mask = java::grown_buckets(count) - 1;
            for entry in &mut *entries {
                entry.0 = java::spread(java::string_hash(entry.1)) & mask;
            }
            entries.sort_by_key(|entry| entry.0);
        }
        let mut map = Metadata::new();
        for (_, key, value) in entries {
            map.insert(key, Some(value));
        }
        Some(map)
    }
}
