//! A cluster of a service: how its persistent instances are checked, and by whom.

use crate::model::{HealthChecker, Metadata};

/// What somebody set for a cluster of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterSettings {
    /// How its persistent instances are checked.
    pub checker: HealthChecker,
    /// Port to check when not the instance's own.
    pub check_port: i32,
    /// Check each instance at its own port.
    pub use_instance_port: bool,
    /// Cluster metadata.
    pub metadata: Metadata,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self {
            checker: HealthChecker::Tcp,
            check_port: 80,
            use_instance_port: true,
            metadata: Metadata::new(),
        }
    }
}
