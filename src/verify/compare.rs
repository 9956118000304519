//! Recorded against seen: every difference that means something, in words.
//!
//! Values that move from run to run count by their JSON type only: four names everywhere, and what
//! a step's `mask` lists. `1` and `1.0` are the same number; `true` and `1` are not the same thing.
use fancy_regex::Error;
use serde_json::{Map, Number, Value};

use super::mask::TextMask;
use super::python_json::{Style, dumps};
use super::transcript::{Level, Step, Unordered};

/// Keys whose values move wherever they appear.
const VOLATILE_KEYS: [&str; 4] = ["lastRefTime", "lastBeat", "lastBeatTime", "lastModifiedMillis"];
/// Parts of an answer that have rules of their own; the others are compared as JSON.
const NAMED_PARTS: [&str; 5] = ["status", "content_type", "headers", "text", "json"];
/// The most characters of a value that a difference shows.
const SHOWN_CHARS: usize = 300;

/// An answer as transcripts write it: `status`, `content_type`, `json` or `text`, or other parts.
pub(super) type Answer = Map<String, Value>;

/// The rules of one step.
#[derive(Debug)]
pub(super) struct Rules {
    mask: Vec<Path>,
    optional: Vec<Path>,
    unordered: Vec<Path>,
    text_mask: TextMask,
    level: Level,
}

type Path = Vec<String>;

impl Rules {
    pub fn new(step: &Step, version: &str) -> Result<Self, Error> {
        let unordered = match &step.unordered {
            Unordered::Always(paths) => paths.as_slice(),
            Unordered::PerVersion(versions) => {
                versions.get(version).map(Vec::as_slice).unwrap_or_default()
            }
        };
        Ok(Self {
            mask: split(&step.mask),
            optional: split(&step.optional),
            unordered: split(unordered),
            text_mask: TextMask::new(&step.text_mask)?,
            level: step.compare,
        })
    }

    /// Every difference between a recorded answer and the one seen.
    pub fn differences(&self, want: &Answer, got: &Answer) -> Result<Vec<String>, Error> {
        let mut comparison = Comparison { rules: self, path: Vec::new(), found: Vec::new() };
        comparison.answer(want, got)?;
        Ok(comparison.found)
    }

    fn masks(&self, path: &[String]) -> bool {
        path.last()
            .is_some_and(|key| VOLATILE_KEYS.contains(&key.as_str()) || any(&self.mask, path))
    }
}

fn split(paths: &[String]) -> Vec<Path> {
    paths.iter().map(|path| path.split('.').map(str::to_owned).collect()).collect()
}

fn any(patterns: &[Path], path: &[String]) -> bool {
    patterns.iter().any(|pattern| path_matches(pattern, path))
}

/// `*` stands for one part of a path, `**` for any number of them.
fn path_matches(pattern: &[String], path: &[String]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((first, rest)) if first == "**" => {
            (0..=path.len()).any(|skipped| path_matches(rest, &path[skipped..]))
        }
        Some((first, rest)) => path.split_first().is_some_and(|(part, deeper)| {
            (first == "*" || first == part) && path_matches(rest, deeper)
        }),
    }
}

struct Comparison<'a> {
    rules: &'a Rules,
    path: Path,
    found: Vec<String>,
}

