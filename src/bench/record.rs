//! What one worker measures between two reports: three histograms for each operation, errors by
//! kind, and the generator's own lateness.
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::operation::{OPERATIONS, Operation};
use super::units::Nanos;

/// Histograms end here; what takes longer counts as this long.
const MAX_NANOS: u64 = 600_000_000_000;
/// Values below this are one; the clock and the kernel are no finer.
const MIN_NANOS: u64 = 1_000;

/// An empty histogram of nanoseconds with three significant digits.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(MIN_NANOS, MAX_NANOS, 3)
        .expect("the bounds and the digits are those that the library allows")
}

/// Adds a value, the largest one that fits when it is larger.
pub fn record(histogram: &mut Histogram<u64>, nanos: Nanos) {
    histogram.saturating_record(nanos.min(MAX_NANOS));
}

/// Empties a histogram, whose 170 KB are not touched when nothing was recorded: an interval has two
/// dozen of them.
fn empty(histogram: &mut Histogram<u64>) {
    if !histogram.is_empty() {
        histogram.reset();
    }
}

/// How many kinds of failure there are.
pub const FAILURES: usize = 7;

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection could be made.
    Connect,
    /// The connection broke before the answer was whole.
    Closed,
    /// The answer did not come in time.
    Timeout,
    /// The status is not 200.
    Status(u16),
    /// The answer is not HTTP.
    Http,
    /// The body is not what this operation answers.
    Answer,
    /// The list does not hold what it must.
    Hosts,
}

impl Failure {
    /// The names of the kinds, in the order of [`Failure::kind`].
    pub const NAMES: [&'static str; FAILURES] =
        ["connect", "closed", "timeout", "status", "http", "answer", "hosts"];

    /// The number of the kind.
    pub fn kind(self) -> usize {
        match self {
            Self::Connect => 0,
            Self::Closed => 1,
            Self::Timeout => 2,
            Self::Status(_) => 3,
            Self::Http => 4,
            Self::Answer => 5,
            Self::Hosts => 6,
        }
    }

    /// Whether the server took its time before this failure, so that the time counts.
    pub fn has_latency(self) -> bool {
        !matches!(self, Self::Connect | Self::Closed)
    }
}

/// The measures of one operation.
#[derive(Clone, Debug)]
pub struct Measures {
    /// From the moment of sending to the answer.
    pub service: Histogram<u64>,
    /// From the planned instant to the answer.
    pub response: Histogram<u64>,
    /// From the planned instant to the moment of sending.
    pub lateness: Histogram<u64>,
    /// Requests whose answer was what it must be.
    pub good: u64,
    /// Failed requests by kind.
    pub failed: [u64; FAILURES],
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            service: histogram(),
            response: histogram(),
            lateness: histogram(),
            good: 0,
            failed: [0; FAILURES],
        }
    }
}

/// When a request was planned, sent and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When it was due.
    pub planned: Nanos,
    /// When the generator began to send it.
    pub sent: Nanos,
    /// When the answer was whole, or the failure certain.
    pub answered: Nanos,
}

impl Measures {
    /// Adds one finished request.
    pub fn add(&mut self, times: Times, outcome: Result<(), Failure>) {
        match outcome {
            Ok(()) => self.good += 1,
            Err(failure) => self.failed[failure.kind()] += 1,
        }
        record(&mut self.lateness, times.sent.saturating_sub(times.planned));
        if outcome.err().is_none_or(Failure::has_latency) {
            record(&mut self.service, times.answered.saturating_sub(times.sent));
            record(&mut self.response, times.answered.saturating_sub(times.planned));
        }
    }

    /// All requests, good and failed.
    pub fn requests(&self) -> u64 {
        self.good + self.errors()
    }

    /// Failed requests of every kind.
    pub fn errors(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// Adds the measures of another worker, interval or machine: exactly, as nothing is averaged.
    pub fn merge(&mut self, other: &Self) {
        let fits = "all histograms have the same bounds";
        self.service.add(&other.service).expect(fits);
        self.response.add(&other.response).expect(fits);
        self.lateness.add(&other.lateness).expect(fits);
        self.good += other.good;
        for (own, others) in self.failed.iter_mut().zip(other.failed) {
            *own += others;
        }
    }

    fn clear(&mut self) {
        empty(&mut self.service);
        empty(&mut self.response);
        empty(&mut self.lateness);
        self.good = 0;
        self.failed = [0; FAILURES];
    }
}

/// How pushes fared, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushCounts {
    /// Changes that subscribers waited for: accepted changes times subscribers of the service.
    pub expected: u64,
    /// Changes that a datagram showed for the first time.
    pub seen: u64,
    /// Changes that a later one overtook, so that no datagram of their own was needed.
    pub merged: u64,
    /// Datagrams that showed nothing new.
    pub duplicated: u64,
    /// Seen changes that came later than the limit.
    pub late: u64,
    /// All datagrams.
    pub datagrams: u64,
    /// Datagrams that are no push.
    pub malformed: u64,
}

