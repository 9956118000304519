//! What every operation is given beside its call: the time, the rules, and where to put effects.

use crate::model::{Millis, Render, Responsibility, ServiceKey, ServicePart, Switches};
use crate::profile::Quirks;
use crate::registry::acks::Acks;
use crate::registry::asks::Asks;
use crate::registry::probes::Probes;
use crate::registry::timers::Timers;
use crate::registry::{Effect, ServerOptions, StoreWrite};

/// Where a core stands in its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// It is the only one.
    #[default]
    Alone,
    /// There is another, and this one answers.
    Awake,
    /// There is another that answers.
    Asleep,
}

/// One turn of the registry: borrowed for the length of one operation or timer.
pub struct Scope<'a> {
    /// The node's time.
    pub now: Millis,
    /// How the version behaves.
    pub quirks: &'a Quirks,
    /// What it answers for, where it has neighbours.
    pub responsibility: Option<&'a dyn Responsibility>,
    /// What is durable is for the members to agree on, and not done at once.
    pub proposes: bool,
    /// Whether there is another core beside this one, and which of them answers.
    pub place: Place,
    /// What the operator switched.
    pub switches: &'a Switches,
    /// What the node was started with.
    pub options: &'a ServerOptions,
    /// Everything that is due later.
    pub timers: &'a mut Timers,
    /// Pushes that wait for an ack.
    pub acks: &'a mut Acks,
    /// What clients were asked on their streams.
    pub asks: &'a mut Asks,
    /// Active health checks.
    pub probes: &'a mut Probes,
    /// How lists and datagrams are written.
    pub render: &'a dyn Render,
    /// What follows.
    pub effects: Vec<Effect>,
}

impl Scope<'_> {
    /// Whether this node answers for a tag: a service's grouped name on 1.x.
    pub fn is_mine(&self, tag: &str) -> bool {
        self.responsibility.is_none_or(|owners| owners.is_mine(tag))
    }

    /// A client changed a service's list of ephemeral instances (1.x).
    pub fn list_changed(&mut self, service: &ServiceKey) {
        if self.responsibility.is_some() && self.place != Place::Asleep {
            self.effects.push(Effect::Listed(service.clone()));
        }
        self.copied(service, true, ServicePart::Instances);
    }

    /// Whether another core answers: this one neither looks at anybody's health nor tells anybody
    /// anything.
    pub fn is_asleep(&self) -> bool {
        self.place == Place::Asleep
    }

    /// Whether nobody's health is looked at now.
    pub fn is_check_paused(&self) -> bool {
        self.is_asleep() || !self.switches.health_check_enabled
    }

    /// Whether nobody expires now in a core that looks; one that sleeps does not look.
    pub fn is_expiry_paused(&self) -> bool {
        self.quirks.expiry.obeys_health_check_switch && !self.switches.health_check_enabled
    }

    /// Something changed that the core beside this one may have to copy.
    pub fn copied(&mut self, service: &ServiceKey, ephemeral: bool, part: ServicePart) {
        if self.place == Place::Awake {
            let service = service.clone();
            self.effects.push(Effect::Changed { service, ephemeral, part });
        }
    }

    /// Whether a durable change is to be made here and now; otherwise it is proposed.
    pub fn decides(&mut self, write: impl FnOnce() -> StoreWrite) -> bool {
        if self.proposes {
            self.effects.push(Effect::Propose(write()));
        }
        !self.proposes
    }

    /// The effects so far, for the caller.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
