//! The captured calls of real servers, read and written again to the byte.

use super::{PeerRequest, answer, datum, distro, gzip, raft, request};
use crate::model::{DatumKey, Millis, PeerAnswer, PeerCall, ServiceKey};
use crate::profile::{Profile, Quirks};
use crate::wire::url_decode;
use serde_json::Value;
use std::sync::Arc;

fn capture(version: &str) -> Value {
    let path = format!("fixtures/transcripts/peer-wire/{version}.json");
    let text = std::fs::read_to_string(&path).expect("the captures are kept in fixtures");
    serde_json::from_str(&text).expect("a capture is JSON")
}

/// A parameter of a query, decoded once.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(url_decode(pair).unwrap().into_owned())
}

/// The typed call that a captured request is; `None` for forwarded requests of clients.
fn typed(sent: &Value, quirks: &Quirks) -> Option<PeerCall> {
    let text = |name: &str| sent[name].as_str().unwrap_or_default();
    let (query, body) = (text("query"), text("body").as_bytes());
    let service = |full: &str| {
        let (namespace, name) = full.split_once("##").unwrap();
        ServiceKey { namespace: namespace.into(), name: name.into() }
    };
    let keys = |joined: &str| joined.split(',').map(|key| DatumKey::read(key).unwrap()).collect();
    let path = text("path").strip_prefix("/nacos/v1/ns").unwrap();
    Some(match (text("method"), path) {
        ("GET", "/operator/server/status") => {
            let status = parameter(query, "serverStatus").unwrap();
            let parts: Vec<&str> = status.trim_end().split('#').collect();
            let at = Millis(parts[2].parse().unwrap());
            PeerCall::ServerStatus { from: parts[1].into(), at, weight: parts[3].parse().unwrap() }
        }
        ("POST", "/raft/vote") => {
            PeerCall::Vote(raft::read_peer(&parameter(query, "vote").unwrap()).unwrap())
        }
        ("POST", "/raft/beat") => PeerCall::RaftBeat(Arc::new(raft::read_beat(body).unwrap())),
        ("GET", "/raft/datum") => PeerCall::RaftDatums(keys(&parameter(query, "keys").unwrap())),
        ("POST", "/raft/datum") => {
            let (key, value) = raft::read_published(body, quirks).unwrap();
            PeerCall::RaftPublish { key, value: Arc::new(value) }
        }
        ("DELETE", "/raft/datum") => {
            let once = parameter(query, "key").unwrap();
            PeerCall::RaftRemove(DatumKey::read(&url_decode(&once).unwrap()).unwrap())
        }
        ("POST", "/raft/datum/commit") => {
            let read = raft::read_committed(body, false, quirks).unwrap();
            let (key, stamp, value) = (read.key, read.stamp, read.value.unwrap());
            let datum = crate::model::Datum { key, stamp, value };
            PeerCall::RaftCommit { datum, source: read.source }
        }
        ("DELETE", "/raft/datum/commit") => {
            let read = raft::read_committed(body, true, quirks).unwrap();
            assert_eq!(read.value, None);
            PeerCall::RaftForget { key: read.key, source: read.source }
        }
        ("PUT", "/distro/datum") => {
            PeerCall::DistroPut(Arc::new(datum::read_map(body, quirks).unwrap()))
        }
        ("PUT", "/distro/checksum") => PeerCall::DistroChecksum {
            source: parameter(query, "source").unwrap().into(),
            checksums: Arc::new(distro::read_checksums(body).unwrap()),
        },
        ("GET", "/distro/datum") => {
            let wanted = crate::wire::v1::datum::wanted_keys(body).unwrap();
            PeerCall::DistroGet(keys(&wanted.join(",")))
        }
        ("GET", "/distro/datums") => PeerCall::DistroAll,
        ("POST", "/service/status") => {
            PeerCall::ServiceStatus(Arc::new(distro::read_service_status(body).unwrap().unwrap()))
        }
        ("GET", "/instance/statuses") => {
            PeerCall::Statuses(service(&parameter(query, "key").unwrap()))
        }
        ("GET", "/api/distroStatus") => PeerCall::CleanDistro,
        ("GET", "/service/subscribers") => {
            let namespace = parameter(query, "namespaceId").unwrap();
            let name = parameter(query, "serviceName").unwrap();
            PeerCall::Subscribers(service(&format!("{namespace}##{name}")))
        }
        _ => return None,
    })
}

/// The body as the capture shows it, and whether it was packed.
fn unpacked(request: &PeerRequest) -> (String, bool) {
    (gzip::unpack(&request.body).unwrap(), gzip::is_packed(&request.body))
}

/// Whether it was packed decides the length, which is that of another packer: it is left out.
fn shown_headers(request: &PeerRequest, packed: bool) -> Vec<(String, String)> {
    let length = |name: &str| packed && name == "Content-Length";
    let headers = request.headers.iter().filter(|(name, _)| !length(name));
    headers.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn replay(version: &str) -> usize {
    let profile = Profile::nacos(version).unwrap();
    let quirks = &*profile.quirks;
    let mut replayed = 0;
    for sent in capture(version)["requests"].as_array().unwrap() {
        let Some(call) = typed(sent, quirks) else { continue };
        let headers = sent["headers"].as_array().unwrap();
        let header = |pair: &Value| {
            (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned())
        };
        let mut expected: Vec<(String, String)> = headers.iter().map(header).collect();
        let host = expected.iter().find(|(name, _)| name == "Host").unwrap().1.clone();
        let made = request(&call, "own:1", &host, quirks);
        let (body, packed) = unpacked(&made);
        expected.retain(|(name, _)| !(packed && name == "Content-Length"));
        let at = &sent["at_ms"];
        assert_eq!(made.method, sent["method"], "{version} {at}");
        assert_eq!(made.path, sent["path"], "{version} {at}");
        assert_eq!(made.query, sent["query"], "{version} {at}");
        assert_eq!(shown_headers(&made, packed), expected, "{version} {at}");
        assert_eq!(packed, sent["body_gzip"] == true, "{version} {at}");
        assert_eq!(body, sent["body"].as_str().unwrap(), "{version} {at}");
        if sent["answered"]["status"] == 200 {
            let text = sent["answered"]["body"].as_str().unwrap();
            let read = answer(&call, 200, text.as_bytes(), quirks);
            assert!(read.is_ok(), "{version} {at}: {read:?}");
        }
        replayed += 1;
    }
    replayed
}

#[test]
fn every_captured_call_of_a_1_1_4_is_read_and_written_again_to_the_byte() {
    assert_eq!(replay("1.1.4"), 107);
}

#[test]
fn every_captured_call_of_a_1_2_1_is_read_and_written_again_to_the_byte() {
    assert_eq!(replay("1.2.1"), 109);
}

#[test]
fn an_answer_names_health_by_address() {
    let profile = Profile::nacos("1.1.4").unwrap();
    let call = PeerCall::Statuses(ServiceKey { namespace: "public".into(), name: "g@@s".into() });
    let body = br#"{"ips":["10.1.1.1:80_false","10.1.1.2:80_true"]}"#;
    let read = answer(&call, 200, body, &profile.quirks);
    let expected = vec![("10.1.1.1:80".to_owned(), false), ("10.1.1.2:80".to_owned(), true)];
    assert_eq!(read, Ok(PeerAnswer::Statuses(expected)));
}
