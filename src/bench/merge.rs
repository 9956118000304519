//! The results of machines that ran one workload together, added: histograms and counts, never
//! percentiles.
use std::collections::{BTreeMap, BTreeSet};

use super::document::{
    Document, OperationPoint, OperationReport, Percentiles, Point, PushReport, error_percent,
};
use super::histogram_text::{decode, encode};
use super::record::{Measures, PushCounts, Traffic, histogram};

/// The spread of starts, in milliseconds, up to which machines ran together.
const TOGETHER_MS: u64 = 2_000;

/// Why results do not add up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Another workload, server or version of the document.
    #[error("the results are of different runs: {what} is `{one}` and `{other}`")]
    Different {
        /// What differs.
        what: &'static str,
        /// In the first result.
        one: String,
        /// In another one.
        other: String,
    },
    /// The machines did not begin together.
    #[error("the runs began up to {spread_ms} ms apart")]
    Apart {
        /// From the first to the last start.
        spread_ms: u64,
    },
    /// One machine's result is there twice.
    #[error("machine {0} is there twice")]
    Twice(u32),
    /// A histogram cannot be read.
    #[error("a histogram is damaged")]
    Damaged,
    /// There is nothing to add.
    #[error("there is no result")]
    Nothing,
}

/// Adds results.
pub fn merge(documents: &[Document]) -> Result<Document, MergeError> {
    let first = documents.first().ok_or(MergeError::Nothing)?;
    check(first, documents)?;
    let mut merged = first.clone();
    let duration_s = documents.iter().map(|one| one.duration_s).fold(0.0, f64::max);
    let sum = |value: fn(&Document) -> u64| documents.iter().map(value).sum::<u64>();
    let machines = documents.iter().flat_map(|one| one.setting.machines.iter().copied());
    merged.setting.machines = machines.collect();
    merged.setting.connections = sum(|one| one.setting.connections);
    merged.duration_s = duration_s;
    merged.operations = operations(documents, duration_s)?;
    merged.correctness = Default::default();
    documents.iter().for_each(|one| merged.correctness.merge(&one.correctness));
    merged.error_percent = error_percent(&merged.operations, merged.correctness.unsent);
    merged.push = push(documents)?;
    let requests = merged.requests();
    generator(&mut merged, documents, requests)?;
    // One machine at most has watched the server, and its requests are a part of all.
    merged.server = documents.iter().find_map(|one| one.server);
    merged.points = points(documents);
    merged.events = documents.iter().flat_map(|one| one.events.clone()).collect();
    merged.failures = documents.iter().flat_map(|one| one.failures.clone()).collect();
    merged.interrupted = documents.iter().any(|one| one.interrupted);
    // What each machine kept for itself says nothing about all of them.
    merged.thresholds = Vec::new();
    merged.search = None;
    Ok(merged)
}

fn check(first: &Document, documents: &[Document]) -> Result<(), MergeError> {
    for other in documents {
        let pairs = [
            ("schema", &first.schema, &other.schema),
            ("the target", &first.setting.target, &other.setting.target),
            ("the workload", &first.setting.workload, &other.setting.workload),
            ("the agent", &first.setting.agent, &other.setting.agent),
            ("the seed", &first.setting.seed, &other.setting.seed),
        ];
        if let Some((what, one, other)) = pairs.into_iter().find(|(_, one, other)| one != other) {
            return Err(MergeError::Different { what, one: one.clone(), other: other.clone() });
        }
    }
    let mut machines = BTreeSet::new();
    let numbers = documents.iter().flat_map(|one| &one.setting.machines);
    if let Some(twice) = numbers.copied().find(|number| !machines.insert(*number)) {
        return Err(MergeError::Twice(twice));
    }
    let starts = documents.iter().map(|one| one.setting.started_at_ms);
    let spread_ms = starts.clone().max().unwrap_or(0) - starts.min().unwrap_or(0);
    if spread_ms > TOGETHER_MS { Err(MergeError::Apart { spread_ms }) } else { Ok(()) }
}

fn operations(
    documents: &[Document],
    duration_s: f64,
) -> Result<BTreeMap<String, OperationReport>, MergeError> {
    let mut sums: BTreeMap<String, Measures> = BTreeMap::new();
    for (name, report) in documents.iter().flat_map(|one| &one.operations) {
        let measures = report.measures().ok_or(MergeError::Damaged)?;
        sums.entry(name.clone()).or_default().merge(&measures);
    }
    let report = |(name, sum): (String, Measures)| (name, OperationReport::new(&sum, duration_s));
    Ok(sums.into_iter().map(report).collect())
}

fn push(documents: &[Document]) -> Result<Option<PushReport>, MergeError> {
    let (mut counts, mut latency, mut any) = (PushCounts::default(), histogram(), false);
    for push in documents.iter().filter_map(|one| one.push.as_ref()) {
        any = true;
        counts.merge(&push.counts);
        let own = decode(&push.histogram).ok_or(MergeError::Damaged)?;
        latency.add(&own).expect("all histograms have the same bounds");
    }
    Ok(any.then(|| PushReport::new(counts, &latency)))
}

fn generator(
    merged: &mut Document,
    documents: &[Document],
    requests: u64,
) -> Result<(), MergeError> {
    let (mut lateness, mut traffic) = (histogram(), Traffic::default());
    let mut cpu_us = 0.0;
    for one in documents {
        let own = decode(&one.generator.own_lateness).ok_or(MergeError::Damaged)?;
        lateness.add(&own).expect("all histograms have the same bounds");
        traffic.merge(&one.generator.traffic);
        cpu_us += one.generator.cpu_us_per_request * one.requests() as f64;
    }
    let generator = &mut merged.generator;
    generator.workers = documents.iter().map(|one| one.generator.workers).sum();
    generator.cpu_s = documents.iter().map(|one| one.generator.cpu_s).sum();
    generator.waiting_cpu_s = documents.iter().map(|one| one.generator.waiting_cpu_s).sum();
    generator.cpu_us_per_request = cpu_us / requests.max(1) as f64;
    generator.own_lateness_us = Percentiles::of(&lateness);
    generator.own_lateness = encode(&lateness);
    generator.traffic = traffic;
    generator.bottleneck = documents.iter().find_map(|one| one.generator.bottleneck.clone());
    Ok(())
}

/// Rates and errors are added; of percentiles, which cannot be, the worst is kept.
fn points(documents: &[Document]) -> Vec<Point> {
    let mut sums: BTreeMap<u64, Point> = BTreeMap::new();
    for point in documents.iter().flat_map(|one| &one.points) {
        let at_ms = (point.at_s * 1e3).round() as u64;
        let sum = sums.entry(at_ms).or_insert_with(|| Point {
            at_s: point.at_s,
            seconds: point.seconds,
            operations: BTreeMap::new(),
        });
        for (name, one) in &point.operations {
            let of_all = sum.operations.entry(name.clone());
            of_all.and_modify(|sum| *sum = worse(*sum, *one)).or_insert(*one);
        }
    }
    sums.into_values().collect()
}

fn worse(one: OperationPoint, other: OperationPoint) -> OperationPoint {
    OperationPoint {
        rate_per_s: one.rate_per_s + other.rate_per_s,
        errors: one.errors + other.errors,
        p50_us: one.p50_us.max(other.p50_us),
        p99_us: one.p99_us.max(other.p99_us),
        max_us: one.max_us.max(other.max_us),
    }
}
