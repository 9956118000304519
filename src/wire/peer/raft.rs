//! The bodies of raft: members, beats, commits. Beans are written with their fields in alphabetical
//! order, and a leader's beat is JSON inside JSON.

use super::{datum, gzip};
use crate::model::{
    Datum, DatumKey, DatumValue, JavaException, RaftBeat, RaftPeer, RaftState, Refusal,
};
use crate::profile::Quirks;
use crate::wire::text::json::JsonText;
use crate::wire::url_decode;
use serde_json::Value;
use std::sync::Arc;

/// A member.
pub fn peer(peer: &RaftPeer) -> String {
    let mut json = JsonText::object();
    json.number("heartbeatDueMs", peer.heartbeat_due_ms);
    json.text("ip", &peer.id);
    json.number("leaderDueMs", peer.leader_due_ms);
    json.text("state", peer.state.name());
    json.number("term", peer.term);
    json.text("voteFor", peer.vote.as_deref().unwrap_or_default());
    json.finish()
}

/// A candidate as 2.0.x sends it: as a form, its fields in the order in which they are declared.
pub(super) fn vote_form(candidate: &RaftPeer) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("vote", &declared(candidate)).finish()
}

fn declared(peer: &RaftPeer) -> String {
    let mut json = JsonText::object();
    json.text("ip", &peer.id);
    json.text("voteFor", peer.vote.as_deref().unwrap_or_default());
    json.number("term", peer.term);
    json.number("leaderDueMs", peer.leader_due_ms);
    json.number("heartbeatDueMs", peer.heartbeat_due_ms);
    json.text("state", peer.state.name());
    json.finish()
}

/// The body of a beat before it is packed; 2.0.x writes fields in the order of their declaration.
pub(super) fn beat(beat: &RaftBeat, is_declared: bool) -> String {
    let mut packet = JsonText::object();
    let leader = if is_declared { declared(&beat.peer) } else { peer(&beat.peer) };
    packet.raw("peer", &leader);
    packet.list("datums", &beat.datums, |out, (key, stamp)| {
        let mut datum = JsonText::object();
        datum.text("key", &key.brief());
        datum.number("timestamp", i64::try_from(*stamp).unwrap_or(i64::MAX));
        out.push_str(&datum.finish());
    });
    let mut json = JsonText::object();
    json.text("beat", &packet.finish());
    json.finish()
}

/// The body of a follower's write.
pub(super) fn published(key: &DatumKey, value: &DatumValue, quirks: &Quirks) -> String {
    let mut json = JsonText::object();
    json.raw("value", &datum::value(key, value, quirks));
    json.text("key", &key.text());
    json.finish()
}

/// The body of a leader's commit.
pub(super) fn committed(written: &Datum, source: &RaftPeer, quirks: &Quirks) -> String {
    let mut json = JsonText::object();
    json.raw("datum", &datum::one(written, quirks));
    json.raw("source", &peer(source));
    json.finish()
}

/// The body of a leader's removal.
pub(super) fn forgotten(key: &DatumKey, source: &RaftPeer) -> String {
    let mut gone = JsonText::object();
    gone.text("key", &key.text());
    gone.number("timestamp", 0);
    gone.raw("value", "null");
    let mut json = JsonText::object();
    json.raw("datum", &gone.finish());
    json.raw("source", &peer(source));
    json.finish()
}

/// Reads a member.
///
/// # Errors
/// It is no JSON, or names nobody.
pub fn read_peer(text: &str) -> Result<RaftPeer, Refusal> {
    peer_of(&json(text)?)
}

fn peer_of(value: &Value) -> Result<RaftPeer, Refusal> {
    let number = |name: &str| value.get(name).and_then(Value::as_i64).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let state = text("state").unwrap_or("FOLLOWER");
    Ok(RaftPeer {
        id: text("ip").ok_or_else(Refusal::null_pointer)?.into(),
        vote: text("voteFor").filter(|vote| !vote.is_empty()).map(Arc::from),
        term: number("term"),
        leader_due_ms: number("leaderDueMs"),
        heartbeat_due_ms: number("heartbeatDueMs"),
        state: RaftState::named(state).ok_or_else(Refusal::no_enum_name)?,
    })
}

/// Reads a beat: unpacked when it is packed, and decoded twice as if it were a form.
///
/// # Errors
/// It is no such JSON.
pub fn read_beat(body: &[u8]) -> Result<RaftBeat, Refusal> {
    let unpacked =
        gzip::unpack(body).map_err(|why| Refusal::new(JavaException::IllegalState, why))?;
    let once = url_decode(&unpacked)?;
    let outer = json(&url_decode(&once)?)?;
    let packet =
        json(outer.get("beat").and_then(Value::as_str).ok_or_else(Refusal::null_pointer)?)?;
    let datums = packet.get("datums").and_then(Value::as_array);
    let datum = |value: &Value| {
        // A key of no kind is passed over, as the real server does.
        let key = DatumKey::read_brief(value.get("key")?.as_str()?)?;
        Some((key, value.get("timestamp")?.as_u64()?))
    };
    Ok(RaftBeat {
        peer: peer_of(packet.get("peer").ok_or_else(Refusal::null_pointer)?)?,
        datums: datums.into_iter().flatten().filter_map(datum).collect(),
    })
}

/// Reads a follower's write.
///
/// # Errors
/// It is no such JSON; a key of no known kind is refused with its name.
pub fn read_published(body: &[u8], quirks: &Quirks) -> Result<(DatumKey, DatumValue), Refusal> {
    let text = String::from_utf8_lossy(body);
    let json = json(&url_decode(&text)?)?;
    let key = json.get("key").and_then(Value::as_str).ok_or_else(Refusal::null_pointer)?;
    let kind = DatumKey::read(key)
        .ok_or_else(|| Refusal::nacos(400, format!("unknown type publish key: {key}")))?;
    let value = json.get("value").ok_or_else(Refusal::null_pointer)?;
    let value = datum::read_value(&kind, value, quirks)?;
    Ok((kind, value))
}

/// What a leader committed: something written, or with no value something removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The key.
    pub key: DatumKey,
    /// How often it was written.
    pub stamp: u64,
    /// Its value.
    pub value: Option<Arc<DatumValue>>,
    /// Who says so.
    pub source: RaftPeer,
}

/// Reads a commit of either kind; a removal is decoded `twice`.
///
/// # Errors
/// It is no such JSON.
pub fn read_committed(body: &[u8], twice: bool, quirks: &Quirks) -> Result<Committed, Refusal> {
    let text = String::from_utf8_lossy(body);
    let once = url_decode(&text)?;
    let json = if twice { json(&url_decode(&once)?)? } else { json(&once)? };
    let datum = json.get("datum").ok_or_else(Refusal::null_pointer)?;
    let key = datum.get("key").and_then(Value::as_str).ok_or_else(Refusal::null_pointer)?;
    let key = DatumKey::read(key).ok_or_else(Refusal::null_pointer)?;
    let value = match datum.get("value") {
        None | Some(Value::Null) => None,
        Some(value) => Some(Arc::new(datum::read_value(&key, value, quirks)?)),
    };
    Ok(Committed {
        key,
        stamp: datum.get("timestamp").and_then(Value::as_u64).unwrap_or_default(),
        value,
        source: peer_of(json.get("source").ok_or_else(Refusal::null_pointer)?)?,
    })
}

pub(super) fn json(text: &str) -> Result<Value, Refusal> {
    serde_json::from_str(text)
        .map_err(|error| Refusal::new(JavaException::FastJson, format!("syntax error, {error}")))
}
