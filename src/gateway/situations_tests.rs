//! The situations of the field, one trace each, and what holds in all of them.
use proptest::prelude::*;

use super::decide::{Gateway, Hold, Host, Policy};
use super::play::{Played, play};
use super::trace::Trace;
use super::{Change, Reason};

const POLL_MS: u64 = 1000;

fn played(policy: Policy, lines: &[&str]) -> Played {
    let head = r#"{"format":"facos-gateway-trace","version":1}"#;
    let text = format!("{head}\n{}", lines.join("\n"));
    play(&Trace::parse(&text).unwrap(), policy, POLL_MS)
}

fn usual(lines: &[&str]) -> (Vec<(u64, Change)>, (u64, u64)) {
    let played = played(Policy::default(), lines);
    let wrong = played.total();
    let told = played.steps.into_iter().filter(|step| !matches!(step.change, Change::Held(..)));
    let told = told.map(|step| (step.at_ms, step.change)).collect();
    (told, (wrong.falsely_in_ms, wrong.falsely_out_ms))
}

fn inside(at_ms: u64, reason: Reason) -> (u64, Change) {
    (at_ms, Change::In("a:1".to_owned(), reason))
}

fn outside(at_ms: u64, reason: Reason) -> (u64, Change) {
    (at_ms, Change::Out("a:1".to_owned(), reason))
}

const START: &str = r#"{"atMs":0,"registry":[{"address":"a:1","tag":"1"},{"address":"b:1"}]}"#;
const ONLY_B: &str = r#""registry":[{"address":"b:1"}]"#;
const BOTH: &str = r#""registry":[{"address":"a:1","tag":"1"},{"address":"b:1"}]"#;
const NEW_TAG: &str = r#""registry":[{"address":"a:1","tag":"2"},{"address":"b:1"}]"#;

