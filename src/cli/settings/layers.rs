//! The layers of settings, weakest first: defaults, the file, the environment, the flags.

use std::env;
use std::path::{Path, PathBuf};

use super::{NAMES, SettingFlags, Settings};
use crate::cli::exit::{self, Failure};
use crate::config::{ConfigError, Statement, environment, file};
use crate::profile::ProfileError;

/// The variable that names the file of settings.
const CONFIG_VARIABLE: &str = "FACOS_CONFIG";

/// Reads the file and the environment, and lays the flags over them.
///
/// # Errors
/// A layer states what is no setting, or a value that it can not have.
pub fn collect(flags: &SettingFlags) -> Result<Settings, Failure> {
    let environment = environment::read(env::vars_os(), NAMES).map_err(refuse)?;
    environment.warnings.iter().for_each(|warning| exit::warn(warning));
    let named = env::var_os(CONFIG_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let file = match flags.config.clone().or(named) {
        Some(path) => file::read(&path, NAMES).map_err(refuse)?,
        None if Path::new(file::DEFAULT_FILE).exists() => {
            file::read(Path::new(file::DEFAULT_FILE), NAMES).map_err(refuse)?
        }
        None => Vec::new(),
    };
    lay([file, environment.statements, flags.statements()]).map_err(refuse)
}

/// Lays the layers over the defaults, weakest first.
fn lay<const N: usize>(layers: [Vec<Statement>; N]) -> Result<Settings, ConfigError> {
    let mut settings = Settings::defaults();
    for statement in layers.into_iter().flatten() {
        settings.state(statement)?;
    }
    Ok(settings)
}

/// A failure of the command line, with a hint that fits the error.
pub fn refuse(error: ConfigError) -> Failure {
    let hint = hint(&error);
    Failure::usage(error, hint)
}

fn hint(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::At { error, .. } => hint(error),
        ConfigError::Profile(error) => profile_hint(error),
        ConfigError::Unreadable { .. } => "name an existing file with --config or FACOS_CONFIG",
        ConfigError::Unknown { .. } | ConfigError::BadValue { .. } | ConfigError::Form(_) => {
            "facos serve --help says what each setting is"
        }
    }
}

/// What helps with a mistake in the name of a profile, its file, or a quirk.
pub fn profile_hint(error: &ProfileError) -> &'static str {
    match error {
        ProfileError::At { error, .. } => profile_hint(error),
        ProfileError::UnknownProfile { .. } | ProfileError::Unreadable { .. } => {
            "facos profiles list shows the built-in profiles"
        }
        ProfileError::UnknownQuirk { .. }
        | ProfileError::BadValue { .. }
        | ProfileError::BadForm { .. }
        | ProfileError::Missing { .. }
        | ProfileError::NoAssignment { .. }
        | ProfileError::Form(_) => "facos profiles show NAME lists every quirk with its value",
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: SettingFlags,
    }

    fn flags(line: &[&str]) -> Vec<Statement> {
        let words = std::iter::once(&"facos").chain(line);
        Line::try_parse_from(words).unwrap().flags.statements()
    }

    fn file(text: &str) -> Vec<Statement> {
        file::parse(Path::new("facos.toml"), text, NAMES).unwrap()
    }

    fn environment(variables: &[(&str, &str)]) -> Vec<Statement> {
        let variables = variables.iter().map(|(key, value)| (key.into(), value.into()));
        environment::read(variables, NAMES).unwrap().statements
    }

    fn shown(settings: &Settings, name: &str) -> (String, String) {
        let entry = settings.entries().into_iter().find(|entry| entry.name == name).unwrap();
        (entry.text, entry.source.to_string())
    }

    #[test]
    fn a_flag_counts_before_a_variable_before_the_file_before_the_default() {
        let file = || file("port = 1\nworkers = 3\nclock = \"manual\"");
        let environment = || environment(&[("FACOS_PORT", "2"), ("FACOS_WORKERS", "4")]);
        let settings = lay([file(), environment(), flags(&["--port", "3"])]).unwrap();
        let expected = [
            ("port", "3", "--port"),
            ("workers", "4", "FACOS_WORKERS"),
            ("clock", "manual", "facos.toml:3"),
            ("admin_port", "18848", "default"),
        ];
        for (name, text, source) in expected {
            assert_eq!(shown(&settings, name), (text.to_owned(), source.to_owned()), "{name}");
        }
    }

    #[test]
    fn each_quirk_is_settled_by_itself() {
        let file = file("[set.beat]\nlight = \"absent\"\nsource = \"form\"\n");
        let environment = environment(&[("FACOS_SET", "beat.light=disabled push.delay_ms=7")]);
        let flags = flags(&["--set", "push.delay_ms=8", "--set", "push.delay_ms=9"]);
        let settings = lay([file, environment, flags]).unwrap();
        let set = settings.set.iter();
        let set: Vec<(&str, &str, String)> = set
            .map(|set| (set.value.name, set.value.value.as_str(), set.source.to_string()))
            .collect();
        assert_eq!(
            set,
            [
                ("beat.source", "form", "facos.toml:3".to_owned()),
                ("beat.light", "disabled", "FACOS_SET".to_owned()),
                ("push.delay_ms", "9", "--set".to_owned()),
            ]
        );
        let profile = settings.load_profile().unwrap();
        assert_eq!(profile.quirks.push.delay_ms, 9);
    }

    #[test]
    fn every_setting_is_a_flag_whose_help_says_the_default() {
        let command = Line::command();
        for entry in Settings::defaults().entries() {
            let long = entry.name.replace('_', "-");
            let flag = command.get_arguments().find(|flag| flag.get_long() == Some(&long));
            let flag = flag.unwrap_or_else(|| panic!("{long} is no flag"));
            let help = flag.get_help().unwrap().to_string();
            let default = format!("[default: {}]", entry.text);
            assert!(entry.text == "-" || help.contains(&default), "--{long}: {help}");
            let stated = flags(&[&format!("--{long}=true")]);
            assert_eq!(stated[0].name, entry.name);
        }
    }

    #[test]
    fn a_switch_stands_alone_or_with_a_value() {
        for (line, expected) in [("--cold-start", "true"), ("--cold-start=false", "false")] {
            let settings = lay([flags(&[line])]).unwrap();
            assert_eq!(shown(&settings, "cold_start").0, expected);
        }
    }

    #[test]
    fn a_mistake_names_the_layer_that_has_it() {
        let told = |layer| lay([layer]).unwrap_err().to_string();
        assert_eq!(
            told(flags(&["--clock", "manuel"])),
            "--clock: clock can not be \"manuel\" (did you mean manual?); valid: real, manual"
        );
        assert_eq!(
            told(environment(&[("FACOS_PORT", "http")])),
            "FACOS_PORT: port can not be \"http\"; valid: a whole number from 0 to 65535"
        );
        assert_eq!(
            told(file("[set.beat]\nlight = \"off\"")),
            "facos.toml:2: beat.light can not be \"off\"; valid: absent, disabled, enabled"
        );
        let token = told(flags(&["--admin-token", "two words"]));
        assert!(!token.contains("two"), "{token}");
    }
}
