//! A trace: one JSON object a line. The first line names the format; each further one is an event.
//!
//! ```json
//! {"format": "facos-gateway-trace", "version": 1}
//! {"atMs": 0, "registry": [{"address": "10.0.0.1:80", "healthy": true, "tag": "start-1"}]}
//! {"atMs": 5000, "offline": "10.0.0.1:80", "truth": {"10.0.0.1:80": false}}
//! {"atMs": 9000, "registry": [], "callback": true}
//! ```
//!
//! | key | meaning |
//! |---|---|
//! | `atMs` | when, in milliseconds from the trace's beginning; never before the line above |
//! | `registry` | what the registry holds from now on; polls see it |
//! | `callback` | `true`: the registry calls back with what it holds; a list: with that one |
//! | `offline` | the application at this address asks to be taken out |
//! | `approve` | a human lets this address in |
//! | `truth` | who can really serve from now on; else whoever the registry lists as healthy |
//!
//! A change of the registry without a `callback` is a lost callback. `healthy` is true and `tag`
//! is none unless given. The gateway starts with the first event; the last one ends the trace.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decide::Host;

/// The name of the format.
pub const FORMAT: &str = "facos-gateway-trace";
/// Its version.
pub const VERSION: u32 = 1;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Event {
    /// When, in milliseconds from the trace's beginning.
    pub at_ms: u64,
    /// What the registry holds from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Vec<Host>>,
    /// The registry calls back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
    /// An application asks to be taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline: Option<String>,
    /// A human lets an instance in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<String>,
    /// Who can really serve.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub truth: BTreeMap<String, bool>,
}

/// What a callback brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Callback {
    /// What the registry holds; `false` is none.
    Registry(bool),
    /// This list.
    List(Vec<Host>),
}

/// Events in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The events.
    pub events: Vec<Event>,
}

/// Why a text is no trace.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct TraceError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    version: u32,
}

impl Trace {
    /// Reads a trace.
    ///
    /// # Errors
    /// A line is none of a trace.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut lines =
            text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
        let error = |line: usize, why: String| TraceError { line: line + 1, why };
        let (number, head) = lines.next().ok_or_else(|| error(0, "the trace is empty".into()))?;
        let head: Head = serde_json::from_str(head)
            .map_err(|why| error(number, format!("the first line names the format: {why}")))?;
        if head.format != FORMAT || head.version != VERSION {
            let why = format!("this is {} {}, not {FORMAT} {VERSION}", head.format, head.version);
            return Err(error(number, why));
        }
        let mut events: Vec<Event> = Vec::new();
        for (number, line) in lines {
            let event: Event =
                serde_json::from_str(line).map_err(|why| error(number, why.to_string()))?;
            if events.last().is_some_and(|last| last.at_ms > event.at_ms) {
                return Err(error(number, "it is earlier than the line above".to_owned()));
            }
            events.push(event);
        }
        if events.is_empty() {
            return Err(error(number, "the trace has no event".to_owned()));
        }
        Ok(Self { events })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"format":"facos-gateway-trace","version":1}"#;

    #[test]
    fn every_event_is_read() {
        let text = format!(
            "{HEAD}\n\n{}\n{}\n{}",
            r#"{"atMs":0,"registry":[{"address":"a:1"}],"truth":{"a:1":true}}"#,
            r#"{"atMs":5,"callback":true,"offline":"a:1"}"#,
            r#"{"atMs":5,"callback":[{"address":"a:1","healthy":false,"tag":"x"}],"approve":"b:1"}"#
        );
        let events = Trace::parse(&text).unwrap().events;
        assert_eq!(events.len(), 3);
        assert!(events[0].registry.as_ref().unwrap()[0].healthy);
        assert_eq!(events[1].callback, Some(Callback::Registry(true)));
        assert!(matches!(&events[2].callback, Some(Callback::List(hosts)) if !hosts[0].healthy));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let wrong = |lines: &str| Trace::parse(lines).unwrap_err().to_string();
        assert_eq!(wrong(""), "line 1: the trace is empty");
        assert_eq!(wrong(HEAD), "line 1: the trace has no event");
        assert!(wrong("{}").starts_with("line 1: the first line names the format: missing field"));
        let other = wrong(r#"{"format":"x","version":1}"#);
        assert_eq!(other, "line 1: this is x 1, not facos-gateway-trace 1");
        let typo = wrong(&format!("{HEAD}\n{}", r#"{"atMs":0,"regstry":[]}"#));
        assert!(typo.starts_with("line 2: unknown field `regstry`"), "{typo}");
        let back = format!("{HEAD}\n{}\n{}", r#"{"atMs":5}"#, r#"{"atMs":4}"#);
        assert_eq!(wrong(&back), "line 3: it is earlier than the line above");
    }
}
