//! What is known about a quirk besides its value: for help, for errors, for the admin API.

use super::error::ProfileError;
use super::quirks::QUIRKS;
use super::values::{Choice, Kind};

/// Why a quirk is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Versions differ in it.
    Versions,
    /// No two versions differ in it; an operator or a test wants to turn it.
    Operators,
}

/// What is known about a quirk besides its value.
#[derive(Debug)]
pub struct QuirkInfo {
    /// `section.name`.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Why it is a quirk.
    pub reason: Reason,
    /// How it is written in TOML.
    pub kind: Kind,
    /// The words that it may be, where there is a choice.
    pub choices: &'static [Choice],
    /// What may be written, in one line.
    pub valid: fn() -> String,
    /// Reads a text and gives its canonical form; `None` when it is no value.
    pub read: fn(&str) -> Option<String>,
}

impl QuirkInfo {
    /// The quirk of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<&'static Self, ProfileError> {
        let known = QUIRKS.iter().find(|quirk| quirk.name == name);
        known.ok_or_else(|| ProfileError::unknown_quirk(name))
    }

    /// The section that it stands in.
    pub fn section(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }
}
