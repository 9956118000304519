//! Agreement among three members, one event after the other.

use super::*;

const START: Millis = Millis(1_600_000_000_000);

/// Sets a name to a number, or removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Set(&'static str, Option<u64>);

impl Change for Set {
    type Key = &'static str;
    fn key(&self) -> &'static str {
        self.0
    }
    fn is_removal(&self) -> bool {
        self.1.is_none()
    }
}

fn ids() -> [MemberId; 3] {
    ["h:1", "h:2", "h:3"].map(MemberId::from)
}

fn running() -> Group<Set> {
    let mut group = Group::new(&ids());
    ids().iter().for_each(|member| group.started(member));
    group
}

fn leader(group: &Group<Set>) -> (Option<&str>, i64) {
    let (leader, term) = group.leader();
    (leader.map(|id| &**id), term)
}

#[test]
fn every_member_takes_every_change_once_and_in_order() {
    let [a, b, c] = ids();
    let mut group = running();
    assert_eq!(group.propose(&b, vec![Set("x", Some(1)), Set("y", Some(2))]), Ok(()));
    assert_eq!(group.take(&a), [Set("x", Some(1)), Set("y", Some(2))]);
    assert_eq!(group.propose(&c, vec![Set("x", Some(3))]), Ok(()));
    assert_eq!(group.take(&a), [Set("x", Some(3))]);
    assert_eq!(group.take(&a), []);
    // Who comes later takes what is there, not what has been.
    assert_eq!(group.take(&b), [Set("y", Some(2)), Set("x", Some(3))]);
}

#[test]
fn without_its_leader_a_group_agrees_on_nothing_for_six_seconds() {
    let [a, b, c] = ids();
    let mut group = running();
    assert_eq!(leader(&group), (Some("h:1"), 1));
    group.stopped(START, &a);
    let refused = group.propose(&b, vec![Set("x", Some(1))]);
    assert_eq!(refused, Err(Disagreement::LeaderUnreachable));
    assert_eq!(group.next_deadline(), Some(START + 6_000));
    group.tick(START + 5_999);
    assert_eq!(leader(&group), (None, 1));
    group.tick(START + 6_000);
    assert_eq!(leader(&group), (Some("h:2"), 2));
    assert_eq!(group.propose(&c, vec![Set("x", Some(1))]), Ok(()));
    // The old leader returns as a follower that has nothing.
    group.started(&a);
    assert_eq!(leader(&group), (Some("h:2"), 2));
    assert_eq!(group.take(&a), [Set("x", Some(1))]);
}

#[test]
fn two_of_three_are_too_few_to_be_without() {
    let [a, b, c] = ids();
    let mut group = running();
    group.stopped(START, &c);
    assert_eq!(group.propose(&a, vec![Set("x", Some(1))]), Ok(()));
    group.stopped(START + 1, &b);
    assert_eq!(group.propose(&a, vec![Set("x", Some(2))]), Err(Disagreement::NoMajority));
    group.tick(START + 6_001);
    assert_eq!((leader(&group), group.next_deadline()), ((None, 1), Some(START + 7_001)));
    group.started(&b);
    group.tick(START + 7_001);
    assert_eq!(leader(&group), (Some("h:2"), 2));
    assert_eq!(group.take(&b), [Set("x", Some(1))]);
}

#[test]
fn a_member_that_was_cut_off_changes_nothing_and_takes_what_it_missed() {
    let [a, b, c] = ids();
    let mut group = running();
    group.cut_off(START, &c, true);
    assert_eq!(group.propose(&a, vec![Set("x", Some(1))]), Ok(()));
    assert_eq!(group.propose(&c, vec![Set("x", Some(9))]), Err(Disagreement::LeaderUnreachable));
    assert_eq!(group.take(&c), []);
    assert_eq!(group.propose(&b, vec![Set("x", None)]), Ok(()));
    group.cut_off(START, &c, false);
    assert_eq!(group.take(&c), [Set("x", None)]);
    assert_eq!(leader(&group), (Some("h:1"), 1));
}

#[test]
fn what_is_kept_is_bounded_by_what_there_is() {
    let [a, b, c] = ids();
    let mut group = running();
    for number in 0..5_000 {
        let change = if number % 2 == 0 { Set("x", Some(number)) } else { Set("y", None) };
        assert_eq!(group.propose(&a, vec![change]), Ok(()));
        for member in [&a, &b, &c] {
            group.take(member);
        }
    }
    assert!(group.kept() <= 2, "{}", group.kept());
}
