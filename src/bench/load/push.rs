//! Pushes over UDP: which change a datagram shows, how long it took, and the ack that the server
//! waits for.
//!
//! An editor numbers its changes in the metadata of its instance. A datagram shows the largest
//! number in it; the ones below were merged into it, as Nacos does within its push delay.
use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;

use super::super::record::record;
use super::super::units::{Nanos, SECOND};
use super::Load;

/// How many changes of a service are remembered.
const MAX_CHANGES: usize = 256;

/// The most bytes that a compressed packet may become.
const MAX_PACKET_BYTES: u64 = 16 * 1024 * 1024;

/// A push that comes later would have been overtaken by the next poll.
const LATE: Nanos = 5 * SECOND;

/// When the changes of each service were accepted.
#[derive(Debug)]
pub(super) struct Pushes {
    accepted: Vec<VecDeque<(u32, Nanos)>>,
    packet: Vec<u8>,
}

impl Pushes {
    pub(super) fn new(services: usize) -> Self {
        Self { accepted: vec![VecDeque::new(); services], packet: Vec::new() }
    }

    pub(super) fn accepted(&mut self, service: usize, change: u32, now: Nanos) {
        let changes = &mut self.accepted[service];
        if changes.len() == MAX_CHANGES {
            changes.pop_front();
        }
        changes.push_back((change, now));
    }
}

/// A push as servers send it: `data` is JSON in a string.
#[derive(Deserialize)]
struct Push<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    data: Cow<'a, str>,
    #[serde(rename = "lastRefTime")]
    ref_time: Value,
}

impl Load {
    /// Takes a datagram that came to a subscriber's port; returns the ack.
    pub fn datagram(&mut self, client: u32, bytes: &[u8], now: Nanos) -> Option<String> {
        let mut packet = std::mem::take(&mut self.pushes.packet);
        let read = unpack(bytes, &mut packet).ok().and_then(|()| read(&packet));
        self.pushes.packet = packet;
        let counts = &mut self.interval.push;
        counts.datagrams += 1;
        let Some((change, ack)) = read else {
            counts.malformed += 1;
            return None;
        };
        if let Some(change) = change {
            self.saw_change(client, change, now);
        }
        Some(ack)
    }

    pub(super) fn saw_change(&mut self, index: u32, change: u32, now: Nanos) {
        let client = &mut self.population.clients[index as usize];
        let changes = &self.pushes.accepted[client.service as usize];
        let counts = &mut self.interval.push;
        let Some(&(first, _)) = changes.front() else { return };
        if change < first {
            return;
        }
        if change <= client.change {
            counts.duplicated += 1;
            return;
        }
        let before = client.change.max(first - 1);
        // A change whose answer is still under way was pushed faster than it was accepted.
        let at = changes.iter().find(|(known, _)| *known == change).map_or(now, |(_, at)| *at);
        let known = changes.iter().filter(|(known, _)| (before + 1..change).contains(known));
        counts.merged += known.count() as u64;
        counts.seen += 1;
        client.change = change;
        let latency = now.saturating_sub(at);
        counts.late += u64::from(latency > LATE);
        record(&mut self.interval.push_latency, latency);
    }
}

fn unpack(bytes: &[u8], packet: &mut Vec<u8>) -> io::Result<()> {
    packet.clear();
    if bytes.starts_with(b"\x1f\x8b") {
        GzDecoder::new(bytes).take(MAX_PACKET_BYTES).read_to_end(packet)?;
    } else {
        packet.extend_from_slice(bytes);
    }
    Ok(())
}

/// The largest change in a packet, and its ack.
fn read(packet: &[u8]) -> Option<(Option<u32>, String)> {
    let push: Push<'_> = serde_json::from_slice(packet).ok()?;
    let kind = if matches!(push.kind, "dom" | "service") { "push-ack" } else { "unknown-ack" };
    let stamp = match push.ref_time {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let ack = format!(r#"{{"type": "{kind}", "lastRefTime":"{stamp}", "data":""}}"#);
    Some((largest_change(&push.data), ack))
}

/// The largest change in a list.
pub(super) fn largest_change(list: &str) -> Option<u32> {
    const NAME: &str = "\"change\":\"";
    let numbers = list.match_indices(NAME).filter_map(|(at, _)| {
        let digits = list[at + NAME.len()..].split('"').next()?;
        digits.parse().ok()
    });
    numbers.max()
}
