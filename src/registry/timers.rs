//! What is due when: one heap for everything the registry does by time.
//!
//! A timer is never removed early; whoever it names keeps its own due time and ignores a timer
//! that no longer matches it. So a beat moves nothing here: it stores a time, and the check that
//! falls due looks at it.

use crate::model::Millis;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a timer wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Looks for expired instances: of a service on 1.x, of a client on 2.x.
    Check(usize),
    /// Pushes a service's list to its subscribers.
    Push(usize),
    /// Probes a persistent instance.
    Probe(u64),
    /// Looks whether a push was acknowledged.
    Ack(u64),
    /// Looks whether a client answered on its stream.
    Ask(u64),
    /// Looks at all connections (2.x).
    Connections,
    /// Forgets subscribers that stopped asking.
    Subscribers,
    /// Drops services that stayed empty (2.x).
    EmptyServices,
    /// Drops operator records whose instance left (2.x).
    Records,
    /// Takes the health-check switch through the start-up phase (1.x).
    Warmup,
    /// Lets the status follow the switch that overrides it.
    ServerStatus,
}

/// The heap.
#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Millis, u64, Timer)>>,
    set: u64,
}

impl Timers {
    /// Wakes `timer` at `at`.
    pub fn set(&mut self, at: Millis, timer: Timer) {
        self.set += 1;
        self.heap.push(Reverse((at, self.set, timer)));
    }

    /// When the next timer is due.
    pub fn next(&self) -> Option<Millis> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Takes the next timer that is due at `now`, in the order in which they were set.
    pub fn pop_due(&mut self, now: Millis) -> Option<(Millis, Timer)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, timer))| (at, timer))
    }

    /// Number of timers set, stale ones included.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is due, ever.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

/// The first moment of the grid `origin + n * period` that is not before `at`.
pub fn on_grid(origin: Millis, period_ms: u64, at: Millis) -> Millis {
    let behind = at.since(origin);
    origin + behind.div_ceil(period_ms) * period_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_due_together_come_in_the_order_they_were_set() {
        let mut timers = Timers::default();
        timers.set(Millis(20), Timer::Check(1));
        timers.set(Millis(10), Timer::Push(2));
        timers.set(Millis(10), Timer::Check(3));
        assert_eq!(timers.pop_due(Millis(15)), Some((Millis(10), Timer::Push(2))));
        assert_eq!(timers.pop_due(Millis(15)), Some((Millis(10), Timer::Check(3))));
        assert_eq!(timers.pop_due(Millis(15)), None);
        assert_eq!(timers.next(), Some(Millis(20)));
    }

    #[test]
    fn the_grid_starts_at_its_origin() {
        assert_eq!(on_grid(Millis(100), 50, Millis(100)), Millis(100));
        assert_eq!(on_grid(Millis(100), 50, Millis(101)), Millis(150));
        assert_eq!(on_grid(Millis(100), 50, Millis(7)), Millis(100));
    }
}
