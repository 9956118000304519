//! What a member's answer to a call means.

use super::{datum, raft};
use crate::model::{PeerAnswer, PeerCall, PeerFailure, Refusal, SubscriberView};
use crate::profile::{Aggregation, Quirks};
use serde_json::Value;

/// Reads an answer. 304 is as good as 200 to a sync.
///
/// # Errors
/// The member refused, or its answer is not what such calls are answered.
pub fn answer(
    call: &PeerCall,
    status: u16,
    body: &[u8],
    quirks: &Quirks,
) -> Result<PeerAnswer, PeerFailure> {
    let synced = status == 304 && matches!(call, PeerCall::DistroPut(_));
    if status != 200 && !synced {
        let body = String::from_utf8_lossy(body).into_owned();
        return Err(PeerFailure::Status { status, body });
    }
    read(call, body, quirks).map_err(|refusal| PeerFailure::Unreadable(refusal.message.into()))
}

fn read(call: &PeerCall, body: &[u8], quirks: &Quirks) -> Result<PeerAnswer, Refusal> {
    Ok(match call {
        PeerCall::Vote(_) | PeerCall::RaftBeat(_) => {
            PeerAnswer::Peer(raft::read_peer(&String::from_utf8_lossy(body))?)
        }
        PeerCall::RaftDatums(_) => PeerAnswer::RaftDatums(datum::read_list(body, quirks)?),
        PeerCall::DistroGet(_) | PeerCall::DistroAll => {
            PeerAnswer::DistroDatums(datum::read_map(body, quirks)?)
        }
        PeerCall::Statuses(_) => PeerAnswer::Statuses(statuses(body)?),
        PeerCall::Subscribers(_) => PeerAnswer::Subscribers(subscribers(body, quirks)?),
        PeerCall::ServerStatus { .. }
        | PeerCall::Report(_)
        | PeerCall::Leave(_)
        | PeerCall::RaftPublish { .. }
        | PeerCall::RaftRemove(_)
        | PeerCall::RaftCommit { .. }
        | PeerCall::RaftForget { .. }
        | PeerCall::DistroPut(_)
        | PeerCall::DistroChecksum { .. }
        | PeerCall::ServiceStatus(_)
        | PeerCall::CleanDistro
        | PeerCall::Client(_) => PeerAnswer::Done,
    })
}

/// The rows of `/service/subscribers`. 2.x until 2.0.4 does not know how to make one from JSON.
fn subscribers(body: &[u8], quirks: &Quirks) -> Result<Vec<SubscriberView>, Refusal> {
    let value = raft::json(&String::from_utf8_lossy(body))?;
    let rows = value.get("subscribers").and_then(Value::as_array);
    let rows = rows.ok_or_else(Refusal::null_pointer)?;
    if quirks.service.aggregation == Aggregation::Unread && !rows.is_empty() {
        return Err(Refusal::illegal("Cannot construct instance of `Subscriber`"));
    }
    Ok(rows.iter().map(subscriber).collect())
}

fn subscriber(row: &Value) -> SubscriberView {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    // A subscriber over a stream has no port.
    let address = text("addrStr");
    let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    SubscriberView {
        ip: text("ip"),
        port: port.unwrap_or(0),
        agent: text("agent"),
        app: text("app"),
        namespace: text("namespaceId"),
        service: text("serviceName"),
        clusters: text("cluster"),
    }
}

/// `ip:port_health` of each instance; what is behind the first `_` decides.
fn statuses(body: &[u8]) -> Result<Vec<(String, bool)>, Refusal> {
    let value = raft::json(&String::from_utf8_lossy(body))?;
    let ips = value.get("ips").and_then(Value::as_array).ok_or_else(Refusal::null_pointer)?;
    let status = |text: &Value| {
        let (address, health) = text.as_str()?.split_once('_')?;
        Some((address.to_owned(), health.eq_ignore_ascii_case("true")))
    };
    Ok(ips.iter().filter_map(status).collect())
}
