//! The raft of 1.x as its pages show it (`operator/raft-reads`, `operator/cluster-state`,
//! `cluster/raft-views`).
//!
//! A node that stands alone leads without ever having been elected: it shows itself as a follower
//! of nobody, and its own heartbeat puts off every election.

use crate::model::{MemberId, Millis, RaftPeer, RaftState};
use crate::wire::peer::raft::peer as bean_text;
use crate::wire::text::json::JsonText;

/// Period of the timers, ms.
const TICK_MS: u64 = 500;
/// Ticks from one heartbeat to the next.
const HEARTBEAT_TICKS: u64 = 10;
/// The shortest time to an election, ms; a random part of 5 s is added.
const LEADER_DUE_MS: u64 = 15_000;

/// A node that stands alone, so long after its start.
pub fn alone(id: MemberId, term: i64, started: Millis, now: Millis) -> RaftPeer {
    let tick = now.since(started) / TICK_MS;
    let beats = tick / HEARTBEAT_TICKS;
    // What Java draws at random at each heartbeat differs from one to the next here, too.
    let drawn = (started.0 ^ beats.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % 5_000;
    let since_beat = tick % HEARTBEAT_TICKS * TICK_MS;
    let ms = |due: u64| i64::try_from(due).unwrap_or(i64::MAX);
    RaftPeer {
        id,
        vote: None,
        term,
        leader_due_ms: ms(LEADER_DUE_MS + drawn - since_beat),
        heartbeat_due_ms: ms(HEARTBEAT_TICKS * TICK_MS - since_beat),
        state: RaftState::Follower,
    }
}

/// `/raft/peer`, 1.x's `/operator/cluster/state`, and the answer to a vote or a beat: a hash map.
pub fn peer(peer: &RaftPeer) -> String {
    let mut json = JsonText::object();
    json.text("voteFor", peer.vote.as_deref().unwrap_or_default());
    json.text("ip", &peer.id);
    json.number("heartbeatDueMs", peer.heartbeat_due_ms);
    json.number("leaderDueMs", peer.leader_due_ms);
    json.number("term", peer.term);
    json.text("state", peer.state.name());
    json.finish()
}

/// 2.x's `/operator/cluster/state`: the bean without what is null.
pub fn bean(peer: &RaftPeer) -> String {
    let mut json = JsonText::object();
    json.text("ip", &peer.id);
    if let Some(vote) = &peer.vote {
        json.text("voteFor", vote);
    }
    json.number("term", peer.term);
    json.number("leaderDueMs", peer.leader_due_ms);
    json.number("heartbeatDueMs", peer.heartbeat_due_ms);
    json.text("state", peer.state.name());
    json.finish()
}

/// `/raft/leader`: the leader as a text inside JSON, `null` while nobody leads.
pub fn leader(peer: Option<&RaftPeer>) -> String {
    let mut json = JsonText::object();
    json.text("leader", &peer.map_or_else(|| "null".to_owned(), bean_text));
    json.finish()
}

/// `/raft/state`.
pub fn state(peers: &[RaftPeer], services: usize) -> String {
    let mut json = JsonText::object();
    json.list("peers", peers, |out, peer| {
        let mut bean = JsonText::object();
        bean.text("ip", &peer.id);
        vote(&mut bean, peer);
        bean.number("term", peer.term);
        bean.number("leaderDueMs", peer.leader_due_ms);
        bean.number("heartbeatDueMs", peer.heartbeat_due_ms);
        bean.text("state", peer.state.name());
        out.push_str(&bean.finish());
    });
    json.number("services", i64::try_from(services).unwrap_or(i64::MAX));
    json.finish()
}

fn vote(json: &mut JsonText, peer: &RaftPeer) {
    match &peer.vote {
        Some(vote) => json.text("voteFor", vote),
        None => json.raw("voteFor", "null"),
    }
}

/// `/raft/listeners`.
pub fn listeners(keys: &[String]) -> String {
    let mut json = JsonText::object();
    json.texts("listeners", keys.iter().map(String::as_str));
    json.finish()
}

/// `/operator/cluster/states`: a page of so many peers.
pub fn states(count: usize, page: &[RaftPeer]) -> String {
    let count = if page.is_empty() { 0 } else { count };
    let mut json = JsonText::object();
    json.number("count", i64::try_from(count).unwrap_or(i64::MAX));
    json.list("clusterStateList", page, |out, peer| {
        let mut view = JsonText::object();
        view.text("nodeIp", &peer.id);
        view.text("nodeState", peer.state.name());
        view.number("clusterTerm", peer.term);
        view.number("leaderDueMs", peer.leader_due_ms);
        vote(&mut view, peer);
        view.number("heartbeatDueMs", peer.heartbeat_due_ms);
        out.push_str(&view.finish());
    });
    json.finish()
}
