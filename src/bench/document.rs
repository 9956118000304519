//! The result of a run as a document: what `-o json` prints, and what `compare` and `merge` read.
//! Its schema is `report/schema.json`.
use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::histogram_text::{decode, encode};
use super::load::Tallies;
use super::operation::Operation;
use super::record::{FAILURES, Failure, Interval, Measures, PushCounts, Traffic};

/// What `schema` says in every document of this form.
pub const SCHEMA: &str = "facos.bench/1";

/// Nanoseconds as microseconds.
pub fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

/// Everything that a run has found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// What was asked for.
    pub setting: Setting,
    /// Seconds that were measured.
    pub duration_s: f64,
    /// By operation; only those that were sent.
    pub operations: BTreeMap<String, OperationReport>,
    /// The share of all requests that failed or were due and never sent, in percent.
    pub error_percent: f64,
    /// Pushes, when there were editors to cause them.
    pub push: Option<PushReport>,
    /// What went wrong beside requests.
    pub correctness: Tallies,
    /// The load generator itself.
    pub generator: Generator,
    /// The server's process, when its number was given.
    pub server: Option<Server>,
    /// What happened meanwhile.
    pub events: Vec<Event>,
    /// The first failure of each kind.
    pub failures: Vec<String>,
    /// Over time.
    pub points: Vec<Point>,
    /// The thresholds that were given.
    pub thresholds: Vec<Check>,
    /// The search for the highest rate, when there was one.
    pub search: Option<Search>,
    /// Whether the run was ended before its time.
    pub interrupted: bool,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setting {
    /// This program's version.
    pub facos: String,
    /// The server's `host:port`.
    pub target: String,
    /// The SDK that was imitated.
    pub agent: String,
    /// The preset, or `custom`.
    pub workload: String,
    /// How many services there were.
    pub services: u64,
    /// Instances of each.
    pub instances: u64,
    /// Subscribers over all services.
    pub subscribers: u64,
    /// `closed` or `open`.
    pub pacing: String,
    /// Requests per second that were planned at most; none in a closed loop.
    pub planned_per_s: Option<f64>,
    /// The seed, in hexadecimal.
    pub seed: String,
    /// Connections.
    pub connections: u64,
    /// The numbers of the machines that took part, from 0.
    pub machines: Vec<u32>,
    /// Seconds before the measured time.
    pub warm_up_s: f64,
    /// When the measured time began, in milliseconds since 1970.
    pub started_at_ms: u64,
}

/// One operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OperationReport {
    /// All requests.
    pub requests: u64,
    /// Those with a good answer.
    pub good: u64,
    /// Those without.
    pub errors: u64,
    /// Failed requests by kind.
    pub failures: BTreeMap<String, u64>,
    /// Good answers per second.
    pub rate_per_s: f64,
    /// From sending to answer.
    pub service_us: Percentiles,
    /// From the planned instant to the answer: free of coordinated omission.
    pub response_us: Percentiles,
    /// From the planned instant to sending.
    pub lateness_us: Percentiles,
    /// The same three as whole histograms.
    pub histograms: Histograms,
}

/// Histograms of nanoseconds, compressed and in base64 as HdrHistogram writes them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Histograms {
    /// From sending to answer.
    pub service: String,
    /// From the planned instant to the answer.
    pub response: String,
    /// From the planned instant to sending.
    pub lateness: String,
}

/// A histogram in six numbers, microseconds all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// The arithmetic mean.
    pub mean: f64,
    /// Half of the values are not larger.
    pub p50: f64,
    /// 90 % of the values are not larger.
    pub p90: f64,
    /// 99 % of the values are not larger.
    pub p99: f64,
    /// 99.9 % of the values are not larger.
    pub p999: f64,
    /// The largest value.
    pub max: f64,
}

/// Pushes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PushReport {
    /// In numbers.
    pub counts: PushCounts,
    /// Changes that never arrived.
    pub lost: u64,
    /// From the accepted change to the datagram.
    pub latency_us: Percentiles,
    /// The same as a whole histogram.
    pub histogram: String,
}

/// The load generator itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generator {
    /// Threads that sent.
    pub workers: u64,
    /// Processor time of these threads in the measured time and its warm-up, in seconds.
    pub cpu_s: f64,
    /// Beside it, processor time of waiting for planned instants awake, in seconds.
    #[serde(default)]
    pub waiting_cpu_s: f64,
    /// Processor time without that waiting for each request, in microseconds.
    pub cpu_us_per_request: f64,
    /// Lateness of requests for which a connection was free.
    pub own_lateness_us: Percentiles,
    /// The same as a whole histogram.
    pub own_lateness: String,
    /// What went over the wire.
    pub traffic: Traffic,
    /// Why the generator and not the server set the limit, when it did.
    pub bottleneck: Option<String>,
}

