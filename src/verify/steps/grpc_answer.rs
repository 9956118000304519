//! Messages in the words of transcripts: what moves from run to run is checked here and shown by a
//! name, so that `<millis>_<ip>_<port>` stands for the very connection that was asked.

use super::super::compare::Answer;
use crate::client::grpc::{Reply, Status};
use crate::wire::grpc::Payload;
use serde_json::{Map, Value};
use std::net::SocketAddr;

/// Codes of failures whose details the client's library makes up.
const WITHOUT_DETAILS: [&str; 3] = ["UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED"];

/// A reply, and the id by which the server calls the connection, where it tells.
pub(super) fn reply(reply: &Reply, local: SocketAddr) -> (Answer, Option<String>) {
    match reply {
        Reply::Message(payload) => message(payload, local),
        Reply::Failed(status) => (failed(status), None),
    }
}

/// A message.
pub(super) fn message(payload: &Payload, local: SocketAddr) -> (Answer, Option<String>) {
    let mut seen = Answer::new();
    seen.insert("type".to_owned(), payload.kind.as_str().into());
    let text = payload.text();
    let mut id = None;
    match serde_json::from_str::<Value>(&text) {
        Ok(mut json) => {
            if let Value::Object(body) = &mut json {
                id = name_what_moves(body, local);
            }
            seen.insert("json".to_owned(), json);
        }
        Err(_) => {
            seen.insert("text".to_owned(), text.into_owned().into());
        }
    }
    if !payload.client_ip.is_empty() {
        let known = is_dotted(&payload.client_ip);
        let shown = if known { "<ip>" } else { payload.client_ip.as_str() };
        seen.insert("clientIp".to_owned(), shown.into());
    }
    if !payload.headers.is_empty() {
        let headers: Map<String, Value> =
            payload.headers.iter().map(|(k, v)| (k.clone(), v.as_str().into())).collect();
        seen.insert("headers".to_owned(), headers.into());
    }
    (seen, id)
}

fn name_what_moves(body: &mut Map<String, Value>, local: SocketAddr) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if body.get("requestId").and_then(Value::as_str).is_some_and(digits) {
        body.insert("requestId".to_owned(), "<number>".into());
    }
    let id = body.get("connectionId").and_then(Value::as_str)?.to_owned();
    let rest = format!("_{}_{}", local.ip(), local.port());
    let millis = id.strip_suffix(&rest)?;
    if millis.len() != 13 || !digits(millis) {
        return None;
    }
    body.insert("connectionId".to_owned(), "<millis>_<ip>_<port>".into());
    Some(id)
}

fn is_dotted(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 4 && parts.iter().all(number)
}

/// A failure.
pub(super) fn failed(status: &Status) -> Answer {
    let mut seen = Answer::new();
    seen.insert("grpc".to_owned(), status.code.into());
    if !WITHOUT_DETAILS.contains(&status.code) {
        seen.insert("details".to_owned(), status.message.as_str().into());
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_moves_is_checked_and_named() {
        let local: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        let seen = |text: &str| {
            let body = text.to_owned().into();
            let payload = Payload { kind: "X".to_owned(), body, ..Payload::default() };
            let (seen, id) = message(&payload, local);
            (seen["json"].clone(), id)
        };
        let mine = r#"{"requestId":"7","connectionId":"1622000000000_127.0.0.1_4000"}"#;
        let (named, id) = seen(mine);
        let want = json!({"requestId": "<number>", "connectionId": "<millis>_<ip>_<port>"});
        assert_eq!(named, want);
        assert_eq!(id.as_deref(), Some("1622000000000_127.0.0.1_4000"));
        let other = r#"{"requestId":7,"connectionId":"1622000000000_127.0.0.1_4001"}"#;
        assert_eq!(seen(other), (serde_json::from_str(other).unwrap(), None));
    }
}
