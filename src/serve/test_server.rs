//! A server inside a test: its own ports, its own clock, gone when it is dropped.

use super::config::{ClockKind, ServeConfig};
use super::error::StartError;
use super::expect::Expectation;
use super::start::{Running, start};
use crate::node::{Filter, Node, Record};
use crate::profile::Profile;
use std::sync::Arc;
use std::time::Duration;

/// A Nacos server of the chosen version on free ports of this machine. Its clock stands still until
/// [`TestServer::advance`] moves it: nothing expires by waiting.
///
/// ```
/// use facos::{Profile, TestServer, beat};
/// use std::time::Duration;
///
/// # fn ask(request: String, url: &str) -> String {
/// #     use std::io::{Read, Write};
/// #     let mut stream = std::net::TcpStream::connect(&url["http://".len()..]).unwrap();
/// #     write!(stream, "{request} HTTP/1.0\r\n\r\n").unwrap();
/// #     let mut answer = String::new();
/// #     stream.read_to_string(&mut answer).unwrap();
/// #     answer
/// # }
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let server = TestServer::start(Profile::nacos("1.2.1")?).await?;
/// let instance = "serviceName=orders&ip=10.0.0.1&port=8080";
/// ask(format!("POST /nacos/v1/ns/instance?{instance}"), &server.url());
/// ask(format!("PUT /nacos/v1/ns/instance/beat?{instance}"), &server.url());
/// server.verify(beat().light().service("orders")).at_least(1).await?;
///
/// server.advance(Duration::from_secs(36)).await;
/// let list = ask("GET /nacos/v1/ns/instance/list?serviceName=orders".into(), &server.url());
/// assert!(list.contains(r#""hosts":[]"#), "36 seconds without a beat: {list}");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct TestServer {
    running: Running,
}

impl TestServer {
    /// Starts a server of this profile.
    ///
    /// # Errors
    /// No ports are free, or the system refuses threads or sockets.
    pub async fn start(profile: Profile) -> Result<Self, StartError> {
        Self::start_with(ServeConfig::new(profile)).await
    }

    /// Starts a server with further settings; ports and clock are chosen here.
    ///
    /// # Errors
    /// As [`TestServer::start`], and what the settings bring.
    pub async fn start_with(config: ServeConfig) -> Result<Self, StartError> {
        let config =
            ServeConfig { port: 0, admin_port: 0, clock: ClockKind::Manual, workers: 1, ..config };
        Ok(Self { running: start(config)? })
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        self.running.ready().nodes[0].http.clone()
    }

    /// `http://127.0.0.1:port` of the admin API.
    pub fn admin_url(&self) -> String {
        self.running.ready().admin.clone()
    }

    /// Moves the clock; everything that falls due is done on return.
    pub async fn advance(&self, by: Duration) {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let moved = self.running.process().advance(by_ms).await;
        debug_assert!(moved.is_ok(), "a test server's clock is manual");
    }

    /// What clients asked and what was pushed, oldest first.
    pub fn journal(&self) -> Vec<Record> {
        self.node().journal.query(&Filter::default())
    }

    /// Changes a quirk; the next request sees it.
    ///
    /// # Errors
    /// There is no such quirk, or it can not have that value.
    pub fn set_quirk(&self, name: &str, value: &str) -> Result<(), crate::profile::ProfileError> {
        self.node().set_quirk(name, value)
    }

    /// Expects requests: say how many and until when, then await it.
    pub fn verify(&self, wanted: super::Wanted) -> Expectation<'_> {
        Expectation::new(self, wanted)
    }

    pub(super) fn node(&self) -> Arc<Node> {
        self.running.process().node(0).expect("a server has a node")
    }
}
