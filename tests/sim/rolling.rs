//! Deployments that are upgraded to 2.0.x and rolled back, as far as members decide it: who is
//! there, which versions they name, who is ready (`rolling-upgrade-and-rollback-1.1.4-2.0.2`,
//! `roll-one-node-back-from-2.0.2`, `shrink-and-expand-2.0.2`, `all-2.0.2-boot`).

use crate::node::{Action, Ask, Boot, Outcome, Reply, SETTINGS, Served, Shown, SimNode};
use crate::script::Op;
use crate::world::World;
use facos::model::{MemberId, Millis, PeerAnswer, PeerCall, PeerFailure, ServiceKey};
use facos::peers::members::{MemberReport, StatusReport, Turn};
use facos::peers::upgrade::{
    BothCores, Core, Counts, Fellow, Upgrade, UpgradeEffect, UpgradeRules,
};
use facos::peers::{Effect, Mapper, Members, Token};
use facos::profile::{Generation, MembersProtocol};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a node runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// 1.x, with its answer to reports of 2.x: 1.1.4 protects what it does not know (401), 1.2.1
    /// does not find it (404).
    Old(u16),
    /// 2.0.x, whose double write works or not.
    New { converts: bool },
}

const V1_1_4: Version = Version::Old(401);
const V1_2_1: Version = Version::Old(404);
const RELEASED: Version = Version::New { converts: false };
const REPAIRED: Version = Version::New { converts: true };

impl Version {
    fn name(self) -> Option<String> {
        matches!(self, Self::New { .. }).then(|| "2.0.2".to_owned())
    }
}

/// Which version starts where, and how many instances there are.
#[derive(Debug, Default)]
struct Plan {
    versions: BTreeMap<MemberId, Version>,
    instances: usize,
}

type SharedPlan = Rc<RefCell<Plan>>;

/// One service with the plan's instances.
struct Cores {
    old: usize,
    new: usize,
}

impl BothCores for Cores {
    fn counts(&mut self, core: Core) -> Counts {
        let instances = if core == Core::Old { self.old } else { self.new };
        Counts { services: usize::from(instances > 0), instances }
    }
    fn has_old(&mut self, _: &ServiceKey) -> bool {
        self.old > 0
    }
    fn differing(&mut self) -> Vec<(ServiceKey, bool)> {
        let service = ServiceKey { namespace: "public".into(), name: "g@@s".into() };
        (self.old != self.new).then_some((service, true)).into_iter().collect()
    }
    fn only_new(&mut self) -> Vec<(ServiceKey, bool)> {
        Vec::new()
    }
}

struct RollingNode {
    own: MemberId,
    version: Version,
    members: Members,
    upgrade: Upgrade,
    cores: Cores,
    upgraded: bool,
}

impl RollingNode {
    fn is_new(&self) -> bool {
        self.version.name().is_some()
    }

    fn turned(&mut self, now: Millis, turn: Turn) -> Vec<Action> {
        for id in turn.touched {
            let version = self.members.member(&id).and_then(|known| known.version.clone());
            let effects = self.upgrade.member_changed(Generation::of(version.as_deref()));
            self.follow(now, effects);
        }
        let call = |effect| match effect {
            Effect::Call { to, call, token } => Some(Action::Call { to, call, token }),
            Effect::TakeClients(_) => None,
        };
        turn.effects.into_iter().filter_map(call).collect()
    }

    fn follow(&mut self, now: Millis, effects: Vec<UpgradeEffect>) {
        for effect in effects {
            match effect {
                UpgradeEffect::Ready(ready) => self.members.set_ready(now, ready),
                UpgradeEffect::Keep(upgraded) => self.upgraded = upgraded,
                UpgradeEffect::Copy(copying) if copying.to == Core::New => {
                    self.cores.new = self.cores.old;
                }
                UpgradeEffect::Copy(_) => self.cores.old = self.cores.new,
                UpgradeEffect::Serve(_)
                | UpgradeEffect::RefreshLists
                | UpgradeEffect::StopOldRaft
                | UpgradeEffect::BeginOldRaft
                | UpgradeEffect::DropOld
                | UpgradeEffect::MakeOld(_) => {}
            }
        }
    }
}

impl SimNode for RollingNode {
    const FAMILY: &'static str = "rolling";
    const FORGETS_TERMS: bool = true;
    const MENDS: bool = true;
    const IN_ORDER: bool = false;
    /// Whether it is upgraded.
    type Kept = bool;
    type Shared = SharedPlan;

