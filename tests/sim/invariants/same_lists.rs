//! Once all is well and quiet: every node lists the same addresses and keeps the same durable keys.
//! Once everything was said again, health and values are the same, too.

use crate::node::{Provider, Shown, SimNode};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Services that somebody still provides. On 1.x an instance may stay for ever on a node that
    /// is not responsible: when the responsible one started anew and got no list, it names none.
    Provided,
    /// Clients that live. On 2.0.x a copy stays for ever when the responsible node started anew and
    /// was not told of it: nobody verifies it, and who is not responsible lets nothing expire.
    Living,
}

/// Compares addresses and keys of all nodes.
pub fn check<N: SimNode>(world: &World<N>, counted: Counted) {
    if N::MENDS {
        same(shown(world, counted));
    }
    let addresses = shown(world, counted).into_iter();
    same(addresses.map(|(id, shown)| (id, shown.into_keys().collect::<Vec<_>>())).collect());
    let values = world.nodes().map(|(id, node)| (id.to_string(), node.values()));
    same(values.map(|(id, values)| (id, values.into_keys().collect::<Vec<_>>())).collect());
}

/// Compares everything.
pub fn everything<N: SimNode>(world: &World<N>, counted: Counted) {
    same(shown(world, counted));
    same(world.nodes().map(|(id, node)| (id.to_string(), node.values())).collect());
}

/// None that ended is listed anywhere; true as long as no node started anew.
pub fn no_ghosts<N: SimNode>(world: &World<N>) {
    for (id, node) in world.nodes() {
        let shown = node.shown();
        for provider in world.clients.ended() {
            let key = (provider.service.clone(), provider.address());
            assert!(!shown.contains_key(&key), "{id} still lists {provider:?}");
        }
    }
}

fn shown<N: SimNode>(world: &World<N>, counted: Counted) -> BTreeMap<String, Shown> {
    let forgotten = world.forgotten();
    let told = |one: &&Provider| !forgotten.contains(&one.service);
    let living: BTreeSet<&Provider> = world.clients.living().filter(told).collect();
    let counts = |service: &str, address: &str| match counted {
        Counted::Provided => living.iter().any(|one| one.service == service),
        Counted::Living => {
            living.iter().any(|one| one.service == service && one.address() == address)
        }
    };
    let shown = world.nodes().map(|(id, node)| {
        let mut shown = node.shown();
        shown.retain(|(service, address), _| counts(service, address));
        (id.to_string(), shown)
    });
    shown.collect()
}

fn same<T: PartialEq + Debug>(views: BTreeMap<String, T>) {
    let mut views = views.into_iter();
    let Some((first_id, first)) = views.next() else { return };
    for (id, view) in views {
        assert_eq!(view, first, "{id} and {first_id} differ");
    }
}