impl Comparison<'_> {
    fn answer(&mut self, want: &Answer, got: &Answer) -> Result<(), Error> {
        if want.contains_key("failed") || got.contains_key("failed") {
            if want.contains_key("failed") != got.contains_key("failed") {
                self.note_at("connection", &want.clone().into(), &got.clone().into());
            }
            return Ok(());
        }
        if part(want, "status") != part(got, "status") {
            self.note_at("status", part(want, "status"), part(got, "status"));
            self.note(body(want), body(got));
            return Ok(());
        }
        if self.rules.level == Level::Status {
            return Ok(());
        }
        if tidy_type(want) != tidy_type(got) {
            self.note_at("content-type", part(want, "content_type"), part(got, "content_type"));
        }
        if self.rules.level == Level::StatusAndType {
            return Ok(());
        }
        self.headers(want, got);
        self.value(&other_parts(want).into(), &other_parts(got).into())?;
        match (want.get("json"), got.get("json")) {
            (Some(want), Some(got)) => self.value(want, got),
            _ => self.text(&as_text(want), &as_text(got)),
        }
    }

    fn headers(&mut self, want: &Answer, got: &Answer) {
        let none = Map::new();
        let got = part(got, "headers").as_object().unwrap_or(&none);
        for (name, value) in part(want, "headers").as_object().unwrap_or(&none) {
            if part(got, name) != value {
                self.note_at(&format!("header.{name}"), value, part(got, name));
            }
        }
    }

    fn value(&mut self, want: &Value, got: &Value) -> Result<(), Error> {
        if self.rules.masks(&self.path) {
            if kind(want) != kind(got) {
                self.note(want, got);
            }
            return Ok(());
        }
        match (want, got) {
            (Value::Object(want), Value::Object(got)) => self.object(want, got),
            (Value::Array(want), Value::Array(got)) => self.array(want, got),
            _ => {
                if !self.same_scalar(want, got)? {
                    self.note(want, got);
                }
                Ok(())
            }
        }
    }

    fn object(&mut self, want: &Map<String, Value>, got: &Map<String, Value>) -> Result<(), Error> {
        let absent = Value::from("<absent>");
        for key in want.keys().chain(got.keys().filter(|key| !want.contains_key(*key))) {
            self.path.push(key.clone());
            match (want.get(key), got.get(key)) {
                (Some(want), Some(got)) => self.value(want, got)?,
                _ if any(&self.rules.optional, &self.path) => {}
                (want, got) => self.note(want.unwrap_or(&absent), got.unwrap_or(&absent)),
            }
            self.path.pop();
        }
        Ok(())
    }

    fn array(&mut self, want: &[Value], got: &[Value]) -> Result<(), Error> {
        let (mut want, mut got) = (want.to_vec(), got.to_vec());
        if any(&self.rules.unordered, &self.path) {
            want.sort_by_cached_key(sort_key);
            got.sort_by_cached_key(sort_key);
        }
        if want.len() != got.len() {
            self.note(&want.into(), &got.into());
            return Ok(());
        }
        for (index, (want, got)) in want.iter().zip(&got).enumerate() {
            self.path.push(index.to_string());
            self.value(want, got)?;
            self.path.pop();
        }
        Ok(())
    }

    fn same_scalar(&self, want: &Value, got: &Value) -> Result<bool, Error> {
        Ok(match (want, got) {
            (Value::Number(want), Value::Number(got)) => same_number(want, got),
            (Value::String(want), Value::String(got)) => {
                want == got || self.rules.text_mask.cut(want)? == self.rules.text_mask.cut(got)?
            }
            _ => want == got,
        })
    }

    fn text(&mut self, want: &str, got: &str) -> Result<(), Error> {
        let (want, got) = (self.rules.text_mask.cut(want)?, self.rules.text_mask.cut(got)?);
        if want != got {
            self.note(&want.into(), &got.into());
        }
        Ok(())
    }

    fn note(&mut self, want: &Value, got: &Value) {
        let path = if self.path.is_empty() { "body".to_owned() } else { self.path.join(".") };
        self.note_at(&path, want, got);
    }

    fn note_at(&mut self, path: &str, want: &Value, got: &Value) {
        self.found.push(format!("{path}: recorded {}, got {}", short(want), short(got)));
    }
}

fn part<'a>(answer: &'a Answer, name: &str) -> &'a Value {
    answer.get(name).unwrap_or(&Value::Null)
}

fn body(answer: &Answer) -> &Value {
    answer.get("json").unwrap_or_else(|| part(answer, "text"))
}

fn other_parts(answer: &Answer) -> Map<String, Value> {
    let other = answer.iter().filter(|(name, _)| !NAMED_PARTS.contains(&name.as_str()));
    other.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn as_text(answer: &Answer) -> String {
    match answer.get("json") {
        Some(json) => dumps(json, Style::Ascii),
        None => part(answer, "text").as_str().unwrap_or_default().to_owned(),
    }
}

fn tidy_type(answer: &Answer) -> String {
    let value = part(answer, "content_type").as_str().unwrap_or_default();
    value.to_lowercase().replace(' ', "")
}

/// What an item of an unordered list is sorted by: its text without what moves.
fn sort_key(item: &Value) -> String {
    let Value::Object(fields) = item else { return dumps(item, Style::AsciiSorted) };
    let steady = fields.iter().filter(|(key, _)| !VOLATILE_KEYS.contains(&key.as_str()));
    let steady: Map<_, _> = steady.map(|(key, value)| (key.clone(), value.clone())).collect();
    dumps(&steady.into(), Style::AsciiSorted)
}

/// The JSON type, named as transcripts name it in `data_is`.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

fn same_number(want: &Number, got: &Number) -> bool {
    // Integers are compared as such: two nanosecond times may differ by less than a float shows.
    match (want.is_f64(), got.is_f64()) {
        (false, false) => want == got,
        _ => want.as_f64() == got.as_f64(),
    }
}

/// A value as a difference shows it.
fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => dumps(other, Style::Readable),
    };
    if text.chars().count() <= SHOWN_CHARS {
        return text;
    }
    text.chars().take(SHOWN_CHARS - 3).chain("...".chars()).collect()
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
