//! Always: what waits is bounded by what there is to tell and whom, not by how long a peer is gone.

use crate::node::SimNode;
use crate::world::World;

/// A node's calls and tellings: each of its peers may be owed one for each client or list, and
/// those of a slow peer overlap for as long as a call may last.
fn most<N: SimNode>(world: &World<N>) -> usize {
    let clients = world.clients.living().count() + world.clients.ended().count();
    world.places.len() * (clients + 20) * 2
}

/// Fails when something grows.
pub fn check<N: SimNode>(world: &World<N>) {
    let most = most(world);
    for (id, node) in world.nodes() {
        let waiting = node.waiting();
        assert!(waiting <= most, "{id} has {waiting} calls waiting, {most} at most");
    }
    // Every call stands in it at most three times: its flight, its message, its end.
    let (under_way, most) = (world.under_way(), most * world.places.len() * 3);
    assert!(under_way <= most, "{under_way} events under way, {most} at most");
}
