//! The operator's switches inside the registry: what the node lives by, what is stored, and the
//! first minute of a cold-started 1.x node, which checks no health (`healthCheckEnabled` reads true
//! for some 4 s after the port opened, then false for a minute; measured on 1.1.4 and 1.2.1).
//!
//! A change starts from what is stored, else from what the node lives by. `debug=true` changes only
//! the running node; but 1.x edits the stored object in place, so that a debug change of one entry
//! is part of the next stored change (`operator/switches-debug`).

use crate::model::{DatumKey, DatumValue, Millis, SwitchEdit, Switches};
use crate::registry::face::Core;
use crate::registry::timers::Timer;
use crate::registry::{Effect, Registry, StoreWrite};

/// From the start to the first status tick that finds the member list changed, ms.
const PAUSE_AFTER_MS: u64 = 3_750;
/// How long health checks then pause, ms.
const PAUSE_MS: u64 = 60_000;

/// The switches as one core gives them to the other on its server.
#[derive(Debug, Clone)]
pub struct SharedSwitches {
    live: Switches,
    stored: Option<Switches>,
    switched: u64,
}

impl Registry {
    /// PUT `/operator/switches`.
    pub fn change_switches(&mut self, now: Millis, edit: SwitchEdit, debug: bool) -> Vec<Effect> {
        let mut changed = self.stored_switches.as_ref().unwrap_or(&self.switches).clone();
        let whole = match edit {
            SwitchEdit::Entry(edit) => {
                edit(&mut changed);
                false
            }
            SwitchEdit::Whole(all) => {
                let enable_standalone = changed.enable_standalone;
                changed = Switches { enable_standalone, ..*all };
                true
            }
        };
        if self.proposes && !debug {
            return vec![self.switches_to_agree_on(changed)];
        }
        self.switches.take(&changed);
        self.switched += 1;
        self.follow_overridden_status(now);
        if !debug {
            self.stored_switches = Some(changed.clone());
            return vec![Effect::Store(StoreWrite::Switches(Box::new(changed)))];
        }
        if let Some(stored) = &mut self.stored_switches
            && self.quirks.switches.debug_edits_stored
            && !whole
        {
            *stored = changed;
        }
        Vec::new()
    }

    /// How the members of this version come to the same switches.
    fn switches_to_agree_on(&self, changed: Switches) -> Effect {
        let changed = Box::new(changed);
        match self.core {
            Core::ServiceKeyed(_) => {
                Effect::Publish(DatumKey::Switches, DatumValue::Switches(changed))
            }
            Core::ClientKeyed(_) => Effect::Propose(StoreWrite::Switches(changed)),
        }
    }

    /// Lives by switches that the members have agreed on.
    pub(super) fn take_switches(&mut self, now: Millis, switches: &Switches) -> Vec<Effect> {
        self.switches.take(switches);
        self.switched += 1;
        self.stored_switches = Some(switches.clone());
        self.follow_overridden_status(now);
        vec![Effect::Store(StoreWrite::Switches(Box::new(switches.clone())))]
    }

    /// Puts back the switches that a store kept.
    pub(super) fn restore_switches(&mut self, stored: Switches) {
        self.switches.take(&stored);
        self.switched += 1;
        self.stored_switches = Some(stored);
        self.settle_status();
    }

    /// The switches as they are.
    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    /// How often the switches changed.
    pub fn switched(&self) -> u64 {
        self.switched
    }

    /// The switches for the core beside this one.
    pub fn shared_switches(&self) -> SharedSwitches {
        let (live, stored) = (self.switches.clone(), self.stored_switches.clone());
        SharedSwitches { live, stored, switched: self.switched }
    }

    /// Lives by the switches of the core beside this one.
    pub fn share_switches(&mut self, now: Millis, shared: SharedSwitches) {
        self.switches = shared.live;
        self.stored_switches = shared.stored;
        self.switched = shared.switched;
        self.follow_overridden_status(now);
    }

    /// Members came or went: health checks stop, or begin again.
    pub fn pause_health_check(&mut self, enabled: bool) {
        self.switches.health_check_enabled = enabled;
        self.switched += 1;
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
            self.switched += 1;
        }
        if begins {
            self.timers.set(at + PAUSE_MS, Timer::Warmup);
        }
    }
}
