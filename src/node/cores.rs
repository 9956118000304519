//! The registries of a node and how they are changed. A node has one; a member of 2.0.x has that of
//! 1.x beside its own, and one of the two answers (`peers::upgrade`).

use super::peering::{RaftKept, Responsible};
use super::store::{Receipt, StoreError};
use super::{Node, NodeConfig, TIMERS_AT_ONCE};
use crate::model::{Millis, Refusal};
use crate::peers::upgrade::{Core, Upgrade, UpgradeRules};
use crate::profile::{CoreModel, Quirks};
use crate::registry::{Effect, Place, Registry, SharedSwitches, StoreWrite};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The registries of a node.
pub(super) struct Cores {
    own: Mutex<Registry>,
    beside: Option<Beside>,
}

/// The registry of 1.x on a member of 2.0.x, and what decides which of the two answers.
pub(super) struct Beside {
    old: Mutex<Registry>,
    pub(super) engine: Mutex<Upgrade>,
    serves_old: AtomicBool,
    /// Changes of the switches that both registries know of.
    shared: AtomicU64,
}

impl Cores {
    /// The registries of a node that starts now, with what its store kept.
    pub(super) fn new(
        config: &NodeConfig,
        quirks: &Arc<Quirks>,
        now: Millis,
    ) -> Result<Self, StoreError> {
        let kept = config.store.load()?;
        let mut own = Self::fresh(config, quirks.clone(), Core::New, now);
        let is_member = quirks.core.model == CoreModel::ClientKeyed;
        let Some(peering) = config.peering.as_ref().filter(|_| is_member) else {
            own.restore(now, kept);
            return Ok(Self { own: Mutex::new(own), beside: None });
        };
        let upgraded = peering.upgraded || kept.contains(&StoreWrite::Upgraded(true));
        let mut engine = Upgrade::new(now, rules(quirks), upgraded);
        if upgraded && !peering.known.is_empty() {
            engine.settle();
        }
        let mut old = Self::fresh(config, quirks.clone(), Core::Old, now);
        let (awake, asleep) = if upgraded { (&mut own, &mut old) } else { (&mut old, &mut own) };
        awake.restore(now, kept);
        asleep.share_switches(now, awake.shared_switches());
        awake.set_place(now, Place::Awake);
        asleep.set_place(now, Place::Asleep);
        let beside = Beside {
            old: Mutex::new(old),
            engine: Mutex::new(engine),
            serves_old: AtomicBool::new(!upgraded),
            shared: AtomicU64::default(),
        };
        Ok(Self { own: Mutex::new(own), beside: Some(beside) })
    }

    /// One of them, empty.
    pub(super) fn fresh(
        config: &NodeConfig,
        quirks: Arc<Quirks>,
        core: Core,
        now: Millis,
    ) -> Registry {
        let render = (config.render)(quirks.clone());
        let options = config.options.clone();
        match core {
            Core::New => Registry::new(quirks, options, render, now),
            Core::Old => Registry::of_1x(quirks, options, render, now),
        }
    }

    /// What raft of 1.x begins with.
    pub(super) fn raft_kept(&mut self) -> RaftKept {
        RaftKept::of(match &mut self.beside {
            Some(beside) => beside.old.get_mut(),
            None => self.own.get_mut(),
        })
    }

    /// The node has neighbours and answers for a part of what there is.
    pub(super) fn join(&mut self, now: Millis, responsible: &Arc<Responsible>) {
        let own = self.own.get_mut();
        own.join(now, responsible.clone());
        match &mut self.beside {
            Some(beside) => {
                let old = beside.old.get_mut();
                old.join(now, responsible.clone());
                old.propose_changes();
            }
            None if own.is_of_1x() => own.propose_changes(),
            None => {}
        }
    }

    pub(super) fn is_restricted(&self) -> bool {
        self.own.lock().is_restricted()
    }

    /// Those there are.
    pub(super) fn all(&self) -> impl Iterator<Item = Core> + use<> {
        let old = self.beside.is_some().then_some(Core::Old);
        [Core::New].into_iter().chain(old)
    }

    /// That of the core; where there is one it is that, whichever is asked for.
    pub(super) fn of(&self, core: Core) -> &Mutex<Registry> {
        match (&self.beside, core) {
            (Some(beside), Core::Old) => &beside.old,
            _ => &self.own,
        }
    }

    /// The other one, and what decides between them.
    pub(super) fn beside(&self) -> Option<&Beside> {
        self.beside.as_ref()
    }

    /// The core that answers.
    pub(super) fn serves(&self) -> Core {
        match &self.beside {
            Some(beside) if beside.serves_old.load(Ordering::Relaxed) => Core::Old,
            _ => Core::New,
        }
    }

    /// Answers from this core from now on.
    pub(super) fn serve(&self, now: Millis, core: Core) {
        let Some(beside) = &self.beside else { return };
        let (mut own, mut old) = (self.own.lock(), beside.old.lock());
        beside.serves_old.store(core == Core::Old, Ordering::Relaxed);
        let place = |of| if of == core { Place::Awake } else { Place::Asleep };
        own.set_place(now, place(Core::New));
        old.set_place(now, place(Core::Old));
    }

    pub(super) fn next_deadline(&self) -> Option<Millis> {
        let deadline = |core| self.of(core).lock().next_deadline();
        let upgrade = self.beside.as_ref().map(|beside| beside.engine.lock().next_deadline());
        self.all().filter_map(deadline).chain(upgrade).min()
    }
}

