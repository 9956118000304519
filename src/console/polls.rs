//! Clients that wait for a change (`LongPollingService`): each is answered when one of its
//! configurations changes, or when its time is over.

use super::ConsoleEffect;
use crate::model::{ConfigKey, Millis};
use rustc_hash::FxHashMap;
use slab::Slab;
use std::collections::BTreeSet;

/// Names a held poll. Numbers are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PollId {
    slot: usize,
    number: u64,
}

/// A held poll.
#[derive(Debug)]
struct Poll {
    number: u64,
    keys: Vec<ConfigKey>,
    /// The client's address.
    ip: Box<str>,
    due: Millis,
}

/// For whom something changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change<'a> {
    /// For everybody.
    All,
    /// For these addresses.
    For(&'a [Box<str>]),
}

/// Every held poll: as many as there are connections that wait.
#[derive(Debug, Default)]
pub struct Polls {
    held: Slab<Poll>,
    by_key: FxHashMap<ConfigKey, Vec<PollId>>,
    deadlines: BTreeSet<(Millis, PollId)>,
    last_number: u64,
}

impl Polls {
    /// Holds the poll of a client until one of the keys changes for it, but not longer than `due`.
    pub fn hold(&mut self, keys: Vec<ConfigKey>, ip: &str, due: Millis) -> PollId {
        self.last_number += 1;
        let number = self.last_number;
        let entry = self.held.vacant_entry();
        let id = PollId { slot: entry.key(), number };
        for key in &keys {
            self.by_key.entry(key.clone()).or_default().push(id);
        }
        self.deadlines.insert((due, id));
        entry.insert(Poll { number, keys, ip: ip.into(), due });
        id
    }

    /// Forgets a poll whose client went away; one that is answered already stays so.
    pub fn forget(&mut self, id: PollId) {
        let known = self.held.get(id.slot).is_some_and(|poll| poll.number == id.number);
        if !known {
            return;
        }
        let poll = self.held.remove(id.slot);
        self.deadlines.remove(&(poll.due, id));
        for key in &poll.keys {
            if let Some(waiting) = self.by_key.get_mut(key) {
                waiting.retain(|other| *other != id);
                if waiting.is_empty() {
                    self.by_key.remove(key);
                }
            }
        }
    }

    /// A configuration changed: who waits for it is answered.
    pub(super) fn changed(&mut self, key: &ConfigKey, change: Change<'_>) -> Vec<ConsoleEffect> {
        let mut waiting = self.by_key.get(key).cloned().unwrap_or_default();
        if let Change::For(ips) = change {
            waiting.retain(|id| self.held.get(id.slot).is_some_and(|poll| ips.contains(&poll.ip)));
        }
        for id in &waiting {
            self.forget(*id);
        }
        waiting.into_iter().map(|id| ConsoleEffect::Changed(id, key.clone())).collect()
    }

    /// The polls whose time is over.
    pub fn expire(&mut self, now: Millis) -> Vec<PollId> {
        let due = self.deadlines.iter().take_while(|(due, _)| *due <= now);
        let due: Vec<PollId> = due.map(|(_, id)| *id).collect();
        for id in &due {
            self.forget(*id);
        }
        due
    }

    /// When the next one's time is over.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.deadlines.first().map(|(due, _)| *due)
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> ConfigKey {
        ConfigKey { namespace: String::new(), group: "g".into(), data_id: id.into() }
    }

    #[test]
    fn a_poll_is_answered_once_by_a_change_or_by_time() {
        let mut polls = Polls::default();
        let first = polls.hold(vec![key("a"), key("b")], "", Millis(30));
        let second = polls.hold(vec![key("a")], "", Millis(20));
        assert_eq!(polls.next_deadline(), Some(Millis(20)));
        assert_eq!(polls.expire(Millis(19)), []);
        assert_eq!(polls.expire(Millis(20)), [second]);
        assert_eq!(
            polls.changed(&key("a"), Change::All),
            [ConsoleEffect::Changed(first, key("a"))]
        );
        assert_eq!(polls.changed(&key("b"), Change::All), []);
        assert_eq!((polls.next_deadline(), polls.len()), (None, 0));
    }

    #[test]
    fn a_slot_used_again_is_another_poll() {
        let mut polls = Polls::default();
        let gone = polls.hold(vec![key("a")], "", Millis(1));
        polls.forget(gone);
        let next = polls.hold(vec![key("a")], "", Millis(2));
        polls.forget(gone);
        assert_eq!(polls.len(), 1);
        assert_eq!(polls.expire(Millis(5)), [next]);
        assert!(polls.by_key.is_empty() && polls.deadlines.is_empty());
    }
}