#[test]
fn situation_1_the_application_asks_and_is_out_before_it_stops() {
    let asks = r#"{"atMs":1500,"offline":"a:1","truth":{"a:1":false}}"#;
    let gone = format!(r#"{{"atMs":1900,{ONLY_B},"callback":true}}"#);
    let (steps, wrong) = usual(&[START, asks, &gone, r#"{"atMs":5000}"#]);
    assert_eq!(steps[2..], [outside(1500, Reason::Asked)]);
    assert_eq!(wrong, (0, 0));
}

#[test]
fn situation_1_with_a_registry_that_still_lists_it_the_same_tag_is_held() {
    // It still beats: two polls show it healthy, and must not bring it back.
    let asks = r#"{"atMs":1500,"offline":"a:1","truth":{"a:1":false}}"#;
    let (steps, wrong) = usual(&[START, asks, r#"{"atMs":3900}"#]);
    assert_eq!(steps.last(), Some(&outside(1500, Reason::Asked)));
    assert_eq!(wrong, (0, 0));
}

#[test]
fn situation_2_a_callback_says_unhealthy() {
    let sick = r#"{"atMs":1500,"registry":[{"address":"a:1","tag":"1","healthy":false},
        {"address":"b:1"}],"callback":true,"truth":{"a:1":false}}"#
        .replace('\n', "");
    let (steps, wrong) = usual(&[START, &sick, r#"{"atMs":9000}"#]);
    assert_eq!(steps[2..], [outside(1500, Reason::Unhealthy)]);
    assert_eq!(wrong, (0, 0));
}

#[test]
fn situation_3_a_callback_says_gone_and_a_restart_comes_in_at_once() {
    let gone = format!(r#"{{"atMs":1500,{ONLY_B},"callback":true,"truth":{{"a:1":false}}}}"#);
    let back = format!(r#"{{"atMs":8500,{NEW_TAG},"callback":true,"truth":{{"a:1":true}}}}"#);
    let (steps, wrong) = usual(&[START, &gone, &back, r#"{"atMs":9000}"#]);
    assert_eq!(steps[2..], [outside(1500, Reason::Gone), inside(8500, Reason::TagChanged)]);
    assert_eq!(wrong, (0, 0));
}

#[test]
fn situation_4_a_lost_callback_is_made_good_by_the_next_poll() {
    let gone = format!(r#"{{"atMs":1500,{ONLY_B},"truth":{{"a:1":false}}}}"#);
    let back = format!(r#"{{"atMs":8500,{NEW_TAG},"truth":{{"a:1":true}}}}"#);
    let (steps, wrong) = usual(&[START, &gone, &back, r#"{"atMs":12000}"#]);
    assert_eq!(steps[2..], [outside(2000, Reason::Gone), inside(9000, Reason::TagChanged)]);
    assert_eq!(wrong, (500, 500), "half a poll each");
}

#[test]
fn situation_5_an_instance_that_was_never_seen_comes_in_by_a_poll() {
    let new = r#"{"atMs":1500,"registry":[{"address":"a:1","tag":"1"},{"address":"b:1"},
        {"address":"c:1"}]}"#
        .replace('\n', "");
    let (steps, wrong) = usual(&[START, &new, r#"{"atMs":4000}"#]);
    assert_eq!(steps[2..], [(2000, Change::In("c:1".to_owned(), Reason::NeverSeen))]);
    assert_eq!(wrong, (0, 500));
}

#[test]
fn an_empty_push_takes_nobody_out() {
    let truth = r#""truth":{"a:1":true,"b:1":true}"#;
    let empty = format!(r#"{{"atMs":1500,"registry":[],"callback":true,{truth}}}"#);
    let back = format!(r#"{{"atMs":3500,{BOTH},"callback":true}}"#);
    let lines = [START, &empty, &back, r#"{"atMs":9000}"#];
    let (steps, wrong) = usual(&lines);
    assert_eq!((steps.len(), wrong), (2, (0, 0)), "{steps:?}");
    // A gateway that believes it loses everything, and holds it for three polls more.
    let believes = Policy { empty_polls: 1, ..Policy::default() };
    assert_eq!(played(believes, &lines).total().falsely_out_ms, 2 * 4500);
}

#[test]
fn an_empty_registry_is_believed_after_some_polls() {
    let empty = r#"{"atMs":1500,"registry":[],"callback":true}"#;
    let (steps, _) = usual(&[START, empty, r#"{"atMs":9000}"#]);
    assert_eq!(steps[2], outside(4000, Reason::Gone));
}

#[test]
fn a_registry_that_forgot_for_a_moment_costs_the_hold() {
    let gone = format!(r#"{{"atMs":1500,{ONLY_B},"callback":true,"truth":{{"a:1":true}}}}"#);
    let back = format!(r#"{{"atMs":1900,{BOTH},"callback":true}}"#);
    let lines = [START, &gone, &back, r#"{"atMs":9000}"#];
    let (steps, wrong) = usual(&lines);
    assert_eq!(steps[2..], [outside(1500, Reason::Gone), inside(4000, Reason::HeldLongEnough)]);
    assert_eq!(wrong, (0, 2500));
    let human = Policy { hold: Hold::ForHuman, ..Policy::default() };
    assert_eq!(played(human, &lines).total().falsely_out_ms, 7500, "nobody came");
}

#[test]
fn a_human_lets_in_what_is_held() {
    let gone = format!(r#"{{"atMs":1500,{ONLY_B},"callback":true}}"#);
    let back = format!(r#"{{"atMs":1900,{BOTH}}}"#);
    let lines = [START, &gone, &back, r#"{"atMs":3000,"approve":"a:1"}"#, r#"{"atMs":4000}"#];
    let human = Policy { hold: Hold::ForHuman, ..Policy::default() };
    let steps = played(human, &lines).steps;
    assert!(
        steps.iter().any(|step| (step.at_ms, &step.change)
            == (3000, &Change::In("a:1".to_owned(), Reason::Human)))
    );
}

#[test]
fn without_a_tag_every_return_is_held() {
    let gone = r#"{"atMs":1500,"registry":[{"address":"a:1","tag":"1"}],"callback":true}"#;
    let back = format!(r#"{{"atMs":1900,{BOTH},"callback":true}}"#);
    let (steps, _) = usual(&[START, gone, &back, r#"{"atMs":9000}"#]);
    let of_b = |reason| Change::In("b:1".to_owned(), reason);
    assert_eq!(steps.last(), Some(&(4000, of_b(Reason::HeldLongEnough))));
}

/// Whatever reaches a gateway.
#[derive(Clone, Debug)]
enum Arrives {
    Callback(Vec<Host>),
    Poll(Vec<Host>),
    Offline(String),
}

fn hosts() -> impl Strategy<Value = Vec<Host>> {
    let host = (0..4_u8, any::<bool>(), 0..3_u8).prop_map(|(place, healthy, tag)| Host {
        address: format!("h{place}:1"),
        healthy,
        tag: (tag > 0).then(|| tag.to_string()),
    });
    proptest::collection::vec(host, 0..4).prop_map(|mut hosts| {
        hosts.sort_by(|one, other| one.address.cmp(&other.address));
        hosts.dedup_by(|one, other| one.address == other.address);
        hosts
    })
}

fn arrivals() -> impl Strategy<Value = Vec<Arrives>> {
    let one = prop_oneof![
        hosts().prop_map(Arrives::Callback),
        hosts().prop_map(Arrives::Poll),
        (0..4_u8).prop_map(|place| Arrives::Offline(format!("h{place}:1"))),
    ];
    proptest::collection::vec(one, 0..40)
}

proptest! {
    /// Liveness: what the registry shows healthy long enough is in, whatever came before.
    #[test]
    fn what_stays_healthy_is_taken_in_after_a_bounded_number_of_polls(
        before in arrivals(),
        polls in 1..6_u32,
        last in hosts(),
    ) {
        let mut gateway = Gateway::new(Policy { hold: Hold::Polls(polls), empty_polls: 3 });
        for arrives in before {
            apply(&mut gateway, &arrives);
        }
        for _ in 0..polls.max(3) {
            gateway.poll(&last);
        }
        for host in &last {
            prop_assert!(!host.healthy || gateway.has(&host.address), "{host:?}");
        }
        // And what it no longer lists is out.
        let gone = |address: &&str| !last.iter().any(|host| host.address == **address);
        for address in gateway.known().filter(gone).collect::<Vec<_>>() {
            prop_assert!(!gateway.has(address), "{address}");
        }
    }

    /// Safety: what was asked out is never in again by the next list with its old tag, nor by any
    /// number of callbacks.
    #[test]
    fn what_asked_to_be_out_is_not_taken_in_by_callbacks_with_its_old_tag(
        before in arrivals(),
        healthy in hosts(),
        callbacks in 1..20_usize,
    ) {
        let mut gateway = Gateway::new(Policy::default());
        gateway.start(&healthy);
        for arrives in before {
            apply(&mut gateway, &arrives);
        }
        for _ in 0..3 {
            gateway.poll(&healthy);
        }
        for host in healthy.iter().filter(|host| host.healthy) {
            // Its tag as the gateway knows it is that of the last list that took it in.
            let mut alone = gateway.clone();
            alone.offline(&host.address);
            let same = Host { tag: None, ..host.clone() };
            alone.approve(&host.address);
            alone.offline(&host.address);
            let held = alone.callback(std::slice::from_ref(&same));
            let taken = held.iter().any(|change| matches!(change, Change::In(..)));
            if taken {
                // Another tag: then it is in rightly, and asked out once more.
                alone.offline(&host.address);
            }
            for _ in 0..callbacks {
                alone.callback(std::slice::from_ref(&same));
                prop_assert!(!alone.has(&host.address), "{host:?}");
            }
        }
    }

    /// Safety: an unhealthy instance is never taken in.
    #[test]
    fn no_decision_takes_in_what_the_registry_holds_for_unhealthy(arrivals in arrivals()) {
        let mut gateway = Gateway::new(Policy::default());
        for arrives in &arrivals {
            let changes = apply(&mut gateway, arrives);
            let (Arrives::Callback(hosts) | Arrives::Poll(hosts)) = arrives else { continue };
            for change in changes {
                let Change::In(address, _) = change else { continue };
                let host = hosts.iter().find(|host| host.address == address);
                prop_assert!(host.is_some_and(|host| host.healthy), "{address}");
            }
        }
    }
}

fn apply(gateway: &mut Gateway, arrives: &Arrives) -> Vec<Change> {
    match arrives {
        Arrives::Callback(hosts) => gateway.callback(hosts),
        Arrives::Poll(hosts) => gateway.poll(hosts),
        Arrives::Offline(address) => gateway.offline(address),
    }
}