/// How the version upgrades.
pub(super) fn rules(quirks: &Quirks) -> UpgradeRules {
    UpgradeRules { converts: quirks.upgrade.converts }
}

impl Node {
    /// The core that answers: on a member of 2.0.x that is not upgraded that of 1.x.
    pub fn serves(&self) -> Core {
        self.cores.serves()
    }

    /// Runs an operation that changes something in the core that answers: its value, and the
    /// receipt of what must be durable before the caller is answered.
    pub fn change<T>(
        &self,
        operation: impl FnOnce(&mut Registry, Millis) -> Result<(T, Vec<Effect>), Refusal>,
    ) -> Result<(T, Option<Receipt>), Refusal> {
        self.change_in(self.serves(), operation)
    }

    /// The same in one of the cores; where there is one, in that.
    pub fn change_in<T>(
        &self,
        core: Core,
        operation: impl FnOnce(&mut Registry, Millis) -> Result<(T, Vec<Effect>), Refusal>,
    ) -> Result<(T, Option<Receipt>), Refusal> {
        let now = self.now();
        let mut registry = self.cores.of(core).lock();
        let done = operation(&mut registry, now);
        let deadline = registry.next_deadline();
        let receipt = match &done {
            Ok((_, effects)) if !effects.is_empty() => {
                registry.note_writes(effects);
                self.begin_writes(effects)
            }
            _ => None,
        };
        let switches = self.note_switches(&registry);
        drop(registry);
        self.share_switches(core, switches);
        self.wake_before(deadline);
        let (value, mut effects) = done?;
        let agreed = self.have_agreed(&effects)?;
        let published = self.publish_effects(&mut effects)?;
        self.run(effects);
        Ok((value, published.or(agreed).or(receipt)))
    }

    /// Runs an operation that only reads, or changes nothing but caches and subscriptions.
    pub fn read<T>(&self, operation: impl FnOnce(&mut Registry, Millis) -> T) -> T {
        self.read_in(self.serves(), operation)
    }

    /// The same in one of the cores; where there is one, in that.
    pub fn read_in<T>(&self, core: Core, operation: impl FnOnce(&mut Registry, Millis) -> T) -> T {
        let now = self.now();
        let mut registry = self.cores.of(core).lock();
        let value = operation(&mut registry, now);
        let deadline = registry.next_deadline();
        drop(registry);
        self.wake_before(deadline);
        value
    }

    /// Counts something in every core there is.
    pub(super) fn count_in_all(&self, count: impl Fn(&Registry) -> u64) -> u64 {
        self.cores.all().map(|core| self.read_in(core, |registry, _| count(registry))).sum()
    }

    /// Changes a core as other members say; what follows is for the caller to run.
    pub(super) fn told(
        &self,
        core: Core,
        change: impl FnOnce(&mut Registry) -> Vec<Effect>,
    ) -> (Vec<Effect>, Option<Receipt>) {
        let mut registry = self.cores.of(core).lock();
        let effects = change(&mut registry);
        registry.note_writes(&effects);
        let receipt = self.begin_writes(&effects);
        let switches = self.note_switches(&registry);
        let deadline = registry.next_deadline();
        drop(registry);
        self.share_switches(core, switches);
        self.wake_before(deadline);
        (effects, receipt)
    }

    /// Does what is due in a core, a bounded part of it; true when there is more.
    pub(super) fn tick_core(&self, core: Core, now: Millis) -> bool {
        let (mut effects, receipt) = self.told(core, |registry| registry.tick(now, TIMERS_AT_ONCE));
        // What a timer writes is durable a moment later; nobody waits for it.
        drop(receipt);
        self.have_agreed_later(&effects);
        self.publish_later(&mut effects);
        self.run(effects);
        self.cores.of(core).lock().next_deadline().is_some_and(|due| due <= now)
    }

    /// Queues what must be durable, in the order of the registry's changes.
    fn begin_writes(&self, effects: &[Effect]) -> Option<Receipt> {
        let writes: Vec<StoreWrite> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Store(write) => Some(write.clone()),
                _ => None,
            })
            .collect();
        (!writes.is_empty()).then(|| self.config.store.begin(&writes))
    }

    /// Follows the switches of a registry. Where there is another one that does not know them yet,
    /// they are given back for it.
    fn note_switches(&self, registry: &Registry) -> Option<SharedSwitches> {
        self.note_restriction(registry);
        let beside = self.cores.beside()?;
        let shared = beside.shared.swap(registry.switched(), Ordering::Relaxed);
        (shared != registry.switched()).then(|| registry.shared_switches())
    }

    fn share_switches(&self, from: Core, switches: Option<SharedSwitches>) {
        let Some(switches) = switches else { return };
        let to = if from == Core::Old { Core::New } else { Core::Old };
        let mut registry = self.cores.of(to).lock();
        registry.share_switches(self.now(), switches);
    }

    /// Writes only what changed, so that the line stays shared between the workers.
    pub(super) fn note_restriction(&self, registry: &Registry) {
        let restricted = registry.is_restricted();
        if restricted != self.is_restricted() {
            self.restricted.store(restricted, Ordering::Relaxed);
        }
        if let Some(peering) = &self.peering {
            peering.follow_switch(registry.switches().distro_enabled);
        }
    }
}
