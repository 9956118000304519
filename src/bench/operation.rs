//! The requests of a naming client that are measured, each on its own.
use serde::{Deserialize, Serialize};

/// How many operations there are.
pub const OPERATIONS: usize = 7;

/// One kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// `POST /nacos/v1/ns/instance`, or an `InstanceRequest`.
    Register,
    /// `DELETE /nacos/v1/ns/instance`, or an `InstanceRequest`.
    Deregister,
    /// `PUT /nacos/v1/ns/instance/beat`; no client of 2.x sends it.
    Beat,
    /// `GET /nacos/v1/ns/instance/list`, or a `ServiceQueryRequest`.
    List,
    /// A `SubscribeServiceRequest`.
    Subscribe,
    /// A `HealthCheckRequest`: a client of 2.x was idle for 5 s.
    HealthCheck,
    /// A connection of 2.x, up to the answer of its `ServerCheckRequest`.
    Connect,
}

impl Operation {
    /// Every operation, in the order of reports.
    pub const ALL: [Operation; OPERATIONS] = [
        Operation::Register,
        Operation::Deregister,
        Operation::Beat,
        Operation::List,
        Operation::Subscribe,
        Operation::HealthCheck,
        Operation::Connect,
    ];

    /// The name in reports, thresholds and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Deregister => "deregister",
            Self::Beat => "beat",
            Self::List => "list",
            Self::Subscribe => "subscribe",
            Self::HealthCheck => "health-check",
            Self::Connect => "connect",
        }
    }

    /// The operation of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}
