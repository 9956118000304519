//! The upgrade of a deployment from 1.x to 2.0.x as each member of 2.0.x goes through it
//! (`UpgradeJudgement`; `naming-2.0.2.md` §2; `rolling-upgrade-and-rollback-1.1.4-2.0.2`).
//!
//! A member of 2.0.x has both cores. It begins with that of 1.x, copies every change to the other
//! ([`double_write`]), says that it is ready when both hold as much, and turns to the core of 2.x
//! when all members said so. From then on changes are copied back, until an operator closes that.
//! A member of 1.x that comes back, or one without a version that is only listed, turns everybody
//! back at once.

pub mod double_write;
#[cfg(test)]
mod tests;

use crate::model::{MemberId, Millis, ServiceKey, ServicePart};
use crate::peers::members::Members;
use crate::profile::Generation;
use double_write::{Copying, DoubleWrite};

/// From the start to the first look at readiness, ms.
const FIRST_CHECK_MS: u64 = 100;
/// From one look to the next: readiness, versions, the switch, ms.
const CHECK_MS: u64 = 5_000;
/// The number of services of 2.x is counted by a cron with this period, ms.
const COUNT_MS: u64 = 15_000;

/// One of the two cores of a member of 2.0.x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Core {
    /// That of 1.x, where services own their instances.
    Old,
    /// That of 2.x, where clients do.
    New,
}

/// How a version upgrades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpgradeRules {
    /// Whether it can turn an instance of one core into one of the other. 2.0.2 as released can
    /// not: its converters exclude themselves, every copy fails and is tried again each second,
    /// and a deployment with instances is never ready (public issues 6109, 6186).
    pub converts: bool,
}

/// Another member, as far as the upgrade is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fellow {
    /// Which protocols it speaks.
    pub generation: Generation,
    /// Whether it says that it is ready; `None` when it says nothing of it.
    pub ready: Option<bool>,
}

impl Fellow {
    /// Everybody else on a member's list, as it sees them.
    pub fn all(members: &Members) -> Vec<Self> {
        let others = members.listed().iter().filter(|id| *id != members.own());
        let fellow = |id: &MemberId| {
            let known = members.member(id);
            let version = known.and_then(|known| known.version.as_deref());
            let ready = known.and_then(|known| known.ready);
            Self { generation: Generation::of(version), ready }
        };
        others.map(fellow).collect()
    }
}

/// How much a core holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Services.
    pub services: usize,
    /// Instances.
    pub instances: usize,
}

/// What the engine asks about the two cores.
pub trait BothCores {
    /// How much one of them holds.
    fn counts(&mut self, core: Core) -> Counts;
    /// Whether the core of 1.x has the service.
    fn has_old(&mut self, service: &ServiceKey) -> bool;
    /// Services of 1.x that have another number of instances in 2.x; true for those without
    /// persistent instances.
    fn differing(&mut self) -> Vec<(ServiceKey, bool)>;
    /// Services that only the core of 2.x has; true for ephemeral ones.
    fn only_new(&mut self) -> Vec<(ServiceKey, bool)>;
}

/// What the engine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpgradeEffect {
    /// Answer from this core from now on.
    Serve(Core),
    /// Keep on disk whether the member is upgraded.
    Keep(bool),
    /// Tell the other members whether this one is ready.
    Ready(bool),
    /// Render every list of 2.x anew.
    RefreshLists,
    /// The old raft stops and answers that it did.
    StopOldRaft,
    /// The old raft begins anew.
    BeginOldRaft,
    /// Forget all that the core of 1.x holds.
    DropOld,
    /// Copy from one core to the other.
    Copy(Copying),
    /// Make a service of 1.x with nothing in it: a copy began and could not go on.
    MakeOld(ServiceKey),
}

/// The engine of one member.
#[derive(Debug)]
pub struct Upgrade {
    rules: UpgradeRules,
    serves: Core,
    jraft: bool,
    /// The member that was heard of last is new: all that anybody ever asks for.
    all_new: bool,
    ready: Option<bool>,
    old_raft_stopped: bool,
    closed: bool,
    copies: DoubleWrite,
    counted_services: usize,
    check_at: Millis,
    count_at: Millis,
    look_at: Millis,
}

