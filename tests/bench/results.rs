//! What is made of a run: documents that add up, interval logs, pages, and a run that ends early.
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use facos::bench::document::Document;
use facos::bench::plan::{Goal, SearchGoal, bench};
use facos::bench::units::Rate;
use facos::bench::{compare, merge, report, threshold};

use crate::scripted::{Act, Scripted, USUAL};
use crate::{Nobody, options, run, workload};

const BEATS: &str = r#"
    services = 4
    instances = 10
    [[stream]]
    operation = "beat"
    pacing = { constant = { rate = "200/s" } }
"#;

#[test]
fn the_shares_of_two_machines_add_up_to_the_whole() {
    let server = Scripted::start(|_| USUAL);
    let part = |machine| {
        let mut options = options(&server.url, workload(BEATS));
        options.machine = (machine, 2);
        options
    };
    let second = part(1);
    let other = std::thread::spawn(move || run(second));
    let one = run(part(0));
    let two = other.join().unwrap();
    let merged = merge::merge(&[one.clone(), two.clone()]).unwrap();
    let beat = &merged.operations["beat"];
    assert_eq!(beat.requests, 400);
    assert_eq!(merged.setting.machines, [0, 1]);
    assert_eq!(merged.correctness.expected_instances, 40);
    let measures = beat.measures().unwrap();
    assert_eq!(measures.response.len(), 400);
    // The percentiles are those of all values together.
    let mut both = one.operations["beat"].measures().unwrap();
    both.merge(&two.operations["beat"].measures().unwrap());
    assert_eq!(measures.response, both.response);
    let twice = merge::merge(&[one.clone(), one.clone()]).unwrap_err().to_string();
    assert_eq!(twice, "machine 0 is there twice");
    let mut different = two;
    different.setting.seed = "8".to_owned();
    let refused = merge::merge(&[one, different]).unwrap_err().to_string();
    assert_eq!(refused, "the results are of different runs: the seed is `7` and `8`");
}

#[test]
fn every_form_of_the_result_tells_of_the_operation() {
    let server = Scripted::start(|_| USUAL);
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&server.url, workload(BEATS));
    options.logs = Some(folder.path().to_owned());
    options.server_pid = Some(std::process::id());
    let mut document = run(options);
    // Whether this machine kept the plan is not what is tested here.
    document.generator.bottleneck = None;
    document.thresholds = threshold::parse_all("beat.p99<9s,lost=0,list.p99<1s")
        .unwrap()
        .iter()
        .map(|one| one.check(&document))
        .collect();
    let passed: Vec<bool> = document.thresholds.iter().map(|check| check.passed).collect();
    assert_eq!(passed, [true, true, false], "what was not measured does not pass");

    let table = report::table(&document);
    assert!(table.contains("beat") && table.contains("threshold list.p99<1s: MISSED"), "{table}");
    let page = report::html(&document).unwrap();
    assert!(page.contains("<svg") && page.contains("<polyline"), "{page}");
    assert!(!page.contains("http://www"), "the page needs nothing else");
    let junit = report::junit(&document).unwrap();
    assert!(junit.contains("failures=\"1\""), "{junit}");

    let log = std::fs::read_to_string(folder.path().join("beat.hlog")).unwrap();
    let tags = ["Tag=response,", "Tag=service,", "Tag=lateness,"];
    assert!(tags.iter().all(|tag| log.lines().any(|line| line.starts_with(tag))), "{log}");
    assert!(document.server.unwrap().rss_max_bytes > 1 << 20);
}

#[test]
fn the_document_is_as_its_schema_says() {
    let server = Scripted::start(|_| USUAL);
    let mut options = options(&server.url, workload(BEATS));
    options.duration = Duration::from_millis(300);
    let document: serde_json::Value = serde_json::from_str(&report::json(&run(options))).unwrap();
    let schema: serde_json::Value = serde_json::from_str(report::SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert!(document["operations"]["beat"]["rate_per_s"].as_f64().unwrap() > 100.0);
}

#[test]
fn a_server_that_dies_is_one_event_and_not_the_end() {
    let server = Scripted::start(|_| USUAL);
    let mut options = options(&server.url, workload(BEATS));
    options.workers = 2;
    let dying = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        server.die();
    });
    let document = run(options);
    dying.join().unwrap();
    let told: Vec<&str> = document.events.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(document.generator.workers, 2, "each of which notices");
    assert!(matches!(told[..], [one] if one.contains("cannot be reached")), "{told:?}");
    assert!(document.operations["beat"].failures.contains_key("connect"), "{document:?}");
    assert!(document.operations["beat"].good > 50);
    nothing_is_known_of_the_end(&document);
}

