//! What a rescue shows while it goes on: a table of the services that are not free on a terminal,
//! plain lines otherwise, on stderr both.

use super::book::{Book, ServiceRow, State, Totals};
use super::run::Observer;
use crate::wire::text::table::table;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often a plain line is written.
const PLAIN_EVERY: Duration = Duration::from_secs(5);
/// Over how long the rate of beats is taken.
const RATE_OVER: Duration = Duration::from_secs(1);
/// Services that the table shows.
const MOST_SERVICES: usize = 12;

/// Shows a rescue on stderr.
#[derive(Debug)]
pub struct Live {
    bar: ProgressBar,
    next_plain: Duration,
    rate: (Duration, u64, f64),
}

impl Live {
    /// A view that draws only on a terminal.
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} rescued\n{msg}") {
            bar.set_style(style);
        }
        Self { bar, next_plain: PLAIN_EVERY, rate: (Duration::ZERO, 0, 0.0) }
    }

    /// Leaves nothing behind on the terminal.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }

    /// Beats a second, over the last second.
    fn rate(&mut self, beats: u64, elapsed: Duration) -> f64 {
        let (since, before, rate) = self.rate;
        let span = elapsed.saturating_sub(since);
        if span < RATE_OVER {
            return rate;
        }
        let rate = (beats - before) as f64 / span.as_secs_f64();
        self.rate = (elapsed, beats, rate);
        rate
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Live {
    fn progress(&mut self, book: &Book, totals: &Totals, elapsed: Duration) {
        let rate = self.rate(totals.beats(), elapsed);
        let line = line(totals, rate);
        if self.bar.is_hidden() {
            if elapsed >= self.next_plain {
                self.next_plain = elapsed + PLAIN_EVERY;
                eprintln!("{:.0} s: {line}", elapsed.as_secs_f64());
            }
            return;
        }
        let (done, all) = share(totals);
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("{line}\n{}", services(&book.services())));
    }
}

/// How many are free or gone, of how many.
fn share(totals: &Totals) -> (usize, usize) {
    if totals.expected > 0 {
        return (totals.expected_done, totals.expected);
    }
    let done = totals.of(State::Rescued) + totals.of(State::Left);
    (done as usize, totals.seen() as usize)
}

fn line(totals: &Totals, rate: f64) -> String {
    let (done, all) = share(totals);
    let mut parts = vec![format!("{done} of {all} rescued")];
    for state in [State::Light, State::Relapsed, State::Full] {
        if totals.of(state) > 0 {
            parts.push(format!("{} {}", totals.of(state), state.name()));
        }
    }
    parts.push(format!("{rate:.0} beats/s"));
    parts.join(", ")
}

/// The services with most instances that are not free, as a table.
fn services(all: &[ServiceRow]) -> String {
    let waiting =
        |row: &ServiceRow| row.of(State::Light) + row.of(State::Relapsed) + row.of(State::Full);
    let mut shown: Vec<&ServiceRow> = all.iter().filter(|row| waiting(row) > 0).collect();
    shown.sort_by_key(|row| std::cmp::Reverse(waiting(row)));
    let rows = shown.iter().take(MOST_SERVICES).map(|row| {
        let of = |state| row.of(state).to_string();
        let light = row.of(State::Light) + row.of(State::Relapsed);
        vec![row.service.clone(), light.to_string(), of(State::Full), of(State::Rescued)]
    });
    table(&["SERVICE", "LIGHT", "FULL", "RESCUED"], rows)
}

#[cfg(test)]
mod tests {
    use super::super::book::{Key, Shape};
    use super::*;

    #[test]
    fn a_line_and_a_table_tell_who_is_not_free() {
        let book = Book::default();
        let key = Key {
            namespace: "public",
            service: "g@@orders",
            cluster: "DEFAULT",
            ip: "10.0.0.1",
            port: 1,
            agent: "a",
        };
        book.beat(Some(&key), Shape::Light, true);
        book.beat(Some(&Key { port: 2, ..key }), Shape::Light, true);
        book.beat(Some(&Key { port: 2, ..key }), Shape::Full, true);
        let stock = Key { service: "g@@stock", ..key };
        book.beat(Some(&stock), Shape::Light, true);
        book.beat(Some(&stock), Shape::Full, true);
        assert_eq!(line(&book.totals(), 5.0), "2 of 3 rescued, 1 light, 5 beats/s");
        let expected = "SERVICE    LIGHT  FULL  RESCUED\ng@@orders  1      0     1\n";
        assert_eq!(services(&book.services()), expected);
    }
}
