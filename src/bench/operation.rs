//! The requests of a naming client that are measured, each on its own.
use serde::{Deserialize, Serialize};

/// How many operations there are.
pub const OPERATIONS: usize = 4;

/// One kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// `POST /nacos/v1/ns/instance`.
    Register,
    /// `DELETE /nacos/v1/ns/instance`.
    Deregister,
    /// `PUT /nacos/v1/ns/instance/beat`.
    Beat,
    /// `GET /nacos/v1/ns/instance/list`.
    List,
}

impl Operation {
    /// Every operation, in the order of reports.
    pub const ALL: [Operation; OPERATIONS] =
        [Operation::Register, Operation::Deregister, Operation::Beat, Operation::List];

    /// The name in reports, thresholds and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Deregister => "deregister",
            Self::Beat => "beat",
            Self::List => "list",
        }
    }

    /// The operation of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}
