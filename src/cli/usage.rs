//! What the command line's parser refuses, said as everything else is: one line that names the near
//! and the valid ones, then a hint.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use super::exit::{self, Failure};
use super::output;

/// Prints help, or says what is wrong with the `words` of the command line; gives the exit code.
pub fn answer(error: &Error, root: &Command, words: &[OsString]) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Colours are for terminals, which clap's own printing knows.
            match output::unless_closed(error.print()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => exit::fail(&error.into()),
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // It goes to stderr; when that is closed, the exit code still tells.
            let _ = error.print();
            ExitCode::from(exit::USAGE)
        }
        _ => exit::fail(&refusal(error, root, words).into()),
    }
}

fn refusal(error: &Error, root: &Command, words: &[OsString]) -> Failure {
    let (command, path) = asked(root, words);
    let named = |kind| texts(error.get(kind)).join(", ");
    let near = |kind| match texts(error.get(kind)).join(" or ") {
        names if names.is_empty() => names,
        names => format!(" (did you mean {names}?)"),
    };
    let argument = named(ContextKind::InvalidArg);
    let value = named(ContextKind::InvalidValue);
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = named(ContextKind::InvalidSubcommand);
            let near = near(ContextKind::SuggestedSubcommand);
            format!("no command {name:?}{near}; valid: {}", subcommands(command))
        }
        ErrorKind::MissingSubcommand => {
            format!("{} needs a command; valid: {}", path, subcommands(command))
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            match near(ContextKind::SuggestedArg) {
                near if near.is_empty() => format!("no flag {argument}{}", flags(command)),
                near => format!("no flag {argument}{near}"),
            }
        }
        ErrorKind::UnknownArgument => format!("{argument:?} is one argument too many"),
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} needs a value"),
        ErrorKind::InvalidValue => {
            let near = near(ContextKind::SuggestedValue);
            let valid = named(ContextKind::ValidValue);
            format!("{} can not be {value:?}{near}; valid: {valid}", flag(&argument))
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            let why = why.unwrap_or_else(|| "it does not read as one".to_owned());
            format!("{} can not be {value:?}: {why}", flag(&argument))
        }
        ErrorKind::MissingRequiredArgument => format!("missing {argument}"),
        ErrorKind::ArgumentConflict => {
            let other = named(ContextKind::PriorArg);
            if other.is_empty() || other == argument {
                format!("{} is given twice", flag(&argument))
            } else {
                format!("{} and {} exclude each other", flag(&argument), flag(&other))
            }
        }
        _ => first_line(error),
    };
    Failure::usage(message, format!("{path} --help shows what it takes"))
}

/// The subcommand that was asked, with the words that lead to it.
fn asked<'a>(root: &'a Command, words: &[OsString]) -> (&'a Command, String) {
    let mut at = root;
    let mut path = vec![root.get_name()];
    for word in words.iter().skip(1) {
        if let Some(sub) = at.find_subcommand(word) {
            at = sub;
            path.push(sub.get_name());
        }
    }
    (at, path.join(" "))
}

fn subcommands(command: &Command) -> String {
    let names = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    names.map(Command::get_name).collect::<Vec<_>>().join(", ")
}

fn flags(command: &Command) -> String {
    let names = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let names: Vec<String> =
        names.filter_map(|argument| Some(format!("--{}", argument.get_long()?))).collect();
    if names.is_empty() { String::new() } else { format!("; valid: {}", names.join(", ")) }
}

/// `--port <PORT>` without the name of its value.
fn flag(argument: &str) -> &str {
    argument.split_whitespace().next().unwrap_or(argument)
}

fn texts(value: Option<&ContextValue>) -> Vec<String> {
    match value {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(other) => vec![other.to_string()],
        None => Vec::new(),
    }
}

fn first_line(error: &Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
