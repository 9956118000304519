//! What one run of one transcript holds: nodes, variables, sockets and the time.
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::clock::{Clock, Time};
use super::python_json::{Style, dumps};
use super::transcript::Step;
use crate::client::grpc::{Arrival, Link};
use crate::client::tcp::LiveListener;
use crate::client::udp::{Datagram, Subscriber};

/// A subscriber's socket and the last datagram on it, which an `ack` step answers.
#[derive(Debug)]
pub(super) struct Socket {
    pub subscriber: Subscriber,
    pub last: Option<Datagram>,
}

/// A gRPC connection and the last request on it that was expected, which an `ack` step answers.
#[derive(Debug)]
pub(super) struct NamedLink {
    pub link: Link,
    pub last: Option<Arrival>,
    /// The connection's id, as the server answered it.
    pub id: Option<String>,
}

#[derive(Debug)]
pub(super) struct Session {
    pub nodes: Vec<String>,
    pub clock: Clock,
    pub sockets: HashMap<String, Socket>,
    pub listeners: HashMap<String, LiveListener>,
    pub links: HashMap<String, NamedLink>,
    /// When the last gRPC step ended; delays count from there.
    pub grpc_ended: Option<Duration>,
    variables: HashMap<String, Value>,
    /// When each step ended, for `after`.
    ended: HashMap<String, Duration>,
}

impl Session {
    pub fn new(nodes: &[String], time: Time) -> Result<Self> {
        let mut variables = HashMap::new();
        for (index, node) in nodes.iter().enumerate() {
            let (ip, port) =
                node.rsplit_once(':').with_context(|| format!("the node {node} has no port"))?;
            let number: u16 = port.parse().with_context(|| format!("the port of {node}"))?;
            variables.insert(format!("node{index}"), node.as_str().into());
            variables.insert(format!("node{index}.ip"), ip.into());
            variables.insert(format!("node{index}.port"), port.into());
            variables.insert(format!("node{index}.portnum"), number.into());
        }
        variables.insert("uniq".to_owned(), fresh_word().into());
        Ok(Self {
            nodes: nodes.to_vec(),
            clock: Clock::start(time),
            sockets: HashMap::new(),
            listeners: HashMap::new(),
            links: HashMap::new(),
            grpc_ended: None,
            variables,
            ended: HashMap::new(),
        })
    }

    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Waits as the step asks before it runs.
    pub async fn pause_before(&mut self, step: &Step) -> Result<()> {
        self.clock.pass(Duration::from_millis(step.wait_ms)).await?;
        let Some(after) = &step.after else { return Ok(()) };
        let Some(ended) = self.ended.get(&after.step) else { return Ok(()) };
        self.clock.pass_until(*ended + Duration::from_millis(after.ms)).await
    }

    pub fn note_end(&mut self, step: &Step) {
        self.ended.insert(step.id.clone(), self.clock.now());
    }

    /// Replaces `${name}` in strings and keys everywhere in a value. A string that is nothing but
    /// one known name becomes the variable itself, so that a port stays a number.
    pub fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.fill_string(text),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => self.fill_object(fields).into(),
            other => other.clone(),
        }
    }

    pub fn fill_object(&self, fields: &Map<String, Value>) -> Map<String, Value> {
        fields.iter().map(|(key, value)| (self.fill_text(key), self.fill(value))).collect()
    }

    fn fill_string(&self, text: &str) -> Value {
        let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        match name.filter(|name| is_name(name)).and_then(|name| self.variables.get(name)) {
            Some(value) => value.clone(),
            None => self.fill_text(text).into(),
        }
    }

    /// Replaces `${name}` in a text; unknown names stay as they are.
    pub fn fill_text(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            filled.push_str(&rest[..start]);
            rest = &rest[start + 2..];
            let known = rest.find('}').map(|end| &rest[..end]).filter(|name| is_name(name));
            match known.and_then(|name| Some((name, self.variables.get(name)?))) {
                Some((name, value)) => {
                    filled.push_str(&plain(value));
                    rest = &rest[name.len() + 1..];
                }
                None => filled.push_str("${"),
            }
        }
        filled.push_str(rest);
        filled
    }
}

fn is_name(name: &str) -> bool {
    let fits = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '-');
    !name.is_empty() && name.chars().all(fits)
}

/// A variable inside a longer text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => dumps(other, Style::Readable),
    }
}

/// A word that no run used before, for names that must be new to the server.
fn fresh_word() -> String {
    // Every RandomState hashes with keys of its own; that is all the randomness a name needs.
    format!("u{:08x}", RandomState::new().build_hasher().finish() >> 32)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn session() -> Session {
        Session::new(&["127.0.0.1:8848".to_owned()], Time::Real).unwrap()
    }

    // Clock::start reads tokio's clock, which needs no runtime.
    #[test]
    fn a_string_that_is_one_variable_keeps_its_type() {
        let session = session();
        assert_eq!(session.fill(&json!("${node0.portnum}")), json!(8848));
        assert_eq!(session.fill(&json!("${node0.port}")), json!("8848"));
        assert_eq!(session.fill(&json!("p=${node0.portnum}")), json!("p=8848"));
    }

    #[test]
    fn keys_and_nested_values_are_filled() {
        let mut session = session();
        session.set("token", "t");
        assert_eq!(
            session.fill(&json!({"a-${token}": ["${token}", {"b": "x${token}"}], "n": 1})),
            json!({"a-t": ["t", {"b": "xt"}], "n": 1})
        );
    }

    #[test]
    fn unknown_and_broken_names_stay_as_they_are() {
        for text in ["${nobody}", "x${nobody}y", "${", "${}", "${a b}", "${${node9}"] {
            assert_eq!(session().fill(&json!(text)), json!(text));
        }
        assert_eq!(session().fill_text("${x ${node0.ip}"), "${x 127.0.0.1");
    }

    #[test]
    fn every_session_has_a_fresh_word() {
        let (one, other) = (session().fill(&json!("${uniq}")), session().fill(&json!("${uniq}")));
        assert_ne!(one, other);
        assert_eq!(one.as_str().unwrap().len(), 9);
    }

    #[test]
    fn a_node_needs_a_port() {
        assert!(Session::new(&["localhost".to_owned()], Time::Real).is_err());
    }
}
