//! How a command ends: the exit codes of every subcommand, and the two lines of a failure.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// The answer is no: something differs, or a server refuses.
pub const NO: u8 = 1;
/// The command line or a setting asks for what is not there.
pub const USAGE: u8 = 2;
/// A threshold was missed.
pub const THRESHOLD: u8 = 4;
/// A server that is needed does not answer.
pub const UNREACHABLE: u8 = 69;
/// A mistake of facos, or of the machine that it runs on.
pub const INTERNAL: u8 = 70;

/// Why a command did not do what it was asked, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What is wrong, in one line.
    pub error: String,
    /// What to do about it, in one line.
    pub hint: String,
}

impl Failure {
    /// A failure of the command line or a setting.
    pub fn usage(error: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self { code: USAGE, error: error.to_string(), hint: hint.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

impl std::error::Error for Failure {}

/// Says on stderr what is wrong and gives the exit code.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    let Some(failure) = error.downcast_ref::<Failure>() else {
        say(&format!("{error:#}"), "this is a mistake of facos or its machine; please report it");
        return ExitCode::from(INTERNAL);
    };
    say(&failure.error, &failure.hint);
    ExitCode::from(failure.code)
}

/// Says something that stops nothing.
pub fn warn(warning: &str) {
    // Nobody is left to be told when stderr is closed.
    let _ = writeln!(std::io::stderr(), "warning: {warning}");
}

fn say(error: &str, hint: &str) {
    // A message keeps to its line, whatever a server or a file brought into it.
    let error = error.lines().collect::<Vec<_>>().join(" ");
    let _ = writeln!(std::io::stderr(), "error: {error}\nhint: {hint}");
}
