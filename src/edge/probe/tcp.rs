//! The TCP check: connected is healthy, nothing is sent.

use super::connect::connect;
use crate::registry::ProbeOutcome;

/// Connects and closes.
pub(super) async fn check(ip: &str, port: i32) -> ProbeOutcome {
    match connect(ip, port).await {
        Ok(_) => ProbeOutcome::Healthy,
        Err(outcome) => outcome,
    }
}
