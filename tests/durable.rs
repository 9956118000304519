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

const SETTINGS: &str = "serviceName=set&protectThreshold=0.25&metadata=%7B%22owner%22%3A%22me%22%7D\
    &selector=%7B%22type%22%3A%22label%22%2C\
    %22expression%22%3A%22CONSUMER.label.A%3DPROVIDER.label.A%22%7D";
const CLUSTER: &str = "serviceName=set&clusterName=DEFAULT&checkPort=81&useInstancePort4Check=false\
    &metadata=%7B%22zone%22%3A%22z1%22%7D\
    &healthChecker=%7B%22type%22%3A%22TCP%22%7D";

#[test]
fn what_was_set_for_services_and_clusters_survives_kill_9_and_a_deleted_service_stays_away() {
    for profile in ["1.1.4", "1.2.0", "1.2.1", "2.0.0", "2.0.2", "2.0.4"] {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start(profile, data.path());
        let base = "/nacos/v1/ns";
        let instance = "serviceName=set&ephemeral=false&ip=10.0.0.1&port=80";
        for (method, call) in [
            ("POST", format!("{base}/service?{SETTINGS}")),
            ("POST", format!("{base}/instance?{instance}")),
            ("PUT", format!("{base}/cluster?{CLUSTER}")),
            ("POST", format!("{base}/service?serviceName=gone&protectThreshold=0")),
            ("DELETE", format!("{base}/service?serviceName=gone")),
        ] {
            assert_eq!(server.ask(method, &call), "ok", "{profile}: {method} {call}");
        }
        let seen = |server: &Server| {
            // 2.x shows the clusters that the list has shown.
            server.ask("GET", &format!("{base}/instance/list?serviceName=set"));
            [
                server.ask("GET", &format!("{base}/service?serviceName=set")),
                server.ask("GET", &format!("{base}/catalog/service?serviceName=set")),
                server.ask("GET", &format!("{base}/service/list?pageNo=1&pageSize=10")),
            ]
        };
        let before = seen(&server);
        for text in ["0.25", "{\"owner\":\"me\"}", "CONSUMER.label.A", "{\"zone\":\"z1\"}"] {
            assert!(before[0].contains(text), "{profile} does not show {text}: {before:?}");
        }
        assert!(before[1].contains("\"useIPPort4Check\":false"), "{profile}: {before:?}");
        assert!(!before[2].contains("gone"), "{profile}: {before:?}");
        server.kill();
        let server = Server::start(profile, data.path());
        assert_eq!(seen(&server), before, "{profile}");
    }
}

#[test]
fn a_service_of_persistent_instances_refuses_others_after_a_restart_too() {
    let data = tempfile::tempdir().unwrap();
    let ephemeral = "/nacos/v1/ns/instance?serviceName=kind&ip=10.0.0.1&port=80";
    let server = Server::start("2.0.4", data.path());
    let made = server.ask("POST", "/nacos/v1/ns/service?serviceName=kind");
    assert_eq!(made, "ok");
    let refused = server.ask("POST", ephemeral);
    assert!(refused.contains("is persistent service"), "{refused}");
    server.kill();
    assert_eq!(Server::start("2.0.4", data.path()).ask("POST", ephemeral), refused);
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
