//! Reading profiles: built-in ones by name, a user's own from a file.

use super::error::{ProfileError, suggestion};
use super::quirks::{QUIRKS, Quirks};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The built-in profiles, oldest first: name and file.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("1.1.4", include_str!("../../profiles/nacos-1.1.4.toml")),
    ("1.2.1", include_str!("../../profiles/nacos-1.2.1.toml")),
    ("2.0.2", include_str!("../../profiles/nacos-2.0.2.toml")),
];

/// Profiles may inherit from each other so many times; a ring is refused by it.
const MAX_DEPTH: usize = 8;

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
    /// The profile or file that states it, or `--set`.
    pub stated_by: String,
    /// A transcript's name or a page; empty in a user's own file that gives none.
    pub evidence: String,
}

/// One file, read but not yet resolved.
struct File {
    name: String,
    about: String,
    inherits: Option<String>,
    lines: Vec<(String, String, String)>,
}

impl Profile {
    /// A built-in profile: `1.2.1` or `nacos-1.2.1`.
    pub fn nacos(name: &str) -> Result<Self, ProfileError> {
        resolve(built_in(name)?)
    }

    /// A built-in profile by name, or a user's own by the path of its file.
    pub fn load(name_or_path: &str) -> Result<Self, ProfileError> {
        if !name_or_path.ends_with(".toml") {
            return Self::nacos(name_or_path);
        }
        let text = std::fs::read_to_string(name_or_path)
            .map_err(|source| ProfileError::Unreadable { path: name_or_path.to_owned(), source })?;
        let file = parse(name_or_path, &text)?;
        if file.inherits.is_none() {
            let message = "inherits = \"1.2.1\" (or another built-in name) is needed".to_owned();
            return Err(ProfileError::Form { file: name_or_path.to_owned(), message });
        }
        resolve(file)
    }

    /// Overrides one quirk, as `--set` and the admin API do.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ProfileError> {
        let quirks = Arc::make_mut(&mut self.quirks);
        if !quirks.put(name, value) {
            return Err(ProfileError::bad_value("--set", name, value));
        }
        if let Some(quirk) = QUIRKS.iter().find(|quirk| quirk.name == name) {
            let origin = Origin { stated_by: "--set".to_owned(), evidence: String::new() };
            self.origins.insert(quirk.name, origin);
        }
        Ok(())
    }
}

fn built_in(name: &str) -> Result<File, ProfileError> {
    let plain = name.strip_prefix("nacos-").unwrap_or(name);
    match BUILT_IN.iter().find(|(known, _)| *known == plain) {
        Some((known, text)) => parse(known, text),
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
fn resolve(file: File) -> Result<Profile, ProfileError> {
    let (name, about, inherits) = (file.name.clone(), file.about.clone(), file.inherits.clone());
    let mut chain = vec![file];
    while let Some(parent) = chain.last().and_then(|file| file.inherits.clone()) {
        if chain.len() == MAX_DEPTH {
            let message = format!("inherits more than {MAX_DEPTH} times, or in a ring");
            return Err(ProfileError::Form { file: name, message });
        }
        chain.push(built_in(&parent)?);
    }
    let mut values: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut origins = BTreeMap::new();
    for file in chain.iter().rev() {
        for (key, value, evidence) in &file.lines {
            let quirk = QUIRKS.iter().find(|quirk| quirk.name == key);
            let quirk = quirk.ok_or_else(|| ProfileError::unknown_quirk(&file.name, key))?;
            values.insert(quirk.name, value.clone());
            let origin = Origin { stated_by: file.name.clone(), evidence: evidence.clone() };
            origins.insert(quirk.name, origin);
        }
    }
    let read = |key: &'static str| {
        let missing = || ProfileError::Missing { file: name.clone(), name: key };
        values.get(key).cloned().ok_or_else(missing)
    };
    let bad = |key: &'static str, value: &str| {
        let stated = origins.get(key).map_or("", |origin: &Origin| &origin.stated_by);
        ProfileError::bad_value(stated, key, value)
    };
    let quirks = Arc::new(Quirks::build(read, bad)?);
    Ok(Profile { name, about, inherits, quirks, origins })
}

/// Reads a file's form: `name`, `about`, `inherits`, and sections of quirks.
fn parse(file: &str, text: &str) -> Result<File, ProfileError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let message = error.message().replace('\n', " ");
        ProfileError::Syntax { file: file.to_owned(), message }
    })?;
    let form = |message: String| ProfileError::Form { file: file.to_owned(), message };
    let mut read =
        File { name: file.to_owned(), about: String::new(), inherits: None, lines: Vec::new() };
    for (key, value) in table {
        match (key.as_str(), value) {
            ("name", toml::Value::String(name)) => read.name = name,
            ("about", toml::Value::String(about)) => read.about = about,
            ("inherits", toml::Value::String(parent)) => read.inherits = Some(parent),
            ("name" | "about" | "inherits", _) => return Err(form(format!("{key} is a text"))),
            (section, toml::Value::Table(lines)) => {
                for (name, value) in lines {
                    let quirk = format!("{section}.{name}");
                    let (value, evidence) = line(value).ok_or_else(|| {
                        form(format!("{quirk} is a value or {{ value = ..., evidence = \"...\" }}"))
                    })?;
                    read.lines.push((quirk, value, evidence));
                }
            }
            (other, _) => return Err(ProfileError::unknown_quirk(file, other)),
        }
    }
    Ok(read)
}

/// One line: a bare value, or a table of value and evidence.
fn line(value: toml::Value) -> Option<(String, String)> {
    let toml::Value::Table(mut table) = value else { return Some((plain(value)?, String::new())) };
    let value = plain(table.remove("value")?)?;
    let evidence = match table.remove("evidence") {
        Some(toml::Value::String(evidence)) => evidence,
        Some(_) => return None,
        None => String::new(),
    };
    table.is_empty().then_some((value, evidence))
}

fn plain(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Boolean(value) => Some(value.to_string()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<String>> = items.into_iter().map(plain).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}
