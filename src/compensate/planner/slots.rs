//! The slots of the period. Pure.
//!
//! Slots follow each other in the order of services and are as far apart as their instances are
//! many, so that beats are even. A service of very many instances has several slots.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::super::subject::{Group, Kept};

/// The most instances of a slot.
const SLOT_MEMBERS: usize = 256;
/// Rounds differ by so much of the period: a client whose beats always came with ours would never
/// be seen.
const SWING: u64 = 16;

#[derive(Debug)]
struct Slot {
    members: Range<usize>,
    period_ms: u64,
    /// Whether this is the first of its group, which looks for all.
    first: bool,
    due_ms: u64,
    hurried_until_ms: u64,
    round: u32,
}

/// Slots by the time when they are due.
#[derive(Debug)]
pub struct Slots {
    slots: Vec<Slot>,
    heap: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Slots {
    /// Slots for groups, the first at `now_ms`, spread over each one's period.
    pub fn new(groups: &[Group], kept: &[Kept], now_ms: u64) -> Self {
        let mut slots = Vec::new();
        for group in groups {
            let mut start = group.members.start;
            while start < group.members.end {
                let end = (start + SLOT_MEMBERS).min(group.members.end);
                let periods = kept[start..end].iter().map(|kept| kept.period_ms);
                let period_ms = periods.min().unwrap_or(1).max(1);
                let place = period_ms as u128 * start as u128 / kept.len() as u128;
                let due_ms = now_ms + u64::try_from(place).unwrap_or(0);
                slots.push(Slot {
                    members: start..end,
                    period_ms,
                    first: start == group.members.start,
                    due_ms,
                    hurried_until_ms: 0,
                    round: 0,
                });
                start = end;
            }
        }
        let heap = slots.iter().enumerate().map(|(slot, s)| Reverse((s.due_ms, slot))).collect();
        Self { slots, heap }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The places of a slot's instances.
    pub fn members(&self, slot: usize) -> Range<usize> {
        self.slots[slot].members.clone()
    }

    /// Takes a slot that is due.
    pub fn pop(&mut self, now_ms: u64) -> Option<(usize, u64)> {
        while let Some(Reverse((due_ms, slot))) = self.heap.peek().copied() {
            if due_ms > now_ms {
                return None;
            }
            self.heap.pop();
            // An entry that was planned again is stale.
            if self.slots[slot].due_ms == due_ms {
                self.slots[slot].round += 1;
                return Some((slot, due_ms));
            }
        }
        None
    }

    /// When the next one is due, or a moment before.
    pub fn peek(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((due_ms, _))| *due_ms)
    }

    /// Lets a slot be due.
    pub fn plan(&mut self, slot: usize, due_ms: u64) {
        self.slots[slot].due_ms = due_ms;
        self.heap.push(Reverse((due_ms, slot)));
    }

    /// Lets a slot be due soon, and again and again until a time.
    pub fn hurry(&mut self, slot: usize, due_ms: u64, until_ms: u64) {
        self.slots[slot].hurried_until_ms = until_ms;
        if due_ms < self.slots[slot].due_ms {
            self.plan(slot, due_ms);
        }
    }

    /// Lets a slot be due at this time at the latest, once.
    pub fn hurry_once(&mut self, slot: usize, due_ms: u64) {
        if due_ms < self.slots[slot].due_ms {
            self.plan(slot, due_ms);
        }
    }

    /// The slot of an instance.
    pub fn of(&self, kept: usize) -> Option<usize> {
        let slot = self.slots.partition_point(|slot| slot.members.end <= kept);
        (slot < self.slots.len()).then_some(slot)
    }

    /// Whether a slot is in a hurry.
    pub fn is_hurried(&self, slot: usize, now_ms: u64) -> bool {
        now_ms < self.slots[slot].hurried_until_ms
    }

    /// Whether a slot begins with a look: the first of its group does, for all of them. Even a
    /// light beat may bring back what was deregistered: r-nacos registers from it.
    pub fn looks(&self, slot: usize) -> bool {
        self.slots[slot].first
    }

    /// The time to the next round.
    pub fn period_of_round(&self, slot: usize) -> u64 {
        let Slot { period_ms, round, .. } = self.slots[slot];
        let swing = period_ms / SWING;
        if round % 2 == 0 { period_ms + swing } else { period_ms - swing }
    }
}
