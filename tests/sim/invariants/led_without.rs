//! What the raft of 1.x promises of a confirmed key: no more than that nobody loses it as long as
//! everybody who leads has it.
//!
//! A voter compares terms and never data, and takes over the term of whom it votes for
//! (`RaftCore.receivedVote`, the same in 1.1.4 and 1.2.1; 1.x has no index of a log to compare): a
//! member that was away, or has just joined and has nothing, is as good a candidate after its first
//! vote as one that has everything. It does not keep that term either (`raftStore.updateTerm` is
//! only called by writes), so that members which start again are outvoted by it. A leader that
//! nobody hears raises its term by a hundred with each write that it refuses, and leads again once
//! it is heard. Whoever leads then names its keys in a beat, and every follower deletes what is not
//! named (`deadKeys` in `receivedBeat`).
//!
//! So a key is given up here when somebody who leads is seen without it, and not before; once it is
//! confirmed anew it has to stay again. Of five hundred seeds six lose a key in this way.

use crate::node::SimNode;
use crate::world::World;
use facos::model::MemberId;
use std::collections::{BTreeMap, BTreeSet};

/// Confirmed keys that somebody who led did not have.
#[derive(Debug, Default)]
pub struct LedWithout {
    given_up: BTreeSet<u8>,
    leading: BTreeSet<MemberId>,
    confirmed: BTreeMap<u8, i32>,
}

impl LedWithout {
    /// Looks again when somebody else leads or something was confirmed.
    pub fn check<N: SimNode>(&mut self, world: &World<N>) {
        let leaders = || world.nodes().filter(|(_, node)| node.leads().is_some());
        let leading: BTreeSet<MemberId> = leaders().map(|(id, _)| id.clone()).collect();
        let confirmed = world.clients.confirmed();
        if leading == self.leading && *confirmed == self.confirmed {
            return;
        }
        for (key, value) in confirmed {
            if self.confirmed.insert(*key, *value) != Some(*value) {
                self.given_up.remove(key);
            }
        }
        for (_, leader) in leaders() {
            let values = leader.values();
            let without = confirmed.keys().filter(|key| !values.contains_key(key));
            self.given_up.extend(without);
        }
        self.leading = leading;
    }

    /// Whether the key need not be there any more.
    pub fn gave_up(&self, key: u8) -> bool {
        self.given_up.contains(&key)
    }
}
