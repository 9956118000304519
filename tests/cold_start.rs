//! `--cold-start`: the first minute of a real 1.x server, in which it checks no health
//! (naming-1.1.4.md §5, naming-1.2-deltas.md §5). Without it a server is warm when it is ready.

use facos::serve::ServeConfig;
use facos::{Profile, TestServer};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

struct Server {
    runtime: tokio::runtime::Runtime,
    server: TestServer,
}

impl Server {
    fn start(version: &str, cold_start: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let config =
            ServeConfig { cold_start, ..ServeConfig::new(Profile::nacos(version).unwrap()) };
        let server = runtime.block_on(TestServer::start_with(config)).unwrap();
        Self { runtime, server }
    }

    fn advance(&self, ms: u64) {
        self.runtime.block_on(self.server.advance(Duration::from_millis(ms)));
    }

    fn ask(&self, method: &str, target: &str) -> String {
        let url = self.server.url();
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        write!(stream, "{method} /nacos/v1/ns{target} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn checks_health(&self) -> bool {
        let switches = self.ask("GET", "/operator/switches");
        assert!(switches.contains("\"healthCheckEnabled\":"), "{switches}");
        switches.contains("\"healthCheckEnabled\":true")
    }

    fn lists_somebody(&self) -> bool {
        self.ask("GET", "/instance/list?serviceName=s").contains("10.0.0.1")
    }
}

#[test]
fn a_cold_1x_server_pauses_its_checks_for_a_minute() {
    for version in ["1.1.4", "1.2.1"] {
        let server = Server::start(version, true);
        assert!(server.checks_health(), "{version}: true for some seconds after the port opened");
        server.advance(4_000);
        assert!(!server.checks_health(), "{version}: then false");
        server.advance(58_000);
        assert!(!server.checks_health(), "{version}: for a minute");
        server.advance(2_500);
        assert!(server.checks_health(), "{version}: and true again");
    }
}

#[test]
fn the_pause_stops_the_expiry_of_beats_where_the_version_obeys_the_switch() {
    for (version, kept) in [("1.1.4", false), ("1.2.1", true)] {
        let server = Server::start(version, true);
        server.advance(4_000);
        server.ask("POST", "/instance?serviceName=s&ip=10.0.0.1&port=80");
        server.advance(40_000);
        assert_eq!(server.lists_somebody(), kept, "{version}");
        server.advance(60_000);
        assert!(!server.lists_somebody(), "{version}: gone once checks go on");
    }
}

#[test]
fn a_warm_server_and_every_2x_server_check_from_the_beginning() {
    for (version, cold) in [("1.1.4", false), ("1.2.1", false), ("2.0.2", true), ("2.0.2", false)] {
        let server = Server::start(version, cold);
        for _ in 0..20 {
            server.advance(4_000);
            assert!(server.checks_health(), "{version}");
        }
    }
}
