//! The layer of `facos.toml`: keys are settings with underscores, the table `set` holds quirks by
//! section, as a profile does, and the table `property` Nacos's own properties.
//!
//! ```toml
//! profile = "1.2.1"
//! admin_port = 0
//! [set.beat]
//! light = "absent"
//! ```

use super::error::ConfigError;
use super::source::{Source, Statement};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file that is read without being asked for, in the current directory.
pub const DEFAULT_FILE: &str = "facos.toml";

/// Tables within each other that a quirk's or a property's name may be made of.
const MAX_DEPTH: usize = 8;

/// Settings that are tables, and what they look like.
const TABLES: [(&str, &str); 2] = [
    ("set", "set is a table of quirks, such as [set.beat] with light = \"absent\""),
    ("property", "property is a table, such as [property] with nacos.core.auth.enabled = true"),
];

/// A file while it is read: for the line numbers of what it states.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

/// Reads a file that states some of the settings `names`.
///
/// # Errors
/// The file is not readable, not TOML, or states what is no setting.
pub fn read(path: &Path, names: &[&str]) -> Result<Vec<Statement>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text, names),
        Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    }
}

/// The same for a text; `path` is for messages.
///
/// # Errors
/// The text is not TOML, or states what is no setting.
pub fn parse(path: &Path, text: &str, names: &[&str]) -> Result<Vec<Statement>, ConfigError> {
    let reader = Reader { path, text };
    let table = DeTable::parse(text).map_err(|error| {
        let message = error.message().replace('\n', ", ");
        let at = error.span().map_or(0, |span| span.start);
        ConfigError::Form(format!("not valid TOML: {message}")).at(&reader.source(at))
    })?;
    let mut statements = Vec::new();
    // Whoever mends a file wants to hear of its first mistake first.
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let name = key.get_ref().as_ref();
        let source = reader.source(key.span().start);
        if !names.contains(&name) {
            return Err(ConfigError::unknown(name, names).at(&source));
        }
        match value.get_ref() {
            DeValue::Table(inside) if TABLES.iter().any(|(table, _)| *table == name) => {
                reader.inside(name, "", (inside, 1), &mut statements)?;
            }
            _ if let Some((_, message)) = TABLES.iter().find(|(table, _)| *table == name) => {
                return Err(ConfigError::Form((*message).to_owned()).at(&source));
            }
            _ => {
                let text = plain(value).ok_or_else(|| not_plain(name).at(&source))?;
                statements.push(Statement { name: name.to_owned(), text, source });
            }
        }
    }
    Ok(statements)
}

impl Reader<'_> {
    /// What stands in a table, under names that begin with `prefix`.
    fn inside(
        &self,
        setting: &str,
        prefix: &str,
        (table, depth): (&DeTable<'_>, usize),
        statements: &mut Vec<Statement>,
    ) -> Result<(), ConfigError> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name = format!("{prefix}{}", key.get_ref());
            let source = self.source(key.span().start);
            if let DeValue::Table(inner) = value.get_ref()
                && depth < MAX_DEPTH
            {
                self.inside(setting, &format!("{name}."), (inner, depth + 1), statements)?;
                continue;
            }
            let text = plain(value).ok_or_else(|| not_plain(&name).at(&source))?;
            let text = format!("{name}={text}");
            statements.push(Statement { name: setting.to_owned(), text, source });
        }
        Ok(())
    }

    fn source(&self, at: usize) -> Source {
        let line = self.text[..at].matches('\n').count() + 1;
        Source::File { path: self.path.to_owned(), line }
    }
}

/// The text of a TOML value; `None` for tables, times and lists of anything but words.
fn plain(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Array(items) => {
            let words: Option<Vec<&str>> =
                items.iter().map(|item| item.get_ref().as_str()).collect();
            words.map(|words| words.join(","))
        }
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn not_plain(name: &str) -> ConfigError {
    ConfigError::Form(format!("{name} is a text, a number, a truth value or a list of words"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["profile", "port", "cold_start", "set"];

    fn read_text(text: &str) -> Result<Vec<(String, String, String)>, String> {
        let statements = parse(Path::new("facos.toml"), text, &NAMES);
        let flat = |said: Statement| (said.name, said.text, said.source.to_string());
        statements
            .map(|statements| statements.into_iter().map(flat).collect())
            .map_err(|error| error.to_string())
    }

    fn said(name: &str, text: &str, source: &str) -> (String, String, String) {
        (name.to_owned(), text.to_owned(), source.to_owned())
    }

    #[test]
    fn keys_are_settings_and_the_table_set_holds_quirks() {
        let text = "profile = \"1.2.1\"\nport = 0\ncold_start = true\n\n[set]\n\
                    beat.light = \"absent\"\n\"push.delay_ms\" = 5\n\
                    [set.push]\nagents = [\"java\", \"c\"]\n";
        assert_eq!(
            read_text(text).unwrap(),
            [
                said("profile", "1.2.1", "facos.toml:1"),
                said("port", "0", "facos.toml:2"),
                said("cold_start", "true", "facos.toml:3"),
                said("set", "beat.light=absent", "facos.toml:6"),
                said("set", "push.delay_ms=5", "facos.toml:7"),
                said("set", "push.agents=java,c", "facos.toml:9"),
            ]
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_the_near_name() {
        let told = |text: &str| read_text(text).unwrap_err();
        assert_eq!(
            told("\nprot = 1\n"),
            "facos.toml:2: no setting \"prot\" (did you mean port?); valid: profile, port, \
             cold_start, set"
        );
        assert_eq!(
            told("[serve]\nport = 1"),
            "facos.toml:1: no setting \"serve\"; valid: profile, port, cold_start, set"
        );
        assert_eq!(
            told("port = 1979-05-27"),
            "facos.toml:1: port is a text, a number, a truth value or a list of words"
        );
        assert_eq!(
            told("set = 1"),
            "facos.toml:1: set is a table of quirks, such as [set.beat] with light = \"absent\""
        );
        assert!(told("port = 1\nport = 2").starts_with("facos.toml:2: not valid TOML: duplicate"));
        assert!(told("port = ").starts_with("facos.toml:1: not valid TOML: "));
    }

    #[test]
    fn a_file_that_is_not_there_is_told_by_name() {
        let error = read(Path::new("no-such.toml"), &NAMES).unwrap_err().to_string();
        assert!(error.starts_with("cannot read the settings no-such.toml: "), "{error}");
    }
}
