//! What the members' view does, by whole lists of effects.

use super::*;
use crate::model::PeerCall;
use crate::peers::mapper::member;

const SETTINGS: Settings<'_> = Settings {
    period_ms: 2_000,
    expired_ms: 10_000,
    threshold: 0.7,
    health_check: true,
    auto_change: true,
    ad_weights: &[],
};

fn three(protocol: MembersProtocol) -> Members {
    let listed = ["h:1", "h:2", "h:3"].map(member).to_vec();
    Members::new(member("h:1"), listed, protocol, Millis(0))
}

fn names(list: &[MemberId]) -> Vec<&str> {
    list.iter().map(|member| &**member).collect()
}

fn hears(members: &mut Members, now: u64, from: &str) {
    let report = StatusReport { from: member(from), said: Millis(now), weight: 1 };
    members.status_heard(Millis(now), &report).unwrap();
}

fn status(to: &str, at: u64, number: u64) -> Effect {
    let call = PeerCall::ServerStatus { from: member("h:1"), at: Millis(at), weight: 1 };
    Effect::Call { to: member(to), call, token: Token { engine: Engine::Members, number } }
}

#[test]
fn a_node_of_1_x_is_healthy_to_itself_at_its_second_turn() {
    let mut members = three(MembersProtocol::Reports);
    assert_eq!(members.tick(Millis(1_999), &SETTINGS), Turn::default());
    let first = members.tick(Millis(2_000), &SETTINGS);
    assert_eq!(first.effects, [status("h:2", 2_000, 0), status("h:3", 2_000, 1)]);
    assert!(members.healthy().is_empty() && !first.changed);
    let second = members.tick(Millis(4_000), &SETTINGS);
    assert_eq!(
        second,
        Turn {
            effects: vec![status("h:2", 4_000, 2), status("h:3", 4_000, 3)],
            changed: true,
            health_check: Some(false),
            touched: Vec::new(),
        }
    );
    assert_eq!(names(members.healthy()), ["h:1"]);
}

#[test]
fn a_silent_member_leaves_within_twelve_seconds_and_stays_known() {
    let mut members = three(MembersProtocol::Reports);
    members.settle(Millis(0), reports());
    assert_eq!(names(members.healthy()), ["h:1", "h:2", "h:3"]);
    let mut left = None;
    for now in (0..=20_000).step_by(2_000) {
        if now < 8_000 {
            hears(&mut members, now, "h:3");
        }
        hears(&mut members, now, "h:2");
        let turn = members.tick(Millis(now), &SETTINGS);
        left = left.or(turn.changed.then_some(now));
    }
    assert_eq!(left, Some(16_000));
    assert_eq!(names(members.healthy()), ["h:1", "h:2"]);
    assert_eq!(members.heard().len(), 3);
    members.clean();
    assert_eq!(members.heard().len(), 2);
}

fn reports() -> Vec<MemberReport> {
    let report = |from| MemberReport { from: member(from), version: None, ready: None };
    ["h:1", "h:2", "h:3"].map(report).to_vec()
}

#[test]
fn health_checks_begin_again_a_minute_after_the_last_member_is_back() {
    let mut members = three(MembersProtocol::Reports);
    members.settle(Millis(0), reports());
    let mut enabled = true;
    let mut turned = Vec::new();
    for now in (0..300_000).step_by(2_000) {
        hears(&mut members, now, "h:2");
        if !(20_000..150_000).contains(&now) {
            hears(&mut members, now, "h:3");
        }
        let turn = members.tick(Millis(now), &Settings { health_check: enabled, ..SETTINGS });
        if let Some(to) = turn.health_check {
            enabled = to;
            turned.push((now, to));
        }
    }
    // Two of three are too few (0.667); the return is a change itself.
    assert_eq!(turned, [(28_000, false), (150_000, false), (212_000, true)]);
}

#[test]
fn strangers_are_refused_and_a_node_off_its_list_is_silent() {
    let mut members = three(MembersProtocol::Reports);
    let report = StatusReport { from: member("h:9"), said: Millis(0), weight: 1 };
    let refused = members.status_heard(Millis(0), &report).unwrap_err();
    assert_eq!(refused.to_string(), "server: h:9 is not in serverlist");
    members.list(Millis(0), vec![member("h:2")]);
    assert_eq!(members.tick(Millis(2_000), &SETTINGS).effects, []);
    // An empty list changes nothing.
    members.list(Millis(0), Vec::new());
    assert_eq!(names(members.listed()), ["h:2"]);
}

fn report(members: &Members, to: &str, number: u64) -> Effect {
    let call = PeerCall::Report(members.card());
    Effect::Call { to: member(to), call, token: Token { engine: Engine::Members, number } }
}

