//! The result as one page that needs nothing else: tables and drawings in SVG.
use std::fmt::Write;

use minijinja::{AutoEscape, Environment, context};

use super::super::document::{Document, Point};
use super::super::histogram_text::decode;
use super::super::operation::OPERATIONS;
use super::{table, time};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 240.0;
/// Room for the scales.
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 24.0;
/// As many as there are operations: no two lines look alike.
const COLOURS: [&str; OPERATIONS] =
    ["#2563eb", "#d97706", "#059669", "#b91c1c", "#7c3aed", "#0891b2", "#4b5563"];

/// The page.
pub fn html(document: &Document) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("report", include_str!("report.html"))?;
    let names: Vec<&String> = document.operations.keys().collect();
    let drawings = [
        (
            "Good answers per second",
            over_time(
                document,
                |point, name| point.operations.get(name).map(|one| one.rate_per_s),
                &|value| format!("{value:.0}"),
            ),
        ),
        (
            "Response time, 99th percentile",
            over_time(
                document,
                |point, name| point.operations.get(name).map(|one| one.p99_us),
                &time,
            ),
        ),
        ("Response time by percentile", percentile_curve(document)),
    ];
    let drawings: Vec<_> =
        drawings.into_iter().map(|(title, svg)| context! { title, svg }).collect();
    let legend: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| context! { name, colour => COLOURS[index % COLOURS.len()] })
        .collect();
    environment.get_template("report")?.render(context! {
        title => format!("{} on {}", document.setting.workload, document.setting.target),
        text => table(document),
        drawings,
        legend,
    })
}

/// A line for each operation, in the order of the legend.
struct Drawing {
    lines: Vec<Vec<(f64, f64)>>,
    /// Texts below the drawing with their place from 0 to 1.
    ticks: Vec<(f64, String)>,
}

fn over_time(
    document: &Document,
    value: impl Fn(&Point, &str) -> Option<f64>,
    label: &dyn Fn(f64) -> String,
) -> String {
    let end = document.points.last().map_or(1.0, |point| point.at_s + point.seconds);
    let line = |name: &String| {
        let points = document.points.iter();
        points
            .filter_map(|point| {
                value(point, name).map(|y| ((point.at_s + point.seconds / 2.0) / end, y))
            })
            .collect()
    };
    let ticks = (0..=4).map(|k| (f64::from(k) / 4.0, format!("{:.0} s", end * f64::from(k) / 4.0)));
    let drawing =
        Drawing { lines: document.operations.keys().map(line).collect(), ticks: ticks.collect() };
    draw(&drawing, label)
}

/// Latency over the number of nines, as HdrHistogram's plots show it.
fn percentile_curve(document: &Document) -> String {
    const NINES: f64 = 4.0;
    let line = |encoded: &str| {
        let Some(histogram) = decode(encoded) else { return Vec::new() };
        (0..=200)
            .map(|k| {
                let place = f64::from(k) / 200.0;
                let quantile = 1.0 - 10_f64.powf(-place * NINES);
                (place, histogram.value_at_quantile(quantile) as f64 / 1e3)
            })
            .collect()
    };
    let ticks = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"];
    let drawing = Drawing {
        lines: document.operations.values().map(|one| line(&one.histograms.response)).collect(),
        ticks: ticks
            .iter()
            .enumerate()
            .map(|(index, text)| (index as f64 / NINES, (*text).to_owned()))
            .collect(),
    };
    draw(&drawing, &time)
}

fn draw(drawing: &Drawing, label: &dyn Fn(f64) -> String) -> String {
    let values = drawing.lines.iter().flatten().map(|(_, y)| *y);
    let top = values.fold(0.0_f64, f64::max).max(1.0) * 1.05;
    let x = |place: f64| LEFT + place * (WIDTH - LEFT - 10.0);
    let y = |value: f64| 10.0 + (1.0 - value / top) * (HEIGHT - BOTTOM - 10.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-size=\"11\" \
         font-family=\"sans-serif\">"
    );
    for k in 0..=4 {
        let value = top * f64::from(k) / 4.0;
        let height = y(value);
        // The texts are numbers and units made here; nothing in them needs escaping.
        write!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{height:.1}\" y2=\"{height:.1}\" \
             stroke=\"#e5e7eb\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            height + 4.0,
            label(value)
        )
        .expect("a string takes every write");
    }
    for (place, text) in &drawing.ticks {
        let (at, height) = (x(*place), HEIGHT - 6.0);
        write!(svg, "<text x=\"{at:.1}\" y=\"{height}\" text-anchor=\"middle\">{text}</text>")
            .expect("a string takes every write");
    }
    for (index, line) in drawing.lines.iter().enumerate() {
        let points: Vec<String> = line
            .iter()
            .map(|(place, value)| format!("{:.1},{:.1}", x(*place), y(*value)))
            .collect();
        let colour = COLOURS[index % COLOURS.len()];
        write!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{}\"/>",
            points.join(" ")
        )
        .expect("a string takes every write");
    }
    svg.push_str("</svg>");
    svg
}
