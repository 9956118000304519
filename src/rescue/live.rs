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
        if self.bar.is_hidden() {
            if elapsed >= self.next_plain {
                self.next_plain = elapsed + PLAIN_EVERY;
                eprintln!("{}", plain(totals, rate, elapsed));
            }
            return;
        }
        let frame = Frame::of(totals, &book.services(), rate);
        self.bar.set_length(frame.all);
        self.bar.set_position(frame.done);
        self.bar.set_message(frame.text);
    }
}

/// What a terminal shows at one moment: the bar, and what stands below it.
#[derive(Debug, PartialEq, Eq)]
struct Frame {
    done: u64,
    all: u64,
    text: String,
}

impl Frame {
    fn of(totals: &Totals, services: &[ServiceRow], rate: f64) -> Self {
        let (done, all) = share(totals);
        let text = format!("{}\n{}", line(totals, rate), waiting(services));
        Self { done: done as u64, all: all as u64, text }
    }
}

/// The line where there is no terminal.
fn plain(totals: &Totals, rate: f64, elapsed: Duration) -> String {
    format!("{:.0} s: {}", elapsed.as_secs_f64(), line(totals, rate))
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
fn waiting(all: &[ServiceRow]) -> String {
    let waiting =
        |row: &ServiceRow| row.of(State::Light) + row.of(State::Relapsed) + row.of(State::Full);
    let mut shown: Vec<&ServiceRow> = all.iter().filter(|row| waiting(row) > 0).collect();
    shown.sort_by_key(|row| std::cmp::Reverse(waiting(row)));
    let rows = shown.iter().take(MOST_SERVICES).map(|row| {
        let of = |state| row.of(state).to_string();
        let light = row.of(State::Light) + row.of(State::Relapsed);
        vec![row.service.clone(), light.to_string(), of(State::Full), of(State::Rescued)]
    });
    let mut text = table(&["SERVICE", "LIGHT", "FULL", "RESCUED"], rows);
    if shown.len() > MOST_SERVICES {
        text.push_str(&format!("and {} more services\n", shown.len() - MOST_SERVICES));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::book::{Key, Shape};
    use super::super::known::Known;
    use super::*;

    const KEY: Key<'static> = Key {
        namespace: "public",
        service: "g@@orders",
        cluster: "DEFAULT",
        ip: "10.0.0.1",
        port: 1,
        agent: "a",
    };

    /// A book in which each beat was answered with the flag taken back.
    fn book(beats: &[(&'static str, i32, Shape)]) -> Book {
        let book = Book::default();
        for (service, port, shape) in beats {
            book.beat(Some(&Key { service, port: *port, ..KEY }), *shape, true);
        }
        book
    }

    #[test]
    fn a_frame_tells_how_many_are_free_and_which_services_are_not() {
        let book = book(&[
            ("g@@orders", 1, Shape::Light),
            ("g@@orders", 2, Shape::Light),
            ("g@@orders", 2, Shape::Full),
            ("g@@stock", 1, Shape::Light),
            ("g@@stock", 1, Shape::Full),
            ("g@@bills", 1, Shape::Full),
            ("g@@bills", 2, Shape::Light),
        ]);
        let frame = Frame::of(&book.totals(), &book.services(), 5.0);
        assert_eq!((frame.done, frame.all), (2, 5));
        insta::assert_snapshot!(frame.text, @r"
        2 of 5 rescued, 2 light, 1 full, 5 beats/s
        SERVICE    LIGHT  FULL  RESCUED
        g@@bills   1      1     0
        g@@orders  1      0     1
        ");
        let later = plain(&book.totals(), 4.6, Duration::from_millis(15_020));
        assert_eq!(later, "15 s: 2 of 5 rescued, 2 light, 1 full, 5 beats/s");
    }

    #[test]
    fn a_frame_of_who_is_expected_counts_nobody_else() {
        let book = book(&[("g@@stock", 9, Shape::Light), ("g@@stock", 9, Shape::Full)]);
        let expected = |port| Known::beating("public", "g@@orders", "10.0.0.1", port);
        book.expect(&[expected(1), expected(2)]);
        book.beat(Some(&KEY), Shape::Light, true);
        book.beat(Some(&KEY), Shape::Full, true);
        let frame = Frame::of(&book.totals(), &book.services(), 0.0);
        assert_eq!((frame.done, frame.all), (1, 2));
        insta::assert_snapshot!(frame.text, @r"
        1 of 2 rescued, 0 beats/s
        SERVICE  LIGHT  FULL  RESCUED
        ");
    }

    #[test]
    fn the_table_shows_those_with_most_to_do_and_counts_the_rest() {
        let names: Vec<String> = (0..15).map(|number| format!("g@@s{number:02}")).collect();
        let book = Book::default();
        for (number, service) in names.iter().enumerate() {
            for port in 0..=number {
                let port = i32::try_from(port).unwrap();
                book.beat(Some(&Key { service, port, ..KEY }), Shape::Light, true);
            }
        }
        let text = waiting(&book.services());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + MOST_SERVICES + 1, "{text}");
        assert_eq!(lines[1], "g@@s14   15     0     0");
        assert_eq!(lines[13], "and 3 more services");
    }

    #[test]
    fn the_rate_is_that_of_the_last_second() {
        let mut live = Live::new();
        let at = |live: &mut Live, beats, ms| live.rate(beats, Duration::from_millis(ms));
        assert_eq!(at(&mut live, 400, 500), 0.0, "too early to tell");
        assert_eq!(at(&mut live, 1_000, 1_000), 1_000.0);
        assert_eq!(at(&mut live, 9_000, 1_900), 1_000.0, "it stays for a second");
        assert_eq!(at(&mut live, 9_000, 3_000), 4_000.0);
    }
}
