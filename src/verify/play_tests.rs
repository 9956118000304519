//! The player against a tiny HTTP server, and what it makes of answers that change, vanish or
//! break.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that answers each request line with what the function makes of it.
async fn server(answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 65_536];
            let length = stream.read(&mut buffer).await.unwrap();
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let body = answer(&request);
            let head = format!("HTTP/1.1 200 \r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).await.unwrap();
        }
    });
    address
}

async fn differences(node: &str, time: Time, steps: Value) -> Vec<(String, String)> {
    let text = json!({"name": "a/b", "versions": ["1.2.1"], "steps": steps}).to_string();
    let transcript: Transcript = serde_json::from_str(&text).unwrap();
    let options = PlayOptions { nodes: vec![node.to_owned()], version: "1.2.1".to_owned(), time };
    let verdict = play(&transcript, &options).await;
    verdict.differences.into_iter().map(|found| (found.step, found.text)).collect()
}

fn get(query: &str) -> Value {
    json!({"method": "GET", "path": "/x", "query": query})
}

fn recorded(body: &str) -> Value {
    json!({"1.2.1": {"status": 200, "content_type": null, "text": body}})
}

fn pairs(found: &[(&str, &str)]) -> Vec<(String, String)> {
    found.iter().map(|(step, text)| ((*step).to_owned(), (*text).to_owned())).collect()
}

#[tokio::test]
async fn each_difference_names_its_step() {
    let node = server(|request| request.split(' ').nth(1).unwrap().to_owned()).await;
    let steps = json!([
        {"id": "raw", "request": get("a={b}|<c>"), "response": recorded("/x?a={b}|<c>")},
        {"id": "wrong", "request": get("q"), "response": recorded("/y")},
        {"id": "not-recorded", "request": get("q"), "response": {"2.0.2": {"status": 500}}},
        {"id": "elsewhere", "only": ["2.0.2"], "request": get("q"), "response": recorded("/y")}
    ]);
    assert_eq!(
        differences(&node, Time::Real, steps).await,
        pairs(&[("wrong", "body: recorded /y, got /x?q")])
    );
}

#[tokio::test]
async fn saved_parts_are_filled_into_later_steps() {
    let node = server(|request| match request.contains("?first") {
        true => r#"{"list":[{"token":"t1"}]}"#.to_owned(),
        false => request.split(' ').nth(1).unwrap().to_owned(),
    })
    .await;
    let steps = json!([
        {"id": "first", "request": get("first"), "save": {"token": "json.list.0.token"}},
        {"id": "then", "request": get("t=${token}"), "response": recorded("/x?t=${token}")},
        {"id": "broken", "request": get("first"), "save": {"token": "json.list.x"}},
        {"id": "skipped", "request": get("q"), "response": recorded("/y")}
    ]);
    let unsaved = "cannot save {'token': 'json.list.x'} from the reply; the rest is skipped";
    assert_eq!(differences(&node, Time::Real, steps).await, pairs(&[("broken", unsaved)]));
}

#[tokio::test]
async fn an_unreachable_node_is_a_broken_connection() {
    let steps = json!([
        {"id": "a", "request": get(""), "response": {"1.2.1": {"failed": "TimeoutError"}}},
        {"id": "b", "request": get(""), "response": {"1.2.1": {"status": 200}}}
    ]);
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused =
        r#"connection: recorded {"status": 200}, got {"failed": "ConnectionRefusedError"}"#;
    assert_eq!(differences(&free.to_string(), Time::Real, steps).await, pairs(&[("b", refused)]));
}

/// A server with a manual clock: advances move it, and other requests are answered with the time in
/// ms.
async fn manual_server() -> (String, Time) {
    let now = Arc::new(AtomicU64::new(0));
    let node = server(move |request| match request.split_once("clock/advance?ms=") {
        Some((_, rest)) => {
            let ms: u64 = rest.split(' ').next().unwrap().parse().unwrap();
            now.fetch_add(ms, Ordering::SeqCst);
            String::new()
        }
        None => now.load(Ordering::SeqCst).to_string(),
    })
    .await;
    (node.clone(), Time::Manual { admin: node })
}

#[tokio::test]
async fn a_manual_clock_is_advanced_instead_of_waiting() {
    let (node, time) = manual_server().await;
    let steps = json!([
        {"id": "start", "request": get(""), "response": recorded("0")},
        {"id": "wait", "wait_ms": 60_000},
        {"id": "waited", "request": get(""), "response": recorded("60000")},
        {"id": "after", "after": {"step": "start", "ms": 90_000}, "request": get(""),
         "response": recorded("90000")},
        {"id": "past", "after": {"step": "start", "ms": 10_000}, "request": get(""),
         "response": recorded("90000")},
        {"id": "eventual", "within_ms": 500, "request": get(""), "response": recorded("90300")},
        {"id": "never", "within_ms": 500, "request": get(""), "response": recorded("x")}
    ]);
    assert_eq!(
        differences(&node, time, steps).await,
        pairs(&[("never", "body: recorded x, got 90800")])
    );
}

#[tokio::test]
async fn silence_takes_its_time_on_a_manual_clock() {
    let (node, time) = manual_server().await;
    let steps = json!([
        {"id": "bind", "udp": {"op": "bind", "socket": "s"}},
        {"id": "silent", "udp": {"op": "expect", "socket": "s", "within_ms": 120},
         "response": {"1.2.1": {"silent": true}}},
        {"id": "drain", "udp": {"op": "drain", "socket": "s", "for_ms": 80}},
        {"id": "now", "request": get(""), "response": recorded("200")}
    ]);
    assert_eq!(differences(&node, time, steps).await, []);
}

#[tokio::test]
async fn what_stops_the_player_is_reported() {
    let node = server(|_| String::new()).await;
    let stops = [
        (json!({"id": "a", "node": 1, "request": get("")}), "step a: there is no node 1"),
        (json!({"id": "a", "udp": {"op": "ack", "socket": "s"}}), "step a: no socket s is bound"),
    ];
    for (step, why) in stops {
        let why = format!("player error: {why}");
        assert_eq!(differences(&node, Time::Real, json!([step])).await, pairs(&[("-", &why)]));
    }
}
