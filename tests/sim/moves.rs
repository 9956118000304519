//! What becomes of instances that beat while responsibility moves: a node dies and returns, and
//! starts with or without anything to show. On 1.x a copy has the last beat that its sender knew
//! when it sent it, so that the new owner finds old instances expired ("ABA", `peer-wire.md` §6);
//! on 2.0.x verification keeps the copies fresh.

use crate::new::NewNode;
use crate::node::{Provider, SimNode};
use crate::old::OldNode;
use crate::script::Op;
use crate::world::World;
use std::collections::BTreeSet;

/// Three nodes, 24 clients that have beaten for a minute and a half.
fn settled<N: SimNode>() -> World<N> {
    let mut world = World::<N>::new(3, 5);
    world.clients.services = 24;
    for _ in 0..24 {
        world.play(Op::Register);
    }
    world.run(90_000, &mut |_| ());
    world
}

/// Who is missing on one of these nodes at some moment of the time to come.
fn missed<N: SimNode>(world: &mut World<N>, on: &[usize], for_ms: u64) -> BTreeSet<Provider> {
    let mut missed = BTreeSet::new();
    for _ in 0..for_ms / 100 {
        world.run(100, &mut |_| ());
        for number in on {
            let shown = world.places[*number].node.as_ref().map(SimNode::shown);
            let shown = shown.unwrap_or_default();
            let gone = world.clients.living().filter(|provider| {
                !shown.contains_key(&(provider.service.clone(), provider.address()))
            });
            missed.extend(gone.cloned());
        }
    }
    missed
}

/// Missing on the two others after a node dies, and after it is back: of 120, in five worlds of 24
/// in which the death falls differently into the rounds of reports and checks.
fn kill_and_return<N: SimNode>() -> [usize; 2] {
    let mut missing = [0, 0];
    for phase in 0..5 {
        let mut world = settled::<N>();
        assert_eq!(missed(&mut world, &[0, 1, 2], 5_000 + phase * 1_000), BTreeSet::new());
        world.play(Op::Kill(2));
        missing[0] += missed(&mut world, &[0, 1], 60_000).len();
        world.play(Op::Restart(2));
        missing[1] += missed(&mut world, &[0, 1], 60_000).len();
    }
    missing
}

#[test]
fn instances_of_1_x_that_beat_vanish_for_a_while_when_responsibility_moves() {
    let [killed, back] = kill_and_return::<OldNode>();
    // Measured: 11 of 24 after a kill, 9 of 24 after the return.
    assert!((30..=80).contains(&killed), "{killed}");
    assert!((15..=70).contains(&back), "{back}");
}

#[test]
fn instances_of_2_0_x_that_beat_stay_when_responsibility_moves() {
    assert_eq!(kill_and_return::<NewNode>(), [0, 0]);
}

/// For how long a node that started anew lists less than everything, ms.
fn incomplete_ms<N: SimNode>() -> usize {
    let mut world = settled::<N>();
    world.play(Op::Kill(2));
    world.run(30_000, &mut |_| ());
    world.play(Op::Restart(2));
    let mut steps = 0;
    while !missed(&mut world, &[2], 100).is_empty() {
        steps += 1;
        assert!(steps < 600, "it never lists everything");
    }
    steps * 100
}

#[test]
fn a_node_that_starts_anew_lists_too_little_for_some_seconds() {
    // Measured: 4 to 6 s on 1.x, 5.5 s on 2.0.2.
    let (old, new) = (incomplete_ms::<OldNode>(), incomplete_ms::<NewNode>());
    assert!((2_000..=12_000).contains(&old), "{old}");
    assert!((1_000..=12_000).contains(&new), "{new}");
}

#[test]
fn a_wrong_copy_is_mended_on_1_x_and_stays_on_2_0_x_until_its_client_speaks() {
    assert!(wrong_copy_stays::<OldNode>() == [false, false]);
    assert!(wrong_copy_stays::<NewNode>() == [true, false]);
}

/// Whether a copy that was told wrongly is still wrong two minutes later, and once its client has
/// registered again.
fn wrong_copy_stays<N: SimNode>() -> [bool; 2] {
    let mut world = settled::<N>();
    let right = world.places[0].node.as_ref().map(SimNode::shown);
    world.spoil(0);
    assert_ne!(world.places[0].node.as_ref().map(SimNode::shown), right);
    world.run(120_000, &mut |_| ());
    let stays = world.places[0].node.as_ref().map(SimNode::shown) != right;
    world.play(Op::Everything);
    world.run(10_000, &mut |_| ());
    [stays, world.places[0].node.as_ref().map(SimNode::shown) != right]
}
