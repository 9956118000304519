//! Once all is well and quiet: every client that lives is listed on every node, and healthy on the
//! one that is responsible; where copies are mended, on all. A service that its responsible node
//! names to nobody is listed there at least. What was confirmed last of each
//! durable value is there, or one of which nobody was told.
//!
//! On 1.x a confirmed value is not safe: a member that missed it may be elected. The key is there
//! unless somebody led without it (`led_without`); on 2.0.x nobody ever may.

use super::led_without::LedWithout;
use crate::clients::KEYS;
use crate::node::{PORT, Provider, SimNode};
use crate::world::World;
use facos::model::Responsibility;
use facos::model::client_data::responsible_tag;

/// Looks for clients that were lost.
pub fn check<N: SimNode>(world: &World<N>) {
    let forgotten = world.forgotten();
    for (id, node) in world.nodes() {
        let shown = node.shown();
        let mapper = node.mapper();
        let told = |provider: &&Provider| {
            let service = &provider.service;
            mapper.is_mine(service) || !forgotten.contains(service)
        };
        for provider in world.clients.living().filter(told) {
            let key = (provider.service.clone(), provider.address());
            let health = shown.get(&key);
            assert!(health.is_some(), "{id} does not list {provider:?}");
            if N::MENDS || mapper.is_mine(&tag(provider)) {
                assert_eq!(health, Some(&true), "{id} lists {provider:?} as unhealthy");
            }
        }
    }
}

/// What decides on 2.0.x who is responsible.
fn tag(provider: &Provider) -> String {
    responsible_tag(&provider.ip, PORT)
}

/// Looks for durable keys that were lost.
pub fn keys<N: SimNode>(world: &World<N>, without: &LedWithout) {
    for (id, node) in world.nodes() {
        let values = node.values();
        let kept = |key: &&u8| !N::FORGETS_TERMS || !without.gave_up(**key);
        for key in world.clients.confirmed().keys().filter(kept) {
            assert!(values.contains_key(key), "{id} has lost {key}");
        }
    }
}

/// Looks for durable values that were lost.
pub fn values<N: SimNode>(world: &World<N>) {
    for (id, node) in world.nodes() {
        let values = node.values();
        for (key, confirmed) in world.clients.confirmed() {
            let value = values.get(key).copied();
            let fits = value.is_some_and(|value| world.clients.may_hold(*key, value));
            assert!(fits, "{id} keeps {value:?} under {key}, confirmed was {confirmed:?}");
        }
    }
}

/// Every key was written and confirmed: nothing above was true of nothing.
pub fn all_confirmed<N: SimNode>(world: &World<N>) {
    let confirmed = world.clients.confirmed().len();
    assert_eq!(confirmed, usize::from(KEYS), "of {KEYS} keys {confirmed} were confirmed");
}
