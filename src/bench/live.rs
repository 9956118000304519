//! What a run shows while it goes on: a bar on a terminal, plain lines otherwise, on stderr both.
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::load::Stage;
use super::operation::Operation;
use super::record::Interval;
use super::run::Observer;

/// How often a plain line is written.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Shows the run on stderr.
#[derive(Debug)]
pub struct Live {
    bar: ProgressBar,
    length: Duration,
    shown: Duration,
}

impl Live {
    /// A view that draws only on a terminal.
    pub fn new() -> Self {
        Self { bar: ProgressBar::hidden(), length: Duration::ZERO, shown: Duration::ZERO }
    }

    /// Leaves nothing behind on the terminal.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.suspend(|| eprintln!("{line}"));
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Live {
    fn stage(&mut self, stage: Stage, length: Duration) {
        self.bar.finish_and_clear();
        self.shown = Duration::ZERO;
        self.length = length;
        let name = match stage {
            Stage::Setup => "registering",
            Stage::Measure => "measuring",
            Stage::ReadBack => "reading back",
            Stage::Cleanup => "deregistering",
        };
        self.bar = ProgressBar::new(length.as_millis().try_into().unwrap_or(u64::MAX));
        let template = if length.is_zero() { "{prefix}" } else { "{prefix} {bar:20} {msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_prefix(name);
        self.bar.tick();
    }

    fn progress(&mut self, total: &Interval, elapsed: Duration) {
        if self.length.is_zero() {
            return;
        }
        let line = progress(total);
        self.bar.set_position(elapsed.min(self.length).as_millis().try_into().unwrap_or(u64::MAX));
        self.bar.set_message(line.clone());
        if self.bar.is_hidden() && elapsed >= self.shown + PLAIN_EVERY {
            self.shown = elapsed;
            self.say(&format!("{:.0} s: {line}", elapsed.as_secs_f64()));
        }
    }

    fn event(&mut self, what: &str) {
        self.say(what);
    }
}

/// Rate, percentiles and errors so far, for each operation that was sent.
fn progress(total: &Interval) -> String {
    let seconds = (total.end.saturating_sub(total.start)) as f64 / 1e9;
    let mut parts = Vec::new();
    for operation in Operation::ALL {
        let measures = &total.operations[operation as usize];
        if measures.requests() == 0 {
            continue;
        }
        let ms = |quantile| measures.response.value_at_quantile(quantile) as f64 / 1e6;
        parts.push(format!(
            "{} {:.0}/s p50 {:.2} p99 {:.2} ms, {} errors",
            operation.name(),
            measures.good as f64 / seconds.max(1e-3),
            ms(0.5),
            ms(0.99),
            measures.errors()
        ));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::record::Times;
    use super::*;

    #[test]
    fn a_line_tells_of_each_operation_that_was_sent() {
        let mut total = Interval { end: 2_000_000_000, ..Interval::default() };
        let times = Times { planned: 0, sent: 0, answered: 1_000_000 };
        for _ in 0..10 {
            total.of(Operation::Beat).add(times, Ok(()));
        }
        assert_eq!(progress(&total), "beat 5/s p50 1.00 p99 1.00 ms, 0 errors");
    }
}
