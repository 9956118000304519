//! Latencies: reported as the script made them, and a stall is not left out.
use std::time::Duration;

use crate::scripted::{Act, Scripted, USUAL};
use crate::{options, run, workload};

const BEATS: &str = r#"
    services = 1
    instances = 10
    [[stream]]
    operation = "beat"
    pacing = { constant = { rate = "RATE" } }
"#;

#[test]
fn a_stall_shows_in_the_response_time_and_not_in_the_service_time() {
    // From 1 s to 2 s after the first beat nothing is answered.
    let began = std::sync::OnceLock::new();
    let server = Scripted::start(move |asked| {
        if !asked.is_beat() {
            return USUAL;
        }
        let since = asked.at - *began.get_or_init(|| asked.at);
        let (from, to) = (Duration::from_secs(1), Duration::from_secs(2));
        if (from..to).contains(&since) { Act::After(to - since) } else { USUAL }
    });
    let mut options = options(&server.url, workload(&BEATS.replace("RATE", "1000/s")));
    options.duration = Duration::from_secs(4);
    let document = run(options);
    let beat = &document.operations["beat"];
    // A machine that is busy at the very end leaves some unsent, and says so.
    assert_eq!((beat.requests + document.correctness.unsent, beat.errors), (4000, 0));
    // A quarter of the requests were due in the stall, so that the 99th percentile of all is the
    // 96th of theirs; what comes on top is a machine that is busy with other tests.
    assert!(beat.response_us.p99 >= 0.95e6, "{:?}", beat.response_us);
    assert!(beat.service_us.p99 < beat.response_us.p99 / 3.0, "{:?}", beat.service_us);
    // The four requests that the stall met are the only ones whose service time shows it.
    assert!(beat.service_us.max >= 0.9e6, "{:?}", beat.service_us);
}

#[test]
fn a_known_delay_is_what_is_reported() {
    let server = Scripted::start(|asked| match asked.is_beat() {
        true => Act::After(Duration::from_millis(40)),
        false => USUAL,
    });
    let document = run(options(&server.url, workload(&BEATS.replace("RATE", "50/s"))));
    let beat = &document.operations["beat"];
    assert_eq!(beat.requests + document.correctness.unsent, 100);
    assert!((40e3..60e3).contains(&beat.service_us.p50), "{:?}", beat.service_us);
    assert!((40e3..60e3).contains(&beat.response_us.p50), "{:?}", beat.response_us);
}

#[test]
fn who_stays_awake_misses_nothing_and_says_what_waiting_took() {
    let server = Scripted::start(|_| USUAL);
    let mut options = options(&server.url, workload(&BEATS.replace("RATE", "200/s")));
    options.duration = Duration::from_secs(1);
    let asleep = run(options.clone());
    options.stay_awake = true;
    let awake = run(options);
    for document in [&asleep, &awake] {
        let beat = &document.operations["beat"];
        assert_eq!((beat.requests + document.correctness.unsent, beat.errors), (200, 0));
    }
    // It is awake 50 µs before each instant, unless the machine wakes it later than that, and what
    // it waits is none of its requests' cost.
    assert!((0.0..1.0).contains(&awake.generator.waiting_cpu_s), "{:?}", awake.generator);
    assert_eq!(asleep.generator.waiting_cpu_s.to_bits(), 0);
}

#[test]
fn each_refusal_is_counted_by_its_kind() {
    let server = Scripted::start(|asked| match (asked.is_beat(), asked.number % 10) {
        (true, 3) => Act::Say(500, "caused: sorry".to_owned()),
        (true, 5) => Act::Say(200, "ok".to_owned()),
        _ => USUAL,
    });
    let document = run(options(&server.url, workload(&BEATS.replace("RATE", "200/s"))));
    let beat = &document.operations["beat"];
    let unsent = document.correctness.unsent;
    assert_eq!(beat.requests + unsent, 400);
    // As many as were asked with such a number; what was not sent has failed, too.
    let asked = |digit| (0..beat.requests).filter(|number| number % 10 == digit).count() as u64;
    assert_eq!((beat.failures["status"], beat.failures["answer"]), (asked(3), asked(5)));
    assert_eq!(beat.errors, asked(3) + asked(5));
    let percent = (beat.errors + unsent) as f64 * 100.0 / 400.0;
    assert!((document.error_percent - percent).abs() < 1e-9);
    assert!(document.failures.contains(&"beat: status 500: caused: sorry".to_owned()));
}

#[test]
fn a_connection_that_was_closed_while_idle_costs_nothing() {
    let server = Scripted::start(|asked| match asked.is_beat() && asked.number == 20 {
        true => Act::HangUp,
        false => USUAL,
    });
    let document = run(options(&server.url, workload(&BEATS.replace("RATE", "50/s"))));
    assert_eq!(document.operations["beat"].errors, 0);
    assert_eq!(document.generator.traffic.resent, 1);
}
