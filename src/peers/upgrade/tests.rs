//! One member through upgrades, rollbacks and their accidents; every list of effects is compared
//! whole.

use super::UpgradeEffect::{
    BeginOldRaft, Copy, DropOld, Keep, Ready, RefreshLists, Serve, StopOldRaft,
};
use super::*;

/// A full quarter of a minute, when the cron has just counted.
const START: Millis = Millis(1_600_000_005_000);
const REPAIRED: UpgradeRules = UpgradeRules { converts: true };
const RELEASED: UpgradeRules = UpgradeRules { converts: false };
const OLD: Fellow = Fellow { generation: Generation::Old, ready: None };
const READY: Fellow = Fellow { generation: Generation::New, ready: Some(true) };

fn service(name: &str) -> ServiceKey {
    ServiceKey { namespace: "public".into(), name: name.into() }
}

/// One service in the core of 1.x with some instances, and what was copied of them.
#[derive(Default)]
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
        let differs = self.old > 0 && self.old != self.new;
        differs.then(|| (service("g@@s"), true)).into_iter().collect()
    }
    fn only_new(&mut self) -> Vec<(ServiceKey, bool)> {
        let only = self.old == 0 && self.new > 0;
        only.then(|| (service("g@@s"), true)).into_iter().collect()
    }
}

fn copying(to: Core, what: ServicePart) -> Copying {
    Copying { to, service: service("g@@s"), ephemeral: true, what }
}

/// Ticks at every deadline up to a time, does the copies, and says what else came of it and when.
fn pass(
    upgrade: &mut Upgrade,
    cores: &mut Cores,
    fellows: &[Fellow],
    until_ms: u64,
) -> Vec<(u64, UpgradeEffect)> {
    let mut seen = Vec::new();
    while upgrade.next_deadline() <= START + until_ms {
        let now = upgrade.next_deadline();
        for effect in upgrade.tick(now, cores, fellows, true) {
            match effect {
                Copy(Copying { to: Core::New, .. }) => cores.new = cores.old,
                Copy(Copying { to: Core::Old, .. }) => cores.old = cores.new,
                _ => seen.push((now.since(START), effect)),
            }
        }
    }
    seen
}

fn turned(at: u64) -> [(u64, UpgradeEffect); 3] {
    [(at, Serve(Core::New)), (at, Keep(true)), (at, RefreshLists)]
}

#[test]
fn an_empty_deployment_is_upgraded_as_soon_as_everybody_is_new_and_ready() {
    let mut upgrade = Upgrade::new(START, RELEASED, false);
    let mut cores = Cores::default();
    let silent = Fellow { ready: None, ..READY };
    let seen = pass(&mut upgrade, &mut cores, &[READY, silent], 5_000);
    assert_eq!(seen, [(100, Ready(true)), (5_000, StopOldRaft)]);
    assert_eq!(upgrade.serves(), Core::Old);
    assert_eq!(pass(&mut upgrade, &mut cores, &[READY, READY], 5_100), turned(5_100));
    assert_eq!((upgrade.serves(), upgrade.uses_jraft()), (Core::New, true));
    assert_eq!(pass(&mut upgrade, &mut cores, &[READY, READY], 60_000), []);
}

#[test]
fn a_member_among_old_ones_copies_and_waits_and_turns_when_the_last_is_new() {
    let mut upgrade = Upgrade::new(START, REPAIRED, false);
    let mut cores = Cores { old: 18, new: 0 };
    // Not ready, so what differs is copied; the services of 2.x are counted each 15 s.
    let seen = pass(&mut upgrade, &mut cores, &[OLD, OLD], 60_000);
    assert_eq!(seen, [(100, Ready(false)), (15_100, Ready(true))]);
    assert_eq!((cores.new, upgrade.counted_services()), (18, 1));
    let almost = Fellow { ready: Some(false), ..READY };
    assert_eq!(upgrade.member_changed(Generation::New), []);
    assert!(upgrade.is_all_new());
    let seen = pass(&mut upgrade, &mut cores, &[READY, almost], 70_000);
    assert_eq!(seen, [(65_000, StopOldRaft)]);
    assert_eq!(pass(&mut upgrade, &mut cores, &[READY, READY], 75_000), turned(70_100));
}

