//! A value and who stated it.

use super::error::ConfigError;
use super::value::Value;
use std::fmt;
use std::path::PathBuf;

/// Who states a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody: it is what facos does by itself.
    Default,
    /// A line of a file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A flag of the command line, with its dashes.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One setting as a layer states it: not yet read, and not yet known to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The setting's name, with underscores.
    pub name: String,
    /// Its value as written.
    pub text: String,
    /// Who says so.
    pub source: Source,
}

/// A value that was read, and who stated it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// Who says so.
    pub source: Source,
}

impl<T> Stated<T> {
    /// What holds when nobody states anything.
    pub fn by_default(value: T) -> Self {
        Self { value, source: Source::Default }
    }
}

impl<T: Clone> Stated<T> {
    /// Puts the value where another one stands, if somebody states it.
    pub fn overrule(&self, place: &mut T) {
        if self.source != Source::Default {
            place.clone_from(&self.value);
        }
    }
}

impl<T: Value> Stated<T> {
    /// Reads the value of a statement.
    ///
    /// # Errors
    /// The setting can not have that value.
    pub fn read(statement: Statement) -> Result<Self, ConfigError> {
        match T::read(&statement.text) {
            Some(value) => Ok(Self { value, source: statement.source }),
            None => {
                Err(ConfigError::bad_value::<T>(&statement.name, &statement.text)
                    .at(&statement.source))
            }
        }
    }
}
