//! The client under test: a command that prints what it returns.
//!
//! It is started with the server and the service in its environment, asks its SDK again and again,
//! at least each second, and prints a line of JSON each time: `{"hosts":["10.9.0.1:8080"]}`, or
//! `{"error":"..."}` when it was given an error in place of hosts. Any other line is passed over.
//! It runs until it is killed.

use super::course::Drill;
use super::stage::{GROUP, NAMESPACE, SERVICE};
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It returns these hosts, sorted.
    Hosts(Vec<String>),
    /// It tells an error.
    Error(String),
    /// Its process ended with this code.
    Ended(Option<i32>),
}

/// A client that runs.
pub trait Subject {
    /// What it says next, within so long.
    fn next(&mut self, patience: Duration) -> Option<Said>;
}

/// A command that runs; killed when it is dropped.
pub struct Process {
    child: Child,
    said: Receiver<Said>,
    ended: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Hosts { hosts: Vec<String> },
    Error { error: String },
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// There is none of that name, or it can not be run.
    pub fn start(command: &[String], server: SocketAddr, drill: Drill) -> std::io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(std::io::ErrorKind::NotFound)?;
        let mut child = Command::new(program)
            .args(arguments)
            .env("FACOS_SERVER", server.to_string())
            .env("FACOS_NAMESPACE", NAMESPACE)
            .env("FACOS_GROUP", GROUP)
            .env("FACOS_SERVICE", SERVICE)
            .env("FACOS_DRILL", drill.name())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        let (sender, said) = channel();
        std::thread::Builder::new().name("subject".into()).spawn(move || read(stdout, &sender))?;
        Ok(Self { child, said, ended: false })
    }
}

impl Subject for Process {
    fn next(&mut self, patience: Duration) -> Option<Said> {
        match self.said.recv_timeout(patience) {
            Ok(said) => Some(said),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) if self.ended => {
                std::thread::sleep(patience);
                None
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.ended = true;
                Some(Said::Ended(self.child.wait().ok().and_then(|status| status.code())))
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; what counts is that nothing outlives the drill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads lines until the command has closed its stdout, or nobody listens.
fn read(stdout: ChildStdout, sender: &Sender<Said>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        if let Some(said) = said(&line)
            && sender.send(said).is_err()
        {
            return;
        }
    }
}

/// What a line says; `None` for noise.
fn said(line: &str) -> Option<Said> {
    match serde_json::from_str(line).ok()? {
        Line::Hosts { mut hosts } => {
            hosts.sort_unstable();
            hosts.dedup();
            Some(Said::Hosts(hosts))
        }
        Line::Error { error } => Some(Said::Error(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_json_count_and_everything_else_is_noise() {
        let hosts = Said::Hosts(vec!["a:1".to_owned(), "b:1".to_owned()]);
        assert_eq!(said(r#"{"hosts":["b:1","a:1","b:1"]}"#), Some(hosts));
        assert_eq!(said(r#"{"hosts":[]}"#), Some(Said::Hosts(Vec::new())));
        assert_eq!(said(r#"{"error":"refused"}"#), Some(Said::Error("refused".to_owned())));
        for noise in ["", "INFO started", "[1]", "{}", r#"{"hosts":null}"#] {
            assert_eq!(said(noise), None, "{noise}");
        }
    }
}
