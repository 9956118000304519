//! Scripts: what happens to nodes, network and clients, and when. Most are drawn by chance.

use fastrand::Rng;

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// A node dies in the middle of whatever it does.
    Kill(usize),
    /// A dead node starts again.
    Restart(usize),
    /// Nothing gets from one node to another; the other way is open.
    Cut(usize, usize),
    /// A node neither hears nor is heard.
    Isolate(usize),
    /// Whatever goes to or from a node takes so much longer, ms.
    Lag(usize, u64),
    /// A node answers every call with 500, for ever.
    Fail(usize),
    /// A node's clock jumps, ms.
    Jump(usize, i64),
    /// So many messages in a thousand are lost.
    Loss(u64),
    /// So many messages in a thousand arrive damaged.
    Damage(u64),
    /// Network and nodes are well again; dead nodes start.
    Heal,
    /// A client registers and beats from then on.
    Register,
    /// A client dies without a word.
    Silence,
    /// A client deregisters.
    Deregister,
    /// Somebody writes a durable value.
    Put,
    /// Every client registers once more, and every durable value is written once more.
    Everything,
    /// The operator lists the newcomer everywhere and starts it.
    Grow,
    /// The operator stops the newcomer and takes it off the lists.
    Shrink,
}

/// When, ms from the start, and what.
pub type Script = Vec<(u64, Op)>;

/// How long things go wrong, ms.
const TROUBLE_MS: u64 = 240_000;

/// A script by chance for so many nodes and a newcomer.
pub fn draw(rng: &mut Rng, nodes: usize) -> Script {
    let mut script: Script = (0..8).map(|_| (rng.u64(0..5_000), Op::Register)).collect();
    for _ in 0..rng.usize(15..60) {
        script.push((rng.u64(10_000..TROUBLE_MS), happening(rng, nodes)));
    }
    for _ in 0..rng.usize(5..25) {
        script.push((rng.u64(10_000..TROUBLE_MS), Op::Put));
    }
    if rng.bool() {
        let at = rng.u64(20_000..TROUBLE_MS);
        script.push((at, Op::Grow));
        script.push((at + rng.u64(10_000..TROUBLE_MS), Op::Shrink));
    }
    script.sort_by_key(|(at, _)| *at);
    let end = script.last().map_or(0, |(at, _)| *at);
    script.push((end + 1_000, Op::Heal));
    script
}

fn happening(rng: &mut Rng, nodes: usize) -> Op {
    let node = rng.usize(0..nodes);
    match rng.u8(0..24) {
        0..=2 => Op::Kill(node),
        3..=5 => Op::Restart(node),
        6 => Op::Cut(node, (node + rng.usize(1..nodes)) % nodes),
        7 => Op::Isolate(node),
        8 => Op::Lag(node, rng.u64(50..6_000)),
        9 => Op::Fail(node),
        // Back by no more than a clock is set back by in operation; forward by anything.
        10 => Op::Jump(node, rng.i64(-2_000..0)),
        11 => Op::Jump(node, rng.i64(1_000..3_600_000)),
        12 => Op::Loss(rng.u64(0..300)),
        13 => Op::Damage(rng.u64(0..300)),
        14 => Op::Heal,
        15..=17 => Op::Register,
        18..=19 => Op::Silence,
        20 => Op::Deregister,
        _ => Op::Put,
    }
}