fn nothing_is_known_of_the_end(document: &Document) {
    let table = report::table(document);
    assert!(table.contains("instances: not read back at the end, "), "{table}");
    for threshold in threshold::parse_all("lost=0,false_expiries=0").unwrap() {
        let check = threshold.check(document);
        assert_eq!((check.value, check.passed), (None, false), "{}", check.expression);
    }
}

#[test]
fn a_run_that_is_stopped_reports_and_deregisters() {
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = Arc::clone(&stop);
    let server = Scripted::start(move |asked| {
        let enough = asked.is_beat() && asked.number >= 50;
        stopping.fetch_or(enough, std::sync::atomic::Ordering::Relaxed);
        USUAL
    });
    let mut options = options(&server.url, workload(BEATS));
    options.duration = Duration::from_secs(600);
    let goal = Goal { thresholds: Vec::new(), search: None };
    let document = bench(options, &goal, stop, &mut Nobody).unwrap();
    assert!(document.interrupted && document.duration_s < 60.0);
    assert!(document.operations["beat"].good > 20);
    assert_eq!(server.registered(), 0);
    nothing_is_known_of_the_end(&document);
}

#[test]
fn a_server_that_refuses_registrations_ends_the_run_before_it_begins() {
    let server = Scripted::start(|asked| match asked.method == "POST" {
        true => Act::Say(403, "unknown user!".to_owned()),
        false => USUAL,
    });
    let goal = Goal { thresholds: Vec::new(), search: None };
    let stop = Arc::new(AtomicBool::new(false));
    let refused = bench(options(&server.url, workload(BEATS)), &goal, stop, &mut Nobody);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the server refused 40 requests of the setup: register: status 403: unknown user!"
    );
}

#[test]
fn a_search_finds_the_rate_at_which_errors_begin() {
    // More than 25 beats in a tenth of a second are refused.
    let window = std::sync::Mutex::new((0_u128, 0));
    let server = Scripted::start(move |asked| {
        if !asked.is_beat() {
            return USUAL;
        }
        let mut window = window.lock().unwrap();
        let now = asked.at.as_millis() / 100;
        *window = if window.0 == now { (now, window.1 + 1) } else { (now, 1) };
        if window.1 > 25 { Act::Say(503, String::new()) } else { USUAL }
    });
    let slo = threshold::parse_all("errors<20%").unwrap();
    let step = Duration::from_millis(1000);
    let goal =
        Goal { thresholds: Vec::new(), search: Some(SearchGoal { from: Rate(100.0), step, slo }) };
    let stop = Arc::new(AtomicBool::new(false));
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&server.url, workload(BEATS));
    options.logs = Some(folder.path().to_owned());
    let document = bench(options, &goal, stop, &mut Nobody).unwrap();
    let search = document.search.unwrap();
    let logs = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(logs, search.steps.len(), "no step overwrites the logs of another");
    assert!(folder.path().join("step-1/beat.hlog").is_file());
    // 250/s are answered; a fifth more than that is still kept. A machine that is busy with other
    // tests may keep less, but never more.
    assert!(search.best_per_s.is_none_or(|best| best <= 340.0), "{search:?}");
    assert!(search.failed_per_s.is_some() && search.steps.len() > 1, "{search:?}");
    let beyond = search.steps.iter().filter(|step| step.planned_per_s > 340.0);
    assert!(beyond.clone().all(|step| !step.passed), "{search:?}");
}

#[test]
fn the_same_server_twice_is_within_noise_and_a_slow_one_is_not() {
    let quick = Scripted::start(|_| USUAL);
    let slow = Scripted::start(|_| Act::After(Duration::from_millis(30)));
    let timed = |server: &Scripted| {
        let mut options = options(&server.url, workload(BEATS));
        options.connections = 16;
        options.duration = Duration::from_secs(5);
        run(options)
    };
    let (one, other) = (timed(&quick), timed(&slow));
    let comparison = compare::compare(&one, &other);
    let row =
        |measure: &str| comparison.rows.iter().find(|row| row.measure == measure).unwrap().clone();
    assert!(row("p50_us").significant, "{}", comparison.table());
    assert!(row("p50_us").change_percent > 100.0);
    assert!(!compare::compare(&one, &one).rows.iter().any(|row| row.significant));
}
