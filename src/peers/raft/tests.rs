//! Raft, one node at a time: what comes in, and every effect that goes out.

use super::Raft;
use crate::model::{
    Datum, DatumKey, DatumValue, MemberId, Millis, PeerAnswer, PeerCall, RaftBeat, RaftPeer,
    RaftState, ServiceKey,
};
use crate::peers::{Deed, Engine, Ticket, Token, WriteFailure};
use std::sync::Arc;

const START: Millis = Millis(1_000_000);

fn id(name: &str) -> MemberId {
    name.into()
}

fn node(others: &[&str]) -> Raft {
    let mut raft = Raft::new(id("a:1"), 0, Vec::new(), 7, START);
    raft.members(&others.iter().map(|name| id(name)).collect::<Vec<_>>());
    raft
}

fn peer(name: &str, term: i64, state: RaftState, vote: &str) -> RaftPeer {
    let vote = Some(id(vote));
    RaftPeer { id: id(name), vote, term, leader_due_ms: 16_000, heartbeat_due_ms: 5_000, state }
}

fn key() -> DatumKey {
    DatumKey::Persistent(service())
}

fn service() -> ServiceKey {
    ServiceKey { namespace: "public".into(), name: "g@@s".into() }
}

fn nothing() -> Arc<DatumValue> {
    Arc::new(DatumValue::Instances(Vec::new()))
}

fn token(number: u64) -> Token {
    Token { engine: Engine::Raft, number }
}

/// Ticks until it calls, and gives the time.
fn until_call(raft: &mut Raft, mut now: Millis) -> (Millis, Vec<Deed>) {
    for _ in 0..100 {
        let effects = raft.tick(now, false);
        if !effects.is_empty() {
            return (now, effects);
        }
        now = raft.next_deadline();
    }
    panic!("no call in 100 ticks");
}

/// A node of three that was just elected, and the time.
fn leader() -> (Raft, Millis) {
    let mut raft = node(&["b:1", "c:1"]);
    let (now, _) = until_call(&mut raft, START);
    let vote = peer("b:1", 1, RaftState::Follower, "a:1");
    assert_eq!(raft.answered(1, Ok(PeerAnswer::Peer(vote))), []);
    assert!(raft.leads());
    (raft, now)
}

/// A node of three that follows b.
fn follower() -> Raft {
    let mut raft = node(&["b:1", "c:1"]);
    raft.vote_came(&peer("b:1", 5, RaftState::Candidate, "b:1")).unwrap();
    let beat = RaftBeat { peer: peer("b:1", 5, RaftState::Leader, "b:1"), datums: Vec::new() };
    let (local, effects) = raft.beat_came(&beat, false).unwrap();
    assert_eq!((local.state, effects), (RaftState::Follower, Vec::new()));
    raft
}

#[test]
fn a_member_that_hears_of_no_leader_asks_everybody_for_a_vote() {
    let mut raft = node(&["b:1", "c:1"]);
    let (_, effects) = until_call(&mut raft, START);
    // The beat's own timer has counted on since the candidate was written.
    let candidate = RaftPeer { heartbeat_due_ms: 5_000, ..raft.local().clone() };
    assert_eq!((candidate.term, candidate.state), (1, RaftState::Candidate));
    assert_eq!(candidate.vote, Some(id("a:1")));
    let vote = |to, number| Deed::Call {
        to: id(to),
        call: PeerCall::Vote(candidate.clone()),
        token: token(number),
    };
    assert_eq!(effects, [vote("b:1", 1), vote("c:1", 2)]);
    assert_eq!(raft.leader(), None);
}

#[test]
fn a_leader_beats_each_five_seconds_and_names_what_it_has() {
    let (mut raft, elected) = leader();
    let (first, _) = until_call(&mut raft, elected);
    let write = raft.publish(first, key(), nothing(), Ticket(1));
    assert_eq!(write.len(), 4);
    let (second, effects) = until_call(&mut raft, first + 500);
    assert_eq!(second.since(first), 5_000);
    // The write's time is up at the same moment: nobody answered.
    let outcome = Err(WriteFailure::Put(key()));
    assert_eq!(effects.last(), Some(&Deed::Written { ticket: Ticket(1), outcome }));
    let Deed::Call { call: PeerCall::RaftBeat(beat), .. } = &effects[0] else { panic!() };
    assert_eq!((beat.peer.state, &*beat.datums), (RaftState::Leader, &[(key(), 1)][..]));
}

