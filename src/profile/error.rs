//! What can be wrong with a profile or a quirk: one line, then a hint.

use super::quirks::QUIRKS;

/// A profile or quirk that is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Neither a built-in name nor a file.
    #[error("no profile {name:?}; built in: {known}{near}")]
    UnknownProfile {
        /// As asked.
        name: String,
        /// The built-in names.
        known: String,
        /// "; did you mean ...?" or nothing.
        near: String,
    },
    /// The file is not there or not readable.
    #[error("cannot read the profile {path}: {source}")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{file}: not valid TOML: {message}")]
    Syntax {
        /// Profile or path.
        file: String,
        /// The parser's words, in one line.
        message: String,
    },
    /// A key that no profile has.
    #[error("{file}: no quirk {name:?}{near}; valid: {valid}")]
    UnknownQuirk {
        /// Profile, path or `--set`.
        file: String,
        /// As written.
        name: String,
        /// "; did you mean ...?" or nothing.
        near: String,
        /// All names.
        valid: String,
    },
    /// A value that the quirk can not have.
    #[error("{file}: {name} can not be {value:?}; valid: {valid}")]
    BadValue {
        /// Profile, path or `--set`.
        file: String,
        /// The quirk.
        name: String,
        /// As written.
        value: String,
        /// What may be written.
        valid: String,
    },
    /// A complete profile lacks a quirk.
    #[error("{file}: {name} is missing; a profile that inherits nothing states every quirk")]
    Missing {
        /// Profile or path.
        file: String,
        /// The quirk.
        name: &'static str,
    },
    /// Anything else about the file's form.
    #[error("{file}: {message}")]
    Form {
        /// Profile or path.
        file: String,
        /// What is wrong and what is expected.
        message: String,
    },
}

impl ProfileError {
    /// Refuses a name that is no quirk.
    pub(super) fn unknown_quirk(file: &str, name: &str) -> Self {
        let names: Vec<&str> = QUIRKS.iter().map(|quirk| quirk.name).collect();
        Self::UnknownQuirk {
            file: file.to_owned(),
            name: name.to_owned(),
            near: suggestion(name, &names),
            valid: names.join(", "),
        }
    }

    /// Refuses a value, or the name when that is the trouble.
    pub(super) fn bad_value(file: &str, name: &str, value: &str) -> Self {
        match QUIRKS.iter().find(|quirk| quirk.name == name) {
            None => Self::unknown_quirk(file, name),
            Some(quirk) => Self::BadValue {
                file: file.to_owned(),
                name: name.to_owned(),
                value: value.to_owned(),
                valid: (quirk.valid)(),
            },
        }
    }
}

/// "; did you mean ...?" for the nearest name, or nothing when none is near.
pub(super) fn suggestion(name: &str, names: &[&str]) -> String {
    let near = names
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.8);
    near.map_or_else(String::new, |(_, known)| format!("; did you mean {known:?}?"))
}