impl PushCounts {
    /// Changes that never reached a subscriber, by themselves or by a later one.
    pub fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.seen + self.merged)
    }

    /// Adds the counts of another worker, interval or machine.
    pub fn merge(&mut self, other: &Self) {
        self.expected += other.expected;
        self.seen += other.seen;
        self.merged += other.merged;
        self.duplicated += other.duplicated;
        self.late += other.late;
        self.datagrams += other.datagrams;
        self.malformed += other.malformed;
    }
}

/// What went over the wire, and what held the generator up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Requests that had to wait for a free connection.
    pub waited: u64,
    /// Connections that were made.
    pub connects: u64,
    /// Requests that were sent again because a kept connection had been closed meanwhile.
    pub resent: u64,
    /// Bytes written.
    pub sent_bytes: u64,
    /// Bytes read.
    pub received_bytes: u64,
}

impl Traffic {
    /// Adds the traffic of another worker, interval or machine.
    pub fn merge(&mut self, other: &Self) {
        self.waited += other.waited;
        self.connects += other.connects;
        self.resent += other.resent;
        self.sent_bytes += other.sent_bytes;
        self.received_bytes += other.received_bytes;
    }
}

/// What a worker hands over once a second.
#[derive(Clone, Debug)]
pub struct Interval {
    /// When it began.
    pub start: Nanos,
    /// When it ended.
    pub end: Nanos,
    /// By operation.
    pub operations: [Measures; OPERATIONS],
    /// The lateness of requests for which a connection was free: the generator's own.
    pub own_lateness: Histogram<u64>,
    /// From an accepted change to the datagram that shows it.
    pub push_latency: Histogram<u64>,
    /// How pushes fared.
    pub push: PushCounts,
    /// What went over the wire.
    pub traffic: Traffic,
}

impl Default for Interval {
    fn default() -> Self {
        Self {
            start: 0,
            end: 0,
            operations: Default::default(),
            own_lateness: histogram(),
            push_latency: histogram(),
            push: PushCounts::default(),
            traffic: Traffic::default(),
        }
    }
}

impl Interval {
    /// The measures of one operation.
    pub fn of(&mut self, operation: Operation) -> &mut Measures {
        &mut self.operations[operation as usize]
    }

    /// Adds another worker's or a later interval; `start` and `end` embrace both.
    pub fn merge(&mut self, other: &Self) {
        let fits = "all histograms have the same bounds";
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        for (own, others) in self.operations.iter_mut().zip(&other.operations) {
            own.merge(others);
        }
        self.own_lateness.add(&other.own_lateness).expect(fits);
        self.push_latency.add(&other.push_latency).expect(fits);
        self.push.merge(&other.push);
        self.traffic.merge(&other.traffic);
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self, start: Nanos) {
        for measures in &mut self.operations {
            measures.clear();
        }
        empty(&mut self.own_lateness);
        empty(&mut self.push_latency);
        (self.start, self.end) = (start, start);
        (self.push, self.traffic) = (PushCounts::default(), Traffic::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    #[test]
    fn each_histogram_measures_its_own_span() {
        let mut measures = Measures::default();
        let times = Times { planned: 0, sent: 10 * MS, answered: 15 * MS };
        measures.add(times, Ok(()));
        let near =
            |histogram: &Histogram<u64>, ms: u64| histogram.max().abs_diff(ms * MS) < ms * MS / 500;
        assert!(near(&measures.lateness, 10));
        assert!(near(&measures.service, 5));
        assert!(near(&measures.response, 15));
    }

    #[test]
    fn a_failure_without_an_answer_has_no_latency() {
        let mut measures = Measures::default();
        let times = Times { planned: 0, sent: 0, answered: MS };
        measures.add(times, Err(Failure::Connect));
        measures.add(times, Err(Failure::Timeout));
        assert_eq!((measures.good, measures.errors(), measures.service.len()), (0, 2, 1));
        assert_eq!(measures.failed[Failure::Timeout.kind()], 1);
    }

    #[test]
    fn merging_adds_and_clearing_empties() {
        let mut one = Interval::default();
        one.of(Operation::Beat).add(Times { planned: 0, sent: 0, answered: MS }, Ok(()));
        one.traffic.sent_bytes = 5;
        let mut both = one.clone();
        both.merge(&one);
        assert_eq!(both.of(Operation::Beat).response.len(), 2);
        assert_eq!(both.traffic.sent_bytes, 10);
        both.clear(7);
        assert_eq!((both.start, both.of(Operation::Beat).requests()), (7, 0));
        assert_eq!(both.traffic, Traffic::default());
    }

    #[test]
    fn what_is_longer_than_a_histogram_counts_as_its_end() {
        let mut histogram = histogram();
        record(&mut histogram, u64::MAX);
        assert!(histogram.max() >= MAX_NANOS);
    }
}
