//! What a rescue came to: who is free, who is not, and what else was answered.

use super::book::{Row, State, Totals};
use super::handler::Desk;
use serde::Serialize;
use std::sync::atomic::Ordering;

/// Instances that a report names; it counts all.
const MOST_ROWS: usize = 10_000;
/// Instances that a table shows.
const MOST_LINES: usize = 40;

/// The state of a rescue.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether everybody who is expected, or else was seen, is free or has left.
    pub rescued: bool,
    /// How long it has answered, s.
    pub seconds: f64,
    /// Beats answered.
    pub beats: u64,
    /// Of these, the light ones.
    pub light_beats: u64,
    /// Beats of nobody who is kept.
    pub beats_not_kept: u64,
    /// Services seen.
    pub services: usize,
    /// Instances by state.
    pub instances: Instances,
    /// Instances that a snapshot expects.
    pub expected: usize,
    /// Of these, the ones that are free or have left.
    pub expected_rescued: usize,
    /// Requests that were refused here.
    pub refused: u64,
    /// Lists of the snapshot that were given.
    pub lists: u64,
    /// Requests that a registry behind us answered.
    pub passed: u64,
    /// Requests that none of them answered.
    pub unreachable: u64,
    /// Answers of the registry behind us from which the flag was taken.
    pub corrected: u64,
    /// Who is not free, expected ones first; at most ten thousand.
    pub not_rescued: Vec<Row>,
}

/// Instances by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Instances {
    /// Full beats came after our answer.
    pub rescued: u32,
    /// Light beats only.
    pub light: u32,
    /// Free before, light again.
    pub relapsed: u32,
    /// Full beats, none after our answer yet.
    pub full: u32,
    /// Deregistered.
    pub left: u32,
}

impl Report {
    /// The state of a rescue now.
    pub fn of(desk: &Desk) -> Self {
        let totals = desk.book.totals();
        let not_rescued = if totals.expected > 0 {
            desk.book.missing(MOST_ROWS)
        } else {
            desk.book.rows(MOST_ROWS, |state| !matches!(state, State::Rescued | State::Left))
        };
        let count = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        Self {
            rescued: totals.is_done(),
            seconds: desk.started.elapsed().as_secs_f64(),
            beats: totals.beats(),
            light_beats: totals.light_beats,
            beats_not_kept: totals.not_kept,
            services: totals.services,
            instances: Instances::of(&totals),
            expected: totals.expected,
            expected_rescued: totals.expected_done,
            refused: count(&desk.counts.refused),
            lists: count(&desk.counts.lists),
            passed: count(&desk.counts.passed),
            unreachable: count(&desk.counts.unreachable),
            corrected: count(&desk.counts.corrected),
            not_rescued,
        }
    }

    /// The report for people; the last line is the answer.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.not_rescued.is_empty() {
            let header =
                ["STATE", "NAMESPACE", "SERVICE", "CLUSTER", "ADDRESS", "LIGHT", "FULL", "AGENT"];
            let rows = self.not_rescued.iter().take(MOST_LINES).map(line);
            text.push_str(&crate::wire::text::table::table(&header, rows));
            if self.not_rescued.len() > MOST_LINES {
                text.push_str(&format!("and {} more\n", self.not_rescued.len() - MOST_LINES));
            }
        }
        text.push_str(&self.summary());
        text.push('\n');
        text
    }

    fn summary(&self) -> String {
        let states = self.instances;
        let mut parts = Vec::new();
        if self.expected > 0 {
            parts.push(format!("{} of {} expected", self.expected_rescued, self.expected));
        } else {
            let seen = states.rescued + states.light + states.relapsed + states.full + states.left;
            parts.push(format!("{} of {seen} seen", states.rescued + states.left));
        }
        for (count, name) in [(states.light, "light"), (states.relapsed, "light again")] {
            if count > 0 {
                parts.push(format!("{count} {name}"));
            }
        }
        let word = if self.rescued { "rescued" } else { "NOT rescued" };
        let beats = format!("{} beats in {:.0} s", self.beats, self.seconds);
        format!("{word}: {}; {beats}", parts.join(", "))
    }
}

impl Instances {
    fn of(totals: &Totals) -> Self {
        Self {
            rescued: totals.of(State::Rescued),
            light: totals.of(State::Light),
            relapsed: totals.of(State::Relapsed),
            full: totals.of(State::Full),
            left: totals.of(State::Left),
        }
    }
}

fn line(row: &Row) -> Vec<String> {
    vec![
        row.state.name().to_owned(),
        row.namespace.clone(),
        row.service.clone(),
        row.cluster.clone(),
        format!("{}:{}", row.ip, row.port),
        (row.light_before + row.light_after).to_string(),
        (row.full_before + row.full_after).to_string(),
        row.agent.clone(),
    ]
}