#[test]
fn as_released_a_deployment_with_instances_is_never_ready() {
    let mut upgrade = Upgrade::new(START, RELEASED, false);
    let mut cores = Cores { old: 18, new: 0 };
    let seen = pass(&mut upgrade, &mut cores, &[READY, READY], 600_000);
    assert_eq!(seen, [(100, Ready(false)), (5_000, StopOldRaft)]);
    assert_eq!((cores.new, upgrade.waiting(), upgrade.counted_services()), (0, 1, 0));
    assert_eq!(upgrade.serves(), Core::Old);
}

#[test]
fn a_change_is_copied_a_second_after_the_last_one_and_once() {
    let mut upgrade = Upgrade::new(START, REPAIRED, false);
    let mut cores = Cores { old: 1, new: 1 };
    let name = service("g@@s");
    for after_ms in [10, 300, 905] {
        upgrade.changed(START + after_ms, Core::Old, &name, true, ServicePart::Instances);
    }
    upgrade.changed(START + 905, Core::New, &name, true, ServicePart::Instances);
    assert_eq!(upgrade.waiting(), 1);
    assert_eq!(upgrade.tick(START + 1_999, &mut cores, &[OLD], true), [Ready(false)]);
    let copied = upgrade.tick(START + 2_000, &mut cores, &[OLD], true);
    assert_eq!(copied, [Copy(copying(Core::New, ServicePart::Instances))]);
    assert_eq!(upgrade.waiting(), 0);
}

#[test]
fn what_waits_together_is_joined_and_a_removal_outweighs_the_rest() {
    let name = service("g@@s");
    for (second, joined) in [
        (ServicePart::Instances, ServicePart::Instances),
        (ServicePart::Settings, ServicePart::All),
        (ServicePart::Removal, ServicePart::Removal),
    ] {
        let mut upgrade = Upgrade::new(START, REPAIRED, false);
        let mut cores = Cores { old: 1, new: 1 };
        upgrade.changed(START, Core::Old, &name, true, ServicePart::Instances);
        upgrade.changed(START, Core::Old, &name, true, second);
        let mut effects = upgrade.tick(START + 1_000, &mut cores, &[OLD], true);
        assert_eq!(effects.pop(), Some(Copy(copying(Core::New, joined))));
    }
}

#[test]
fn a_service_that_is_gone_by_then_is_not_copied() {
    let mut upgrade = Upgrade::new(START, REPAIRED, false);
    let name = service("g@@s");
    upgrade.changed(START, Core::Old, &name, true, ServicePart::All);
    let effects = upgrade.tick(START + 1_000, &mut Cores::default(), &[OLD], true);
    assert_eq!((effects, upgrade.waiting()), (vec![Ready(false)], 0));
}

#[test]
fn a_copy_that_could_not_be_done_is_tried_again_a_second_later() {
    let mut upgrade = Upgrade::new(START, REPAIRED, false);
    let mut cores = Cores { old: 1, new: 1 };
    upgrade.copy_failed(START + 50, copying(Core::New, ServicePart::Settings));
    assert_eq!(upgrade.tick(START + 1_050, &mut cores, &[OLD], true), [Ready(false)]);
    let again = upgrade.tick(START + 1_100, &mut cores, &[OLD], true);
    assert_eq!(again, [Copy(copying(Core::New, ServicePart::Settings))]);
}

#[test]
fn an_upgraded_member_copies_back_and_one_among_new_ones_no_longer_forth() {
    let name = service("g@@s");
    let mut cores = Cores { old: 1, new: 1 };
    let mut upgrade = Upgrade::new(START, REPAIRED, true);
    upgrade.changed(START, Core::Old, &name, true, ServicePart::Instances);
    upgrade.changed(START, Core::New, &name, true, ServicePart::Instances);
    let effects = upgrade.tick(START + 1_000, &mut cores, &[READY], true);
    assert_eq!(effects, [Copy(copying(Core::Old, ServicePart::Instances))]);
    let mut waiting = Upgrade::new(START, REPAIRED, false);
    assert_eq!(waiting.member_changed(Generation::New), []);
    waiting.changed(START, Core::Old, &name, true, ServicePart::Instances);
    assert_eq!(waiting.waiting(), 0);
}

