//! Profiles: built-in ones by name, a user's own from a file, laid over what they inherit.

use super::error::{ProfileError, suggestion};
use super::file::{Author, File, parse};
use super::info::QuirkInfo;
use super::quirks::{QUIRKS, Quirks};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The built-in profiles, oldest first: name and file.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("1.1.4", include_str!("../../profiles/nacos-1.1.4.toml")),
    ("1.2.0", include_str!("../../profiles/nacos-1.2.0.toml")),
    ("1.2.1", include_str!("../../profiles/nacos-1.2.1.toml")),
    ("2.0.0", include_str!("../../profiles/nacos-2.0.0.toml")),
    ("2.0.2", include_str!("../../profiles/nacos-2.0.2.toml")),
    ("2.0.4", include_str!("../../profiles/nacos-2.0.4.toml")),
];

/// The built-in profile that a server has unless told otherwise.
pub const DEFAULT_PROFILE: &str = "2.0.2";

/// Profiles may inherit from each other so many times; a ring is refused by it.
const MAX_DEPTH: usize = 8;

/// Who states a value that was set by hand, at start or at run time.
const SET_BY_HAND: &str = "--set";

/// A named server version.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub about: String,
    /// The profile it inherits from.
    pub inherits: Option<String>,
    /// How it behaves.
    pub quirks: Arc<Quirks>,
    /// Where each value comes from, by quirk name.
    pub origins: BTreeMap<&'static str, Origin>,
}

/// Where a quirk's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The name of the profile that states it, or `--set`.
    pub stated_by: String,
    /// A transcript's name or a page; empty where none was given.
    pub evidence: String,
}

/// `NAME=VALUE` of `--set`: a quirk and a value that it can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The quirk.
    pub name: &'static str,
    /// Its value's text.
    pub value: String,
}

/// One quirk of a profile, as people read it.
#[derive(Debug, Clone)]
pub struct ProfileLine<'a> {
    /// The quirk.
    pub quirk: &'static QuirkInfo,
    /// Its value's text.
    pub value: String,
    /// Where the value comes from.
    pub origin: &'a Origin,
}

impl Profile {
    /// A built-in profile: `1.2.1` or `nacos-1.2.1`.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn nacos(name: &str) -> Result<Self, ProfileError> {
        resolve(built_in(name)?)
    }

    /// A built-in profile by name, or a user's own by the path of its file, which ends in `.toml`.
    ///
    /// # Errors
    /// There is no such profile, or its file has a mistake.
    pub fn load(name_or_path: &str) -> Result<Self, ProfileError> {
        if !name_or_path.ends_with(".toml") {
            return Self::nacos(name_or_path);
        }
        match std::fs::read_to_string(name_or_path) {
            Ok(text) => Self::from_toml(name_or_path, &text),
            Err(source) => Err(ProfileError::Unreadable { path: name_or_path.to_owned(), source }),
        }
    }

    /// A user's own profile from its text; `path` is for messages, and for a name if it has none.
    ///
    /// # Errors
    /// The text has a mistake.
    pub fn from_toml(path: &str, text: &str) -> Result<Self, ProfileError> {
        let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or(path);
        let file = parse(path, stem, text, Author::User)?;
        resolve(file).map_err(|error| error.at(path))
    }

    /// Overrides one quirk, as `--set` and the admin API do.
    ///
    /// # Errors
    /// There is no quirk of that name, or it can not have that value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ProfileError> {
        let quirk = QuirkInfo::named(name)?;
        Arc::make_mut(&mut self.quirks).set(name, value)?;
        let origin = Origin { stated_by: SET_BY_HAND.to_owned(), evidence: String::new() };
        self.origins.insert(quirk.name, origin);
        Ok(())
    }

    /// Every quirk with its value and where that comes from, in the order of profiles.
    pub fn lines(&self) -> impl Iterator<Item = ProfileLine<'_>> {
        QUIRKS.iter().map(|quirk| ProfileLine {
            quirk,
            value: self.quirks.get(quirk.name).expect("every quirk of the table has a field"),
            origin: self.origins.get(quirk.name).expect("resolving a profile filled every quirk"),
        })
    }
}

impl std::str::FromStr for Setting {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let no_assignment = || ProfileError::NoAssignment { text: text.to_owned() };
        let (name, value) = text.split_once('=').ok_or_else(no_assignment)?;
        let (name, value) = (name.trim(), value.trim());
        let quirk = QuirkInfo::named(name)?;
        let value = (quirk.read)(value).ok_or_else(|| ProfileError::bad_value(name, value))?;
        Ok(Self { name: quirk.name, value })
    }
}

fn built_in(name: &str) -> Result<File, ProfileError> {
    let plain = name.strip_prefix("nacos-").unwrap_or(name);
    match BUILT_IN.iter().find(|(known, _)| *known == plain) {
        Some((known, text)) => parse(&format!("nacos-{known}.toml"), known, text, Author::BuiltIn),
        None => {
            let names: Vec<&str> = BUILT_IN.iter().map(|(known, _)| *known).collect();
            Err(ProfileError::UnknownProfile {
                name: name.to_owned(),
                known: names.join(", "),
                near: suggestion(plain, &names),
            })
        }
    }
}

/// Lays the file over what it inherits and builds the quirks.
pub(super) fn resolve(file: File) -> Result<Profile, ProfileError> {
    let (name, about, inherits) = (file.name.clone(), file.about.clone(), file.inherits.clone());
    let mut chain = vec![file];
    while let Some(parent) = chain.last().and_then(|file| file.inherits.clone()) {
        if chain.len() == MAX_DEPTH {
            let message = format!("inherits more than {MAX_DEPTH} times, or in a ring");
            return Err(ProfileError::Form(message));
        }
        chain.push(built_in(&parent)?);
    }
    let mut values: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut origins = BTreeMap::new();
    for file in chain.into_iter().rev() {
        for line in file.lines {
            values.insert(line.quirk.name, line.value);
            let origin = Origin { stated_by: file.name.clone(), evidence: line.evidence };
            origins.insert(line.quirk.name, origin);
        }
    }
    let read = |key| values.remove(key).ok_or(ProfileError::Missing { name: key });
    let quirks = Arc::new(Quirks::build(read, ProfileError::bad_value)?);
    Ok(Profile { name, about, inherits, quirks, origins })
}
