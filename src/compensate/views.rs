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
    /// Nodes that answer and take beats. A 1.1 server that knows of no member yet is responsible
    /// for nothing, and passes a beat on to itself until that ends in a timeout.
    alive: Vec<usize>,
    /// Those of them that have just started and may hold themselves responsible for anything.
    starting: Vec<usize>,
}

impl Views {
    /// The lists in which somebody looks up who is responsible, while some nodes are starting.
    pub fn lists(&self, starting: &[usize]) -> Lists {
        let mut lists: BTreeSet<Vec<String>> = self.told().cloned().collect();
        lists.extend(self.expected());
        let nobody_tells = self.told().next().is_none();
        let takes_beats = |place: &usize| {
            let node = &self.nodes[*place];
            node.answers && (nobody_tells || !node.members.is_empty())
        };
        let place = |member: &String| {
            self.nodes.iter().position(|node| node.own_address.as_ref() == Some(member))
        };
        Lists {
            lists: lists.iter().map(|list| list.iter().map(place).collect()).collect(),
            alive: (0..self.nodes.len()).filter(takes_beats).collect(),
            starting: starting.iter().copied().filter(takes_beats).collect(),
        }
    }

    /// The nodes that came back since `before`, or were starting then, and do not know all members
    /// yet. Such a node hears of one member after the other, within moments, and answers for
    /// everything that the list of each moment gives it: it deletes what it was just given, because
    /// the beat times of copies are old. No look is often enough to see each of these lists.
    pub fn starting(&self, before: &Self, were: &[usize]) -> Vec<usize> {
        let expected = self.expected();
        let starts = |place: &usize| {
            let (node, old) = (&self.nodes[*place], before.nodes.get(*place));
            let came = were.contains(place) || old.is_some_and(|old| !old.answers);
            node.answers && came && expected.as_ref() != Some(&node.members)
        };
        (0..self.nodes.len()).filter(starts).collect()
    }

    /// What the nodes tell.
    fn told(&self) -> impl Iterator<Item = &Vec<String>> {
        let telling = self.nodes.iter().filter(|node| node.answers && !node.members.is_empty());
        telling.map(|node| &node.members)
    }

    /// The members that all will agree on: those of any list and those that answer, without those
    /// that do not. None when nobody tells.
    fn expected(&self) -> Option<Vec<String>> {
        let mut expected: BTreeSet<String> = self.told().flatten().cloned().collect();
        if expected.is_empty() {
            return None;
        }
        for node in &self.nodes {
            let Some(address) = &node.own_address else { continue };
            if node.answers {
                expected.insert(address.clone());
            } else {
                expected.remove(address);
            }
        }
        Some(expected.into_iter().collect())
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
            .chain(self.starting.iter().copied())
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
        let lists = Views { sharding: Sharding::Service, nodes }.lists(&[]);
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
    fn a_member_that_comes_back_gets_everything_until_it_knows_them_all() {
        let (two, all) = (["a:1", "b:1"], ["a:1", "b:1", "c:1"]);
        let at = |answers: bool, own: &[&str]| Views {
            sharding: Sharding::Service,
            nodes: vec![
                view("a:1", true, &two),
                view("b:1", true, &two),
                view("c:1", answers, own),
            ],
        };
        let away = at(false, &[]);
        let mut before = (away.clone(), away.starting(&away, &[]));
        assert!(before.1.is_empty(), "who is away is not starting");
        for own in [&[][..], &["c:1"], &["b:1", "c:1"]] {
            let now = at(true, own);
            let starting = now.starting(&before.0, &before.1);
            assert_eq!(starting, [2], "{own:?}");
            let lists = now.lists(&starting);
            let gets = (0..6).all(|hash| lists.targets(hash).contains(&2));
            assert_eq!(gets, !own.is_empty(), "{own:?}");
            let none = (0..6).all(|hash| !lists.targets(hash).contains(&2));
            assert_eq!(none, own.is_empty(), "{own:?}");
            before = (now, starting);
        }
        assert!(at(true, &all).starting(&before.0, &before.1).is_empty(), "it has started");
    }

    #[test]
    fn nodes_that_tell_nothing_share_the_beats() {
        let silent = |answers| NodeView { answers, own_address: None, members: Vec::new() };
        assert_eq!(targets(vec![silent(true), silent(false)]), [[0]; 6].map(Vec::from));
        assert_eq!(targets(vec![silent(true), silent(true)])[..2], [vec![0], vec![1]]);
        assert!(targets(vec![silent(false)]).iter().all(Vec::is_empty));
    }
}
