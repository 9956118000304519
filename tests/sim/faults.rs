//! Each fault for itself, on both families: nothing panics, what waits stays bounded, and when it
//! is over every node lists what lives.

use crate::new::NewNode;
use crate::old::OldNode;
use crate::play;
use crate::script::{Op, Script};

/// Nodes of these worlds.
const NODES: usize = 3;

/// Eight clients, then what goes wrong, then health.
fn with_clients(trouble: &[(u64, Op)], healed_ms: u64) -> Script {
    let mut script: Script = (0..8).map(|client| (client * 100, Op::Register)).collect();
    script.extend([(20_000, Op::Put), (21_000, Op::Put)]);
    script.extend(trouble);
    script.push((healed_ms, Op::Heal));
    script
}

fn both_survive(script: &Script) {
    for seed in 0..3 {
        play::<OldNode>(NODES, seed, script);
        play::<NewNode>(NODES, seed, script);
    }
}

#[test]
fn a_node_that_is_killed_in_mid_sync() {
    // A change is told between at once and 2 s later: kills fall before, into and behind it.
    let mut trouble = Vec::new();
    for (round, after_ms) in [1, 5, 15, 45, 300, 2_010, 2_050].into_iter().enumerate() {
        let at = 30_000 + round as u64 * 40_000;
        let node = round % NODES;
        trouble.extend([
            (at, Op::Register),
            (at + 1, Op::Put),
            (at + after_ms, Op::Kill(node)),
            (at + 20_000, Op::Restart(node)),
        ]);
    }
    both_survive(&with_clients(&trouble, 330_000));
}

#[test]
fn a_slow_peer() {
    let mut trouble = vec![(30_000, Op::Lag(1, 1_200)), (90_000, Op::Lag(1, 5_000))];
    trouble.extend((0..20).map(|round| (35_000 + round * 5_000, Op::Register)));
    both_survive(&with_clients(&trouble, 150_000));
}

#[test]
fn a_one_way_cut() {
    let changes = [(60_000, Op::Register), (61_000, Op::Put), (62_000, Op::Deregister)];
    for (from, to) in [(0, 1), (1, 0), (2, 0)] {
        let mut trouble = vec![(30_000, Op::Cut(from, to))];
        trouble.extend(changes);
        both_survive(&with_clients(&trouble, 120_000));
    }
}

#[test]
fn a_clock_that_jumps() {
    let day_ms = 86_400_000;
    let trouble = [
        (30_000, Op::Jump(1, day_ms)),
        (60_000, Op::Jump(1, -2_000)),
        (61_000, Op::Register),
        (90_000, Op::Jump(0, 40_000)),
        (91_000, Op::Put),
    ];
    both_survive(&with_clients(&trouble, 120_000));
}

#[test]
fn data_that_arrives_damaged() {
    let mut trouble = vec![(10_000, Op::Damage(900))];
    trouble.extend((0..10).map(|round| (15_000 + round * 2_000, Op::Register)));
    trouble.extend([(30_000, Op::Kill(2)), (45_000, Op::Restart(2)), (60_000, Op::Silence)]);
    both_survive(&with_clients(&trouble, 120_000));
}

#[test]
fn a_peer_that_answers_500_for_ever() {
    let mut trouble = vec![(30_000, Op::Fail(1))];
    trouble.extend((0..40).map(|round| (40_000 + round * 20_000, Op::Register)));
    trouble.extend((0..40).map(|round| (45_000 + round * 20_000, Op::Deregister)));
    both_survive(&with_clients(&trouble, 900_000));
}