#[test]
fn an_old_member_turns_everybody_back_at_once() {
    let mut upgrade = Upgrade::new(START, REPAIRED, true);
    assert_eq!(pass(&mut upgrade, &mut Cores::default(), &[READY], 5_000), [(5_000, StopOldRaft)]);
    let back = upgrade.member_changed(Generation::Old);
    assert_eq!(back, [Serve(Core::Old), Keep(false), BeginOldRaft]);
    assert_eq!((upgrade.is_all_new(), upgrade.uses_jraft()), (false, false));
    // One that is back already has nothing more to do.
    assert_eq!(upgrade.member_changed(Generation::Old), []);
    // The old raft stops again once everybody is new, and the upgrade begins anew.
    upgrade.member_changed(Generation::New);
    let seen = pass(&mut upgrade, &mut Cores::default(), &[READY], 10_100);
    let [serve, keep, refresh] = turned(5_100);
    assert_eq!(seen, [(5_100, Ready(true)), serve, keep, refresh, (10_000, StopOldRaft)]);
}

#[test]
fn a_member_with_jraft_takes_only_the_cores_back() {
    let mut upgrade = Upgrade::new(START, REPAIRED, true);
    assert_eq!(upgrade.member_changed(Generation::Jraft), [Serve(Core::Old)]);
    assert!(upgrade.uses_jraft());
}

#[test]
fn closing_double_write_leaves_nothing_of_1_x_and_no_way_back() {
    let mut upgrade = Upgrade::new(START, RELEASED, false);
    let mut cores = Cores { old: 18, new: 0 };
    assert_eq!(pass(&mut upgrade, &mut cores, &[OLD], 4_999), [(100, Ready(false))]);
    assert_eq!(upgrade.waiting(), 1);
    let closed = upgrade.tick(START + 5_000, &mut cores, &[OLD], false);
    assert_eq!(closed, [Serve(Core::New), Keep(true), DropOld, StopOldRaft]);
    assert_eq!(upgrade.waiting(), 0);
    assert_eq!(upgrade.member_changed(Generation::Old), []);
    upgrade.changed(START + 5_000, Core::New, &service("g@@s"), true, ServicePart::All);
    upgrade.copy_failed(START + 5_000, copying(Core::Old, ServicePart::All));
    assert_eq!(upgrade.waiting(), 0);
    assert_eq!(upgrade.tick(START + 10_000, &mut cores, &[OLD], false), []);
    assert_eq!(upgrade.serves(), Core::New);
}

#[test]
fn what_only_the_new_core_has_is_removed_there() {
    let mut upgrade = Upgrade::new(START, RELEASED, false);
    let mut cores = Cores { old: 0, new: 3 };
    let seen = pass(&mut upgrade, &mut cores, &[OLD], 30_000);
    assert_eq!(seen, [(100, Ready(false)), (5_100, Ready(true))]);
    assert_eq!(cores.new, 0);
}

#[test]
fn what_could_not_be_converted_waits_and_is_copied_when_the_version_is_repaired() {
    let mut upgrade = Upgrade::new(START, RELEASED, true);
    let mut cores = Cores { old: 0, new: 3 };
    upgrade.changed(START, Core::New, &service("g@@s"), true, ServicePart::Instances);
    let seen = pass(&mut upgrade, &mut cores, &[READY], 4_000);
    assert_eq!(seen, [(1_000, UpgradeEffect::MakeOld(service("g@@s")))]);
    assert_eq!((cores.old, upgrade.waiting()), (0, 1));
    upgrade.set_rules(START + 4_000, REPAIRED);
    assert_eq!(pass(&mut upgrade, &mut cores, &[READY], 5_000), [(5_000, StopOldRaft)]);
    assert_eq!((cores.old, upgrade.waiting()), (3, 0));
}
