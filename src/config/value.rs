//! How settings are written: the same text on the command line, in the environment and in
//! `facos.toml`.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::path::PathBuf;

use serde_json::Value as Json;

/// Levels of the log, quietest first.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A type that a setting may have.
pub trait Value: Sized {
    /// The words that it may be, where there are few.
    const WORDS: &'static [&'static str] = &[];

    /// Nobody may see it, not even when it is wrong.
    const SECRET: bool = false;

    /// Reads a text; `None` when it is no value of this type.
    fn read(text: &str) -> Option<Self>;

    /// What may be written, for errors.
    fn valid() -> String;

    /// The value as it is written; secrets are hidden.
    fn text(&self) -> String;

    /// The value in JSON.
    fn json(&self) -> Json {
        Json::String(self.text())
    }
}

impl Value for bool {
    const WORDS: &'static [&'static str] = &["true", "false"];

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn valid() -> String {
        Self::WORDS.join(", ")
    }
    fn text(&self) -> String {
        self.to_string()
    }
    fn json(&self) -> Json {
        Json::Bool(*self)
    }
}

/// Whole numbers, whose type states their range.
macro_rules! whole_number {
    ($type:ty, $valid:expr) => {
        impl Value for $type {
            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn valid() -> String {
                $valid
            }
            fn text(&self) -> String {
                self.to_string()
            }
            fn json(&self) -> Json {
                serde_json::json!(self)
            }
        }
    };
}
whole_number!(u16, format!("a whole number from 0 to {}", u16::MAX));
whole_number!(u32, format!("a whole number from 0 to {}", u32::MAX));
whole_number!(NonZeroU8, format!("a whole number from 1 to {}", u8::MAX));

impl Value for IpAddr {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn valid() -> String {
        "an IP address, such as 127.0.0.1, 0.0.0.0 or ::1".to_owned()
    }
    fn text(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    fn read(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
    fn valid() -> String {
        "a text".to_owned()
    }
    fn text(&self) -> String {
        self.clone()
    }
}

impl Value for PathBuf {
    fn read(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }
    fn valid() -> String {
        "a path".to_owned()
    }
    fn text(&self) -> String {
        self.display().to_string()
    }
}

/// A setting that may be absent; only leaving it out makes it so.
impl<T: Value> Value for Option<T> {
    const WORDS: &'static [&'static str] = T::WORDS;
    const SECRET: bool = T::SECRET;

    fn read(text: &str) -> Option<Self> {
        T::read(text).map(Some)
    }
    fn valid() -> String {
        T::valid()
    }
    fn text(&self) -> String {
        self.as_ref().map_or_else(|| "-".to_owned(), T::text)
    }
    fn json(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::json)
    }
}

/// A text that is used and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for whom it is meant.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Value for Secret {
    const SECRET: bool = true;

    fn read(text: &str) -> Option<Self> {
        // It travels in a header.
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }
    fn valid() -> String {
        "visible ASCII characters without blanks".to_owned()
    }
    fn text(&self) -> String {
        "***".to_owned()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is logged: a level, or levels by target such as `info,facos::edge=debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The filter as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for LogFilter {
    const WORDS: &'static [&'static str] = &LEVELS;

    fn read(text: &str) -> Option<Self> {
        // The library behind takes a mistyped level for the name of a target and logs nothing.
        let is_level = |word: &str| LEVELS.contains(&word.trim());
        let fits = text.split(',').all(|part| match part.rsplit_once('=') {
            Some((target, level)) => !target.trim().is_empty() && is_level(level),
            None => is_level(part),
        });
        fits.then(|| Self(text.to_owned()))
    }
    fn valid() -> String {
        format!("{}, or TARGET=LEVEL, separated by commas", LEVELS.join(", "))
    }
    fn text(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_filter_is_levels_and_targets_with_levels() {
        for good in ["info", "off", "info,facos::edge=debug", "warn, facos=trace"] {
            assert!(LogFilter::read(good).is_some(), "{good}");
        }
        for bad in ["", "inof", "INFO", "info,", "facos=loud", "=info"] {
            assert!(LogFilter::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_hidden_wherever_it_is_shown() {
        let secret = Secret::read("hunter2").unwrap();
        assert_eq!(secret.reveal(), "hunter2");
        assert_eq!(secret.text(), "***");
        assert_eq!(secret.json(), "***");
        assert_eq!(format!("{secret:?}"), "***");
        for unfit in ["", "two words", "é", "line\nbreak"] {
            assert!(Secret::read(unfit).is_none(), "{unfit:?}");
        }
    }

    #[test]
    fn numbers_keep_to_their_range() {
        assert_eq!(u16::read("65535"), Some(65_535));
        for bad in ["65536", "-1", "8848x", "", "1.5"] {
            assert_eq!(u16::read(bad), None, "{bad}");
        }
        assert_eq!(NonZeroU8::read("0"), None);
        assert_eq!(u32::read("0"), Some(0));
    }

    #[test]
    fn absent_is_a_dash_and_null() {
        assert_eq!(None::<PathBuf>.text(), "-");
        assert_eq!(None::<PathBuf>.json(), Json::Null);
        assert_eq!(Option::<PathBuf>::read("data").unwrap().text(), "data");
    }
}
