//! Several nodes inside a test: a deployment on free ports, on one clock that stands still until
//! the test moves it.

use super::config::{ClockKind, Nodes, ServeConfig};
use super::error::StartError;
use super::fleet::{End, Fleet};
use super::start::{Running, start};
use crate::node::{Filter, Node, Record};
use crate::profile::Profile;
use std::sync::Arc;
use std::time::Duration;

/// A Nacos deployment of the chosen version. Its nodes know each other from the start.
///
/// ```
/// use facos::{Profile, TestCluster};
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
/// let cluster = TestCluster::start(3, Profile::nacos("1.1.4")?).await?;
/// let healthy = |node: usize| {
///     let url = cluster.url(node);
///     let servers = ask("GET /nacos/v1/ns/operator/servers?healthy=true".into(), &url);
///     servers.matches(r#""alive":true"#).count()
/// };
/// assert_eq!(healthy(0), 3);
///
/// cluster.kill(2);
/// cluster.advance(Duration::from_secs(14)).await;
/// assert_eq!(healthy(0), 2, "a dead member leaves after ten seconds of silence");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct TestCluster {
    running: Running,
}

impl TestCluster {
    /// Starts so many nodes of one profile.
    ///
    /// # Errors
    /// No ports are free, or the system refuses threads or sockets.
    pub async fn start(nodes: usize, profile: Profile) -> Result<Self, StartError> {
        let nodes = Nodes::Count(nodes);
        Self::start_with(ServeConfig { nodes, ..ServeConfig::new(profile) }).await
    }

    /// Starts one node of each of these profiles: the first, then the others.
    ///
    /// # Errors
    /// As [`TestCluster::start`].
    pub async fn start_mixed(first: Profile, others: Vec<Profile>) -> Result<Self, StartError> {
        let nodes = std::iter::once(first.clone()).chain(others).collect();
        let config = ServeConfig { nodes: Nodes::Profiles(nodes), ..ServeConfig::new(first) };
        Self::start_with(config).await
    }

    /// Starts nodes with further settings; ports and clock are chosen here.
    ///
    /// # Errors
    /// As [`TestCluster::start`], and what the settings bring.
    pub async fn start_with(config: ServeConfig) -> Result<Self, StartError> {
        let config =
            ServeConfig { port: 0, admin_port: 0, clock: ClockKind::Manual, workers: 1, ..config };
        Ok(Self { running: start(config)? })
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.running.ready().nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `http://127.0.0.1:port` of a node, counted from 0 in the order of the ports.
    pub fn url(&self, node: usize) -> String {
        self.running.ready().nodes[node].http.clone()
    }

    /// `http://127.0.0.1:port` of the admin API.
    pub fn admin_url(&self) -> String {
        self.running.ready().admin.clone()
    }

    /// Moves the clock; everything that falls due is done on return, and so is every call between
    /// the nodes that followed from it.
    pub async fn advance(&self, by: Duration) {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let moved = self.running.process().advance(by_ms).await;
        debug_assert!(moved.is_ok(), "a test cluster's clock is manual");
    }

    /// Ends a node as a process that is killed ends; false when it had ended before.
    pub fn kill(&self, node: usize) -> bool {
        self.fleet().stop(node, End::Abrupt)
    }

    /// Ends a node in order; false when it had ended before.
    pub fn stop(&self, node: usize) -> bool {
        self.fleet().stop(node, End::Orderly)
    }

    /// Starts a node that had ended on the ports that it had, as another version if one is named.
    /// It has just started and knows nothing of the others.
    ///
    /// # Errors
    /// One of its ports was taken meanwhile.
    pub fn start_again(&self, node: usize, profile: Option<Profile>) -> Result<bool, StartError> {
        self.fleet().start_again(node, profile)
    }

    /// What clients asked of a node and what it pushed, oldest first.
    pub fn journal(&self, node: usize) -> Vec<Record> {
        self.node(node).journal.query(&Filter::default())
    }

    /// A node.
    pub fn node(&self, node: usize) -> Arc<Node> {
        self.running.process().node(node).expect("nodes are counted from 0")
    }

    /// Its nodes, to be stopped and started.
    pub fn fleet(&self) -> &Arc<Fleet> {
        self.running.fleet()
    }
}
