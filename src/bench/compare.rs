//! Two results side by side, and which differences are more than noise.
//!
//! The values of a run's stretches of time are a sample of what the server does. Two samples are
//! compared by the Mann-Whitney U test, which supposes nothing about how they are distributed:
//! latencies are not normal.
use std::fmt::Write;

use serde::Serialize;

use super::document::{Document, OperationPoint};

/// Below this probability a difference is taken to be more than noise.
const SIGNIFICANT: f64 = 0.05;
/// With fewer stretches on a side no difference can be more than noise.
const MIN_STRETCHES: usize = 4;

/// Every measure that both results have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// In the order of the operations.
    pub rows: Vec<Row>,
}

/// One measure in both results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The operation.
    pub operation: String,
    /// `rate_per_s`, `p50_us` or `p99_us`.
    pub measure: &'static str,
    /// Before, over the whole run.
    pub before: f64,
    /// After.
    pub after: f64,
    /// The change in percent.
    pub change_percent: f64,
    /// How probable a difference like this is when there is none; none with too few stretches.
    pub probability: Option<f64>,
    /// Whether the difference is more than noise.
    pub significant: bool,
}

/// Compares two results.
pub fn compare(before: &Document, after: &Document) -> Comparison {
    let mut rows = Vec::new();
    for (name, one) in &before.operations {
        let Some(other) = after.operations.get(name) else { continue };
        type Value = fn(&OperationPoint) -> f64;
        let measures: [(&'static str, f64, f64, Value); 3] = [
            ("rate_per_s", one.rate_per_s, other.rate_per_s, |point| point.rate_per_s),
            ("p50_us", one.response_us.p50, other.response_us.p50, |point| point.p50_us),
            ("p99_us", one.response_us.p99, other.response_us.p99, |point| point.p99_us),
        ];
        for (measure, was, is, value) in measures {
            let probability =
                probability(&values(before, name, value), &values(after, name, value));
            rows.push(Row {
                operation: name.clone(),
                measure,
                before: was,
                after: is,
                change_percent: if was == 0.0 { 0.0 } else { (is / was - 1.0) * 100.0 },
                probability,
                significant: probability.is_some_and(|probability| probability < SIGNIFICANT),
            });
        }
    }
    Comparison { rows }
}

/// The values of whole stretches: the last one may have been cut short.
fn values(document: &Document, name: &str, value: fn(&OperationPoint) -> f64) -> Vec<f64> {
    let whole = document.points.iter();
    let whole = whole.filter(|point| point.at_s + point.seconds <= document.duration_s + 1e-6);
    whole.filter_map(|point| point.operations.get(name)).map(value).collect()
}

/// The two-sided probability of the Mann-Whitney U test, by its normal approximation with ties.
fn probability(one: &[f64], other: &[f64]) -> Option<f64> {
    if one.len() < MIN_STRETCHES || other.len() < MIN_STRETCHES {
        return None;
    }
    let mut all: Vec<(f64, bool)> = one.iter().map(|value| (*value, true)).collect();
    all.extend(other.iter().map(|value| (*value, false)));
    all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (first, second) = (one.len() as f64, other.len() as f64);
    let count = first + second;
    let (mut rank_sum, mut ties) = (0.0, 0.0);
    for group in all.chunk_by(|(a, _), (b, _)| a == b) {
        let before = all.iter().take_while(|(value, _)| *value < group[0].0).count() as f64;
        let size = group.len() as f64;
        let rank = before + (size + 1.0) / 2.0;
        rank_sum += rank * group.iter().filter(|(_, is_first)| *is_first).count() as f64;
        ties += size.powi(3) - size;
    }
    let u = rank_sum - first * (first + 1.0) / 2.0;
    let mean = first * second / 2.0;
    let variance = first * second / 12.0 * (count + 1.0 - ties / (count * (count - 1.0)));
    if variance <= 0.0 {
        return Some(1.0);
    }
    let distance = ((u - mean).abs() - 0.5).max(0.0) / variance.sqrt();
    Some(2.0 * (1.0 - normal(distance)))
}

/// The normal distribution function, to seven digits (Abramowitz and Stegun 26.2.17).
fn normal(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    1.0 - (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}

impl Comparison {
    /// As a table.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let titles = ["measure", "before", "after", "change", "probability"];
        let mut line = |cells: [&str; 5], note: &str| {
            let [name, before, after, change, probability] = cells;
            writeln!(out, "{name:22}{before:>12}{after:>12}{change:>10}{probability:>13}  {note}")
                .expect("a string takes every write");
        };
        line(titles, "");
        for row in &self.rows {
            let name = format!("{} {}", row.operation, row.measure);
            let (before, after) = (format!("{:.1}", row.before), format!("{:.1}", row.after));
            let change = format!("{:+.1} %", row.change_percent);
            let probability = row.probability.map_or("-".to_owned(), |one| format!("{one:.3}"));
            let note = match (row.significant, row.probability) {
                (true, _) => "significant",
                (false, Some(_)) => "within noise",
                (false, None) => "too few stretches to tell",
            };
            line([&name, &before, &after, &change, &probability], note);
        }
        out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// As JSON.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("a comparison holds nothing that JSON cannot say") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_are_within_noise() {
        let one: Vec<f64> = (0..20).map(f64::from).collect();
        assert!(probability(&one, &one).unwrap() > 0.9);
        assert_eq!(probability(&[1.0; 9], &[1.0; 9]), Some(1.0));
    }

    #[test]
    fn samples_apart_are_significant() {
        let one: Vec<f64> = (0..10).map(f64::from).collect();
        let other: Vec<f64> = (20..30).map(f64::from).collect();
        let apart = probability(&one, &other).unwrap();
        // The same from the tables of the test with the correction for continuity.
        assert!((apart - 0.000_183).abs() < 0.000_02, "{apart}");
        assert_eq!(probability(&one[..3], &other), None);
    }

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        for (x, y) in [(0.0, 0.5), (1.0, 0.841_345), (1.96, 0.975_002), (3.0, 0.998_650)] {
            assert!((normal(x) - y).abs() < 1e-6, "{x}: {}", normal(x));
        }
    }
}
