//! Recorded time-lines (`fixtures/transcripts/cluster/timelines`): what real deployments went
//! through when a node died, came back, left or joined, while clients kept beating. Here the same
//! happens on a manual clock, and what the time-line shows must come about within what it states.
//! Those of 2.0.2 are in `tests/times_2x.rs`. Faults that nobody recorded are in `faults`.

mod clients;
mod faults;
mod no_quorum;
mod rolling;
mod upgrade;

use clients::{Habit, Scene};
use facos::Profile;
use std::time::Duration;

/// From one look to the next, ms.
const STEP_MS: u64 = 400;

/// `kill-and-return-1.1.4`: ownership moves to nodes whose copies know an old beat only.
#[test]
fn on_1_1_4_living_instances_vanish_when_a_node_dies_and_when_it_comes_back() {
    let mut scene = Scene::start("1.1.4", Habit::Query);
    scene.run(60_000);
    let killed = scene.now();
    scene.kill(0);
    let mut vanished = scene.watch(20_000, &[1, 2]);
    let left = vanished.left_healthy(1, 0).expect("a dead node leaves");
    assert!((8_000..=12_500).contains(&(left - killed)), "left after {}", left - killed);
    assert!(vanished.missing_before(left) == 0, "{vanished:?}");
    // 11 of 24 on the real ones, each for up to 5 s.
    assert!((4..=22).contains(&vanished.names().len()), "{:?}", vanished.names());
    assert!(vanished.longest_gap_ms() <= 5_000 + 2 * STEP_MS, "{}", vanished.longest_gap_ms());
    assert_eq!(scene.missing(1), 0);

    scene.run(50_000);
    scene.start_again(0, None);
    let back = scene.now();
    vanished = scene.watch(16_000, &[1, 2]);
    let healthy = vanished.joined_healthy(1, 0).expect("the node comes back");
    assert!(healthy - back <= 6_000, "healthy after {}", healthy - back);
    // 9 of 24 within 6 s of becoming healthy.
    assert!((3..=22).contains(&vanished.names().len()), "{:?}", vanished.names());
    scene.run(10_000);
    assert_eq!((scene.missing(0), scene.missing(1), scene.missing(2)), (0, 0, 0));
}

/// `kill-and-return-1.2.1`: health checks pause when members change, so that nothing expires.
#[test]
fn on_1_2_1_nothing_vanishes_when_a_node_dies_and_comes_back() {
    let mut scene = Scene::start("1.2.1", Habit::Light);
    scene.run(60_000);
    scene.kill(1);
    let vanished = scene.watch(40_000, &[0, 2]);
    assert_eq!(vanished.names().len(), 0, "{:?}", vanished.names());
    assert!(!scene.checks_health(0), "health checks pause");
    scene.run(30_000);
    scene.start_again(1, None);
    let vanished = scene.watch(50_000, &[0, 2]);
    assert_eq!(vanished.names().len(), 0, "{:?}", vanished.names());
    assert!(!scene.checks_health(0), "they pause for a minute after the return, too");
    scene.run(30_000);
    assert!(scene.checks_health(0), "and then go on");
    assert_eq!((scene.missing(0), scene.missing(1), scene.missing(2)), (0, 0, 0));
}

/// `shrink-and-expand-1.1.4`: a member leaves the list of the others, then its process ends.
#[test]
fn on_1_1_4_a_member_that_is_taken_off_the_list_is_missed_as_one_that_died() {
    let mut scene = Scene::start("1.1.4", Habit::Query);
    scene.use_nodes(&[0, 1]);
    scene.run(60_000);
    let begun = scene.now();
    scene.list_members(0, &[0, 1]);
    scene.list_members(1, &[0, 1]);
    let vanished = scene.watch(20_000, &[0, 1]);
    let left = vanished.left_healthy(0, 2).expect("it leaves");
    assert!((8_000..=14_500).contains(&(left - begun)), "left after {}", left - begun);
    // 13 of 24 between 11 and 17 s.
    assert!((4..=23).contains(&vanished.names().len()), "{:?}", vanished.names());
    // The one left out lives on in its own shrinking view (10 of 24 after 17 s).
    assert!(scene.missing(2) >= 5, "{}", scene.missing(2));
    scene.kill(2);
    scene.run(20_000);
    assert_eq!((scene.missing(0), scene.missing(1)), (0, 0));

    scene.list_members(0, &[0, 1, 2]);
    scene.list_members(1, &[0, 1, 2]);
    scene.run(6_000);
    scene.start_again(2, Some(&[0, 1, 2]));
    let vanished = scene.watch(16_000, &[0, 1]);
    // 10 of 24 within 5 s.
    assert!((2..=23).contains(&vanished.names().len()), "{:?}", vanished.names());
    scene.run(10_000);
    assert_eq!((scene.missing(0), scene.missing(1), scene.missing(2)), (0, 0, 0));
}

/// The profile of a version.
/// A version, or one whose double write is repaired.
fn profile(version: &str) -> Profile {
    let (name, repaired) = match version.strip_suffix(" repaired") {
        Some(name) => (name, true),
        None => (version, false),
    };
    let mut profile = Profile::nacos(name).expect("the versions of the time-lines are built in");
    if repaired {
        profile.set("upgrade.converts", "true").expect("it is a quirk");
    }
    profile
}

/// A span of milliseconds.
fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
