//! Puts together what the workers hand over: the whole run, a point for each stretch of time, and
//! the interval logs. Its memory depends on neither the rate nor the duration.
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::document::{Event, OperationPoint, Point, micros};
use super::histogram_text::encode;
use super::operation::{OPERATIONS, Operation};
use super::record::{Interval, Measures};
use super::units::{Nanos, SECOND};
use super::worker::INTERVAL;

/// The most points of a run; a longer one has longer points.
const MAX_POINTS: u64 = 300;
/// The most events that are told.
const MAX_EVENTS: usize = 100;
/// Stretches that may still be added to: workers report at slightly different times.
const OPEN_STRETCHES: usize = 2;

/// What the workers of a run have measured.
#[derive(Debug)]
pub struct Collector {
    /// The whole measured time.
    pub total: Interval,
    /// A point for each stretch, in order.
    pub points: Vec<Point>,
    /// What happened meanwhile.
    pub events: Vec<Event>,
    stretch: Nanos,
    start: Nanos,
    open: BTreeMap<u64, Interval>,
    /// Stretches to come: the four megabytes of each, made while a worker on the same processor
    /// keeps a pace, held it up for 2.4 ms, and 0.3 ms are left.
    spare: Vec<Interval>,
    logs: Option<Logs>,
}

impl Collector {
    /// For a measured time that takes `length`.
    pub fn new(length: Nanos) -> Self {
        let stretch = INTERVAL * length.div_ceil(INTERVAL * MAX_POINTS).max(1);
        Self {
            total: Interval::default(),
            points: Vec::new(),
            events: Vec::new(),
            stretch,
            start: 0,
            open: BTreeMap::new(),
            spare: vec![Interval::default(); OPEN_STRETCHES + 1],
            logs: None,
        }
    }

    /// The measured time begins at `start`; its intervals are logged too where that is asked for.
    pub fn begin(&mut self, start: Nanos, logs: Option<Logs>) {
        (self.start, self.logs) = (start, logs);
    }

    /// Adds what a worker handed over.
    pub fn add(&mut self, interval: &Interval) -> io::Result<()> {
        let was_empty = self.total.end == 0;
        self.total.merge(interval);
        if was_empty {
            // The first one may have begun in the warm-up.
            self.total.start = self.start;
        }
        // What ended at a stretch's first instant belongs to the one before.
        let middle = interval.start / 2 + interval.end / 2;
        let number = middle.saturating_sub(self.start) / self.stretch;
        let first = self.open.keys().next().copied().unwrap_or(number);
        let spare = &mut self.spare;
        let open = self.open.entry(number.max(first));
        let open = open.or_insert_with(|| spare.pop().unwrap_or_default());
        if open.end == 0 {
            open.start = interval.start;
        }
        open.merge(interval);
        if self.open.len() > OPEN_STRETCHES {
            self.close_first()?;
        }
        Ok(())
    }

    /// Tells that something happened.
    pub fn event(&mut self, at: Nanos, what: String) {
        if self.events.len() < MAX_EVENTS {
            let at_s = (at as f64 - self.start as f64) / SECOND as f64;
            self.events.push(Event { at_s, what });
        }
    }

    /// Nothing more comes.
    pub fn finish(&mut self) -> io::Result<()> {
        while !self.open.is_empty() {
            self.close_first()?;
        }
        self.logs.take().map_or(Ok(()), Logs::finish)
    }

    fn close_first(&mut self) -> io::Result<()> {
        let Some((number, mut interval)) = self.open.pop_first() else { return Ok(()) };
        self.close(number, &interval)?;
        interval.clear(0);
        self.spare.push(interval);
        Ok(())
    }

