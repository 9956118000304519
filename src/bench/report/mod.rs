//! A run's document for people and machines: a table, JSON, JUnit, and a page to pass on.
mod html;
mod junit;
mod table;

pub use super::collect::log_names;
pub use html::html;
pub use junit::junit;
pub use table::table;

use super::document::Document;

/// The document as JSON, one line end at its end.
pub fn json(document: &Document) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("a document holds nothing that JSON cannot say");
    text.push('\n');
    text
}

/// The schema of the document.
pub const SCHEMA: &str = include_str!("schema.json");

/// A duration in microseconds, with three digits and the unit that suits it.
fn time(us: f64) -> String {
    match us {
        us if us >= 1e6 => format!("{:.2} s", us / 1e6),
        us if us >= 1e4 => format!("{:.1} ms", us / 1e3),
        us if us >= 1e3 => format!("{:.2} ms", us / 1e3),
        us => format!("{us:.0} us"),
    }
}
