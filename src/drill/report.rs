//! The verdicts of the drills, as text and JSON.

use super::course::{Drill, Verdict};
use super::run::Outcome;
use super::subject::Said;
use crate::wire::text::table::table;
use serde::Serialize;
use std::time::Duration;

/// Changes during a situation that a report names.
const MOST_CHANGES: usize = 100;

/// The result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether the client kept its hosts in every drill.
    pub passed: bool,
    /// Each drill.
    pub drills: Vec<DrillReport>,
}

/// One drill.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DrillReport {
    /// Its name.
    pub drill: Drill,
    /// Its outcome.
    pub verdict: Verdict,
    /// Until every host was returned before the situation, s.
    pub ready_s: Option<f64>,
    /// What was returned during it: a list of hosts or an error, each change once.
    pub during: Vec<String>,
    /// Until every host was returned after the situation, s.
    pub back_s: Option<f64>,
}

impl Report {
    /// The outcomes as a report.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let drills: Vec<DrillReport> = outcomes.iter().map(DrillReport::of).collect();
        Self { passed: drills.iter().all(|drill| drill.verdict.is_good()), drills }
    }

    /// The report for people; the last line is the answer.
    pub fn text(&self) -> String {
        let rows = self.drills.iter().map(DrillReport::line);
        let mut text = table(&["DRILL", "VERDICT", "BACK AFTER", "RETURNED"], rows);
        let bad = self.drills.iter().filter(|drill| !drill.verdict.is_good()).count();
        text.push_str(&match bad {
            0 => format!("the providers were kept in all of {} drills\n", self.drills.len()),
            bad => format!("the providers were lost in {bad} of {} drills\n", self.drills.len()),
        });
        text
    }
}

impl DrillReport {
    fn of(outcome: &Outcome) -> Self {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        Self {
            drill: outcome.drill,
            verdict: outcome.verdict,
            ready_s: seconds(outcome.seen.ready),
            during: outcome.seen.during.iter().take(MOST_CHANGES).map(text_of).collect(),
            back_s: seconds(outcome.seen.back),
        }
    }

    fn line(&self) -> Vec<String> {
        vec![
            self.drill.name().to_owned(),
            self.verdict.name().to_owned(),
            self.back_s.map_or_else(|| "-".to_owned(), |back| format!("{back:.1} s")),
            self.during.join(" | "),
        ]
    }
}

fn text_of(said: &Said) -> String {
    match said {
        Said::Hosts(hosts) if hosts.is_empty() => "nothing".to_owned(),
        Said::Hosts(hosts) => hosts.join(" "),
        Said::Error(error) => {
            format!("error: {}", error.chars().take(60).collect::<String>().replace('\n', " "))
        }
        Said::Ended(Some(code)) => format!("ended with {code}"),
        Said::Ended(None) => "ended by a signal".to_owned(),
    }
}
