//! The form of a profile's file: `name`, `about`, `inherits`, and sections of quirks. Nothing is
//! known yet of what it inherits.

use super::error::{ProfileError, suggestion};
use super::info::QuirkInfo;
use super::quirks::QUIRKS;
use super::values::Kind;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One file, read but not yet resolved.
pub(super) struct File {
    pub name: String,
    pub about: String,
    pub inherits: Option<String>,
    pub lines: Vec<Line>,
}

/// What a file states about one quirk.
pub(super) struct Line {
    pub quirk: &'static QuirkInfo,
    pub value: String,
    pub evidence: String,
}

/// Who wrote a file decides how strict its form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// Every line has its evidence.
    BuiltIn,
    /// Bare values are welcome; `inherits` is not optional.
    User,
}

/// The keys of a line.
const LINE_KEYS: [&str; 2] = ["value", "evidence"];

/// A file while it is read: for the line numbers of what is wrong.
struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    author: Author,
}

/// Reads a file's form. `name` stands for the profile when the file itself gives none.
pub(super) fn parse(
    path: &str,
    name: &str,
    text: &str,
    author: Author,
) -> Result<File, ProfileError> {
    let reader = Reader { path, text, author };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().replace('\n', ", ");
        reader.at(at, ProfileError::Form(format!("not valid TOML: {message}")))
    })?;
    let mut file =
        File { name: name.to_owned(), about: String::new(), inherits: None, lines: Vec::new() };
    // Whoever mends a file wants to hear of its first mistake first.
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let at = key.span().start;
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("name", DeValue::String(name)) => file.name = name.to_string(),
            ("about", DeValue::String(about)) => file.about = about.to_string(),
            ("inherits", DeValue::String(parent)) => file.inherits = Some(parent.to_string()),
            (word @ ("name" | "about" | "inherits"), _) => {
                return Err(reader.at(at, ProfileError::Form(format!("{word} is a text"))));
            }
            (section, DeValue::Table(lines)) => reader.section(section, at, lines, &mut file)?,
            (other, _) => return Err(reader.at(at, unknown_key(other))),
        }
    }
    if author == Author::User && file.inherits.is_none() {
        let message = "inherits is missing; name a built-in profile: inherits = \"1.2.1\"";
        return Err(ProfileError::Form(message.to_owned()).at(path));
    }
    Ok(file)
}

impl Reader<'_> {
    fn section(
        &self,
        section: &str,
        at: usize,
        lines: &DeTable<'_>,
        file: &mut File,
    ) -> Result<(), ProfileError> {
        if !QUIRKS.iter().any(|quirk| quirk.section() == section) {
            return Err(self.at(at, unknown_key(section)));
        }
        let mut lines: Vec<_> = lines.iter().collect();
        lines.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in lines {
            let name = format!("{section}.{}", key.get_ref());
            let line = self.line(&name, value).map_err(|error| self.at(key.span().start, error))?;
            file.lines.push(line);
        }
        Ok(())
    }

    /// One line: a bare value, or a table of value and evidence.
    fn line(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<Line, ProfileError> {
        let quirk = QuirkInfo::named(name)?;
        let DeValue::Table(table) = value.get_ref() else {
            if self.author == Author::BuiltIn {
                return Err(ProfileError::Form(format!("{name} has no evidence")));
            }
            return Ok(Line { quirk, value: plain(quirk, value)?, evidence: String::new() });
        };
        if let Some((key, _)) =
            table.iter().find(|(key, _)| !LINE_KEYS.contains(&key.get_ref().as_ref()))
        {
            let near = suggestion(key.get_ref(), &LINE_KEYS);
            let message =
                format!("no key {:?} in {name}{near}; valid: value, evidence", key.get_ref());
            return Err(ProfileError::Form(message));
        }
        let Some(value) = table.get("value") else {
            return Err(ProfileError::Form(format!("{name} has no value")));
        };
        let evidence = match table.get("evidence").map(Spanned::get_ref) {
            Some(DeValue::String(evidence)) => evidence.to_string(),
            Some(_) => return Err(ProfileError::Form(format!("the evidence of {name} is a text"))),
            None => String::new(),
        };
        if self.author == Author::BuiltIn && evidence.is_empty() {
            return Err(ProfileError::Form(format!("{name} has no evidence")));
        }
        Ok(Line { quirk, value: plain(quirk, value)?, evidence })
    }

    fn at(&self, at: usize, error: ProfileError) -> ProfileError {
        let line = self.text[..at].matches('\n').count() + 1;
        error.at(&format!("{}:{line}", self.path))
    }
}

/// The text of a TOML value, when it is written as values of that quirk are.
fn plain(quirk: &QuirkInfo, value: &Spanned<DeValue<'_>>) -> Result<String, ProfileError> {
    let (text, form, fits) = match value.get_ref() {
        DeValue::String(text) => {
            (text.to_string(), "text", matches!(quirk.kind, Kind::Choice | Kind::Text))
        }
        DeValue::Boolean(value) => (value.to_string(), "truth value", quirk.kind == Kind::YesNo),
        DeValue::Integer(number) => (number.to_string(), "number", quirk.kind == Kind::Number),
        DeValue::Array(items) => {
            let words = items.iter().map(|item| item.get_ref().as_str());
            let words: Option<Vec<&str>> = words.collect();
            let fits = quirk.kind == Kind::List && words.is_some();
            (words.unwrap_or_default().join(","), "array", fits)
        }
        DeValue::Float(number) => (number.to_string(), "number", false),
        DeValue::Datetime(time) => (time.to_string(), "time", false),
        DeValue::Table(_) => ("of keys".to_owned(), "table", false),
    };
    if !fits {
        let value = if form == "text" { format!("{text:?}") } else { text };
        let (name, valid) = (quirk.name.to_owned(), (quirk.valid)());
        return Err(ProfileError::BadForm { name, form, value, valid });
    }
    (quirk.read)(&text).ok_or_else(|| ProfileError::bad_value(quirk.name, &text))
}

/// Refuses a key of the file itself.
fn unknown_key(key: &str) -> ProfileError {
    let mut valid = vec!["name", "about", "inherits"];
    for quirk in QUIRKS {
        if !valid.contains(&quirk.section()) {
            valid.push(quirk.section());
        }
    }
    let near = suggestion(key, &valid);
    ProfileError::Form(format!("no key {key:?} in a profile{near}; valid: {}", valid.join(", ")))
}
