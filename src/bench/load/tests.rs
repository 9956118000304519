//! A worker under a clock that the test plays: the percentiles must be those of the script.
use std::net::Ipv4Addr;

use super::super::units::SECOND;
use super::*;

const MS: Nanos = 1_000_000;

fn load(text: &str) -> Load {
    let workload = Arc::new(super::super::workload::parse(text).unwrap());
    let sdk = Sdk::named("java-1.2.1").unwrap();
    let ends = Ends { host: "h:1".to_owned(), client_ip: Ipv4Addr::LOCALHOST.into() };
    let part = Part { machine: 0, machines: 1, worker: 0, workers: 1 };
    Load::new(&workload, sdk, &ends, part, 7, 1)
}

fn body_of(job: &Job) -> &'static [u8] {
    match job.operation {
        Operation::Beat => br#"{"code":10200,"lightBeatEnabled":true,"clientBeatInterval":5000}"#,
        Operation::List => br#"{"hosts":[]}"#,
        _ => b"ok",
    }
}

/// Plays a worker with one connection until `end`; `service` is how long the server takes for a
/// request that is sent at an instant. Returns each request's times.
fn play(load: &mut Load, end: Nanos, service: impl Fn(Nanos) -> Nanos) -> Vec<(Job, Times)> {
    let mut now = 0;
    let mut all = Vec::new();
    load.begin(Stage::Measure, 0, 0);
    while now < end {
        match load.next(now) {
            Next::Send(job) => {
                let answered = now + service(now);
                let times = Times { planned: job.planned, sent: now, answered };
                // Lists are empty here, which is held against them; it changes no plan.
                let _ = load.answered(&job, times, Ok(Said::Http(200, body_of(&job))));
                all.push((job, times));
                now = answered;
            }
            Next::At(due) => now = due,
            Next::Nothing => break,
        }
    }
    load.end(now);
    all
}

/// The value that so many of all values do not exceed.
fn percentile(mut values: Vec<u64>, quantile: f64) -> u64 {
    values.sort_unstable();
    let place = (quantile * values.len() as f64).ceil() as usize;
    values[place.max(1) - 1]
}

#[test]
fn percentiles_are_those_of_the_script_within_a_thousandth() {
    let text = "services = 1\ninstances = 10\n[[stream]]\noperation = \"beat\"\n\
                pacing = { constant = { rate = \"1000/s\" } }";
    let mut load = load(text);
    // 0.2 ms to 0.9 ms for an answer, and nothing from 2 s to 3 s.
    let service = |sent: Nanos| {
        let usual = 200_000 + sent / 7 % 700_000;
        if (2 * SECOND..3 * SECOND).contains(&sent) { 3 * SECOND - sent + usual } else { usual }
    };
    let all = play(&mut load, 10 * SECOND, service);
    let measures = &load.interval.operations[Operation::Beat as usize];
    assert_eq!(measures.good, all.len() as u64);
    let values = |span: fn(&Times) -> u64| all.iter().map(|(_, times)| span(times)).collect();
    let spans: [(_, Vec<u64>); 3] = [
        (&measures.service, values(|times| times.answered - times.sent)),
        (&measures.response, values(|times| times.answered - times.planned)),
        (&measures.lateness, values(|times| times.sent - times.planned)),
    ];
    for (histogram, values) in spans {
        for quantile in [0.5, 0.9, 0.99, 0.999, 1.0] {
            let expected = percentile(values.clone(), quantile);
            let reported = histogram.value_at_quantile(quantile);
            // Three digits, and never finer than a microsecond.
            let precision = (expected / 1000).max(1_000);
            assert!(reported.abs_diff(expected) <= precision, "{quantile}: {reported} {expected}");
        }
    }
    assert!(measures.response.value_at_quantile(0.99) > 900 * MS);
    assert!(measures.service.value_at_quantile(0.99) < MS);
}

#[test]
fn clients_beat_once_in_each_period_after_their_answers() {
    let mut load = load("services = 2\ninstances = 5\nbeating = true\nsubscribers = 4");
    for client in &mut load.population.clients {
        client.accepted = client.role == Role::Beater;
        client.touched = true;
    }
    let all = play(&mut load, 50 * SECOND, |_| MS);
    let beats = all.iter().filter(|(job, _)| job.operation == Operation::Beat).count();
    let lists = all.iter().filter(|(job, _)| job.operation == Operation::List).count();
    assert!((99..=100).contains(&beats), "{beats}");
    assert!((19..=20).contains(&lists), "{lists}");
    // The first answer allows light beats.
    assert_eq!((load.tallies.full_beats, load.tallies.light_beats), (10, beats as u64 - 10));
}

#[test]
fn the_same_seed_plans_the_same_requests() {
    let text = "services = 3\ninstances = 5\nbeating = true\n[[stream]]\noperation = \"list\"\n\
                pacing = { poisson = { rate = \"100/s\" } }";
    let times = |text: &str| play(&mut load(text), 5 * SECOND, |_| MS);
    assert_eq!(times(text), times(text));
}

#[test]
fn what_was_due_and_not_sent_is_counted() {
    let text = "services = 1\ninstances = 1\n[[stream]]\noperation = \"beat\"\n\
                pacing = { constant = { rate = \"1000/s\" } }";
    let mut load = load(text);
    // A server that takes 100 ms for each leaves nearly all of them behind.
    let sent = play(&mut load, 2 * SECOND, |_| 100 * MS).len() as u64;
    assert_eq!(sent, 20);
    assert_eq!(load.tallies.unsent, 2000 - sent);
}

#[test]
fn closed_streams_share_by_weight_and_leave_timers_their_turn() {
    let text = "services = 1\ninstances = 1\nbeating = true\n\
                [[stream]]\noperation = \"list\"\npacing = \"closed\"\nweight = 3\n\
                [[stream]]\noperation = \"register\"\npacing = \"closed\"";
    let all = play(&mut load(text), 60 * SECOND, |_| 10 * MS);
    let count = |operation| all.iter().filter(|(job, _)| job.operation == operation).count();
    let share = count(Operation::List) as f64 / count(Operation::Register) as f64;
    assert!((2.9..3.1).contains(&share), "{share}");
    assert!((10..=12).contains(&count(Operation::Beat)), "{}", count(Operation::Beat));
}
