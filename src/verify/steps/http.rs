//! An HTTP step: one request on a connection of its own.
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::super::compare::Answer;
use super::super::play::Traffic;
use super::super::session::{Session, plain};
use super::super::transcript::{HttpStep, Step};
use super::Outcome;
use crate::client::http::{self, HttpError, HttpVersion, Request, Response};

pub(super) async fn run(session: &Session, step: &Step, spec: &HttpStep) -> Result<Outcome> {
    let node = session.nodes.get(step.node);
    let node = node.with_context(|| format!("there is no node {}", step.node))?;
    let request = request(session, spec)?;
    let sent = match request.to_bytes(node) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => error.to_string(),
    };
    let (seen, received) = match http::send(node, &request).await {
        Ok(response) => (answer(&response, &step.keep_headers), show(&response)),
        Err(error) => {
            let failed = ("failed".to_owned(), Value::from(name_of(&error)));
            (Answer::from_iter([failed]), error.to_string())
        }
    };
    Ok(Outcome { seen, traffic: Traffic { sent, received } })
}

fn request(session: &Session, spec: &HttpStep) -> Result<Request> {
    let fill = |text: &String| session.fill_text(text);
    let mut target = fill(&spec.path);
    if let Some(query) = spec.query.as_ref().filter(|query| !query.is_empty()) {
        target = format!("{target}?{}", fill(query));
    }
    let mut request = Request::new(fill(&spec.method), target);
    let headers = session.fill_object(spec.headers.as_ref().unwrap_or(&Map::new()));
    request.headers = headers.into_iter().map(|(name, value)| (name, plain(&value))).collect();
    if let Some(seconds) = spec.timeout_s {
        request.timeout = Duration::try_from_secs_f64(seconds).context("timeout_s")?;
    }
    if spec.http_version.as_deref() == Some("1.0") {
        request.version = HttpVersion::Http10;
    }
    if let Some(form) = &spec.form {
        return Ok(request.form(fill(form)));
    }
    request.body = spec.body.as_ref().map(|body| Bytes::from(fill(body)));
    Ok(request)
}

/// The answer in the words of transcripts: a body that reads as JSON is `json`, any other is
/// `text`.
fn answer(response: &Response, keep_headers: &[String]) -> Answer {
    let header = |name: &str| Value::from(response.header(name));
    let mut seen = Answer::new();
    seen.insert("status".to_owned(), response.status.into());
    seen.insert("content_type".to_owned(), header("Content-Type"));
    if !keep_headers.is_empty() {
        let kept: Map<_, _> =
            keep_headers.iter().map(|name| (name.clone(), header(name))).collect();
        seen.insert("headers".to_owned(), kept.into());
    }
    let text = response.text();
    let json = Some(&text).filter(|text| text.starts_with(['{', '[']));
    match json.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        Some(json) => seen.insert("json".to_owned(), json),
        None => seen.insert("text".to_owned(), text.into()),
    };
    seen
}

fn show(response: &Response) -> String {
    let headers: String =
        response.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("HTTP {}\n{headers}\n{}", response.status, response.text())
}

/// The names by which transcripts call what broke a connection.
fn name_of(error: &HttpError) -> &'static str {
    use std::io::ErrorKind;
    match error {
        HttpError::BadTarget(_) => "InvalidURL",
        HttpError::TimedOut(_) => "TimeoutError",
        HttpError::Closed => "RemoteDisconnected",
        HttpError::BadHead(_) => "BadStatusLine",
        HttpError::Incomplete => "IncompleteRead",
        HttpError::TooLarge(_) => "LineTooLong",
        HttpError::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => "ConnectionRefusedError",
            ErrorKind::ConnectionReset => "ConnectionResetError",
            ErrorKind::BrokenPipe => "BrokenPipeError",
            _ => "OSError",
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(body: &'static str) -> Value {
        let headers = vec![("Content-Type".to_owned(), "a/b".to_owned())];
        let response = Response { status: 200, headers, body: Bytes::from_static(body.as_bytes()) };
        answer(&response, &["Vary".to_owned()]).into()
    }

    #[test]
    fn a_body_is_json_when_it_reads_as_an_object_or_a_list() {
        for (body, json) in [("{\"a\":1}", json!({"a": 1})), ("[]", json!([]))] {
            let want = json!({
                "status": 200, "content_type": "a/b", "headers": {"Vary": null}, "json": json
            });
            assert_eq!(seen(body), want);
        }
        for text in ["ok", "", "1", "{broken"] {
            assert_eq!(seen(text)["text"], json!(text));
        }
    }
}