#[test]
fn a_write_is_applied_at_the_leader_at_once_and_done_with_a_majority() {
    let (mut raft, now) = leader();
    let effects = raft.publish(now, key(), nothing(), Ticket(1));
    let datum = Datum { key: key(), stamp: 1, value: nothing() };
    let source = raft.local().clone();
    assert_eq!(source.term, 101);
    let commit = |to, number| Deed::Call {
        to: id(to),
        call: PeerCall::RaftCommit { datum: datum.clone(), source: source.clone() },
        token: token(number),
    };
    let kept = Deed::KeepTerm(101);
    assert_eq!(effects, [Deed::Apply(datum.clone()), kept, commit("b:1", 3), commit("c:1", 4)]);
    let done = Deed::Written { ticket: Ticket(1), outcome: Ok(()) };
    assert_eq!(raft.answered(4, Ok(PeerAnswer::Done)), [done]);
    assert_eq!(raft.answered(3, Ok(PeerAnswer::Done)), []);
}

#[test]
fn a_write_without_a_majority_fails_after_five_seconds_and_stays() {
    let (mut raft, now) = leader();
    raft.publish(now, key(), nothing(), Ticket(1));
    let failed = Deed::Written { ticket: Ticket(1), outcome: Err(WriteFailure::Put(key())) };
    assert!(!raft.tick(now + 4_999, false).contains(&failed));
    assert!(raft.tick(now + 5_000, false).contains(&failed));
    assert_eq!(raft.datum(&key()).map(|datum| datum.stamp), Some(1));
    assert!(raft.leads());
}

#[test]
fn a_write_waits_until_the_one_before_it_has_a_majority_or_failed() {
    let (mut raft, now) = leader();
    raft.publish(now, key(), nothing(), Ticket(1));
    assert_eq!(raft.publish(now, key(), nothing(), Ticket(2)), []);
    assert_eq!(raft.publish(now, key(), nothing(), Ticket(3)), []);
    let done = |ticket| Deed::Written { ticket: Ticket(ticket), outcome: Ok(()) };
    let second = raft.answered(3, Ok(PeerAnswer::Done));
    let datum = Datum { key: key(), stamp: 2, value: nothing() };
    assert_eq!(second[..3], [done(1), Deed::Apply(datum), Deed::KeepTerm(201)]);
    // The second gets no majority: the third begins with its failure.
    let third = raft.tick(now + 5_000, false);
    let outcome = Err(WriteFailure::Put(key()));
    let failed = Deed::Written { ticket: Ticket(2), outcome };
    let at = third.iter().position(|deed| *deed == failed).unwrap();
    let datum = Datum { key: key(), stamp: 3, value: nothing() };
    assert_eq!(third[at + 1..at + 3], [Deed::Apply(datum), Deed::KeepTerm(301)]);
}

#[test]
fn writes_that_wait_are_bounded_and_fail_when_the_leader_leads_no_longer() {
    let (mut raft, now) = leader();
    raft.publish(now, key(), nothing(), Ticket(0));
    for ticket in 1..=200 {
        assert_eq!(raft.publish(now, key(), nothing(), Ticket(ticket)), []);
    }
    let failed =
        |ticket| Deed::Written { ticket: Ticket(ticket), outcome: Err(WriteFailure::Put(key())) };
    assert_eq!(raft.publish(now, key(), nothing(), Ticket(201)), [failed(201)]);
    let beat = RaftBeat { peer: peer("b:1", 900, RaftState::Leader, "b:1"), datums: vec![] };
    raft.beat_came(&beat, false).unwrap();
    let all: Vec<Deed> = (0..=200).map(failed).collect();
    assert_eq!(raft.tick(now + 5_000, false), all);
}

