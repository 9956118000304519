//! Records of a facos in place of requests: those of its admin API, or a file with what
//! `facos ctl journal` printed.

use super::clients::Clients;
use super::sight::{Call, Placement, Sight};
use crate::client::http::{self, HttpError};
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};

/// Records that are asked for at most; the journal is a ring of a stated size, which is smaller.
const MOST_RECORDS: usize = 10_000_000;

/// Why there are no records.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file can not be read.
    #[error("cannot read {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Nobody answers at the admin address.
    #[error("cannot reach {address}: {error}")]
    Unreachable {
        /// The address.
        address: String,
        /// Why.
        error: HttpError,
    },
    /// It is no journal.
    #[error("{from} is no journal of facos: {why}")]
    Foreign {
        /// The file or address.
        from: String,
        /// What is wrong.
        why: String,
    },
}

/// A record, as far as it says something about a client.
#[derive(Debug, Deserialize)]
struct Record {
    operation: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    ip: String,
    #[serde(default)]
    port: i64,
    #[serde(default)]
    agent: String,
    beat: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Records {
    records: Vec<Record>,
}

/// Adds the records of a file.
///
/// # Errors
/// It can not be read, or is no journal.
pub fn from_file(path: &Path, clients: &Clients) -> Result<(), JournalError> {
    let unreadable = |error| JournalError::Unreadable { path: path.to_owned(), error };
    let text = std::fs::read(path).map_err(unreadable)?;
    add(&path.display().to_string(), &text, clients)
}

/// Adds the records of a running facos, asked at its admin address (`host:port`).
///
/// # Errors
/// Nobody answers there, or not with a journal.
pub async fn from_admin(address: &str, clients: &Clients) -> Result<(), JournalError> {
    let path = format!("/__admin/journal?limit={MOST_RECORDS}");
    let asked = http::send(address, &http::Request::new("GET", path)).await;
    let answer =
        asked.map_err(|error| JournalError::Unreachable { address: address.to_owned(), error })?;
    if answer.status != 200 {
        let why = format!("it answers with status {}", answer.status);
        return Err(JournalError::Foreign { from: address.to_owned(), why });
    }
    add(address, &answer.body, clients)
}

fn add(from: &str, text: &[u8], clients: &Clients) -> Result<(), JournalError> {
    let foreign = |error: serde_json::Error| JournalError::Foreign {
        from: from.to_owned(),
        why: error.to_string(),
    };
    let read: Records = serde_json::from_slice(text).map_err(foreign)?;
    for record in &read.records {
        if let Some(sight) = sight(record) {
            clients.add(sight);
        }
    }
    Ok(())
}

/// What a record shows; nothing when it is about what the server does by itself.
fn sight(record: &Record) -> Option<Sight<'_>> {
    let call = match record.operation.as_str() {
        "beat" => None,
        "push" | "resend" | "ack" | "detect" | "reset" | "config_notice" | "disconnect" => {
            return None;
        }
        "register" | "update" => Some(Call::Register),
        "deregister" => Some(Call::Deregister),
        "patch" => Some(Call::Patch),
        "metadata_batch" => Some(Call::MetadataBatch),
        // The journal notes the port that a list asks to be pushed to.
        "list" if record.port > 0 => Some(Call::Subscribe),
        "list" => Some(Call::List),
        "login" => Some(Call::Login),
        "connect" | "subscribe" | "unsubscribe" | "query" | "names" | "server_check"
        | "health_check" => Some(Call::Grpc),
        _ => Some(Call::Other),
    };
    let beat = call.is_none().then_some(match record.beat.as_deref() {
        Some("query") => Placement::Query,
        Some("body" | "undecodable") => Placement::Body,
        _ => Placement::Absent,
    });
    Some(Sight {
        agent: &record.agent,
        address: record.ip.clone(),
        service: (!record.service.is_empty())
            .then(|| (record.namespace.clone(), record.service.clone())),
        // The journal does not note it.
        cluster: None,
        call,
        beat,
        names_no_cluster: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_clients_and_what_the_server_does_does_not() {
        let clients = Clients::default();
        let of_a = r#""service":"g@@s","ip":"10.0.0.1","port":80,"agent":"a","status":200"#;
        let text = format!(
            r#"{{"dropped":0,"records":[{{"seq":1,"time":1,"operation":"register",{of_a}}},
            {{"seq":2,"time":1,"operation":"beat","beat":"body",{of_a}}},
            {{"seq":3,"time":1,"operation":"beat","beat":"absent",{of_a}}},
            {{"seq":4,"time":1,"operation":"list","service":"g@@s","agent":"a","status":200}},
            {{"seq":5,"time":1,"operation":"push","ip":"10.0.0.1","port":9,"status":0}},
            {{"seq":6,"time":1,"operation":"connect","ip":"10.0.0.2","port":9,"agent":"b"}}]}}"#
        );
        add("a.json", text.as_bytes(), &clients).unwrap();
        let all = clients.all();
        let seen = |client: &Client| (client.agent.clone(), client.body, client.light);
        assert_eq!(
            all.iter().map(seen).collect::<Vec<_>>(),
            [("a".to_owned(), 1, 1), ("b".to_owned(), 0, 0)]
        );
        assert!(all[1].calls.contains(&Call::Grpc));
    }

    use super::super::clients::Client;

    #[test]
    fn a_foreign_file_is_told() {
        let error = add("a.json", b"{}", &Clients::default()).unwrap_err().to_string();
        assert!(error.starts_with("a.json is no journal of facos: missing field"), "{error}");
    }
}
