//! The command line as its users meet it: the built binary, its two streams and its exit code.
//!
//! - `help`, `refusals`: what it says of itself and of a wrong command line.
//! - `settings`: flags, environment and file over each other.
//! - `profiles`, `printed`: what it shows, and to whom nobody listens.
//! - `rescue`, `audit`, `drill`: the tools which stand in for a server.
//! - `serve`, `ctl`: a server from its ready line to its end, and its admin API in between.

mod audit;
mod ctl;
mod drill;
mod help;
mod printed;
mod profiles;
mod refusals;
mod rescue;
mod running;
mod serve;
mod settings;

use assert_cmd::Command;
use std::path::Path;
use tempfile::TempDir;

/// The built binary.
const FACOS: &str = env!("CARGO_BIN_EXE_facos");

/// An empty directory to run in, where nothing states settings.
struct Place(TempDir);

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// The command with the words of a line, in this place and in a bare environment.
    fn facos(&self, line: &str) -> Command {
        let mut command = Command::new(FACOS);
        command.args(line.split_whitespace()).current_dir(self.path()).env_clear();
        command
    }

    fn run(&self, line: &str) -> Ended {
        ended(&mut self.facos(line))
    }

    fn run_with(&self, variables: &[(&str, &str)], line: &str) -> Ended {
        ended(self.facos(line).envs(variables.iter().copied()))
    }
}

/// Runs a command in an empty place.
fn run(line: &str) -> Ended {
    Place::new().run(line)
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Ended {
    /// What a command that did its work wrote to stdout.
    #[track_caller]
    fn done(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }

    /// The error and the hint of one that did not.
    #[track_caller]
    fn refused(self, code: i32) -> (String, String) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        let lines: Vec<&str> = self.stderr.lines().collect();
        let [error, hint] = lines[..] else { panic!("not two lines: {}", self.stderr) };
        let error = error.strip_prefix("error: ").expect("the first line is the error");
        let hint = hint.strip_prefix("hint: ").expect("the second line is the hint");
        (error.to_owned(), hint.to_owned())
    }
}
