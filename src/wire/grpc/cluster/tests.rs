//! The bytes that real servers exchanged (`peer-wire/2.0.2-grpc`), made and read by us.

use super::request::text;
use super::*;
use crate::model::{ClientCall, ClientData, ClientId, PeerAnswer};
use crate::wire::grpc::{Headers, PREFIX_BYTES, Payload, Request, RequestKind, read};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

const CAPTURE: &str = include_str!("../../../../fixtures/transcripts/peer-wire/2.0.2-grpc.json");
const MACHINE: &str = "192.0.2.2";
/// Who is spoken to in the capture, by its letter there.
const ADDRESSES: [(&str, &str); 2] = [("A", "127.0.0.1:21400"), ("B", "127.0.0.1:21500")];

/// One exchange of the capture.
struct Exchange {
    name: String,
    to: &'static str,
    request: Payload,
    request_bytes: Vec<u8>,
    response: Option<Payload>,
}

fn exchanges() -> Vec<Exchange> {
    let capture: Value = serde_json::from_str(CAPTURE).unwrap();
    let exchange = |one: &Value| {
        let to = ADDRESSES.iter().find(|(letter, _)| one["to"] == *letter).unwrap().1;
        let (request, request_bytes) = message(&one["request"]).unwrap();
        let response = message(&one["response"]).map(|(payload, _)| payload);
        let name = one["name"].as_str().unwrap().to_owned();
        Exchange { name, to, request, request_bytes, response }
    };
    capture["exchanges"].as_array().unwrap().iter().map(exchange).collect()
}

fn message(said: &Value) -> Option<(Payload, Vec<u8>)> {
    let digits = said["payload_hex"].as_str()?;
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    Some((Payload::decode(Bytes::from(bytes.clone())).unwrap(), bytes))
}

fn distro(request: &Payload) -> Option<Said> {
    let mut headers = Headers::new();
    match read(RequestKind::named(&request.kind)?, &request.text(), &mut headers).unwrap() {
        Request::Distro(request) => Said::of(&request),
        _ => None,
    }
}

/// What was said, as the call that says it.
fn call_of(said: Said) -> ClientCall {
    match said {
        Said::Changed(client) => ClientCall::Changed(Arc::new(client)),
        Said::Gone(id) => ClientCall::Gone(id),
        Said::Verify(id) => ClientCall::Verify(id),
        Said::Snapshot => ClientCall::Snapshot,
        other => panic!("real servers never say {other:?}"),
    }
}

#[test]
fn every_call_that_real_servers_made_is_read_and_made_again_byte_for_byte() {
    let mut seen = 0;
    for exchange in exchanges() {
        let ours = match exchange.request.kind.as_str() {
            "ServerCheckRequest" => link_check(MACHINE),
            "ConnectionSetupRequest" => link_setup("2.0.2", MACHINE),
            "HealthCheckRequest" => health_check(MACHINE),
            "DistroDataRequest" => {
                let call = call_of(distro(&exchange.request).unwrap());
                client_call(&call, exchange.to, MACHINE)
            }
            _ => continue,
        };
        let ours = ours.encode();
        assert_eq!(ours[PREFIX_BYTES..], exchange.request_bytes, "{}", exchange.name);
        seen += 1;
    }
    assert_eq!(seen, 14);
}

#[test]
fn every_answer_that_real_servers_gave_is_read_and_given_again() {
    let mut seen = 0;
    for exchange in exchanges() {
        let Some(response) = exchange.response else { continue };
        let Some(said) = distro(&exchange.request) else { continue };
        let answer = answer_of(&call_of(said), &response).unwrap();
        let ours = match answer {
            PeerAnswer::Clients(clients) => distro_snapshot(&clients),
            PeerAnswer::Unverified => distro_failed(DistroFailure::Unverified),
            PeerAnswer::Done => distro_answer(None),
            other => panic!("no such answer: {other:?}"),
        };
        assert_eq!(ours.body, response.body, "{}", exchange.name);
        assert_eq!(ours.kind, response.kind);
        seen += 1;
    }
    assert_eq!(seen, 10);
}

#[test]
fn a_server_that_starts_accepts_nothing() {
    for exchange in exchanges() {
        let Some(response) = exchange.response else { continue };
        let refused = ["server-check-while-starting", "verify-unknown"];
        assert_eq!(
            is_accepted(&response),
            !refused.contains(&&*exchange.name),
            "{}",
            exchange.name
        );
    }
}

#[test]
fn what_an_instance_is_beyond_its_address_is_read_from_one_map() {
    let change = exchanges().into_iter().find(|one| one.name == "change-grpc-client-two-services");
    let Some(Said::Changed(client)) = distro(&change.unwrap().request) else { panic!("a change") };
    let [one, other] = &client.published[..] else { panic!("two services") };
    assert_eq!((&*one.service.name, one.instance.port), ("DEFAULT_GROUP@@cl.g1", 81));
    assert_eq!((one.instance.weight, one.instance.enabled), (2.0, true));
    assert_eq!(one.instance.metadata.as_ref().unwrap().get("a"), Some("b"));
    assert_eq!(one.instance.metadata.as_ref().unwrap().len(), 1);
    assert_eq!((other.instance.healthy, other.instance.enabled), (false, false));
    assert_eq!(other.instance_id.as_deref(), Some("my-id"));
}

#[test]
fn what_is_no_client_is_no_client() {
    for strange in ["", "{", "null", "[]", "{}", r#"{"clientId":"x","namespaces":["public"]}"#] {
        assert_eq!(read_client(strange), None, "{strange}");
    }
    let nothing = ClientData { id: ClientId::new("x"), published: Vec::new() };
    assert_eq!(read_client(r#"{"clientId":"x","more":{"a":[1]}}"#), Some(nothing.clone()));
    let list = r#"{"clientSyncDataList":[{"clientId":"x"},{"clientId":"y","namespaces":["p"]}]}"#;
    assert_eq!(read_clients(list), Some(vec![nothing]));
    assert_eq!(read_clients("no"), None);
    assert_eq!(text("not base64"), None);
}

#[test]
fn what_would_throw_on_a_real_server_says_nothing() {
    let said = |body: &str| {
        let kind = "DistroDataRequest".to_owned();
        let body = Bytes::from(body.to_owned());
        distro(&Payload { kind, client_ip: String::new(), headers: Headers::new(), body })
    };
    assert_eq!(said("{}"), None);
    assert_eq!(said(r#"{"dataOperation":"CHANGE"}"#), None);
    let of = |operation: &str, kind: &str, rest: &str| {
        said(&format!(
            r#"{{"dataOperation":"{operation}","distroData":{{"type":"{operation}",
            "distroKey":{{"resourceKey":"x","resourceType":"{kind}"}}{rest}}}}}"#
        ))
    };
    assert_eq!(of("CHANGE", CLIENT_DATA, ""), None);
    assert_eq!(of("VERIFY", CLIENT_DATA, r#","content":"e30=""#), None);
    assert_eq!(of("VERIFY", "other", ""), Some(Said::Unhandled { verify: true }));
    assert_eq!(of("CHANGE", "other", ""), Some(Said::Unhandled { verify: false }));
    assert_eq!(of("QUERY", CLIENT_DATA, ""), Some(Said::Query(ClientId::new("x"))));
    assert_eq!(of("DELETE", CLIENT_DATA, ""), Some(Said::Gone(ClientId::new("x"))));
}
