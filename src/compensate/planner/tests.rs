//! The planner against answers that a test makes up, on a clock that it moves.
use std::time::Duration;

use super::super::subject::subjects;
use super::super::subject::tests::snapshot;
use super::super::views::NodeView;
use super::*;
use crate::client::fast::BeatAnswer;
use crate::client::fleet::{Listed, Sharding};

const SETTINGS: Settings =
    Settings { max_age: Duration::from_secs(60), period: Duration::from_secs(5) };

/// A beat's answer of newer servers, or of older ones.
const NEW: Answer =
    Answer::Beat(BeatAnswer { code: Some(10200), light: Some(true), interval_ms: Some(5000) });
const OLD: Answer = Answer::Beat(BeatAnswer { code: None, light: None, interval_ms: Some(5000) });
const UNKNOWN: Answer =
    Answer::Beat(BeatAnswer { code: Some(20404), light: Some(true), interval_ms: Some(5000) });

fn views(nodes: &[(&str, bool, &[&str])]) -> Views {
    let view = |(own, answers, members): &(&str, bool, &[&str])| NodeView {
        answers: *answers,
        own_address: Some((*own).to_owned()),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    Views { sharding: Sharding::Client, nodes: nodes.iter().map(view).collect() }
}

fn planner(instances: &[&str], views: Views) -> Planner {
    Planner::new(subjects(&snapshot(instances), SETTINGS.period), SETTINGS, views, 0)
}

fn alone() -> Views {
    views(&[("a:1", true, &["a:1"])])
}

fn many(count: usize) -> Vec<String> {
    (0..count).map(|n| format!(r#"{{"ip":"10.0.{}.{}"}}"#, n / 250, n % 250)).collect()
}

fn of(many: &[String]) -> Vec<&str> {
    many.iter().map(String::as_str).collect()
}

/// What a look finds: every kept instance, with a beat of its own a second ago.
fn all_listed(planner: &Planner, now: u64) -> Answer {
    let listed = planner.kept.iter().map(|kept| Listed {
        ip: kept.ip.clone(),
        port: kept.port,
        cluster_name: None,
        weight: kept.weight,
        healthy: true,
        enabled: true,
        ephemeral: true,
        metadata: kept.metadata.clone(),
        last_beat: Some(i64::try_from(now).unwrap() - 1000),
        instance_id: None,
    });
    Answer::List(listed.collect())
}

/// Plays a stretch of time, each job answered at once; the beats that were sent, with their times.
fn play(
    planner: &mut Planner,
    times: std::ops::Range<u64>,
    mut answer: impl FnMut(&Planner, &Job, u64) -> Answer,
) -> Vec<(u64, Job)> {
    let mut beats = Vec::new();
    for now in times {
        while let Some(job) = planner.next(now) {
            if matches!(job, Job::Beat { .. }) {
                beats.push((now, job));
            }
            let said = answer(planner, &job, now);
            planner.answered(job, &said, now, now);
        }
    }
    beats
}

fn usual(beat: Answer) -> impl FnMut(&Planner, &Job, u64) -> Answer {
    move |planner, job, now| match job {
        Job::Look { .. } => all_listed(planner, now),
        Job::Beat { .. } => beat.clone(),
    }
}

#[test]
fn rule_7_beats_are_spread_over_the_period_and_each_instance_has_one() {
    // One instance a service: a slot each.
    let mut whole = snapshot(&[r#"{"ip":"10.0.0.1"}"#]);
    let service = whole.services[0].clone();
    whole.services = (0..500)
        .map(|number| {
            let mut service = service.clone();
            service.service = format!("s{number}");
            service
        })
        .collect();
    let kept = subjects(&whole, SETTINGS.period);
    let mut planner = Planner::new(kept, SETTINGS, alone(), 0);
    planner.clock(0, 0);
    let mut seconds = [0; 5];
    for (at, _) in play(&mut planner, 0..5000, usual(NEW)) {
        seconds[(at / 1000) as usize] += 1;
    }
    // The rounds swing by a sixteenth, so the first ones come again before five seconds are over.
    assert!(seconds[..4].iter().all(|count| (99..=101).contains(count)), "{seconds:?}");
}

#[test]
fn rule_6_light_beats_where_the_server_knows_them_after_one_question() {
    let many = many(20);
    let mut planner = planner(&of(&many), alone());
    planner.clock(0, 0);
    let beats = play(&mut planner, 0..20_000, usual(NEW));
    let light = beats.iter().filter(|(_, job)| matches!(job, Job::Beat { light: true, .. }));
    assert_eq!((light.count(), beats.len()), (80, 80));
}

#[test]
fn rule_6_full_beats_where_the_server_refuses_light_ones() {
    let many = many(20);
    let mut planner = planner(&of(&many), alone());
    planner.clock(0, 0);
    let beats = play(&mut planner, 0..20_000, |planner, job, now| match job {
        Job::Look { .. } => all_listed(planner, now),
        Job::Beat { light: true, .. } => Answer::Refused(400),
        Job::Beat { .. } => OLD,
    });
    let light = beats.iter().filter(|(_, job)| matches!(job, Job::Beat { light: true, .. }));
    assert_eq!((light.count(), beats.len()), (1, 81), "one question, and then full ones");
    let counts: Vec<Counts> = planner.results().map(|(_, _, counts, _)| counts).collect();
    assert!(counts.iter().all(|c| (c.beats, c.refusals) == (4, 0)), "{counts:?}");
}

#[test]
fn rule_6_an_unknown_instance_is_registered_by_a_full_beat_at_the_same_node() {
    let mut planner = planner(&[r#"{"ip":"10.0.0.1"}"#], alone());
    let beats = play(&mut planner, 0..1000, |planner, job, now| match job {
        Job::Look { .. } => all_listed(planner, now),
        Job::Beat { light: true, .. } => UNKNOWN,
        Job::Beat { .. } => NEW,
    });
    let light = |(_, job): &(u64, Job)| matches!(job, Job::Beat { light: true, .. });
    assert_eq!(beats.iter().map(light).collect::<Vec<_>>(), [true, false]);
    let (_, _, counts, _) = planner.results().next().unwrap();
    assert_eq!(counts, Counts { beats: 1, recreations: 1, refusals: 0 });
}

#[test]
fn rule_4_what_a_connection_may_keep_is_never_registered_by_a_beat() {
    let instance = [r#"{"ip":"10.0.0.1","registeredBy":"unknown"}"#];
    for refusal in [UNKNOWN, Answer::Refused(400)] {
        let mut planner = planner(&instance, alone());
        let beats = play(&mut planner, 0..20_000, |planner, job, now| match job {
            Job::Look { .. } => all_listed(planner, now),
            Job::Beat { .. } => refusal.clone(),
        });
        let light = |(_, job): &(u64, Job)| matches!(job, Job::Beat { light: true, .. });
        assert!(!beats.is_empty() && beats.iter().all(light), "{beats:?}");
    }
}

#[test]
fn rule_5_what_was_deregistered_gets_no_further_full_beat() {
    let mut planner = planner(&[r#"{"ip":"10.0.0.1"}"#], alone());
    planner.clock(0, 0);
    let beats = play(&mut planner, 0..60_000, |planner, job, now| match job {
        Job::Look { .. } if now > 12_000 => Answer::List(Vec::new()),
        Job::Look { .. } => all_listed(planner, now),
        Job::Beat { light: true, .. } => Answer::Refused(400),
        Job::Beat { .. } => OLD,
    });
    assert!(beats.iter().all(|(at, _)| *at <= 12_000), "{beats:?}");
    assert_eq!(planner.results().next().unwrap().3, State::Deregistered);
}

#[test]
fn rule_5_without_a_sign_of_its_own_an_instance_is_let_go_after_the_age() {
    let mut planner = planner(&[r#"{"ip":"10.0.0.1"}"#], alone());
    planner.clock(0, 0);
    let mut last = 0;
    let beats = play(&mut planner, 0..120_000, |planner, job, now| match job {
        Job::Look { .. } => {
            let Answer::List(mut listed) = all_listed(planner, now) else { unreachable!() };
            listed[0].last_beat = Some(last);
            Answer::List(listed)
        }
        Job::Beat { .. } => {
            last = i64::try_from(now).unwrap();
            NEW
        }
    });
    let end = beats.last().unwrap().0;
    assert!((50_000..=60_000).contains(&end), "{end}");
    assert_eq!(planner.results().next().unwrap().3, State::Silent);
}

#[test]
fn rule_1_one_that_is_disabled_meanwhile_gets_no_further_beat() {
    let mut planner = planner(&[r#"{"ip":"10.0.0.1"}"#], alone());
    let beats = play(&mut planner, 0..40_000, |planner, job, now| match job {
        Job::Look { .. } => {
            let Answer::List(mut listed) = all_listed(planner, now) else { unreachable!() };
            listed[0].enabled = now < 12_000;
            Answer::List(listed)
        }
        Job::Beat { .. } => NEW,
    });
    assert!(beats.last().unwrap().0 < 12_000, "{beats:?}");
    assert_eq!(planner.results().next().unwrap().3, State::Disabled);
}

#[test]
fn when_a_member_dies_its_heirs_get_beats_again_and_again_until_they_took_over() {
    let all = ["a:1", "b:1", "c:1"];
    let before = views(&[("a:1", true, &all), ("b:1", true, &all), ("c:1", true, &all)]);
    let died = views(&[("a:1", false, &[]), ("b:1", true, &all), ("c:1", true, &all)]);
    let many = many(60);
    let mut planner = planner(&of(&many), before);
    planner.clock(0, 0);
    play(&mut planner, 0..10_000, usual(NEW));
    let of_a = |planner: &Planner| -> Vec<usize> {
        (0..60).filter(|kept| planner.lists.targets(planner.hashes[*kept]) == [0]).collect()
    };
    let orphans = of_a(&planner);
    assert!(orphans.len() > 10, "{orphans:?}");
    planner.see(died, 10_000);
    let beats = play(&mut planner, 10_000..11_000, usual(NEW));
    for orphan in orphans {
        let own = beats.iter().filter(
            |(_, job)| matches!(job, Job::Beat { kept, node, .. } if *kept == orphan && *node != 0),
        );
        assert!((4..=6).contains(&own.count()), "{orphan} gets a beat each 200 ms");
    }
    let late = play(&mut planner, 40_000..45_000, usual(NEW));
    assert!(late.len() < 200, "the hurry is over: {}", late.len());
}

#[test]
fn what_a_new_owner_deleted_is_registered_again() {
    let two = ["a:1", "b:1"];
    let before = views(&[("a:1", true, &two), ("b:1", true, &two)]);
    let after = views(&[("a:1", false, &[]), ("b:1", true, &["b:1"])]);
    let many = many(10);
    let mut planner = planner(&of(&many), before);
    planner.clock(0, 0);
    planner.clock(1, 0);
    let old_server = |lost: bool| {
        move |planner: &Planner, job: &Job, now: u64| match job {
            Job::Look { .. } if lost && now < 10_400 => Answer::List(Vec::new()),
            Job::Look { .. } => all_listed(planner, now),
            Job::Beat { light: true, .. } => Answer::Refused(400),
            Job::Beat { .. } => OLD,
        }
    };
    play(&mut planner, 0..10_000, old_server(false));
    planner.see(after, 10_000);
    play(&mut planner, 10_000..30_000, old_server(true));
    assert!(planner.results().all(|(_, _, _, state)| state == State::Kept));
    let again: u32 = planner.results().map(|(_, _, counts, _)| counts.recreations).sum();
    assert!(again >= 1, "{again}");
}

#[test]
fn what_leaves_while_a_member_starts_is_noticed_before_the_member_may_have_lost_it() {
    let (two, all) = (["a:1", "b:1"], ["a:1", "b:1", "c:1"]);
    let starting = |own| views(&[("a:1", true, &two), ("b:1", true, &two), ("c:1", own, &[])]);
    // Of the reports of one moment it has heard none, some or all when it is asked.
    for hears in [&[][..], &["a:1"], &["b:1"], &two, &all] {
        let mut planner = planner(&[r#"{"ip":"10.0.0.1"}"#], starting(false));
        (0..3).for_each(|node| planner.clock(node, 0));
        let old_server = |planner: &Planner, job: &Job, now: u64| match job {
            Job::Look { .. } if now >= 11_400 => Answer::List(Vec::new()),
            Job::Look { .. } => all_listed(planner, now),
            Job::Beat { light: true, .. } => Answer::Refused(400),
            Job::Beat { .. } => OLD,
        };
        play(&mut planner, 0..10_000, old_server);
        planner.see(starting(true), 10_000);
        play(&mut planner, 10_000..12_000, old_server);
        let knows = ("c:1", true, hears);
        planner.see(views(&[("a:1", true, &two), ("b:1", true, &two), knows]), 12_000);
        let beats = play(&mut planner, 12_000..20_000, old_server);
        assert_eq!(planner.results().next().unwrap().3, State::Deregistered, "{hears:?}");
        assert_eq!(beats, [], "nothing brings it back");
    }
}

#[test]
fn what_a_slow_node_could_not_be_sent_waits_for_the_next_round() {
    let many = many(20);
    let mut planner = planner(&of(&many), alone());
    let beats = play(&mut planner, 0..10_100, |planner, job, now| match job {
        Job::Look { .. } => all_listed(planner, now),
        Job::Beat { .. } if planner.light[0] == Light::Known => Answer::NotSent,
        Job::Beat { .. } => NEW,
    });
    assert!((40..=60).contains(&beats.len()), "each round once, and no more: {}", beats.len());
}

#[test]
fn a_service_that_can_not_be_looked_at_gets_no_full_beat() {
    let mut planner = planner(&[r#"{"ip":"10.0.0.1"}"#], alone());
    let beats = play(&mut planner, 0..10_000, |_, job, _| match job {
        Job::Look { .. } => Answer::Nothing,
        Job::Beat { .. } => OLD,
    });
    assert_eq!(beats, []);
}