#[test]
fn a_follower_hands_a_write_to_its_leader_and_without_one_fails_at_once() {
    let mut raft = follower();
    let call = PeerCall::RaftPublish { key: key(), value: nothing() };
    let effects = raft.publish(START, key(), nothing(), Ticket(3));
    assert_eq!(effects, [Deed::Call { to: id("b:1"), call, token: token(1) }]);
    let failed = Deed::Written { ticket: Ticket(3), outcome: Err(WriteFailure::Put(key())) };
    assert_eq!(
        raft.answered(1, Err(crate::model::PeerFailure::Refused)),
        std::slice::from_ref(&failed)
    );
    let mut alone = node(&["b:1"]);
    assert_eq!(alone.publish(START, key(), nothing(), Ticket(3)), [failed]);
}

#[test]
fn a_follower_applies_what_its_leader_commits_and_refuses_everybody_else() {
    let mut raft = follower();
    let datum = Datum { key: key(), stamp: 1, value: nothing() };
    let stranger = peer("c:1", 900, RaftState::Leader, "c:1");
    assert!(raft.commit_came(datum.clone(), &stranger).is_err());
    let source = peer("b:1", 105, RaftState::Leader, "b:1");
    let effects = raft.commit_came(datum.clone(), &source).unwrap();
    assert_eq!(effects, [Deed::Apply(datum), Deed::KeepTerm(105)]);
    assert_eq!(raft.local().term, 105);
    let old = peer("b:1", 5, RaftState::Leader, "b:1");
    let datum = Datum { key: key(), stamp: 2, value: nothing() };
    assert!(raft.commit_came(datum, &old).is_err());
}

#[test]
fn a_beat_makes_a_follower_fetch_what_is_newer_and_forget_what_is_not_named() {
    let mut raft = follower();
    let old = Datum { key: DatumKey::Service(service()), stamp: 1, value: nothing() };
    raft.commit_came(old, &peer("b:1", 105, RaftState::Leader, "b:1")).unwrap();
    let leader = peer("b:1", 305, RaftState::Leader, "b:1");
    let beat = RaftBeat { peer: leader, datums: vec![(key(), 2)] };
    let (_, effects) = raft.beat_came(&beat, false).unwrap();
    let fetch =
        Deed::Call { to: id("b:1"), call: PeerCall::RaftDatums(vec![key()]), token: token(1) };
    let gone = Deed::Remove { key: DatumKey::Service(service()), ghost: false };
    assert_eq!(effects, [fetch, gone]);
    // The same beat again fetches nothing twice.
    assert_eq!(raft.beat_came(&beat, false).unwrap().1, []);
    let datum = Datum { key: key(), stamp: 2, value: nothing() };
    let answer = Ok(PeerAnswer::RaftDatums(vec![datum.clone()]));
    let effects = raft.answered(1, answer);
    assert_eq!(effects, [Deed::Apply(datum), Deed::KeepTerm(205)]);
}

#[test]
fn a_beat_of_an_old_term_is_refused_and_one_of_a_newer_term_ends_a_leader() {
    let (mut raft, _) = leader();
    let beat =
        |term| RaftBeat { peer: peer("b:1", term, RaftState::Leader, "b:1"), datums: vec![] };
    let refused = raft.beat_came(&beat(0), false).unwrap_err();
    assert_eq!(refused.message, "out of date beat, beat-from-term: 0, beat-to-term: 1");
    let (local, _) = raft.beat_came(&beat(7), false).unwrap();
    assert_eq!((local.state, local.vote), (RaftState::Follower, Some(id("b:1"))));
    assert_eq!(raft.leader().map(|leader| &*leader.id), Some("b:1"));
}

#[test]
fn switches_that_come_with_a_beat_are_kept_and_not_applied_until_the_next_commit() {
    let mut raft = follower();
    let leader = peer("b:1", 105, RaftState::Leader, "b:1");
    let beat = RaftBeat { peer: leader.clone(), datums: vec![(DatumKey::Switches, 1)] };
    raft.beat_came(&beat, false).unwrap();
    let value = Arc::new(DatumValue::Switches(Box::default()));
    let datum = Datum { key: DatumKey::Switches, stamp: 1, value };
    let effects = raft.answered(1, Ok(PeerAnswer::RaftDatums(vec![datum.clone()])));
    assert_eq!(effects, [Deed::KeepTerm(105)]);
    assert!(raft.has_misread_switches());
    let datum = Datum { stamp: 2, ..datum };
    let effects = raft.commit_came(datum.clone(), &leader).unwrap();
    assert_eq!(effects, [Deed::Apply(datum), Deed::KeepTerm(105)]);
    assert!(!raft.has_misread_switches());
}

