//! Connections of 2.x clients: what a client says of itself when it connects, and who it is then.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Names a connection inside one node; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// What is known of a connection from its setup on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionMeta {
    /// Its number.
    pub id: ConnectionId,
    /// `<milliseconds>_<ip>_<port>`, what clients and operators call it.
    pub name: Arc<str>,
    /// The other end of the TCP connection.
    pub remote: SocketAddr,
    /// The node's end of it.
    pub local: SocketAddr,
    /// The address that the client gives for itself.
    pub client_ip: Box<str>,
    /// `clientVersion`, an agent text; `None` when it gave none.
    pub version: Option<Box<str>>,
    /// `labels`; `None` when it gave none.
    pub labels: Option<Vec<(String, Option<String>)>>,
    /// `tenant`.
    pub tenant: Option<Box<str>>,
    /// What it can do, as it says; `None` when it says nothing.
    pub abilities: Option<ClientAbilities>,
}

/// `ClientAbilities`; each part may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientAbilities {
    /// `remoteAbility.supportRemoteConnection`.
    pub remote_connection: Option<bool>,
    /// `configAbility.supportRemoteMetrics`.
    pub remote_metrics: Option<bool>,
    /// `namingAbility.supportDeltaPush` and `supportRemoteMetric`.
    pub naming: Option<(bool, bool)>,
}

impl ConnectionMeta {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        let labels = self.labels.as_ref()?;
        labels.iter().find(|(known, _)| known == name)?.1.as_deref()
    }

    /// Whether an SDK is at the other end; limits and reloads concern only those.
    pub fn is_sdk(&self) -> bool {
        self.comes_from("sdk")
    }

    /// Whether another server is; it is never refused.
    pub fn is_cluster(&self) -> bool {
        self.comes_from("cluster")
    }

    fn comes_from(&self, source: &str) -> bool {
        self.label("source").is_some_and(|said| said.eq_ignore_ascii_case(source))
    }

    /// Whether it may publish and subscribe (`grpc/labels`).
    pub fn is_naming(&self) -> bool {
        self.label("module") == Some("naming")
    }

    /// The label `AppName`, `-` without one.
    pub fn app_name(&self) -> &str {
        let has = self.labels.iter().flatten().any(|(name, _)| name == "AppName");
        if has { self.label("AppName").unwrap_or_default() } else { "-" }
    }

    /// The agent text for journals; empty when the client gave none.
    pub fn agent(&self) -> &str {
        self.version.as_deref().unwrap_or_default()
    }
}

/// A connection's name: when it was accepted, and its other end.
pub fn connection_name(accepted_ms: u64, remote: SocketAddr) -> String {
    let ip = match remote.ip() {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip => ip,
    };
    format!("{accepted_ms}_{ip}_{}", remote.port())
}

/// `ConnectionLimitRule`: how many connections the server takes. A negative number is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRule {
    /// `monitorIpList`: shown, nothing else.
    pub monitor_ips: Vec<String>,
    /// `countLimit`: of all SDKs.
    pub count: i64,
    /// `countLimitPerClientIpDefault`: of each address without a limit of its own.
    pub per_ip_default: i64,
    /// `countLimitPerClientIp`.
    pub per_ip: Vec<(String, i64)>,
    /// `countLimitPerClientApp`: compared with the count of the *address*
    /// (`grpc/connection-limit`).
    pub per_app: Vec<(String, i64)>,
}

impl Default for LimitRule {
    fn default() -> Self {
        Self {
            monitor_ips: Vec::new(),
            count: -1,
            per_ip_default: -1,
            per_ip: Vec::new(),
            per_app: Vec::new(),
        }
    }
}

impl LimitRule {
    /// The limit of an address of its own, if it has one.
    pub fn of_ip(&self, ip: &str) -> Option<i64> {
        find(&self.per_ip, ip)
    }

    /// The limit of an application, if it has one.
    pub fn of_app(&self, app: &str) -> Option<i64> {
        find(&self.per_app, app)
    }
}

fn find(limits: &[(String, i64)], name: &str) -> Option<i64> {
    limits.iter().find(|(known, _)| known == name).map(|(_, limit)| *limit)
}
