//! The whole of a benchmark: setup, measuring or searching, reading back, leaving, and the
//! document that tells of it.
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::document::{
    Check, Document, Generator, Percentiles, PushReport, SCHEMA, Search, SearchStep, Server,
    Setting, error_percent, operations,
};
use super::histogram_text::encode;
use super::load::Tallies;
use super::run::{Measured, Observer, Options, RunError, Session, seconds_since_epoch};
use super::threshold::Threshold;
use super::units::Rate;

/// A generator that is later than this, with a connection free, has not kept its own plan.
const LATE: Duration = Duration::from_millis(10);
/// A worker that uses more of a processor than this sends no faster because it can not.
const BUSY: f64 = 0.95;
/// A search ends when the highest good and the lowest bad rate are this close.
const CLOSE: f64 = 1.05;
/// The most steps of a search.
const MAX_STEPS: usize = 24;

/// What is wanted of a run.
#[derive(Clone, Debug)]
pub struct Goal {
    /// Thresholds to hold the run to.
    pub thresholds: Vec<Threshold>,
    /// The search for the highest rate that keeps them, when it is wanted.
    pub search: Option<SearchGoal>,
}

/// Where a search begins and how long a step takes.
#[derive(Clone, Debug)]
pub struct SearchGoal {
    /// The first rate over all streams.
    pub from: Rate,
    /// The measured time of a step.
    pub step: Duration,
    /// What a step must keep.
    pub slo: Vec<Threshold>,
}

/// Does everything, and tells of it.
pub fn bench(
    options: Options,
    goal: &Goal,
    stop: Arc<AtomicBool>,
    observer: &mut dyn Observer,
) -> Result<Document, RunError> {
    let mut session = Session::start(options.clone(), stop)?;
    if let Err(error) = session.set_up(observer) {
        // What was registered before the refusal must not stay.
        session.finish(observer)?;
        return Err(error);
    }
    let search = match &goal.search {
        Some(search) => Some(find_max(&mut session, &options, search, observer)?),
        None => None,
    };
    let (measured, search, setting) = match search {
        Some((measured, search, options)) => (measured, Some(search), options),
        None => {
            let logs = options.logs.as_deref();
            (session.measure(options.duration, logs, observer)?, None, options)
        }
    };
    let interrupted = session.is_stopped();
    if !interrupted {
        session.read_back(observer)?;
    }
    let workers = session.workers();
    let failures = session.samples.iter().flatten().cloned().collect();
    let tallies = session.finish(observer)?;
    let mut document = document(&setting, &measured, workers, tallies);
    document.failures = failures;
    document.interrupted = interrupted;
    document.search = search;
    document.thresholds = checks(&goal.thresholds, &document);
    Ok(document)
}

fn checks(thresholds: &[Threshold], document: &Document) -> Vec<Check> {
    thresholds.iter().map(|threshold| threshold.check(document)).collect()
}

/// What was measured as a document, as far as it is known before the end.
fn document(
    options: &Options,
    measured: &Measured,
    workers: usize,
    correctness: Tallies,
) -> Document {
    let total = &measured.collector.total;
    let seconds = measured.duration_s.max(1e-9);
    let operations = operations(total, seconds);
    let requests: u64 = operations.values().map(|one| one.requests).sum();
    let has_pushes = options.workload.editors > 0 && options.workload.subscribers > 0;
    Document {
        schema: SCHEMA.to_owned(),
        setting: setting(options, measured),
        duration_s: measured.duration_s,
        error_percent: error_percent(&operations, correctness.unsent),
        push: has_pushes.then(|| PushReport::new(total.push, &total.push_latency)),
        correctness,
        generator: generator(options, measured, workers, requests, correctness.unsent),
        server: measured.server.zip(options.server_pid).map(|((before, after, rss), pid)| {
            let cpu_s = after.cpu.saturating_sub(before.cpu).as_secs_f64();
            Server {
                pid,
                cpu_cores: cpu_s / (seconds + options.warm_up.as_secs_f64()),
                cpu_us_per_request: cpu_s * 1e6 / requests.max(1) as f64,
                rss_max_bytes: rss,
                rss_end_bytes: after.rss_bytes,
            }
        }),
        events: measured.collector.events.clone(),
        failures: Vec::new(),
        points: measured.collector.points.clone(),
        thresholds: Vec::new(),
        search: None,
        interrupted: false,
        operations,
    }
}

fn setting(options: &Options, measured: &Measured) -> Setting {
    let workload = &options.workload;
    Setting {
        facos: env!("CARGO_PKG_VERSION").to_owned(),
        target: options.target.host.clone(),
        agent: options.sdk.name.to_owned(),
        workload: workload.name.clone(),
        services: u64::from(workload.services),
        instances: u64::from(workload.instances),
        subscribers: u64::from(workload.subscribers),
        pacing: if workload.is_closed() { "closed" } else { "open" }.to_owned(),
        planned_per_s: workload.planned_rate(options.sdk, options.duration),
        seed: format!("{:x}", options.seed),
        connections: u64::from(options.connections),
        machines: vec![options.machine.0],
        warm_up_s: options.warm_up.as_secs_f64(),
        started_at_ms: (seconds_since_epoch(measured.started_at) * 1e3) as u64,
    }
}

