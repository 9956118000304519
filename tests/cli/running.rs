//! A server as its own process, from its ready line to its end.

use crate::{Ended, FACOS, Place};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

/// `facos serve` on free ports.
pub struct Running {
    pub place: Place,
    /// The line as it was printed, with its end.
    pub line: String,
    pub ready: Value,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(flags: &str) -> Self {
        Self::start_in(Place::new(), &[], flags)
    }

    pub fn start_in(place: Place, variables: &[(&str, &str)], flags: &str) -> Self {
        let mut child = Command::new(FACOS)
            .args(["serve", "--port", "0", "--admin-port", "0"])
            .args(flags.split_whitespace())
            .current_dir(place.path())
            .env_clear()
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut stderr = String::new();
            child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
            panic!("no ready line: {line:?}; {stderr}")
        });
        Self { place, line, ready, child, stdout }
    }

    /// `host:port` where Nacos clients go.
    pub fn node(&self) -> &str {
        address(&self.ready["nodes"][0]["http"])
    }

    /// `host:port` of the admin API.
    pub fn admin(&self) -> &str {
        address(&self.ready["admin"])
    }

    /// Sends what a Nacos client would and gives the body of the answer.
    pub fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.node()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "{request} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").expect("an answer has a head").1.to_owned()
    }

    /// `facos ctl` against it.
    pub fn ctl(&self, line: &str) -> Ended {
        self.place.run_with(&[("FACOS_ADMIN", self.admin())], &format!("ctl {line}"))
    }

    /// Sends a signal, TERM or INT.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &command]).status().unwrap().success());
    }

    /// Waits for its end: how it ended, what else it printed, and its log.
    pub fn wait(&mut self) -> (ExitStatus, String, String) {
        let (mut rest, mut log) = (String::new(), String::new());
        self.stdout.read_to_string(&mut rest).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), rest, log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; what counts is that nothing outlives the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(url: &Value) -> &str {
    url.as_str().unwrap().strip_prefix("http://").unwrap()
}
