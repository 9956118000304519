//! An instance as a request describes it, and the health checker of its cluster.

use crate::model::Metadata;

/// One address that a registration, an update or a full beat describes.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Address as the client wrote it: dotted, IPv6 or a host name. Absent only when a 2.x beat
    /// names none.
    pub ip: Option<Box<str>>,
    /// Port, any Java int.
    pub port: i32,
    /// Cluster name.
    pub cluster: Box<str>,
    /// Relative weight, 1.0 unless given.
    pub weight: f64,
    /// Health the client claims.
    pub healthy: bool,
    /// Whether lists may show it.
    pub enabled: bool,
    /// Kept by beats (true) or by raft (false).
    pub ephemeral: bool,
    /// `None` is JSON null, which 1.x keeps apart from `{}`.
    pub metadata: Option<Metadata>,
    /// `app` parameter; only 1.x shows it.
    pub app: Box<str>,
}

impl Instance {
    /// The address for look-ups; empty when the beat named none.
    pub fn ip(&self) -> &str {
        self.ip.as_deref().unwrap_or("")
    }
}

/// How a cluster's persistent instances are checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HealthChecker {
    /// Connect to the port.
    #[default]
    Tcp,
    /// GET a path.
    Http {
        /// Path of the request, may be empty.
        path: String,
        /// `name:value` pairs separated by `|`.
        headers: String,
        /// Shown, but never looked at by the check.
        expected_response_code: i32,
    },
    /// Run a statement.
    Mysql {
        /// User name.
        user: Option<String>,
        /// Password.
        pwd: Option<String>,
        /// Statement.
        cmd: Option<String>,
    },
    /// Nobody looks; health is set by `PUT /health/instance`.
    None,
}

impl HealthChecker {
    /// As 1.x servers write it under a key and into checksums: fields in alphabetical order.
    pub fn sorted_text(&self) -> String {
        match self {
            Self::Tcp => r#"{"type":"TCP"}"#.to_owned(),
            Self::None => r#"{"type":"NONE"}"#.to_owned(),
            Self::Http { path, headers, expected_response_code } => format!(
                r#"{{"expectedResponseCode":{expected_response_code},"headers":"{headers}","path":"{path}","type":"HTTP"}}"#
            ),
            Self::Mysql { user, pwd, cmd } => {
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                let (cmd, pwd, user) = (text(cmd), text(pwd), text(user));
                format!(r#"{{"cmd":"{cmd}","pwd":"{pwd}","type":"MYSQL","user":"{user}"}}"#)
            }
        }
    }
}
