//! The raft of 1.x as its pages show it (`operator/raft-reads`, `operator/cluster-state`).
//!
//! A node that stands alone leads without ever having been elected: it shows itself as a follower
//! of nobody, and its own heartbeat puts off every election.

use crate::model::Millis;
use crate::wire::text::json::JsonText;

/// Period of the timers, ms.
const TICK_MS: u64 = 500;
/// Ticks from one heartbeat to the next.
const HEARTBEAT_TICKS: u64 = 10;
/// The shortest time to an election, ms; a random part of 5 s is added.
const LEADER_DUE_MS: u64 = 15_000;

/// A peer.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerView {
    /// `ip:port`.
    pub address: String,
    /// Its term; a version whose raft has stopped shows -1.
    pub term: i64,
    /// When it would call an election, ms from now.
    pub leader_due_ms: i64,
    /// When its next heartbeat is due, ms from now.
    pub heartbeat_due_ms: i64,
}

impl PeerView {
    /// A node that stands alone, so long after its start.
    pub fn alone(address: String, term: i64, started: Millis, now: Millis) -> Self {
        let tick = now.since(started) / TICK_MS;
        let beats = tick / HEARTBEAT_TICKS;
        // What Java draws at random at each heartbeat differs from one to the next here, too.
        let drawn = (started.0 ^ beats.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % 5_000;
        let since_beat = tick % HEARTBEAT_TICKS * TICK_MS;
        let ms = |due: u64| i64::try_from(due).unwrap_or(i64::MAX);
        Self {
            address,
            term,
            leader_due_ms: ms(LEADER_DUE_MS + drawn - since_beat),
            heartbeat_due_ms: ms(HEARTBEAT_TICKS * TICK_MS - since_beat),
        }
    }
}

/// `/raft/peer` and 1.x's `/operator/cluster/state`: a hash map.
pub fn peer(peer: &PeerView) -> String {
    let mut json = JsonText::object();
    json.text("voteFor", "");
    json.text("ip", &peer.address);
    json.number("heartbeatDueMs", peer.heartbeat_due_ms);
    json.number("leaderDueMs", peer.leader_due_ms);
    json.number("term", peer.term);
    json.text("state", "FOLLOWER");
    json.finish()
}

/// 2.x's `/operator/cluster/state`: the bean without what is null.
pub fn bean(peer: &PeerView) -> String {
    let mut json = JsonText::object();
    json.text("ip", &peer.address);
    json.number("term", peer.term);
    json.number("leaderDueMs", peer.leader_due_ms);
    json.number("heartbeatDueMs", peer.heartbeat_due_ms);
    json.text("state", "FOLLOWER");
    json.finish()
}

/// `/raft/leader`: the leader as a text inside JSON.
pub fn leader(peer: &PeerView) -> String {
    let mut bean = JsonText::object();
    bean.number("heartbeatDueMs", peer.heartbeat_due_ms);
    bean.text("ip", &peer.address);
    bean.number("leaderDueMs", peer.leader_due_ms);
    bean.text("state", "FOLLOWER");
    bean.number("term", peer.term);
    bean.text("voteFor", "");
    let mut json = JsonText::object();
    json.text("leader", &bean.finish());
    json.finish()
}

/// `/raft/state`.
pub fn state(peer: &PeerView, services: usize) -> String {
    let mut json = JsonText::object();
    json.list("peers", [peer], |out, peer| {
        let mut bean = JsonText::object();
        bean.text("ip", &peer.address);
        bean.raw("voteFor", "null");
        bean.number("term", peer.term);
        bean.number("leaderDueMs", peer.leader_due_ms);
        bean.number("heartbeatDueMs", peer.heartbeat_due_ms);
        bean.text("state", "FOLLOWER");
        out.push_str(&bean.finish());
    });
    json.number("services", i64::try_from(services).unwrap_or(i64::MAX));
    json.finish()
}

/// `/raft/listeners`.
pub fn listeners(keys: &[String]) -> String {
    let mut json = JsonText::object();
    json.texts("listeners", keys.iter().map(String::as_str));
    json.finish()
}

/// `/operator/cluster/states`: a page of the peers, here of one.
pub fn states(peer: Option<&PeerView>) -> String {
    let mut json = JsonText::object();
    json.number("count", i64::from(peer.is_some()));
    json.list("clusterStateList", peer, |out, peer| {
        let mut view = JsonText::object();
        view.text("nodeIp", &peer.address);
        view.text("nodeState", "FOLLOWER");
        view.number("clusterTerm", peer.term);
        view.number("leaderDueMs", peer.leader_due_ms);
        view.raw("voteFor", "null");
        view.number("heartbeatDueMs", peer.heartbeat_due_ms);
        out.push_str(&view.finish());
    });
    json.finish()
}
