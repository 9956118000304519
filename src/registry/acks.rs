//! Pushes that wait for their ack. A datagram without an ack is sent once more after 10 s and given
//! up after 10 s more, on every version (`push/resent-once`, `push/ack-stops`).

use crate::model::{Millis, PushCounts};
use crate::registry::timers::{Timer, Timers};
use crate::registry::{Datagram, Effect};
use rustc_hash::FxHashMap;
use std::net::SocketAddr;

/// How long an ack may take, ms.
pub const ACK_TIMEOUT_MS: u64 = 10_000;
/// At most so many pushes wait; further ones are sent and not tracked, so a subscriber that never
/// answers cannot grow the table without end.
const MAX_WAITING: usize = 100_000;

/// The waiting pushes and what became of the others.
#[derive(Debug, Default)]
pub struct Acks {
    waiting: FxHashMap<(SocketAddr, u64), Waiting>,
    by_number: FxHashMap<u64, (SocketAddr, u64)>,
    next_number: u64,
    last_nanos: u64,
    /// What became of the pushes.
    pub counts: PushCounts,
    /// Pushes given up since the start.
    pub failed: u64,
    /// Instances removed because their beats stopped.
    pub expired: u64,
}

#[derive(Debug)]
struct Waiting {
    datagram: Datagram,
    number: u64,
}

impl Acks {
    /// The `lastRefTime` of one push event: a nanosecond counter that always rises.
    pub fn event_nanos(&mut self, now: Millis) -> u64 {
        self.last_nanos = (now.0.wrapping_mul(1_000_000)).max(self.last_nanos + 1);
        self.last_nanos
    }

    /// Remembers a push that goes out now and returns the effect that sends it.
    pub fn send(&mut self, timers: &mut Timers, now: Millis, datagram: Datagram) -> Effect {
        self.counts.roll(now);
        self.counts.sent += 1;
        let key = (datagram.to, datagram.last_ref_nanos);
        if self.waiting.len() < MAX_WAITING {
            self.next_number += 1;
            let number = self.next_number;
            if let Some(old) =
                self.waiting.insert(key, Waiting { datagram: datagram.clone(), number })
            {
                self.by_number.remove(&old.number);
            }
            self.by_number.insert(number, key);
            timers.set(now + ACK_TIMEOUT_MS, Timer::Ack(number));
        }
        Effect::Datagram(datagram)
    }

    /// Takes an ack; false when nothing waits for it.
    pub fn acked(
        &mut self,
        now: Millis,
        from: SocketAddr,
        last_ref_nanos: u64,
    ) -> Option<Datagram> {
        let waiting = self.waiting.remove(&(from, last_ref_nanos))?;
        self.by_number.remove(&waiting.number);
        self.counts.acked(now, now.since(Millis(last_ref_nanos / 1_000_000)));
        Some(waiting.datagram)
    }

    /// A push's time is up: sends it once more, or gives it up.
    pub fn due(&mut self, timers: &mut Timers, now: Millis, number: u64) -> Option<Effect> {
        let key = *self.by_number.get(&number)?;
        let waiting = self.waiting.get_mut(&key)?;
        if waiting.datagram.again {
            self.failed += 1;
            self.counts.roll(now);
            self.counts.failed += 1;
            self.waiting.remove(&key);
            self.by_number.remove(&number);
            return None;
        }
        waiting.datagram.again = true;
        timers.set(now + ACK_TIMEOUT_MS, Timer::Ack(number));
        Some(Effect::Datagram(waiting.datagram.clone()))
    }

    /// The datagrams that wait for an ack.
    pub fn unacked(&self) -> impl Iterator<Item = &Datagram> {
        self.waiting.values().map(|waiting| &waiting.datagram)
    }

    /// Forgets what waits for an ack: it is neither sent again nor given up.
    pub fn forget_unacked(&mut self) {
        self.waiting.clear();
        self.by_number.clear();
    }

    /// Number of pushes that wait for an ack.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
