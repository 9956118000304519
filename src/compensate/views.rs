//! Who is responsible, in whose eyes. Pure.
//!
//! When a member goes, the others notice after ten seconds; when it comes, it believes for a while
//! to be alone. Whoever may believe to be responsible gets the beat: the first look of a new owner
//! at an old beat time is what deletes an instance.
use std::collections::BTreeSet;

use crate::client::fleet::{Sharding, distro_hash};

/// What the nodes say of their members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Views {
    /// What decides who is responsible.
    pub sharding: Sharding,
    /// Each node that was given, in its order.
    pub nodes: Vec<NodeView>,
}

/// What one node says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeView {
    /// Whether it answers.
    pub answers: bool,
    /// `ip:port` by which its members know it, once it told.
    pub own_address: Option<String>,
    /// The members that it holds for healthy, sorted; empty when it does not tell.
    pub members: Vec<String>,
}

/// The lists of members that somebody may act on, worked out once for each change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    lists: Vec<Vec<Option<usize>>>,
    /// Nodes that answer.
    alive: Vec<usize>,
}

impl Views {
    /// The lists in which somebody looks up who is responsible.
    pub fn lists(&self) -> Lists {
        let mut lists: BTreeSet<Vec<String>> = self
            .nodes
            .iter()
            .filter(|node| node.answers && !node.members.is_empty())
            .map(|node| node.members.clone())
            .collect();
        let believed: BTreeSet<String> = lists.iter().flatten().cloned().collect();
        if !believed.is_empty() {
            lists.insert(self.expected(believed));
        }
        let place = |member: &String| {
            self.nodes.iter().position(|node| node.own_address.as_ref() == Some(member))
        };
        Lists {
            lists: lists.iter().map(|list| list.iter().map(place).collect()).collect(),
            alive: (0..self.nodes.len()).filter(|place| self.nodes[*place].answers).collect(),
        }
    }

    /// The members that all will agree on: those of any list and those that answer, without those
    /// that do not.
    fn expected(&self, believed: BTreeSet<String>) -> Vec<String> {
        let mut expected = believed;
        for node in &self.nodes {
            let Some(address) = &node.own_address else { continue };
            if node.answers {
                expected.insert(address.clone());
            } else {
                expected.remove(address);
            }
        }
        expected.into_iter().collect()
    }
}

impl Lists {
    /// The nodes that may answer for a tag: at least one while any node answers.
    pub fn targets(&self, tag_hash: u32) -> Vec<usize> {
        let mut targets: Vec<usize> = self
            .lists
            .iter()
            .filter(|list| !list.is_empty())
            .filter_map(|list| list[tag_hash as usize % list.len()])
            .filter(|place| self.alive.contains(place))
            .collect();
        targets.sort_unstable();
        targets.dedup();
        if targets.is_empty() && !self.alive.is_empty() {
            // Nobody tells, or the owner is no node of ours: any node forwards.
            targets.push(self.alive[tag_hash as usize % self.alive.len()]);
        }
        targets
    }

    /// Whether everybody agrees.
    pub fn agree(&self) -> bool {
        self.lists.len() <= 1
    }
}

/// The hash by which an instance's responsible member is found.
pub fn tag_hash(sharding: Sharding, service: &str, ip: &str, port: i64) -> u32 {
    match sharding {
        Sharding::Service => distro_hash(service),
        Sharding::Client => distro_hash(&format!("{ip}:{port}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(own: &str, answers: bool, members: &[&str]) -> NodeView {
        NodeView {
            answers,
            own_address: Some(own.to_owned()),
            members: members.iter().map(|member| (*member).to_owned()).collect(),
        }
    }

    fn targets(nodes: Vec<NodeView>) -> Vec<Vec<usize>> {
        let lists = Views { sharding: Sharding::Service, nodes }.lists();
        (0..6).map(|hash| lists.targets(hash)).collect()
    }

    #[test]
    fn rule_7_when_all_agree_each_tag_has_the_one_responsible_member() {
        let all = ["a:1", "b:1"];
        let found = targets(vec![view("b:1", true, &all), view("a:1", true, &all)]);
        // The nodes were given in another order than the members sort in.
        assert_eq!(found, [[1], [0], [1], [0], [1], [0]]);
    }

    #[test]
    fn while_a_dead_member_is_still_believed_in_its_heirs_get_the_beats() {
        let all = ["a:1", "b:1", "c:1"];
        let nodes = vec![view("a:1", false, &[]), view("b:1", true, &all), view("c:1", true, &all)];
        // Believed: a b c; expected: b c. What a owned goes to its heir; what b owned may move.
        assert_eq!(targets(nodes), [vec![1], vec![1, 2], vec![1, 2], vec![2], vec![1], vec![2]]);
    }

    #[test]
    fn a_member_that_returns_and_believes_to_be_alone_gets_everything() {
        let (two, one) = (["b:1", "c:1"], ["a:1"]);
        let nodes = vec![view("a:1", true, &one), view("b:1", true, &two), view("c:1", true, &two)];
        let found = targets(nodes);
        assert!(found.iter().all(|targets| targets.contains(&0)), "{found:?}");
        assert!(found.iter().all(|targets| targets.len() >= 2), "{found:?}");
    }

    #[test]
    fn nodes_that_tell_nothing_share_the_beats() {
        let silent = |answers| NodeView { answers, own_address: None, members: Vec::new() };
        assert_eq!(targets(vec![silent(true), silent(false)]), [[0]; 6].map(Vec::from));
        assert_eq!(targets(vec![silent(true), silent(true)])[..2], [vec![0], vec![1]]);
        assert!(targets(vec![silent(false)]).iter().all(Vec::is_empty));
    }
}
