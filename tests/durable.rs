//! `--data`, seen from outside: an answered write survives `kill -9` of the real binary, and a
//! file that is not ours, or newer than we are, is refused in one line and left as it is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `facos serve`; killed with the value.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(profile: &str, data: &Path) -> Self {
        let mut child =
            command(profile, data).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let url = ready["nodes"][0]["http"].as_str().unwrap();
        let address = url.trim_start_matches("http://").to_owned();
        Self { child, address }
    }

    /// The body of an answer.
    fn ask(&self, method: &str, target: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "{method} {target} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// `kill -9`: no chance to write anything more.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(profile: &str, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facos"));
    command.args(["serve", "--profile", profile, "--port", "0", "--admin-port", "0", "--data"]);
    command.arg(data);
    command
}

const INSTANCE: &str = "/nacos/v1/ns/instance?serviceName=kept&ephemeral=false&port=80&ip=10.0.0.";
const LIST: &str = "/nacos/v1/ns/instance/list?serviceName=kept";

#[test]
fn an_answered_write_survives_kill_9_and_an_answered_removal_does_too() {
    for profile in ["1.1.4", "1.2.1", "2.0.2"] {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start(profile, data.path());
        for last in 1..=20 {
            assert_eq!(server.ask("POST", &format!("{INSTANCE}{last}")), "ok", "{profile}");
        }
        assert_eq!(server.ask("DELETE", &format!("{INSTANCE}20")), "ok", "{profile}");
        let ephemeral = "/nacos/v1/ns/instance?serviceName=kept&port=80&ip=10.9.9.9";
        assert_eq!(server.ask("POST", ephemeral), "ok", "{profile}");
        server.kill();

        let server = Server::start(profile, data.path());
        let list = server.ask("GET", LIST);
        for last in 1..20 {
            let shown = format!("\"ip\":\"10.0.0.{last}\"");
            assert!(list.contains(&shown), "{profile} lost {shown}: {list}");
        }
        assert!(!list.contains("\"10.0.0.20\""), "{profile}: a removal came back: {list}");
        assert!(!list.contains("10.9.9.9"), "{profile}: an ephemeral one was kept: {list}");
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_in_one_line_and_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("facos.redb");
    let foreign = b"this is somebody's file\n".repeat(1_000);
    std::fs::write(&file, &foreign).unwrap();
    let refused = command("1.2.1", data.path()).output().unwrap();
    assert!(!refused.status.success());
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(errors[0].contains("facos.redb"), "{text}");
    assert_eq!(std::fs::read(&file).unwrap(), foreign);
}
