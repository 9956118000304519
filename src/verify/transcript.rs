//! The transcript file: one scenario, and what each server version answered to each of its steps.
//!
//! Unknown fields are errors, so that a misspelt `within_ms` does not quietly change a verdict.
//! Files without `steps` (`peer-wire/`, `client-wire/`, `deltas/`) hold other recordings and are
//! passed over.
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use serde_json::{Map, Value};

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// Folder and name: `instance/beat-forms`.
    pub name: String,
    /// What it shows, in a sentence.
    #[serde(default)]
    pub about: String,
    /// The server versions it was recorded on.
    pub versions: Vec<String>,
    /// How many nodes it needs, and of what kind: `standalone`, `cluster-2`, `standalone-auth`.
    #[serde(default = "standalone")]
    pub deployment: String,
    /// It changes what every client of the server shares; nothing else may run beside it.
    #[serde(default)]
    pub exclusive: bool,
    /// Settings that the server must be started with.
    #[serde(default)]
    pub start: Option<Map<String, Value>>,
    /// The steps, in order.
    pub(super) steps: Vec<Step>,
}

impl Transcript {
    /// Whether the server must be started with settings of the transcript's own.
    pub fn needs_start(&self) -> bool {
        self.start.as_ref().is_some_and(|settings| !settings.is_empty())
    }
}

/// One step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub id: String,
    /// The versions that run this step; absent: all.
    pub only: Option<Vec<String>>,
    /// Which node an HTTP request goes to.
    #[serde(default)]
    pub node: usize,
    #[serde(default)]
    pub wait_ms: u64,
    pub after: Option<After>,
    /// The answer is eventual: repeat until it matches, at most this long.
    #[serde(default)]
    pub within_ms: u64,
    pub request: Option<HttpStep>,
    pub udp: Option<UdpStep>,
    pub tcp: Option<TcpStep>,
    pub grpc: Option<Map<String, Value>>,
    #[serde(default)]
    pub keep_headers: Vec<String>,
    /// Variable to path in the answer.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    #[serde(default)]
    pub mask: Vec<String>,
    #[serde(default)]
    pub optional: Vec<String>,
    #[serde(default)]
    pub unordered: Unordered,
    #[serde(default)]
    pub text_mask: Vec<String>,
    #[serde(default)]
    pub compare: Level,
    /// What each version answered; absent: the answer means nothing.
    #[serde(default)]
    pub response: HashMap<String, Option<Map<String, Value>>>,
}

impl Step {
    /// Whether this version runs the step.
    pub fn applies_to(&self, version: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|known| known == version))
    }
}

/// Do not run before `ms` after the named step ended.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    pub step: String,
    pub ms: u64,
}

/// Paths of lists whose order means nothing, for all versions or for each.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Unordered {
    Always(Vec<String>),
    PerVersion(HashMap<String, Vec<String>>),
}

impl Default for Unordered {
    fn default() -> Self {
        Self::Always(Vec::new())
    }
}

/// How much of an answer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Level {
    #[default]
    #[serde(rename = "full")]
    Full,
    #[serde(rename = "status+type")]
    StatusAndType,
    #[serde(rename = "status")]
    Status,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpStep {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub form: Option<String>,
    pub body: Option<String>,
    pub headers: Option<Map<String, Value>>,
    pub timeout_s: Option<f64>,
    pub http_version: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum UdpStep {
    Bind {
        socket: String,
    },
    Expect {
        socket: String,
        #[serde(default = "five_seconds")]
        within_ms: u64,
        #[serde(default)]
        ack: bool,
    },
    Ack {
        socket: String,
        body: Option<Map<String, Value>>,
    },
    Drain {
        socket: String,
        #[serde(default = "one_second")]
        for_ms: u64,
        #[serde(default)]
        ack: bool,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum TcpStep {
    Listen { socket: String },
    Close { socket: String },
}

fn standalone() -> String {
    "standalone".to_owned()
}

fn five_seconds() -> u64 {
    5000
}

fn one_second() -> u64 {
    1000
}

/// Why transcripts could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file or folder cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Unreadable {
        /// What was asked for.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file is not a transcript.
    #[error("{} is not a transcript: {cause}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and how it breaks the format.
        cause: serde_json::Error,
    },
}

/// Loads every transcript among files and folders, folders in order of their names.
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Transcript>, LoadError> {
    let mut transcripts = Vec::new();
    for path in paths {
        load_into(path.as_ref(), &mut transcripts)?;
    }
    Ok(transcripts)
}

fn load_into(path: &Path, transcripts: &mut Vec<Transcript>) -> Result<(), LoadError> {
    let unreadable = |cause| LoadError::Unreadable { path: path.to_owned(), cause };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        transcripts.extend(load_file(path)?);
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(unreadable)?;
    let mut children = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(unreadable)?;
    children.sort();
    let (folders, files): (Vec<_>, Vec<_>) = children.into_iter().partition(|path| path.is_dir());
    for child in files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "json")) {
        transcripts.extend(load_file(child)?);
    }
    folders.iter().try_for_each(|child| load_into(child, transcripts))
}

/// Loads one file; `None` when it holds a recording without steps.
pub fn load_file(path: &Path) -> Result<Option<Transcript>, LoadError> {
    let text = fs::read_to_string(path)
        .map_err(|cause| LoadError::Unreadable { path: path.to_owned(), cause })?;
    parse(&text).map_err(|cause| LoadError::Malformed { path: path.to_owned(), cause })
}

fn parse(text: &str) -> Result<Option<Transcript>, serde_json::Error> {
    let value: Value = serde_json::from_str(text)?;
    if value.get("steps").is_none() {
        return Ok(None);
    }
    // Read again from the text, so that an error names its line.
    serde_json::from_str(text).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_transcript_is_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transcripts");
        let transcripts = load(&[folder]).unwrap();
        assert!(transcripts.len() > 250, "{} transcripts", transcripts.len());
        assert!(transcripts.iter().any(|transcript| transcript.needs_start()));
    }

    #[test]
    fn a_recording_without_steps_is_passed_over() {
        assert!(parse(r#"{"name": "peer-wire/x"}"#).unwrap().is_none());
    }

    #[test]
    fn a_misspelt_field_is_an_error() {
        let step = |step: &str| parse(&format!(r#"{{"name":"a","versions":[],"steps":[{step}]}}"#));
        assert!(step(r#"{"id": "a", "wait_ms": 1}"#).unwrap().is_some());
        assert!(step(r#"{"id": "a", "wait": 1}"#).is_err());
        assert!(step(r#"{"id": "a", "udp": {"op": "bind", "socket": "s", "port": 1}}"#).is_err());
        assert!(step(r#"{"id": "a", "compare": "none"}"#).is_err());
    }

    #[test]
    fn only_names_the_versions_that_run_a_step() {
        let step: Step = serde_json::from_str(r#"{"id": "a", "only": ["1.2.1"]}"#).unwrap();
        assert!(step.applies_to("1.2.1"));
        assert!(!step.applies_to("2.0.2"));
        let every: Step = serde_json::from_str(r#"{"id": "a"}"#).unwrap();
        assert!(every.applies_to("2.0.2"));
    }
}
