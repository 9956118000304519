//! The operator's switches inside the registry: reading, replacing, and the first minute of a
//! cold-started 1.x node, which checks no health (`healthCheckEnabled` reads true for some 4 s
//! after the port opened, then false for a minute; measured on 1.1.4 and 1.2.1).

use crate::model::{Millis, Switches};
use crate::registry::timers::Timer;
use crate::registry::{Effect, Registry, StoreWrite};

/// From the start to the first status tick that finds the member list changed, ms.
const PAUSE_AFTER_MS: u64 = 3_750;
/// How long health checks then pause, ms.
const PAUSE_MS: u64 = 60_000;

impl Registry {
    /// Replaces the switches. `durable` ones are written to the store; the others (`debug=true`)
    /// live until the next change or restart.
    pub fn set_switches(&mut self, switches: Switches, durable: bool) -> Vec<Effect> {
        self.switches = switches.clone();
        if durable {
            vec![Effect::Store(StoreWrite::Switches(Box::new(switches)))]
        } else {
            Vec::new()
        }
    }

    /// Sets the start-up pause when the node is to go through it.
    pub(super) fn begin_warmup(&mut self) {
        if self.options.cold_start && self.quirks.expiry.pauses_at_start {
            self.timers.set(self.started + PAUSE_AFTER_MS, Timer::Warmup);
        }
    }

    /// The pause begins or ends.
    pub(super) fn continue_warmup(&mut self, at: Millis) {
        let begins = at.since(self.started) <= PAUSE_AFTER_MS;
        let obeyed = !self.quirks.switches.auto_health_check
            || self.switches.auto_change_health_check_enabled;
        if obeyed {
            self.switches.health_check_enabled = !begins;
        }
        if begins {
            self.timers.set(at + PAUSE_MS, Timer::Warmup);
        }
    }
}
