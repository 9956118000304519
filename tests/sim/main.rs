//! Clusters of pure engines on a virtual clock: a seeded network that delays, loses, cuts and
//! damages, scripts of what goes wrong, and what must be true all the same.

mod clients;
mod damage;
mod faults;
mod invariants;
mod moves;
mod network;
mod new;
mod node;
mod old;
mod rolling;
mod script;
mod seeds;
mod world;

use fastrand::Rng;
use invariants::led_without::LedWithout;
use invariants::one_leader::Leaders;
use invariants::same_lists::Counted;
use invariants::{bounded, nothing_lost, one_leader, responsibility, same_lists};
use new::NewNode;
use node::SimNode;
use old::OldNode;
use script::{Op, Script};
use world::World;

/// From the last trouble until everything has settled, ms: elections of up to 40 s, the first
/// reports of a node that started after 60 s, and after them the expiry of what is gone.
const QUIET_MS: u64 = 240_000;

/// From the last word of everybody until all have heard it, ms.
const TOLD_MS: u64 = 30_000;

/// Plays a script and waits until everything has settled; what must always be true is looked at
/// after every event, what must be true in the end twice: as it is, and once everybody has said
/// everything again.
fn play<N: SimNode>(nodes: usize, seed: u64, script: &Script) {
    let mut world = World::<N>::new(nodes, seed);
    let (mut leaders, mut without) = (Leaders::default(), LedWithout::default());
    let mut look = |world: &World<N>, without: &mut LedWithout| {
        bounded::check(world);
        leaders.check(world);
        without.check(world);
    };
    for (at, op) in script {
        let for_ms = (world::START + *at).since(world.now);
        world.run(for_ms, &mut |world| look(world, &mut without));
        responsibility::check(&world);
        world.play(*op);
    }
    world.run(QUIET_MS, &mut |world| look(world, &mut without));
    settled(&world, &without);
    world.play(Op::Everything);
    world.run(TOLD_MS, &mut |world| look(world, &mut without));
    settled(&world, &without);
    assert_eq!(world.forgotten().len(), 0, "who registers is named");
    same_lists::everything(&world, counted::<N>());
    nothing_lost::all_confirmed(&world);
    nothing_lost::values(&world);
}

/// What must be true once everything has settled.
fn settled<N: SimNode>(world: &World<N>, without: &LedWithout) {
    responsibility::check(world);
    one_leader::settled(world);
    nothing_lost::check(world);
    nothing_lost::keys(world, without);
    same_lists::check(world, counted::<N>());
    if !N::FORGETS_TERMS {
        nothing_lost::values(world);
    }
    if world.nobody_restarted() {
        same_lists::no_ghosts(world);
    }
}

/// Where copies are compared whole lists must be the same, elsewhere only who lives.
fn counted<N: SimNode>() -> Counted {
    if N::MENDS { Counted::Provided } else { Counted::Living }
}

/// A script by chance; a seed that was asked for is told.
fn drawn<N: SimNode>(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let nodes = rng.usize(2..=4);
    let script = script::draw(&mut rng, nodes);
    if std::env::var_os("FACOS_SIM_SEED").is_some() {
        eprintln!("{} {nodes} nodes: {script:?}", N::FAMILY);
    }
    play::<N>(nodes, seed, &script);
}

#[test]
fn old_family_loses_no_client_that_lives_and_agrees_when_healed() {
    seeds::each(OldNode::FAMILY, drawn::<OldNode>);
}

#[test]
fn new_family_loses_nothing_and_agrees_when_healed() {
    seeds::each(NewNode::FAMILY, drawn::<NewNode>);
}
