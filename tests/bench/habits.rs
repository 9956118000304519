//! The habits of clients: beats after answers, light beats, registering again, and what is lost.
use std::time::Duration;

use facos::bench::sdk::Sdk;

use crate::scripted::{Act, Asked, Scripted, USUAL, beat};
use crate::{options, run, workload};

fn beats(server: &Scripted) -> Vec<Asked> {
    server.asked().into_iter().filter(Asked::is_beat).collect()
}

#[test]
fn the_next_beat_follows_the_answer_by_the_interval_that_it_names() {
    let server = Scripted::start(|asked| match asked.is_beat() {
        true => beat(10200, false, 200),
        false => USUAL,
    });
    let text = "services = 1\ninstances = 1\nbeating = true\nbeat_interval = \"100ms\"";
    let document = run(options(&server.url, workload(text)));
    let beats = beats(&server);
    assert!((7..=11).contains(&beats.len()), "{}", beats.len());
    assert!(beats.windows(2).all(|two| two[1].at - two[0].at >= Duration::from_millis(199)));
    assert_eq!(document.correctness.found_instances, 1);
}

#[test]
fn a_client_leaves_the_body_out_while_it_is_told_to() {
    // The third answer forbids light beats, the others allow them.
    let script = |asked: &Asked| match asked.is_beat() {
        true => beat(10200, asked.number != 2, 100),
        false => USUAL,
    };
    let text = "services = 1\ninstances = 1\nbeating = true\nbeat_interval = \"100ms\"";
    let bodies = |sdk: &str| {
        let server = Scripted::start(script);
        let mut options = options(&server.url, workload(text));
        options.sdk = Sdk::named(sdk).unwrap();
        options.duration = Duration::from_secs(1);
        run(options);
        beats(&server).iter().take(5).map(|beat| beat.has_body).collect::<Vec<_>>()
    };
    assert_eq!(bodies("java-1.2.1"), [true, false, false, true, false]);
    assert_eq!(bodies("java-1.4.2"), [true, false, false, true, false]);
    assert_eq!(bodies("java-1.1.4"), [true; 5]);
    assert_eq!(bodies("go-1"), [true; 5]);
    assert_eq!(bodies("node"), [false; 5]);
}

#[test]
fn an_unknown_instance_is_registered_again_and_counted() {
    let server = Scripted::start(|asked| match asked.is_beat() {
        true if asked.number == 3 => beat(20404, true, 100),
        true => beat(10200, true, 100),
        false => USUAL,
    });
    let text = "services = 1\ninstances = 1\nbeating = true\nbeat_interval = \"100ms\"";
    let document = run(options(&server.url, workload(text)));
    assert_eq!(document.correctness.re_registrations, 1);
    assert_eq!(document.correctness.false_expiries, 1);
    assert_eq!(document.operations["register"].good, 1);
    assert_eq!((document.correctness.lost, document.correctness.found_instances), (0, 1));
}

#[test]
fn a_refused_light_beat_is_tried_four_times_and_never_gets_its_body_back() {
    let server = Scripted::start(|asked| match asked.is_beat() && !asked.has_body {
        true => Act::Say(400, "Param 'beat' is required.".to_owned()),
        false => USUAL,
    });
    let text = "services = 1\ninstances = 1\nbeating = true\nlight_from_start = true\n\
                beat_interval = \"3s\"";
    let mut options = options(&server.url, workload(text));
    // One interval, which leaves a busy machine time enough for all tries of its beat.
    options.duration = Duration::from_millis(2900);
    let document = run(options);
    assert_eq!(document.operations["beat"].failures["status"], 4);
    assert_eq!((document.correctness.light_beats, document.correctness.full_beats), (4, 0));
}

#[test]
fn what_is_not_listed_at_the_end_is_lost_and_what_is_unhealthy_has_expired() {
    let server = Scripted::start(|asked| match asked.is_list() {
        // Of the three instances one is there, and one more is unhealthy.
        true => Act::Say(
            200,
            r#"{"hosts":[{"ip":"10.0.0.0","port":20000,"healthy":true},
                {"ip":"10.0.0.1","port":20000,"healthy":false}]}"#
                .to_owned(),
        ),
        false => USUAL,
    });
    let text = "services = 1\ninstances = 3\nbeating = true\nbeat_interval = \"500ms\"";
    let document = run(options(&server.url, workload(text)));
    let tallies = document.correctness;
    assert_eq!((tallies.expected_instances, tallies.found_instances), (3, 1));
    assert_eq!((tallies.lost, tallies.false_expiries), (1, 1));
}

#[test]
fn a_list_that_misses_an_instance_is_an_error_once_the_service_is_quiet() {
    let server = Scripted::start(|asked| match asked.is_list() {
        true => Act::Say(200, r#"{"hosts":[]}"#.to_owned()),
        false => USUAL,
    });
    let text = "services = 1\ninstances = 2\nbeating = true\n[[stream]]\noperation = \"list\"\n\
                pacing = { constant = { rate = \"20/s\" } }";
    let mut options = options(&server.url, workload(text));
    options.duration = Duration::from_secs(4);
    let document = run(options);
    let list = &document.operations["list"];
    // Nothing is held against a list in the first two seconds after the registrations.
    assert!((30..=41).contains(&list.failures["hosts"]), "{:?}", list.failures);
    assert_eq!(list.requests, 80);
    assert!(document.correctness.short_lists >= list.failures["hosts"]);
}

#[test]
fn everything_that_was_registered_leaves_unless_it_is_to_stay() {
    let text = "services = 2\ninstances = 5\nbeating = true\nchurners = 3\n\
                churn_interval = \"50ms\"";
    let server = Scripted::start(|_| USUAL);
    let document = run(options(&server.url, workload(text)));
    assert_eq!(server.registered(), 0);
    assert!(document.operations["deregister"].good > 10);
    let mut options = options(&server.url, workload(text));
    options.keep = true;
    run(options);
    assert!(server.registered() >= 10);
}

#[test]
fn pushes_are_timed_from_the_accepted_change_and_acknowledged() {
    let delay = Duration::from_millis(100);
    let server = Scripted::start_with(Some(delay), |_| USUAL);
    let text = "services = 1\ninstances = 1\nbeating = true\nsubscribers = 5\neditors = 1\n\
                edit_interval = \"400ms\"";
    let document = run(options(&server.url, workload(text)));
    let push = document.push.unwrap();
    assert!((20..=25).contains(&push.counts.expected), "{push:?}");
    assert_eq!((push.counts.seen, push.lost), (push.counts.expected, 0), "{push:?}");
    // The pushes of the two registrations before may show the first change already.
    assert!(push.counts.duplicated <= 10, "{push:?}");
    // The datagram leaves 100 ms after the change; busy machines are late by some more.
    assert!((95e3..250e3).contains(&push.latency_us.p50), "{:?}", push.latency_us);
}
