//! The versions between the recorded ones. What a real 1.2.0 and a real 2.0.4 answered is kept as
//! differences from the transcripts of 1.2.1 and 2.0.2 (`fixtures/transcripts/deltas`): their
//! profiles must differ in the same steps, by the same values, and nowhere else.

use super::verdict;
use facos::verify::{Difference, Transcript, Verdict};
use libtest_mimic::{Failed, Trial};
use regex::Regex;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

/// What one version answered otherwise than its base.
#[derive(Deserialize)]
struct Delta {
    base: String,
    version: String,
    transcripts: Vec<Differing>,
}

#[derive(Deserialize)]
struct Differing {
    transcript: String,
    differences: Vec<Recorded>,
}

#[derive(Debug, Deserialize)]
struct Recorded {
    step: String,
    difference: String,
}

/// Areas that were not played against these versions.
const NOT_PLAYED: [&str; 2] = ["grpc/", "auth/"];

/// Steps that are not held to the record: version, transcript, step, why.
const APART: [(&str, &str, &str, &str); 1] = [(
    "2.0.4",
    "metadata/persistent-ephemeral-flag",
    "list-both",
    "the text that is cut shows metadata in a hash map's order, here in that of their writing",
)];

/// One test for each transcript of a base and version beside it.
pub fn trials(fixtures: &Path, transcripts: &[Transcript]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for file in ["1.2.0-vs-1.2.1.json", "2.0.4-vs-2.0.2.json"] {
        let text = std::fs::read_to_string(fixtures.join("deltas").join(file));
        let text = text.expect("the fixtures are part of the repository");
        let delta: Delta = serde_json::from_str(&text).expect("a delta has this form");
        let mut by_name: BTreeMap<String, Vec<Recorded>> = BTreeMap::new();
        for differing in delta.transcripts {
            by_name.insert(differing.transcript, differing.differences);
        }
        for transcript in transcripts.iter().filter(|known| was_played(known, &delta.base)) {
            let (base, version) = (delta.base.clone(), delta.version.clone());
            let recorded = by_name.remove(&transcript.name).unwrap_or_default();
            let name = format!("{} answers as {version} did, from {base}", transcript.name);
            let transcript = transcript.clone();
            trials.push(Trial::test(name, move || passes(&transcript, &base, &version, &recorded)));
        }
        assert!(by_name.is_empty(), "{file} has transcripts that are not played: {by_name:?}");
    }
    trials
}

fn was_played(transcript: &Transcript, base: &str) -> bool {
    transcript.deployment == "standalone"
        && transcript.versions.iter().any(|version| version == base)
        && !NOT_PLAYED.iter().any(|area| transcript.name.starts_with(area))
}

fn passes(
    transcript: &Transcript,
    base: &str,
    version: &str,
    recorded: &[Recorded],
) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let verdict = runtime.block_on(verdict(transcript, base, version))?;
    let apart = |step: &str| {
        APART
            .iter()
            .any(|(its, name, at, _)| *its == version && *name == transcript.name && *at == step)
    };
    let seen = seen(&verdict);
    let mut missing: Vec<&Recorded> = recorded.iter().filter(|r| !apart(&r.step)).collect();
    let mut unexpected = Vec::new();
    for found in seen.iter().filter(|found| !apart(&found.step)) {
        match missing.iter().position(|wanted| is_same(wanted, found)) {
            Some(at) => {
                missing.remove(at);
            }
            None => unexpected.push(found),
        }
    }
    if missing.is_empty() && unexpected.is_empty() {
        return Ok(());
    }
    let lines = |list: &[&Recorded]| {
        list.iter().map(|r| format!("\n    {} {}", r.step, r.difference)).collect::<String>()
    };
    let (missing, unexpected) = (lines(&missing), lines(&unexpected));
    Err(format!("\n  recorded and not seen:{missing}\n  seen and not recorded:{unexpected}").into())
}

fn seen(verdict: &Verdict) -> Vec<Recorded> {
    let recorded = |difference: &Difference| Recorded {
        step: difference.step.clone(),
        difference: difference.text.clone(),
    };
    verdict.differences.iter().map(recorded).collect()
}

/// The end of a value that was cut.
const CUT: &str = "...";

/// Whether both say the same of the same step, as far as they show it.
fn is_same(one: &Recorded, other: &Recorded) -> bool {
    one.step == other.step
        && match (halves(&one.difference), halves(&other.difference)) {
            (Some(one), Some(other)) => {
                one.0 == other.0 && is_alike(&one.1, &other.1) && is_alike(&one.2, &other.2)
            }
            _ => one.difference == other.difference,
        }
}

/// Path, recorded value and the one that came, without what moves from run to run.
fn halves(difference: &str) -> Option<(&str, String, String)> {
    let (path, values) = difference.split_once(": recorded ")?;
    let (recorded, got) = values.split_once(", got ")?;
    Some((path, steady(path, recorded), steady(path, got)))
}

fn steady(path: &str, value: &str) -> String {
    /// Ports and words of one run, and times.
    static MOVES: LazyLock<Regex> = LazyLock::new(|| {
        let pattern =
            r#"\bu[0-9a-f]{8}\b|127\.0\.0\.1#\d+|"port": \d{4,5}|\d{4}-\d\d-\d\dT[0-9:.]+"#;
        Regex::new(pattern).expect("the pattern is one")
    });
    if path.ends_with("lientCount") && value.parse::<u32>().is_ok() {
        return "a number".to_owned();
    }
    MOVES.replace_all(value, "*").into_owned()
}

fn is_alike(one: &str, other: &str) -> bool {
    match (one.strip_suffix(CUT), other.strip_suffix(CUT)) {
        (None, None) => one == other,
        (cut, other_cut) => {
            let (one, other) = (cut.unwrap_or(one), other_cut.unwrap_or(other));
            one.starts_with(other) || other.starts_with(one)
        }
    }
}