    fn boot(boot: Boot<'_, Self>) -> Self {
        let Boot { own, listed, settled, kept, shared, now, .. } = boot;
        let plan = shared.borrow();
        let version_of = |id: &MemberId| plan.versions.get(id).copied().unwrap_or(V1_1_4);
        let version = version_of(&own);
        let protocol = match version {
            Version::Old(_) => MembersProtocol::Reports,
            Version::New { .. } => MembersProtocol::Rounds,
        };
        let mut members = Members::new(own.clone(), listed.clone(), protocol, now);
        if settled {
            let report = |from: &MemberId| {
                let version = version_of(from).name();
                MemberReport { from: from.clone(), version, ready: None }
            };
            members.settle(now, listed.iter().map(report).collect());
        }
        // A node names its own version; how it came by what the others hold is not looked at.
        let report = MemberReport { from: own.clone(), version: version.name(), ready: None };
        members.report_heard(now, report);
        let converts = version == REPAIRED;
        let upgrade = Upgrade::new(now, UpgradeRules { converts }, kept);
        let cores = Cores { old: plan.instances, new: if kept { plan.instances } else { 0 } };
        Self { own, version, members, upgrade, cores, upgraded: kept }
    }

    fn kept(&self) -> bool {
        self.upgraded
    }

    fn killed(&self, _: &SharedPlan, _: Millis) {}

    fn list(&mut self, now: Millis, listed: Vec<MemberId>) -> Vec<Action> {
        let turn = self.members.list(now, listed);
        self.turned(now, turn)
    }

    fn reaches_majority(&self, _: &SharedPlan, _: Millis, _: bool) {}

    fn next_deadline(&self) -> Millis {
        let members = self.members.next_deadline();
        if self.is_new() { members.min(self.upgrade.next_deadline()) } else { members }
    }

    fn tick(&mut self, now: Millis) -> Vec<Action> {
        let turn = self.members.tick(now, &SETTINGS);
        let actions = self.turned(now, turn);
        if self.is_new() {
            let fellows = Fellow::all(&self.members);
            let effects = self.upgrade.tick(now, &mut self.cores, &fellows, true);
            self.follow(now, effects);
        }
        actions
    }

    fn call(&mut self, now: Millis, call: PeerCall, _: u64) -> (Reply, Vec<Action>) {
        let refused = |status| Err(PeerFailure::Status { status, body: String::new() });
        let (outcome, turn) = match (call, self.version) {
            (PeerCall::ServerStatus { from, at, weight }, version) => {
                let report = StatusReport { from, said: at, weight };
                let turn = match version {
                    Version::Old(_) => {
                        self.members.status_heard(now, &report).map(|()| Turn::default())
                    }
                    Version::New { .. } => self.members.old_status_heard(now, &report),
                };
                (Ok(PeerAnswer::Done), turn.unwrap_or_default())
            }
            (PeerCall::Report(card), Version::New { .. }) => {
                let version = REPAIRED.name();
                let report = MemberReport { from: card.id, version, ready: card.ready };
                let turn = self.members.report_heard(now, report).unwrap_or_default();
                (Ok(PeerAnswer::Done), turn)
            }
            (PeerCall::Report(_), Version::Old(status)) => (refused(status), Turn::default()),
            _ => (refused(404), Turn::default()),
        };
        let actions = self.turned(now, turn);
        (Reply::Now(outcome), actions)
    }

    fn answered(&mut self, now: Millis, token: Token, outcome: Outcome) -> Vec<Action> {
        let turn = self.members.answered(now, token.number, &outcome);
        self.turned(now, turn)
    }

    fn ask(&mut self, _: Millis, _: &Ask, _: bool, _: u64) -> (Served, Vec<Action>) {
        (Served::Refused, Vec::new())
    }

    fn spoil(&mut self, _: Millis) {}

