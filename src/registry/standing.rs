//! Whether the node lets requests pass: its status and the operator's list of limited addresses
//! (`operator/status-down`, `operator/status-read-only`, `operator/limited-url-map`).
//!
//! The status follows the switch `overriddenServerStatus` every 5 s. A value that names no status
//! ends that for good: the real server's timer dies of it and the status stays as it was until a
//! restart (measured on 1.2.1 and 2.0.2).

use crate::model::{Millis, ServerStatus, java};
use crate::registry::Registry;
use crate::registry::timers::{Timer, on_grid};

/// `SERVER_STATUS_UPDATE_PERIOD`, ms.
const STATUS_PERIOD_MS: u64 = 5_000;

/// The node's status.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    status: ServerStatus,
    /// The timer that follows the switch has died.
    frozen: bool,
}

impl Registry {
    /// The status as it is.
    pub fn status(&self) -> ServerStatus {
        self.standing.status
    }

    /// Whether some requests do not pass; while this is false nobody has to look further.
    pub fn is_restricted(&self) -> bool {
        self.standing.status != ServerStatus::Up || !self.switches.limited_url_map.is_empty()
    }

    /// The status that an operator gave to requests whose address begins so, if any.
    pub fn limit_of(&self, address: &str) -> Option<i32> {
        let mut limits = self.switches.limited_url_map.iter();
        limits.find(|(prefix, _)| address.starts_with(prefix.as_str())).map(|(_, status)| *status)
    }

    /// The switches changed: the next turn of the status timer sees it.
    pub(super) fn follow_overridden_status(&mut self, now: Millis) {
        if self.wanted_status() != Some(self.standing.status) && !self.standing.frozen {
            let turn = on_grid(self.started, STATUS_PERIOD_MS, now + 1);
            self.timers.set(turn, Timer::ServerStatus);
        }
    }

    /// A turn of the status timer.
    pub(super) fn settle_status(&mut self) {
        if self.standing.frozen {
            return;
        }
        match self.wanted_status() {
            Some(status) => self.standing.status = status,
            None => self.standing.frozen = true,
        }
    }

    fn wanted_status(&self) -> Option<ServerStatus> {
        let overridden = self.switches.overridden_server_status.as_deref();
        match overridden.filter(|name| !java::is_blank(name)) {
            Some(name) => ServerStatus::named(name),
            None => Some(ServerStatus::Up),
        }
    }
}