impl Upgrade {
    /// The engine of a member that starts now; `upgraded` is what it kept on disk.
    pub fn new(now: Millis, rules: UpgradeRules, upgraded: bool) -> Self {
        Self {
            rules,
            serves: if upgraded { Core::New } else { Core::Old },
            jraft: upgraded,
            all_new: upgraded,
            ready: None,
            old_raft_stopped: false,
            closed: false,
            copies: DoubleWrite::default(),
            counted_services: 0,
            check_at: now + FIRST_CHECK_MS,
            count_at: next_count(now),
            look_at: now + CHECK_MS,
        }
    }

    /// The member has been upgraded for a while: nothing of 1.x runs any more.
    pub fn settle(&mut self) {
        self.old_raft_stopped = true;
    }

    /// The version behaves in another way from now on.
    pub fn set_rules(&mut self, now: Millis, rules: UpgradeRules) {
        self.rules = rules;
        self.copies.resume(now);
    }

    /// Whether the old raft has stopped.
    pub fn has_stopped_old_raft(&self) -> bool {
        self.old_raft_stopped
    }

    /// The core that answers.
    pub fn serves(&self) -> Core {
        self.serves
    }

    /// `isAll20XVersion` of the metrics.
    pub fn is_all_new(&self) -> bool {
        self.all_new
    }

    /// Whether persistent data goes through JRaft.
    pub fn uses_jraft(&self) -> bool {
        self.jraft
    }

    /// What it says of itself in reports; nothing before its first look and none when it started
    /// upgraded.
    pub fn ready(&self) -> Option<bool> {
        self.ready
    }

    /// `doubleWriteDelayTaskCount` of the metrics.
    pub fn waiting(&self) -> usize {
        self.copies.len()
    }