    fn forgot(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    fn shown(&self) -> Shown {
        Shown::new()
    }

    fn values(&self) -> BTreeMap<u8, i32> {
        BTreeMap::new()
    }

    fn mapper(&self) -> Mapper {
        Mapper::new(self.own.clone(), self.members.healthy().to_vec(), true)
    }

    fn leads(&self) -> Option<i64> {
        None
    }

    fn waiting(&self) -> usize {
        self.upgrade.waiting()
    }
}

/// Three nodes of a version that know each other, and a newcomer's place.
fn deployment(version: Version, instances: usize) -> World<RollingNode> {
    let plan = Plan { versions: BTreeMap::new(), instances };
    let plan = Rc::new(RefCell::new(plan));
    let world = World::<RollingNode>::with(3, 1, plan, |shared, id| {
        shared.borrow_mut().versions.insert(id.clone(), version);
    });
    assert_eq!(world.running(), [0, 1, 2]);
    world
}

/// Kills a node and starts it 2 s later as another version.
fn replace(world: &mut World<RollingNode>, node: usize, version: Version) {
    world.play(Op::Kill(node));
    world.run(2_000, &mut |_| ());
    let id = world.places[node].id.clone();
    // Each version has a data folder of its own.
    world.places[node].kept = false;
    world.shared.borrow_mut().versions.insert(id, version);
    world.play(Op::Restart(node));
}

fn upgraded(world: &World<RollingNode>) -> Vec<bool> {
    let serves_new = |node: &RollingNode| node.upgrade.serves() == Core::New;
    world.nodes().map(|(_, node)| node.is_new() && serves_new(node)).collect()
}

/// After how many ms it is so, looked at each 100 ms.
fn until(
    world: &mut World<RollingNode>,
    most_ms: u64,
    is_so: impl Fn(&World<RollingNode>) -> bool,
) -> Option<u64> {
    (0..most_ms / 100).map(|step| step * 100).find(|_| {
        world.run(100, &mut |_| ());
        is_so(world)
    })
}

#[test]
fn a_rolling_upgrade_ends_when_the_last_member_is_in_and_its_copies_are() {
    let mut world = deployment(V1_1_4, 18);
    for node in 0..3 {
        world.run(45_000, &mut |world| assert!(!upgraded(world).contains(&true)));
        replace(&mut world, node, REPAIRED);
    }
    // Measured: 16 to 22 s from when the last is up.
    let done = until(&mut world, 60_000, |world| upgraded(world) == [true; 3]);
    assert!(done.is_some_and(|ms| (5_000..=25_000).contains(&ms)), "{done:?}");
    world.run(60_000, &mut |world| assert_eq!(upgraded(world), [true; 3]));
}

#[test]
fn as_released_a_rolling_upgrade_with_instances_never_ends_and_an_empty_one_does() {
    for (instances, ends) in [(18, false), (0, true)] {
        let mut world = deployment(V1_1_4, instances);
        for node in 0..3 {
            replace(&mut world, node, RELEASED);
        }
        let done = until(&mut world, 300_000, |world| upgraded(world) == [true; 3]);
        assert_eq!(done.is_some(), ends, "{done:?}");
        // Measured on an empty deployment: 2 to 13 s.
        assert!(done.is_none_or(|ms| ms <= 15_000), "{done:?}");
    }
}

#[test]
fn one_node_rolled_back_to_1_2_1_takes_everybody_back_and_to_1_1_4_it_stands_alone() {
    for (version, turns_back) in [(V1_2_1, true), (V1_1_4, false)] {
        let mut world = deployment(REPAIRED, 18);
        assert!(until(&mut world, 60_000, |world| upgraded(world) == [true; 3]).is_some());
        replace(&mut world, 2, version);
        // Measured: about 8 s on 1.2.1, and not within three minutes on 1.1.4.
        let back = until(&mut world, 180_000, |world| upgraded(world) == [false; 3]);
        assert_eq!(back.is_some_and(|ms| ms <= 10_000), turns_back, "{back:?}");
        world.run(30_000, &mut |_| ());
        let healthy: Vec<usize> = world.nodes().map(|(_, n)| n.members.healthy().len()).collect();
        assert_eq!(healthy, if turns_back { [3, 3, 3] } else { [2, 2, 1] });
    }
}

#[test]
fn listing_a_member_that_does_not_run_turns_everybody_back_at_once() {
    let mut world = deployment(REPAIRED, 18);
    assert!(until(&mut world, 60_000, |world| upgraded(world) == [true; 3]).is_some());
    world.play(Op::Grow);
    world.play(Op::Kill(3));
    // A report goes to one other in turn, so that the third round has met it.
    let back = until(&mut world, 10_000, |world| upgraded(world) == [false; 3]);
    assert!(back.is_some_and(|ms| ms <= 6_000), "{back:?}");
}
