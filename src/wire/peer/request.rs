//! One call as the bytes of an HTTP request.

use super::client::{Headers, Sender};
use super::{datum, distro, gzip, new_client, raft, report};
use crate::model::{DatumKey, PeerCall, ServiceKey};
use crate::profile::{MembersProtocol, Quirks};

/// Waits of Java's own client, ms; the other clients would wait longer, or for ever.
const TIMEOUT_MS: u64 = 10_000;

/// A call, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRequest {
    /// Method.
    pub method: &'static str,
    /// Path without the query.
    pub path: String,
    /// Query without its question mark; empty when there is none.
    pub query: String,
    /// Headers in the order of the wire, `Host` and `Content-Length` among them.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// How long its answer is waited for, ms.
    pub timeout_ms: u64,
}

impl PeerRequest {
    /// Head and body as they go over the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {}", self.method, self.path).into_bytes();
        if !self.query.is_empty() {
            bytes.push(b'?');
            bytes.extend_from_slice(self.query.as_bytes());
        }
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// The call as this version sends it from the member `own` to the member `host`.
pub fn request(call: &PeerCall, own: &str, host: &str, quirks: &Quirks) -> PeerRequest {
    let sender = Sender { host, version: &quirks.server.version };
    let rounds = quirks.members.protocol == MembersProtocol::Rounds;
    let query = query(call, rounds);
    let body = match call {
        PeerCall::Vote(candidate) if rounds => Some(raft::vote_form(candidate).into_bytes()),
        _ => body(call, quirks),
    };
    let (method, path) = address(call);
    PeerRequest {
        method,
        path: format!("/nacos{path}"),
        query,
        headers: match call {
            PeerCall::Report(_) | PeerCall::Leave(_) => {
                sender.member_report(body.as_ref().map_or(0, Vec::len))
            }
            _ if rounds => new_client::headers(call, &sender, own, body.as_ref().map(Vec::len)),
            _ => headers(call, &sender, body.as_ref().map(Vec::len)),
        },
        body: body.unwrap_or_default(),
        timeout_ms: TIMEOUT_MS,
    }
}

fn address(call: &PeerCall) -> (&'static str, &'static str) {
    match call {
        PeerCall::ServerStatus { .. } => ("GET", "/v1/ns/operator/server/status"),
        PeerCall::Report(_) => ("POST", "/v1/core/cluster/report"),
        PeerCall::Leave(_) => ("POST", "/v1/core/cluster/server/leave"),
        PeerCall::Vote(_) => ("POST", "/v1/ns/raft/vote"),
        PeerCall::RaftBeat(_) => ("POST", "/v1/ns/raft/beat"),
        PeerCall::RaftDatums(_) => ("GET", "/v1/ns/raft/datum"),
        PeerCall::RaftPublish { .. } => ("POST", "/v1/ns/raft/datum"),
        PeerCall::RaftRemove(_) => ("DELETE", "/v1/ns/raft/datum"),
        PeerCall::RaftCommit { .. } => ("POST", "/v1/ns/raft/datum/commit"),
        PeerCall::RaftForget { .. } => ("DELETE", "/v1/ns/raft/datum/commit"),
        PeerCall::DistroPut(_) => ("PUT", "/v1/ns/distro/datum"),
        PeerCall::DistroChecksum { .. } => ("PUT", "/v1/ns/distro/checksum"),
        PeerCall::DistroGet(_) => ("GET", "/v1/ns/distro/datum"),
        PeerCall::DistroAll => ("GET", "/v1/ns/distro/datums"),
        PeerCall::ServiceStatus(_) => ("POST", "/v1/ns/service/status"),
        PeerCall::Statuses(_) => ("GET", "/v1/ns/instance/statuses"),
        PeerCall::CleanDistro => ("GET", "/v1/ns/api/distroStatus"),
        PeerCall::Subscribers(_) => ("GET", "/v1/ns/service/subscribers"),
        // Its bytes are made by `wire::grpc::cluster`, and nobody asks for those of HTTP.
        PeerCall::Client(_) => ("POST", crate::wire::grpc::UNARY_PATH),
    }
}

/// The order of parameters is that of the hash map they stand in; some clients leave the last `&`.
fn query(call: &PeerCall, rounds: bool) -> String {
    if rounds {
        return new_query(call);
    }
    match call {
        PeerCall::ServerStatus { from, at, weight } => {
            let status = encode(&format!("unknown#{from}#{}#{weight}\r\n", at.0));
            format!("encoding=UTF-8&serverStatus={status}&nofix=1")
        }
        PeerCall::Vote(peer) => {
            format!("encoding=UTF-8&vote={}&nofix=1", encode(&raft::peer(peer)))
        }
        PeerCall::RaftDatums(keys) => format!("keys={}", encode(&joined(keys))),
        PeerCall::RaftRemove(key) => {
            format!("encoding=UTF-8&key={}&nofix=1&", encode(&encode(&key.text())))
        }
        PeerCall::DistroChecksum { source, .. } => format!("source={}", encode(source)),
        PeerCall::Statuses(ServiceKey { namespace, name }) => {
            format!("nofix=1&encoding=UTF-8&key={}&", encode(&format!("{namespace}##{name}")))
        }
        PeerCall::CleanDistro => "encoding=UTF-8&action=without-diamond-clean&nofix=1&".into(),
        PeerCall::Subscribers(ServiceKey { namespace, name }) => format!(
            "encoding=UTF-8&aggregation=false&serviceName={}&namespaceId={}&nofix=1&",
            encode(name),
            encode(namespace)
        ),
        _ => String::new(),
    }
}

/// 2.0.x writes the parameters of the call first; those of its own come behind them.
fn new_query(call: &PeerCall) -> String {
    let own = match call {
        PeerCall::ServerStatus { from, at, weight } => {
            let status = format!("unknown#{from}#{}#{weight}\r\n", at.0);
            format!("serverStatus={}&", encode(&status))
        }
        PeerCall::RaftDatums(keys) => format!("keys={}&", encode(&encode(&joined(keys)))),
        PeerCall::RaftRemove(key) => format!("key={}&", encode(&encode(&key.text()))),
        PeerCall::DistroChecksum { source, .. } => return format!("source={}", encode(source)),
        PeerCall::Statuses(ServiceKey { namespace, name }) => {
            format!("key={}&", encode(&format!("{namespace}##{name}")))
        }
        PeerCall::CleanDistro => "action=without-diamond-clean&".into(),
        PeerCall::Subscribers(ServiceKey { namespace, name }) => format!(
            "aggregation=false&serviceName={}&namespaceId={}&",
            encode(name),
            encode(namespace)
        ),
        PeerCall::DistroAll => String::new(),
        _ => return String::new(),
    };
    format!("{own}encoding=UTF-8&nofix=1")
}

fn body(call: &PeerCall, quirks: &Quirks) -> Option<Vec<u8>> {
    Some(match call {
        PeerCall::Report(card) => report::body(card, &quirks.server.version).into_bytes(),
        PeerCall::Leave(gone) => report::leave(gone).into_bytes(),
        PeerCall::RaftBeat(beat) => {
            let declared = quirks.members.protocol == MembersProtocol::Rounds;
            gzip::pack(&raft::beat(beat, declared))
        }
        PeerCall::RaftPublish { key, value } => raft::published(key, value, quirks).into_bytes(),
        PeerCall::RaftCommit { datum, source } => {
            raft::committed(datum, source, quirks).into_bytes()
        }
        PeerCall::RaftForget { key, source } => raft::forgotten(key, source).into_bytes(),
        PeerCall::DistroPut(datums) => datum::map(datums, quirks).into_bytes(),
        PeerCall::DistroChecksum { checksums, .. } => distro::checksums(checksums).into_bytes(),
        PeerCall::DistroGet(keys) => distro::wanted(&joined(keys)).into_bytes(),
        PeerCall::ServiceStatus(status) => distro::service_status(status).into_bytes(),
        PeerCall::ServerStatus { .. }
        | PeerCall::Vote(_)
        | PeerCall::RaftDatums(_)
        | PeerCall::RaftRemove(_)
        | PeerCall::DistroAll
        | PeerCall::Statuses(_)
        | PeerCall::CleanDistro
        | PeerCall::Client(_)
        | PeerCall::Subscribers(_) => return None,
    })
}

fn headers(call: &PeerCall, sender: &Sender<'_>, body_bytes: Option<usize>) -> Headers {
    let key = |key: &DatumKey| vec![("key", key.text())];
    let length = body_bytes.unwrap_or_default();
    match call {
        PeerCall::DistroChecksum { .. } => sender.asynchronous(sender.as_checksum(), body_bytes),
        PeerCall::RaftCommit { datum, .. } => sender.asynchronous(key(&datum.key), body_bytes),
        PeerCall::RaftPublish { key: datum, .. } => sender.apache(key(datum), length),
        PeerCall::DistroGet(_) => sender.apache(Vec::new(), length),
        PeerCall::DistroPut(_) => sender.apache_put(length),
        PeerCall::DistroAll | PeerCall::RaftRemove(_) | PeerCall::Subscribers(_) => sender.java(),
        PeerCall::Statuses(_) | PeerCall::CleanDistro => sender.java_twice(),
        PeerCall::ServerStatus { .. }
        | PeerCall::Report(_)
        | PeerCall::Leave(_)
        | PeerCall::Vote(_)
        | PeerCall::RaftBeat(_)
        | PeerCall::RaftDatums(_)
        | PeerCall::RaftForget { .. }
        | PeerCall::Client(_)
        | PeerCall::ServiceStatus(_) => sender.asynchronous(Vec::new(), body_bytes),
    }
}

fn joined(keys: &[DatumKey]) -> String {
    keys.iter().map(DatumKey::text).collect::<Vec<_>>().join(",")
}

fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