#[test]
fn a_member_of_2_x_that_refuses_is_down_at_once_and_up_when_it_reports() {
    let mut members = three(MembersProtocol::Rounds);
    assert_eq!(names(members.healthy()), ["h:1", "h:2", "h:3"]);
    let version = Some("2.0.2".to_owned());
    let reports = reports().into_iter();
    let reports = reports.map(|report| MemberReport { version: version.clone(), ..report });
    members.settle(Millis(0), reports.collect());
    let turn = members.tick(Millis(2_000), &SETTINGS);
    assert_eq!(turn.effects, [report(&members, "h:3", 0)]);
    let refused = members.answered(Millis(2_000), 0, &Err(PeerFailure::Refused));
    assert!(refused.changed);
    assert_eq!(names(members.healthy()), ["h:1", "h:2"]);
    let report = MemberReport { from: member("h:3"), version, ready: None };
    assert!(members.report_heard(Millis(3_000), report).unwrap().changed);
    assert_eq!(names(members.healthy()), ["h:1", "h:2", "h:3"]);
}

#[test]
fn one_that_never_named_its_version_is_also_told_as_1_x_tells_it() {
    let mut members = three(MembersProtocol::Rounds);
    let turn = members.tick(Millis(2_000), &SETTINGS);
    let expected = [report(&members, "h:3", 0), status("h:2", 2_000, 1), status("h:3", 2_000, 2)];
    assert_eq!(turn.effects, expected);
    // How it takes that is no judgement.
    assert_eq!(members.answered(Millis(2_000), 1, &Err(PeerFailure::Refused)), Turn::default());
    assert_eq!(members.healthy().len(), 3);
}

#[test]
fn a_silent_member_of_2_x_is_suspicious_three_times_and_then_down() {
    let mut members = three(MembersProtocol::Rounds);
    let mut states = Vec::new();
    for round in 0..8 {
        let now = Millis((round + 1) * 2_000);
        members.tick(now, &SETTINGS);
        // Each round makes one report and two status calls.
        let number = round * 3;
        if round % 2 == 0 {
            members.answered(now, number, &Ok(PeerAnswer::Done));
        } else {
            members.answered(now, number, &Err(PeerFailure::TimedOut));
            states.push(members.member("h:2").unwrap().state);
        }
    }
    use MemberState::{Down, Suspicious};
    assert_eq!(states, [Suspicious, Suspicious, Suspicious, Down]);
    assert_eq!(names(members.healthy()), ["h:1", "h:3"]);
}

/// Three of 2.x that know each other; this one is to report to the third.
fn three_new() -> Members {
    let mut members = three(MembersProtocol::Rounds);
    let version = Some("2.0.2".to_owned());
    let report = |report| MemberReport { version: version.clone(), ready: Some(true), ..report };
    members.settle(Millis(0), reports().into_iter().map(report).collect());
    members.tick(Millis(2_000), &SETTINGS);
    members
}

fn status_of(status: u16) -> Result<PeerAnswer, PeerFailure> {
    Err(PeerFailure::Status { status, body: String::new() })
}

#[test]
fn one_that_does_not_know_reports_is_an_older_version_and_not_judged() {
    let mut members = three_new();
    let turn = members.answered(Millis(2_000), 0, &status_of(404));
    assert_eq!(turn, Turn { touched: vec![member("h:3")], ..Turn::default() });
    let known = members.member("h:3").unwrap();
    let (version, ready) = (known.version.clone(), known.ready);
    assert_eq!((known.state, version, ready), (MemberState::Up, None, None));
    // The answer of 1.1.4 is taken for a failure, and its version is remembered.
    let mut members = three_new();
    let turn = members.answered(Millis(2_000), 0, &status_of(401));
    assert_eq!(turn.touched, [member("h:3")]);
    let known = members.member("h:3").unwrap();
    assert_eq!((known.state, known.version.is_some()), (MemberState::Suspicious, true));
}

#[test]
fn a_member_is_touched_when_more_than_a_time_changed_of_it() {
    let mut members = three_new();
    let report = |ready| MemberReport {
        from: member("h:2"),
        version: Some("2.0.2".to_owned()),
        ready: Some(ready),
    };
    let touched = |turn: Option<Turn>| turn.unwrap().touched;
    assert_eq!(touched(members.report_heard(Millis(3_000), report(true))), []);
    assert_eq!(touched(members.report_heard(Millis(7_000), report(false))), [member("h:2")]);
    let status = |said| StatusReport { from: member("h:2"), said: Millis(said), weight: 1 };
    let turn = members.old_status_heard(Millis(8_000), &status(8_000));
    assert_eq!(turn, Ok(Turn::default()));
}

#[test]
fn one_that_is_down_as_2_x_is_not_taken_back_by_the_calls_of_1_x() {
    let status = StatusReport { from: member("h:3"), said: Millis(3_000), weight: 1 };
    for (forgotten, state) in [(false, MemberState::Down), (true, MemberState::Up)] {
        let mut members = three_new();
        members.answered(Millis(2_000), 0, &Err(PeerFailure::Refused));
        if forgotten {
            members.tick(Millis(4_000), &SETTINGS);
            members.tick(Millis(6_000), &SETTINGS);
            members.answered(Millis(6_000), 2, &status_of(404));
        }
        members.old_status_heard(Millis(7_000), &status).unwrap();
        assert_eq!(members.member("h:3").unwrap().state, state);
    }
}

#[test]
fn readiness_stands_on_the_card() {
    let mut members = three_new();
    members.set_ready(Millis(0), false);
    assert_eq!(members.card().ready, Some(false));
}