#[test]
fn a_service_removed_right_after_another_write_leaves_a_ghost_on_a_follower() {
    let mut raft = follower();
    let source = peer("b:1", 305, RaftState::Leader, "b:1");
    let datum = Datum { key: key(), stamp: 1, value: nothing() };
    raft.commit_came(datum, &source).unwrap();
    let meta = DatumKey::Service(service());
    let effects = raft.forget_came(meta.clone(), &source).unwrap();
    let gone = Deed::Remove { key: meta.clone(), ghost: true };
    assert_eq!(effects, [gone, Deed::KeepTerm(205)]);
    let beat = RaftBeat { peer: source.clone(), datums: vec![(key(), 1)] };
    raft.beat_came(&beat, false).unwrap();
    let effects = raft.forget_came(meta.clone(), &source).unwrap();
    assert_eq!(effects[0], Deed::Remove { key: meta, ghost: false });
}

#[test]
fn a_vote_goes_to_the_higher_term_only_and_never_to_a_stranger() {
    let mut raft = node(&["b:1", "c:1"]);
    let candidate = |name, term| peer(name, term, RaftState::Candidate, name);
    assert!(raft.vote_came(&candidate("x:1", 9)).is_err());
    assert_eq!(raft.vote_came(&candidate("b:1", 1)).unwrap().vote, Some(id("b:1")));
    assert_eq!(raft.vote_came(&candidate("c:1", 1)).unwrap().vote, Some(id("b:1")));
    assert_eq!(raft.vote_came(&candidate("c:1", 2)).unwrap().vote, Some(id("c:1")));
}

#[test]
fn a_clock_that_jumps_makes_up_for_twenty_seconds_and_no_more() {
    let mut raft = node(&["b:1", "c:1"]);
    let effects = raft.tick(START + 86_400_000, false);
    assert!(effects.len() <= 8, "{effects:?}");
}

/// Has one ask the other for its vote, and gives what it then is.
fn elected(candidate: &mut Raft, voter: &mut Raft) -> RaftPeer {
    let (_, calls) = until_call(candidate, START);
    let Some(Deed::Call { call: PeerCall::Vote(asks), token, .. }) = calls.first() else {
        panic!("{calls:?}")
    };
    let vote = voter.vote_came(asks).unwrap();
    candidate.answered(token.number, Ok(PeerAnswer::Peer(vote)));
    candidate.local().clone()
}

/// No fault of ours: `RaftCore.receivedVote` of 1.x looks at the term alone and takes it over, and
/// `receivedBeat` deletes what the leader does not name. The simulator meets it, too.
#[test]
fn who_has_nothing_may_lead_after_its_first_vote_and_then_a_confirmed_key_is_gone() {
    let mut newcomer = node(&["b:1", "c:1"]);
    let datum = Datum { key: key(), stamp: 1, value: nothing() };
    let mut knows = Raft::new(id("c:1"), 101, vec![datum], 9, START);
    knows.members(&[id("a:1"), id("b:1")]);
    // Its term is less than that of anybody who has the key, until one of them asks for its vote.
    let candidate = peer("b:1", 102, RaftState::Candidate, "b:1");
    assert_eq!(newcomer.vote_came(&candidate).unwrap().term, 102);
    let leader = elected(&mut newcomer, &mut knows);
    assert_eq!((newcomer.leads(), leader.term), (true, 103));
    let beat = RaftBeat { peer: leader, datums: Vec::new() };
    let (_, deeds) = knows.beat_came(&beat, false).unwrap();
    assert_eq!(deeds, [Deed::Remove { key: key(), ghost: false }]);
    assert_eq!(knows.datum(&key()), None);
}