    /// `serviceCountV2` of the metrics, which is up to 15 s old.
    pub fn counted_services(&self) -> usize {
        self.counted_services
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Millis {
        let first = self.count_at.min(self.look_at);
        let check = (self.serves == Core::Old && !self.closed).then_some(self.check_at);
        [check, self.copies.next()].into_iter().flatten().fold(first, Millis::min)
    }

    /// Something of a member changed: its state, its version, its readiness. A change of the list
    /// alone is none.
    pub fn member_changed(&mut self, generation: Generation) -> Vec<UpgradeEffect> {
        if self.closed {
            return Vec::new();
        }
        self.all_new = generation == Generation::New;
        if self.all_new { Vec::new() } else { self.turn_back(generation == Generation::Jraft) }
    }

    fn turn_back(&mut self, jraft: bool) -> Vec<UpgradeEffect> {
        let served = std::mem::replace(&mut self.serves, Core::Old);
        let used_jraft = std::mem::replace(&mut self.jraft, jraft);
        let mut effects = Vec::new();
        if served == Core::New {
            effects.push(UpgradeEffect::Serve(Core::Old));
        }
        if served == Core::New && used_jraft && !jraft {
            self.old_raft_stopped = false;
            effects.extend([UpgradeEffect::Keep(false), UpgradeEffect::BeginOldRaft]);
        }
        effects
    }

    /// Does what is due; `double_write` is the operator's switch.
    pub fn tick(
        &mut self,
        now: Millis,
        cores: &mut dyn BothCores,
        fellows: &[Fellow],
        double_write: bool,
    ) -> Vec<UpgradeEffect> {
        let mut effects = Vec::new();
        if self.count_at <= now {
            self.count_at = next_count(now);
            self.counted_services = cores.counts(Core::New).services;
        }
        if self.look_at <= now {
            self.look_at = next_turn(self.look_at, now);
            self.look_at_versions(fellows, &mut effects);
            if !double_write && !self.closed {
                self.close(&mut effects);
            }
        }
        if self.check_at <= now && !self.closed {
            self.check_at = next_turn(self.check_at, now);
            if self.serves == Core::Old {
                self.check(now, cores, fellows, &mut effects);
            }
        }
        while let Some(copying) = self.copies.pop_due(now) {
            self.copy(copying, cores, &mut effects);
        }
        effects
    }

    /// The old raft stops once, when every member has JRaft.
    fn look_at_versions(&mut self, fellows: &[Fellow], effects: &mut Vec<UpgradeEffect>) {
        let all = fellows.iter().all(|fellow| fellow.generation >= Generation::Jraft);
        if all && !self.old_raft_stopped {
            self.old_raft_stopped = true;
            effects.push(UpgradeEffect::StopOldRaft);
        }
    }

    /// An operator closed double write: there is no way back, and nothing of 1.x is left.
    fn close(&mut self, effects: &mut Vec<UpgradeEffect>) {
        self.closed = true;
        self.serves = Core::New;
        self.jraft = true;
        self.copies = DoubleWrite::default();
        effects.extend([
            UpgradeEffect::Serve(Core::New),
            UpgradeEffect::Keep(true),
            UpgradeEffect::DropOld,
        ]);
        if !std::mem::replace(&mut self.old_raft_stopped, true) {
            effects.push(UpgradeEffect::StopOldRaft);
        }
    }

    fn check(
        &mut self,
        now: Millis,
        cores: &mut dyn BothCores,
        fellows: &[Fellow],
        effects: &mut Vec<UpgradeEffect>,
    ) {
        let (old, new) = (cores.counts(Core::Old), cores.counts(Core::New));
        let ready = old.services == self.counted_services
            && old.instances == new.instances
            && self.copies.is_empty();
        if self.ready.replace(ready) != Some(ready) {
            effects.push(UpgradeEffect::Ready(ready));
        }
        if !ready {
            self.compare(now, cores);
        } else if fellows.iter().all(|fellow| fellow.ready == Some(true)) {
            self.serves = Core::New;
            self.jraft = true;
            effects.extend([
                UpgradeEffect::Serve(Core::New),
                UpgradeEffect::Keep(true),
                UpgradeEffect::RefreshLists,
            ]);
        }
    }

    /// What differs is copied again (`AsyncServicesCheckTask`).
    fn compare(&mut self, now: Millis, cores: &mut dyn BothCores) {
        for (service, ephemeral) in cores.differing() {
            let what = ServicePart::Instances;
            self.copies.add(now, Copying { to: Core::New, service, ephemeral, what });
        }
        for (service, ephemeral) in cores.only_new() {
            let what = ServicePart::Removal;
            self.copies.add(now, Copying { to: Core::New, service, ephemeral, what });
        }
    }

    /// A service changed in one of the cores. It is copied to the other when the core that changed
    /// is the one that answers, and from 1.x only as long as not every member is new.
    pub fn changed(
        &mut self,
        now: Millis,
        core: Core,
        service: &ServiceKey,
        ephemeral: bool,
        what: ServicePart,
    ) {
        let copied = core == self.serves && (core == Core::New || !self.all_new);
        if copied && !self.closed {
            let to = if core == Core::Old { Core::New } else { Core::Old };
            self.copies.add(now, Copying { to, service: service.clone(), ephemeral, what });
        }
    }

    /// A copy could not be done: it is tried again.
    pub fn copy_failed(&mut self, now: Millis, copying: Copying) {
        if !self.closed {
            self.copies.add(now, copying);
        }
    }

    fn copy(
        &mut self,
        copying: Copying,
        cores: &mut dyn BothCores,
        effects: &mut Vec<UpgradeEffect>,
    ) {
        let removes = copying.what == ServicePart::Removal;
        if copying.to == Core::New && !removes && !cores.has_old(&copying.service) {
            return;
        }
        if removes || self.rules.converts {
            effects.push(UpgradeEffect::Copy(copying));
        } else {
            let has_instances = copying.what != ServicePart::Settings;
            if copying.to == Core::Old && has_instances && !cores.has_old(&copying.service) {
                effects.push(UpgradeEffect::MakeOld(copying.service.clone()));
            }
            self.copies.park(copying);
        }
    }
}

/// When the cron counts next.
fn next_count(now: Millis) -> Millis {
    Millis((now.0 / COUNT_MS + 1) * COUNT_MS)
}

/// The next turn of what has a fixed rate.
fn next_turn(due: Millis, now: Millis) -> Millis {
    due + (now.since(due) / CHECK_MS + 1) * CHECK_MS
}
