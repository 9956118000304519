//! What can be wrong with settings: one line that says where it stands, what is near and what is
//! valid.

use super::source::Source;
use super::value::Value;
use crate::profile::{ProfileError, suggestion};
use std::path::PathBuf;

/// A setting that is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that is not there or not readable.
    #[error("cannot read the settings {}: {source}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A name that is no setting.
    #[error("no setting {name:?}{near}; valid: {valid}")]
    Unknown {
        /// As written.
        name: String,
        /// " (did you mean ...?)" or nothing.
        near: String,
        /// Every name.
        valid: String,
    },
    /// A value that the setting can not have.
    #[error("{name} can not be {value:?}{near}; valid: {valid}")]
    BadValue {
        /// The setting.
        name: String,
        /// As written.
        value: String,
        /// " (did you mean ...?)" or nothing.
        near: String,
        /// What may be written.
        valid: String,
    },
    /// The profile or one of its quirks.
    #[error("{0}")]
    Profile(#[from] ProfileError),
    /// Anything else about a file's form.
    #[error("{0}")]
    Form(String),
    /// Any of these, and where it stands.
    #[error("{place}: {error}")]
    At {
        /// A flag, a variable, or a line of a file.
        place: String,
        /// What is wrong there.
        error: Box<ConfigError>,
    },
}

impl ConfigError {
    /// Refuses a name that is no setting.
    pub fn unknown(name: &str, names: &[&str]) -> Self {
        let near = suggestion(name, names);
        Self::Unknown { name: name.to_owned(), near, valid: names.join(", ") }
    }

    /// Refuses a text that is no value of the setting's type.
    pub fn bad_value<T: Value>(name: &str, value: &str) -> Self {
        let near = suggestion(value, T::WORDS);
        let value = if T::SECRET { "***" } else { value };
        Self::BadValue { name: name.to_owned(), value: value.to_owned(), near, valid: T::valid() }
    }

    /// Says where it stands; a default stands nowhere.
    pub fn at(self, source: &Source) -> Self {
        match source {
            Source::Default => self,
            stated => Self::At { place: stated.to_string(), error: Box::new(self) },
        }
    }
}