fn generator(
    options: &Options,
    measured: &Measured,
    workers: usize,
    requests: u64,
    unsent: u64,
) -> Generator {
    let total = &measured.collector.total;
    let own = Percentiles::of(&total.own_lateness);
    let share = options.warm_up.as_secs_f64() / measured.duration_s.max(1e-9) + 1.0;
    let cpu_s = measured.cpu.as_secs_f64();
    Generator {
        workers: workers as u64,
        cpu_s,
        waiting_cpu_s: measured.waiting.as_secs_f64(),
        // The warm-up's processor time is left out by its share of the time.
        cpu_us_per_request: cpu_s * 1e6 / share / requests.max(1) as f64,
        own_lateness_us: own,
        own_lateness: encode(&total.own_lateness),
        traffic: total.traffic,
        bottleneck: bottleneck(options, measured, own, requests, unsent),
    }
}

/// Why the numbers say more about the generator than about the server, when they do.
fn bottleneck(
    options: &Options,
    measured: &Measured,
    own: Percentiles,
    requests: u64,
    unsent: u64,
) -> Option<String> {
    let percent = measured.busiest * 100.0;
    if measured.busiest > BUSY {
        return Some(format!("a worker used {percent:.0} % of a processor; give it --workers"));
    }
    if options.workload.is_closed() {
        return None;
    }
    let late_us = LATE.as_secs_f64() * 1e6;
    if own.p99 > late_us {
        return Some(format!(
            "1 % of the requests were sent {:.1} ms late although a connection was free; give it \
             processors of its own",
            own.p99 / 1e3
        ));
    }
    let waited = measured.collector.total.traffic.waited;
    let all_busy = waited as f64 > 0.9 * requests as f64 && unsent > requests / 100;
    all_busy.then(|| {
        "nearly every request waited for a connection; give it --connections, or less rate"
            .to_owned()
    })
}

/// Doubles the rate until a step fails, and halves the gap until it is small.
fn find_max(
    session: &mut Session,
    options: &Options,
    goal: &SearchGoal,
    observer: &mut dyn Observer,
) -> Result<(Measured, Search, Options), RunError> {
    let base = options.workload.streams_rate().unwrap_or(1.0);
    let mut search = Search { best_per_s: None, failed_per_s: None, steps: Vec::new() };
    let mut best: Option<(Measured, Options)> = None;
    let mut rate = goal.from.0;
    let mut unsent_before = 0;
    loop {
        let mut step = options.clone();
        step.duration = goal.step;
        step.workload.scale(rate / base);
        session.set_workload(step.workload.clone());
        let number = search.steps.len() + 1;
        let logs = options.logs.as_ref().map(|folder| folder.join(format!("step-{number}")));
        let measured = session.measure(goal.step, logs.as_deref(), observer)?;
        let mut tallies = session.tallies();
        let unsent = tallies.unsent;
        tallies.unsent -= unsent_before;
        unsent_before = unsent;
        let document = document(&step, &measured, session.workers(), tallies);
        let checks = checks(&goal.slo, &document);
        let passed =
            checks.iter().all(|check| check.passed) && document.generator.bottleneck.is_none();
        let good_per_s = document.good_per_s();
        observer.event(&format!(
            "{rate:.0}/s planned, {good_per_s:.0}/s answered: {}",
            if passed { "kept" } else { "not kept" }
        ));
        search.steps.push(SearchStep { planned_per_s: rate, good_per_s, checks, passed });
        if passed {
            search.best_per_s = Some(rate);
        } else {
            search.failed_per_s = Some(rate);
        }
        if passed || best.is_none() {
            best = Some((measured, step));
        }
        let next = next_rate(&search);
        match next.filter(|_| search.steps.len() < MAX_STEPS && !session.is_stopped()) {
            Some(next) => rate = next,
            None => break,
        }
    }
    let (measured, step) = best.expect("the loop measures once before it ends");
    Ok((measured, search, step))
}

/// The rate of the next step; none when the search is over.
fn next_rate(search: &Search) -> Option<f64> {
    match (search.best_per_s, search.failed_per_s) {
        (Some(best), None) => Some(best * 2.0),
        (None, Some(failed)) => (failed > 2.0).then_some(failed / 4.0),
        (Some(best), Some(failed)) => (failed / best > CLOSE).then(|| (best * failed).sqrt()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a search against a server that keeps the thresholds up to a rate.
    fn searched(from: f64, knee: f64) -> Search {
        let mut search = Search { best_per_s: None, failed_per_s: None, steps: Vec::new() };
        let mut rate = Some(from);
        while let Some(at) = rate {
            let passed = at <= knee;
            if passed {
                search.best_per_s = Some(at);
            } else {
                search.failed_per_s = Some(at);
            }
            let (planned_per_s, good_per_s) = (at, at.min(knee));
            search.steps.push(SearchStep { planned_per_s, good_per_s, checks: vec![], passed });
            rate = next_rate(&search);
        }
        search
    }

    #[test]
    fn a_search_closes_in_on_the_knee() {
        for (from, knee) in [(1000.0, 13_700.0), (50_000.0, 3_000.0), (1000.0, 1000.0)] {
            let search = searched(from, knee);
            let best = search.best_per_s.unwrap();
            assert!(best <= knee && best * CLOSE >= knee, "{from} {knee}: {search:?}");
            assert!(search.steps.len() < MAX_STEPS, "{}", search.steps.len());
        }
    }

    #[test]
    fn a_search_that_never_passes_ends() {
        let search = searched(1000.0, 0.0);
        assert_eq!(search.best_per_s, None);
        assert!(search.steps.len() < 10);
    }
}
