//! The result as a table in a terminal.
use std::fmt::Write;

use super::super::document::{Document, Percentiles};
use super::time;

/// The whole result as text.
pub fn table(document: &Document) -> String {
    let mut out = String::new();
    head(&mut out, document);
    operations(&mut out, document);
    pushes(&mut out, document);
    correctness(&mut out, document);
    machines(&mut out, document);
    outcome(&mut out, document);
    out
}

/// Writing into a string does not fail.
macro_rules! line {
    ($out:expr, $($arguments:tt)*) => {
        writeln!($out, $($arguments)*).expect("a string takes every write")
    };
}

fn head(out: &mut String, document: &Document) {
    let setting = &document.setting;
    line!(
        out,
        "{} on {} as {}: {} services x {} instances, {} subscribers, {} connections, {} loop",
        setting.workload,
        setting.target,
        setting.agent,
        setting.services,
        setting.instances,
        setting.subscribers,
        setting.connections,
        setting.pacing
    );
    let ended = if document.interrupted { ", ended early" } else { "" };
    let warm_up_s = setting.warm_up_s;
    let seed = &setting.seed;
    let measured_s = document.duration_s;
    line!(out, "measured {measured_s:.1} s after {warm_up_s:.1} s, seed {seed}{ended}\n");
}

fn operations(out: &mut String, document: &Document) {
    let titles =
        ["operation", "good/s", "errors", "time", "mean", "p50", "p90", "p99", "p99.9", "max"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    let open = document.setting.pacing == "open";
    for (name, report) in &document.operations {
        let spans = [
            ("service", &report.service_us),
            ("response", &report.response_us),
            ("lateness", &report.lateness_us),
        ];
        // In a closed loop nothing is planned, so that all three say the same.
        for (index, (span, percentiles)) in
            spans.into_iter().take(if open { 3 } else { 1 }).enumerate()
        {
            let first = index == 0;
            let only_first = |text: String| if first { text } else { String::new() };
            let mut row = vec![
                only_first(name.clone()),
                only_first(format!("{:.0}", report.rate_per_s)),
                only_first(report.errors.to_string()),
                span.to_owned(),
            ];
            row.extend(times(percentiles));
            rows.push(row);
        }
    }
    out.push_str(&columns(&rows));
    for (name, report) in document.operations.iter().filter(|(_, report)| report.errors > 0) {
        let kinds: Vec<String> =
            report.failures.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        line!(out, "{name} errors: {}", kinds.join(", "));
    }
    for failure in &document.failures {
        line!(out, "for example {failure}");
    }
}

fn times(percentiles: &Percentiles) -> [String; 6] {
    let Percentiles { mean, p50, p90, p99, p999, max } = *percentiles;
    [mean, p50, p90, p99, p999, max].map(time)
}

fn pushes(out: &mut String, document: &Document) {
    let Some(push) = &document.push else { return };
    let counts = push.counts;
    let latency = &push.latency_us;
    line!(
        out,
        "\npushes: {} of {} seen, {} merged into later ones, {} lost, {} duplicated, {} late; \
         p50 {}, p99 {}, max {}",
        counts.seen,
        counts.expected,
        counts.merged,
        push.lost,
        counts.duplicated,
        counts.late,
        time(latency.p50),
        time(latency.p99),
        time(latency.max)
    );
}

fn correctness(out: &mut String, document: &Document) {
    let tallies = &document.correctness;
    let at_the_end = if !document.is_read_back() && tallies.expected_instances == 0 {
        "not read back at the end".to_owned()
    } else {
        format!(
            "{} of {} found at the end, {} lost",
            tallies.found_instances, tallies.expected_instances, tallies.lost
        )
    };
    line!(
        out,
        "\ninstances: {at_the_end}, {} false expiries, {} registered again",
        tallies.false_expiries,
        tallies.re_registrations
    );
    let rare = [
        ("lists with too few hosts", tallies.short_lists),
        ("lists with hosts that had left", tallies.stale_lists),
        ("lists with unhealthy hosts", tallies.unhealthy_lists),
        ("lists older than the one before", tallies.backward_lists),
        ("clients that no longer beat", tallies.stopped_beating),
        ("services that could not be read back", tallies.unread_services),
        ("requests that were due and never sent", tallies.unsent),
    ];
    for (what, count) in rare.into_iter().filter(|(_, count)| *count > 0) {
        line!(out, "{count} {what}");
    }
}

fn machines(out: &mut String, document: &Document) {
    let generator = &document.generator;
    line!(
        out,
        "generator: {} workers, {:.1} us of a processor per request, {} connects, own lateness \
         p99 {}",
        generator.workers,
        generator.cpu_us_per_request,
        generator.traffic.connects,
        time(generator.own_lateness_us.p99)
    );
    if let Some(server) = &document.server {
        line!(
            out,
            "server: {:.2} processors, {:.1} us per request, {:.1} MiB resident at most",
            server.cpu_cores,
            server.cpu_us_per_request,
            server.rss_max_bytes as f64 / f64::from(1 << 20)
        );
    }
}

fn outcome(out: &mut String, document: &Document) {
    for event in &document.events {
        line!(out, "at {:.1} s: {}", event.at_s, event.what);
    }
    if let Some(search) = &document.search {
        for step in &search.steps {
            let kept = if step.passed { "kept" } else { "not kept" };
            line!(
                out,
                "search: {:.0}/s planned, {:.0}/s answered, {kept}",
                step.planned_per_s,
                step.good_per_s
            );
        }
        let rate =
            |rate: Option<f64>| rate.map_or("none".to_owned(), |rate| format!("{rate:.0}/s"));
        line!(
            out,
            "highest rate that kept the objectives: {}; lowest that did not: {}",
            rate(search.best_per_s),
            rate(search.failed_per_s)
        );
    }
    for check in &document.thresholds {
        let kept = if check.passed { "kept" } else { "MISSED" };
        let value =
            check.value.map_or("nothing measured".to_owned(), |value| format!("{value:.3}"));
        line!(out, "threshold {}: {kept} ({value})", check.expression);
    }
    if let Some(bottleneck) = &document.generator.bottleneck {
        line!(out, "THE GENERATOR WAS THE BOTTLENECK: {bottleneck}");
    }
}

/// Columns as wide as they must be; the first to the left, numbers to the right.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.len()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut text = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            if column == 0 {
                write!(text, "{cell:<width$}").expect("a string takes every write");
            } else {
                write!(text, "{gap}{cell:>width$}").expect("a string takes every write");
            }
        }
        line!(out, "{}", text.trim_end());
    }
    out
}
