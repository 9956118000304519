//! `rolling-upgrade-and-rollback-1.1.4-1.2.1`: nodes go from 1.1.4 to 1.2.1 one by one and back.
//! Clients of 1.2.1 learn from the new nodes to leave out the body of a beat; old nodes refuse such
//! beats, and after the rollback these clients never come back (`peer-wire.md` §8).

use super::clients::{Habit, Scene};

/// Half of the clients learn.
const LEARNERS: usize = 12;

#[test]
fn light_beats_are_learnt_on_the_way_up_and_refused_for_ever_on_the_way_back() {
    let mut scene = Scene::start("1.1.4", Habit::Query);
    scene.mix_in_learners();
    scene.run(20_000);
    assert_eq!((scene.light(), scene.refused()), (0, 0));
    assert!(scene.all_listed());

    scene.restart_as(0, "1.2.1");
    let mixed = scene.watch(60_000, &[1, 2]);
    assert!(scene.light() > 0, "the new node tells its own clients");
    assert!(scene.refused() > 0, "the old ones refuse them");
    // The recorded ones were gone after 30 to 35 s.
    assert!(mixed.names().iter().any(|name| is_a_learner(name)), "{:?}", mixed.names());

    scene.restart_as(1, "1.2.1");
    scene.run(50_000);
    scene.restart_as(2, "1.2.1");
    scene.run(60_000);
    scene.refused();
    scene.run(10_000);
    assert_eq!((scene.light(), scene.refused()), (LEARNERS, 0), "all nodes are new");
    assert!(scene.all_listed());

    for node in [2, 1, 0] {
        scene.restart_as(node, "1.1.4");
        scene.run(50_000);
    }
    scene.run(30_000);
    scene.refused();
    scene.run(5_000);
    // Of nine recorded clients one lost the flag in between and lived on.
    let light = scene.light();
    assert!(light * 3 >= LEARNERS * 2, "{light}");
    assert_eq!(scene.refused(), light * 3, "every node refuses every light beat");
    for node in 0..3 {
        assert_eq!(scene.missing(node), light, "only those clients are gone");
    }
}

/// Every second service has a client that learns.
fn is_a_learner(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .and_then(|number| number.parse().ok())
        .is_some_and(|n: usize| n % 2 == 1)
}
