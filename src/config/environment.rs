//! The layer of `FACOS_*`: `FACOS_ADMIN_PORT` states `admin_port`, `FACOS_SET` quirks, as `--set`
//! does, and `FACOS_PROPERTY` Nacos's own properties, with blanks between them.

use super::error::ConfigError;
use super::source::{Source, Statement};
use crate::profile::suggestion;
use std::ffi::OsString;

/// What every variable of facos begins with.
const PREFIX: &str = "FACOS_";

/// Variables that are read elsewhere: which file holds the settings, and where `facos ctl` goes.
const OTHERS: [&str; 2] = ["FACOS_CONFIG", "FACOS_ADMIN"];

/// Settings that may be stated several times.
const LISTS: [&str; 2] = ["set", "property"];

/// What the environment says.
#[derive(Debug, Default)]
pub struct Environment {
    /// The layer.
    pub statements: Vec<Statement>,
    /// Variables that are probably mistyped, a line each.
    pub warnings: Vec<String>,
}

/// The variable that states a setting.
pub fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_ascii_uppercase())
}

/// Reads the variables that state one of the settings `names`, or `set`.
///
/// An empty one counts as absent. An unknown one is no error, because the environment belongs to
/// others too: it is a warning when it nearly is a known one.
///
/// # Errors
/// A value is not UTF-8.
pub fn read(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    names: &[&str],
) -> Result<Environment, ConfigError> {
    let known: Vec<String> = names.iter().map(|name| variable(name)).collect();
    let mut read = Environment::default();
    for (key, value) in variables {
        let Some(key) = key.to_str().filter(|key| key.starts_with(PREFIX)) else { continue };
        let Some(index) = known.iter().position(|known| known == key) else {
            read.warnings.extend(warning(key, &known));
            continue;
        };
        let source = Source::Environment(key.to_owned());
        let Some(value) = value.to_str() else {
            return Err(ConfigError::Form("is not UTF-8".to_owned()).at(&source));
        };
        // Kubernetes sets FACOS_PORT=tcp://... in every pod beside a service named facos.
        if value.is_empty() || value.starts_with("tcp://") {
            continue;
        }
        let state = |text: &str| Statement {
            name: names[index].to_owned(),
            text: text.to_owned(),
            source: source.clone(),
        };
        if LISTS.contains(&names[index]) {
            read.statements.extend(value.split_whitespace().map(state));
        } else {
            read.statements.push(state(value));
        }
    }
    Ok(read)
}

fn warning(key: &str, known: &[String]) -> Option<String> {
    let known: Vec<&str> = known.iter().map(String::as_str).chain(OTHERS).collect();
    let near = suggestion(key, &known);
    (!known.contains(&key) && !near.is_empty()).then(|| format!("{key} states nothing{near}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["port", "admin_port", "set"];

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(key, value)| (key.into(), value.into()));
        read(variables, &NAMES).unwrap()
    }

    #[test]
    fn a_variable_states_the_setting_of_its_name() {
        let read = environment(&[("FACOS_ADMIN_PORT", "1"), ("PATH", "x"), ("FACOS_PORT", "")]);
        let source = Source::Environment("FACOS_ADMIN_PORT".to_owned());
        let expected = Statement { name: "admin_port".to_owned(), text: "1".to_owned(), source };
        assert_eq!(read.statements, [expected]);
        assert_eq!(read.warnings, [""; 0]);
    }

    #[test]
    fn several_quirks_stand_apart_by_blanks() {
        let read = environment(&[("FACOS_SET", "beat.light=absent  push.delay_ms=1")]);
        let texts: Vec<&str> = read.statements.iter().map(|said| said.text.as_str()).collect();
        assert_eq!(texts, ["beat.light=absent", "push.delay_ms=1"]);
    }

    #[test]
    fn a_mistyped_variable_is_a_warning_and_a_foreign_one_is_not() {
        let read = environment(&[
            ("FACOS_PROT", "1"),
            ("FACOS_CONFIG", "x"),
            ("FACOS_PORT_8848_TCP_ADDR", "10.0.0.1"),
            ("FACOS_SERVICE_HOST", "10.0.0.1"),
        ]);
        assert_eq!(read.warnings, ["FACOS_PROT states nothing (did you mean FACOS_PORT?)"]);
        assert_eq!(read.statements, []);
    }

    #[test]
    fn what_kubernetes_says_of_a_service_named_facos_is_no_port() {
        assert_eq!(environment(&[("FACOS_PORT", "tcp://10.0.0.1:8848")]).statements, []);
    }
}
