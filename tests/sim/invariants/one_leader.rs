//! Always: a term has one leader. A leader of 1.x raises its term by a hundred with each write, so
//! the term that counts is the one in which it began to lead. A node of 1.x that starts anew has
//! forgotten for whom it voted, so there it holds from one start of a node to the next.

use crate::node::SimNode;
use crate::world::World;
use facos::model::MemberId;
use std::collections::{BTreeMap, BTreeSet};

/// Who was seen to begin to lead, and when.
#[derive(Debug, Default)]
pub struct Leaders {
    elected: BTreeMap<i64, MemberId>,
    leading: BTreeSet<MemberId>,
    starts: u64,
}

impl Leaders {
    /// Looks again.
    pub fn check<N: SimNode>(&mut self, world: &World<N>) {
        if N::FORGETS_TERMS && world.starts() != self.starts {
            self.starts = world.starts();
            self.elected.clear();
        }
        let mut leading = BTreeSet::new();
        for (id, node) in world.nodes() {
            let Some(term) = node.leads() else { continue };
            leading.insert(id.clone());
            if self.leading.contains(id) {
                continue;
            }
            let first = self.elected.entry(term).or_insert_with(|| id.clone());
            assert_eq!(first, id, "two leaders were elected in term {term}");
        }
        self.leading = leading;
    }
}

/// Once all is well and quiet: exactly one leads.
pub fn settled<N: SimNode>(world: &World<N>) {
    let leading: Vec<&MemberId> =
        world.nodes().filter(|(_, node)| node.leads().is_some()).map(|(id, _)| id).collect();
    assert_eq!(leading.len(), 1, "who leads: {leading:?}");
}
