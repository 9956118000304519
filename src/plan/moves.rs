//! Which services (1.x) or clients (2.x) change the member that answers for them.
//!
//! The index is a hash modulo the number of members, so that going from two members to three moves
//! about two thirds of everything, also between members that stay. A 1.1 server looks at a beat
//! time of its own that is as old as the last time it was responsible, and deletes what it finds
//! too old: the moved ones are those that may vanish for up to a beat period.
use std::collections::BTreeSet;

use serde::Serialize;

use crate::client::fleet::{Sharding, responsible};
use crate::snapshot::Snapshot;

/// One thing whose responsible member changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The grouped name of a service, or a client's `ip:port`.
    pub tag: String,
    /// Who answers for it now.
    pub from: String,
    /// Who will.
    pub to: String,
}

/// What a change moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moves {
    /// How many things there are.
    pub of: usize,
    /// Those that move, sorted by their tag.
    pub moves: Vec<Move>,
}

/// The tags of a snapshot: what decides who is responsible. The namespace is no part of it, and
/// services that only hold persistent instances have a responsible member, too.
pub fn tags(snapshot: &Snapshot, sharding: Sharding) -> BTreeSet<String> {
    match sharding {
        Sharding::Service => snapshot.services.iter().map(|service| service.grouped()).collect(),
        Sharding::Client => snapshot.instances().map(|(_, instance)| instance.address()).collect(),
    }
}

/// Applies the rule before and after; both lists are sorted here, as every member sorts its own.
pub fn moves(tags: &BTreeSet<String>, before: &[String], after: &[String]) -> Moves {
    let sorted = |members: &[String]| {
        let members: BTreeSet<&String> = members.iter().collect();
        members.into_iter().cloned().collect::<Vec<_>>()
    };
    let (before, after) = (sorted(before), sorted(after));
    let moved = tags.iter().filter_map(|tag| {
        let (from, to) = (responsible(tag, &before)?, responsible(tag, &after)?);
        let (from, to) = (from.to_owned(), to.to_owned());
        (from != to).then(|| Move { tag: tag.clone(), from, to })
    });
    Moves { of: tags.len(), moves: moved.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_was_measured_on_two_and_three_members_moves_as_predicted() {
        let text = include_str!("../../fixtures/transcripts/cluster/owners.json");
        let owners: Value = serde_json::from_str(text).unwrap();
        let members = names(&["a:1", "b:1", "c:1"]);
        let mut checked = 0;
        for version in ["1.1.4", "1.2.1", "2.0.2"] {
            let rows = owners[version].as_array().unwrap();
            let owner = |tag: &str, count: u64| {
                let row = rows.iter().find(|row| row["key"] == tag && row["n"] == count)?;
                Some(members[row["owner"].as_u64()? as usize].clone())
            };
            let tags: BTreeSet<String> =
                rows.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect();
            let found = moves(&tags, &members[..2], &members);
            for tag in &tags {
                let (Some(from), Some(to)) = (owner(tag, 2), owner(tag, 3)) else { continue };
                let predicted = found.moves.iter().find(|moved| moved.tag == *tag);
                let happened = (from != to).then(|| Move { tag: tag.clone(), from, to });
                assert_eq!(predicted, happened.as_ref(), "{version} {tag}");
                checked += 1;
            }
        }
        assert!(checked > 500, "{checked}");
    }

    #[test]
    fn two_thirds_of_ten_thousand_move_from_two_members_to_three() {
        let tags: BTreeSet<String> =
            (0..10_000).map(|number| format!("DEFAULT_GROUP@@service-{number}")).collect();
        let found = moves(&tags, &names(&["b:1", "a:1"]), &names(&["c:1", "a:1", "b:1"]));
        assert!((6_500..6_850).contains(&found.moves.len()), "{}", found.moves.len());
        let back = moves(&tags, &names(&["a:1", "b:1", "c:1"]), &names(&["a:1", "b:1"]));
        assert_eq!(back.moves.len(), found.moves.len(), "the way back moves the same");
    }

    #[test]
    fn members_sort_as_texts_and_not_as_numbers() {
        let tags = BTreeSet::from(["DEFAULT_GROUP@@a".to_owned()]);
        // The text 10.0.0.9:10000 stands before 10.0.0.9:9000, so the newcomer is the first.
        let before = names(&["10.0.0.9:9000"]);
        let after = names(&["10.0.0.9:9000", "10.0.0.9:10000"]);
        let index = crate::client::fleet::distro_hash("DEFAULT_GROUP@@a") % 2;
        let moved = moves(&tags, &before, &after).moves;
        assert_eq!(moved.len(), usize::from(index == 0));
    }
}