    fn close(&mut self, number: u64, interval: &Interval) -> io::Result<()> {
        let at_s = (number * self.stretch) as f64 / SECOND as f64;
        let seconds = self.stretch as f64 / SECOND as f64;
        let mut operations = BTreeMap::new();
        for operation in Operation::ALL {
            let measures = &interval.operations[operation as usize];
            if measures.requests() > 0 {
                operations.insert(operation.name().to_owned(), point(measures, seconds));
            }
        }
        if operations.is_empty() {
            return Ok(());
        }
        self.points.push(Point { at_s, seconds, operations });
        self.logs.as_mut().map_or(Ok(()), |logs| logs.write(at_s, seconds, interval))
    }
}

fn point(measures: &Measures, seconds: f64) -> OperationPoint {
    OperationPoint {
        rate_per_s: measures.good as f64 / seconds,
        errors: measures.errors(),
        p50_us: micros(measures.response.value_at_quantile(0.5)),
        p99_us: micros(measures.response.value_at_quantile(0.99)),
        max_us: micros(measures.response.max()),
    }
}

/// Interval logs: a file for each operation, in which a tag names the span that was measured.
#[derive(Debug)]
pub struct Logs {
    files: Vec<(BufWriter<File>, Operation)>,
}

impl Logs {
    /// Creates `OPERATION.hlog` for each operation in a folder, which is made when it is not there.
    pub fn create(folder: &Path, started_at_s: f64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut files = Vec::with_capacity(OPERATIONS);
        for operation in Operation::ALL {
            let file = File::create(folder.join(log_name(operation)))?;
            let mut file = BufWriter::new(file);
            writeln!(file, "#[Interval log of facos bench: {}, nanoseconds]", operation.name())?;
            writeln!(file, "#[Histogram log format version 1.3]")?;
            writeln!(file, "#[StartTime: {started_at_s:.3} (seconds since epoch)]")?;
            writeln!(
                file,
                "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
                 \"Interval_Compressed_Histogram\""
            )?;
            files.push((file, operation));
        }
        Ok(Self { files })
    }

    fn write(&mut self, at_s: f64, seconds: f64, interval: &Interval) -> io::Result<()> {
        for (file, operation) in &mut self.files {
            let measures = &interval.operations[*operation as usize];
            let spans = [
                ("response", &measures.response),
                ("service", &measures.service),
                ("lateness", &measures.lateness),
            ];
            for (tag, histogram) in spans.into_iter().filter(|(_, one)| !one.is_empty()) {
                // The format wants the maximum in milliseconds when values are nanoseconds.
                let max_ms = histogram.max() as f64 / 1e6;
                let text = encode(histogram);
                writeln!(file, "Tag={tag},{at_s:.3},{seconds:.3},{max_ms:.3},{text}")?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.files.iter_mut().try_for_each(|(file, _)| file.flush())
    }
}

/// The names of all interval logs in their folder.
pub fn log_names() -> impl Iterator<Item = String> {
    Operation::ALL.into_iter().map(log_name)
}

fn log_name(operation: Operation) -> String {
    format!("{}.hlog", operation.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_a_run_is_it_keeps_as_many_points_and_as_few_stretches() {
        let minute = 60 * SECOND;
        for length in [minute, 5 * minute, 60 * minute, 7 * 24 * 60 * minute] {
            let mut collector = Collector::new(length);
            let points = length.div_ceil(collector.stretch);
            assert!((60..=MAX_POINTS).contains(&points), "{length}: {points}");
            assert_eq!(collector.stretch % INTERVAL, 0, "a report belongs to one stretch");
            // Seven stretches of it, of which two may still be added to.
            let mut interval = Interval::default();
            for number in 0..7 {
                interval.start = number * collector.stretch;
                interval.end = interval.start + INTERVAL;
                collector.add(&interval).unwrap();
                assert!(collector.open.len() <= OPEN_STRETCHES);
                let all = collector.open.len() + collector.spare.len();
                assert_eq!(all, OPEN_STRETCHES + 1, "none is made while a worker keeps its pace");
            }
            (0..2 * MAX_EVENTS).for_each(|_| collector.event(length, "a pause".to_owned()));
            assert_eq!(collector.events.len(), MAX_EVENTS);
        }
    }
}