/// The server's process over the measured time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Server {
    /// Its number.
    pub pid: u32,
    /// Processors that it used on average.
    pub cpu_cores: f64,
    /// Processor time for each request, in microseconds.
    pub cpu_us_per_request: f64,
    /// Its largest resident memory, in bytes.
    pub rss_max_bytes: u64,
    /// Its resident memory at the end, in bytes.
    pub rss_end_bytes: u64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds since the measured time began; negative before it.
    pub at_s: f64,
    /// What.
    pub what: String,
}

/// A stretch of the measured time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its beginning, in seconds since the measured time began.
    pub at_s: f64,
    /// Its length.
    pub seconds: f64,
    /// By operation.
    pub operations: BTreeMap<String, OperationPoint>,
}

/// One operation in a stretch of time; latencies are response times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationPoint {
    /// Good answers per second.
    pub rate_per_s: f64,
    /// Failed requests.
    pub errors: u64,
    /// The median.
    pub p50_us: f64,
    /// The 99th percentile.
    pub p99_us: f64,
    /// The largest.
    pub max_us: f64,
}

/// A threshold and whether it was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// As it was given.
    pub expression: String,
    /// What was measured, in the threshold's unit; none when nothing was.
    pub value: Option<f64>,
    /// Whether it was kept.
    pub passed: bool,
}

/// The search for the highest rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// The highest rate that kept every threshold; none when even the first did not.
    pub best_per_s: Option<f64>,
    /// The lowest rate that did not; none when none was found.
    pub failed_per_s: Option<f64>,
    /// Every step, in order.
    pub steps: Vec<SearchStep>,
}

/// One step of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchStep {
    /// The planned rate.
    pub planned_per_s: f64,
    /// The rate of good answers of all operations.
    pub good_per_s: f64,
    /// The thresholds.
    pub checks: Vec<Check>,
    /// Whether all were kept.
    pub passed: bool,
}

impl Percentiles {
    /// Of a histogram of nanoseconds.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| micros(histogram.value_at_quantile(quantile));
        Self {
            mean: histogram.mean() / 1e3,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: micros(histogram.max()),
        }
    }
}

impl OperationReport {
    /// Of what was measured in so many seconds.
    pub fn new(measures: &Measures, seconds: f64) -> Self {
        let failures = Failure::NAMES.iter().zip(measures.failed).filter(|(_, count)| *count > 0);
        Self {
            requests: measures.requests(),
            good: measures.good,
            errors: measures.errors(),
            failures: failures.map(|(name, count)| ((*name).to_owned(), count)).collect(),
            rate_per_s: measures.good as f64 / seconds,
            service_us: Percentiles::of(&measures.service),
            response_us: Percentiles::of(&measures.response),
            lateness_us: Percentiles::of(&measures.lateness),
            histograms: Histograms {
                service: encode(&measures.service),
                response: encode(&measures.response),
                lateness: encode(&measures.lateness),
            },
        }
    }

    /// The measures again, for adding them to others; `None` when the histograms are damaged.
    pub fn measures(&self) -> Option<Measures> {
        let mut failed = [0; FAILURES];
        for (name, count) in &self.failures {
            let kind = Failure::NAMES.iter().position(|known| known == name)?;
            failed[kind] = *count;
        }
        Some(Measures {
            service: decode(&self.histograms.service)?,
            response: decode(&self.histograms.response)?,
            lateness: decode(&self.histograms.lateness)?,
            good: self.good,
            failed,
        })
    }
}

impl PushReport {
    /// Of what was measured.
    pub fn new(counts: PushCounts, latency: &Histogram<u64>) -> Self {
        Self {
            counts,
            lost: counts.lost(),
            latency_us: Percentiles::of(latency),
            histogram: encode(latency),
        }
    }
}

/// The operations of a run by name.
pub fn operations(total: &Interval, seconds: f64) -> BTreeMap<String, OperationReport> {
    let sent = |operation: &Operation| total.operations[*operation as usize].requests() > 0;
    let report = |operation: Operation| {
        let measures = &total.operations[operation as usize];
        (operation.name().to_owned(), OperationReport::new(measures, seconds))
    };
    Operation::ALL.into_iter().filter(sent).map(report).collect()
}

/// The share of requests that failed or were never sent, in percent.
pub fn error_percent(operations: &BTreeMap<String, OperationReport>, unsent: u64) -> f64 {
    let requests: u64 = operations.values().map(|one| one.requests).sum::<u64>() + unsent;
    let errors: u64 = operations.values().map(|one| one.errors).sum::<u64>() + unsent;
    if requests == 0 { 0.0 } else { errors as f64 / requests as f64 * 100.0 }
}

impl Document {
    /// Good answers per second over all operations.
    pub fn good_per_s(&self) -> f64 {
        self.operations.values().map(|one| one.rate_per_s).sum()
    }

    /// Whether every service was read back at the end, so that nothing is lost without a trace.
    pub fn is_read_back(&self) -> bool {
        !self.interrupted && self.correctness.unread_services == 0
    }

    /// All requests.
    pub fn requests(&self) -> u64 {
        self.operations.values().map(|one| one.requests).sum()
    }
}
