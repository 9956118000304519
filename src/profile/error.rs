//! What can be wrong with a profile or a quirk: one line that names the near and the valid ones.

use super::quirks::QUIRKS;

/// A profile or quirk that is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Neither a built-in name nor a file.
    #[error("no profile {name:?}{near}; built in: {known}; a file's name ends in .toml")]
    UnknownProfile {
        /// As asked.
        name: String,
        /// The built-in names.
        known: String,
        /// " (did you mean ...?)" or nothing.
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
    /// A name that is no quirk.
    #[error("no quirk {name:?}{near}; valid: {valid}")]
    UnknownQuirk {
        /// As written.
        name: String,
        /// " (did you mean ...?)" or nothing.
        near: String,
        /// The names of its section, or all when there is no such section.
        valid: String,
    },
    /// A value that the quirk can not have.
    #[error("{name} can not be {value:?}{near}; valid: {valid}")]
    BadValue {
        /// The quirk.
        name: String,
        /// As written.
        value: String,
        /// " (did you mean ...?)" or nothing.
        near: String,
        /// What may be written.
        valid: String,
    },
    /// A value that is written as another type than the quirk's.
    #[error("{name} can not be the {form} {value}; valid: {valid}")]
    BadForm {
        /// The quirk.
        name: String,
        /// What it is in TOML.
        form: &'static str,
        /// As written.
        value: String,
        /// What may be written.
        valid: String,
    },
    /// A complete profile lacks a quirk.
    #[error("{name} is missing; a profile that inherits nothing states every quirk")]
    Missing {
        /// The quirk.
        name: &'static str,
    },
    /// `--set` without a name and a value.
    #[error("{text:?} is not NAME=VALUE, such as beat.light=absent")]
    NoAssignment {
        /// As written.
        text: String,
    },
    /// Anything else about the file's form.
    #[error("{0}")]
    Form(String),
    /// Any of these, and where it stands.
    #[error("{place}: {error}")]
    At {
        /// File, and line where there is one.
        place: String,
        /// What is wrong there.
        error: Box<ProfileError>,
    },
}

impl ProfileError {
    /// Refuses a name that is no quirk.
    pub(super) fn unknown_quirk(name: &str) -> Self {
        let all: Vec<&str> = QUIRKS.iter().map(|quirk| quirk.name).collect();
        let section = name.split_once('.').map_or(name, |(section, _)| section);
        let of_section = |known: &&str| known.split('.').next() == Some(section);
        let siblings: Vec<&str> = all.iter().copied().filter(of_section).collect();
        let valid = if siblings.is_empty() { &all } else { &siblings };
        let near = suggestion(name, &all);
        Self::UnknownQuirk { name: name.to_owned(), near, valid: valid.join(", ") }
    }

    /// Refuses a value, or the name when that is the trouble.
    pub(super) fn bad_value(name: &str, value: &str) -> Self {
        let Some(quirk) = QUIRKS.iter().find(|quirk| quirk.name == name) else {
            return Self::unknown_quirk(name);
        };
        let choices: Vec<&str> = quirk.choices.iter().map(|choice| choice.name).collect();
        Self::BadValue {
            name: name.to_owned(),
            value: value.to_owned(),
            near: suggestion(value, &choices),
            valid: (quirk.valid)(),
        }
    }

    /// Says where it stands.
    pub(super) fn at(self, place: &str) -> Self {
        Self::At { place: place.to_owned(), error: Box::new(self) }
    }
}

/// " (did you mean ...?)" for the nearest names, or nothing when none is near.
pub fn suggestion(name: &str, names: &[&str]) -> String {
    let likeness = |known: &str| {
        // Who forgets the section, or writes a dash, still means the quirk.
        let tail = known.rsplit('.').next().unwrap_or(known);
        let name = name.replace('-', "_");
        [known, tail]
            .map(|known| strsim::normalized_damerau_levenshtein(&name, known))
            .into_iter()
            .fold(0.0, f64::max)
    };
    let mut near: Vec<(f64, &str)> =
        names.iter().map(|known| (likeness(known), *known)).filter(|near| near.0 > 0.6).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let best = near.first().map_or(0.0, |near| near.0);
    let near: Vec<&str> =
        near.iter().filter(|near| near.0 > best - 0.1).take(3).map(|near| near.1).collect();
    if near.is_empty() { String::new() } else { format!(" (did you mean {}?)", near.join(" or ")) }
}
