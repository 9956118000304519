//! Signs of life of one instance, and what its absence means. Pure; times are milliseconds of our
//! own clock.
//!
//! A server's `lastBeat` moves with our beats, too. What tells is a value that none of ours
//! explains: the instance's own client sent it.
//!
//! An absent instance was either deregistered by its client, or lost: a new owner found the beat
//! time of its copy too old and deleted it. It can not have been lost where a beat was taken a
//! moment ago by the member that answers for it, because nothing expires within fifteen seconds of
//! a beat; then it was deregistered, and must not come back through us.

/// Nothing expires so soon after a beat.
const FRESH_MS: u64 = 14_000;
/// How far clocks and answers may be apart for a beat time to be ours.
const TOLERANCE_MS: u64 = 100;

/// Whether an instance gets beats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It does.
    #[default]
    Kept,
    /// Not while an operator disables it.
    Disabled,
    /// Not any more: it gave no sign of life of its own for too long.
    Silent,
    /// Not any more: its client deregistered it.
    Deregistered,
}

/// How an instance stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Listed, with its last beat on our clock where that is known.
    Listed {
        /// Whether an operator lets it be used.
        enabled: bool,
        /// The last beat, in milliseconds of our clock.
        last_beat_ms: Option<u64>,
    },
    /// Absent.
    Missing,
}

/// What is known of one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Whether it gets beats.
    pub state: State,
    /// Whether the last look found it absent.
    pub missing: bool,
    /// Its last sign of life of its own.
    sign_ms: u64,
    /// When our last beat was sent and answered.
    ours: Option<(u64, u64)>,
    /// The node that took a beat, and until when the instance can not expire there.
    fresh: Option<(usize, u64)>,
}

impl Life {
    /// An instance that is given the benefit of the doubt from `now_ms` on.
    pub fn new(now_ms: u64) -> Self {
        Self { sign_ms: now_ms, ..Self::default() }
    }

    /// A beat of ours was answered.
    pub fn sent(&mut self, sent_ms: u64, answered_ms: u64) {
        self.ours = Some((sent_ms, answered_ms));
    }

    /// A node took it that holds what is registered: the instance can not expire there so soon.
    pub fn taken(&mut self, node: usize, answered_ms: u64) {
        self.fresh = Some((node, answered_ms + FRESH_MS));
    }

    /// Who is responsible has changed: what was fresh elsewhere says nothing any more.
    pub fn moved(&mut self) {
        self.fresh = None;
    }

    /// A sign of life of its own. It does not undo a deregistration: a process that says good-bye
    /// still takes connections for a while.
    pub fn sign(&mut self, now_ms: u64) {
        self.sign_ms = self.sign_ms.max(now_ms);
        if self.state == State::Silent {
            self.state = State::Kept;
        }
    }

    /// A look at a node.
    pub fn look(&mut self, seen: Seen, node: usize, now_ms: u64) {
        match seen {
            Seen::Listed { enabled, last_beat_ms } => {
                let returns = std::mem::replace(&mut self.missing, false);
                match last_beat_ms {
                    Some(last_beat_ms) => self.beat_seen(last_beat_ms, node),
                    // We did not send for it any more, so its client registered it again.
                    None if returns && self.state == State::Deregistered => {
                        self.state = State::Kept;
                    }
                    None => {}
                }
                self.state = match (enabled, self.state) {
                    (false, _) => State::Disabled,
                    (true, State::Disabled) => State::Kept,
                    (true, state) => state,
                };
            }
            Seen::Missing => {
                let was_missing = std::mem::replace(&mut self.missing, true);
                let fresh = self.fresh.is_some_and(|(at, until)| at == node && now_ms < until);
                if fresh && !was_missing && self.state == State::Kept {
                    self.state = State::Deregistered;
                }
            }
        }
    }

    /// Whether it gets beats now; `max_age_ms` after its last sign of life it no longer does.
    pub fn gets_beats(&mut self, now_ms: u64, max_age_ms: u64) -> bool {
        if self.state == State::Kept && now_ms.saturating_sub(self.sign_ms) > max_age_ms {
            self.state = State::Silent;
        }
        self.state == State::Kept
    }

    fn beat_seen(&mut self, last_beat_ms: u64, node: usize) {
        let own = match self.ours {
            Some((_, answered)) => last_beat_ms > answered + TOLERANCE_MS,
            None => last_beat_ms > self.sign_ms,
        };
        if own {
            self.sign(last_beat_ms);
            if self.state == State::Deregistered {
                self.state = State::Kept;
            }
            self.fresh = Some((node, last_beat_ms + FRESH_MS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_AGE_MS: u64 = 30_000;

    fn listed(last_beat_ms: u64) -> Seen {
        Seen::Listed { enabled: true, last_beat_ms: Some(last_beat_ms) }
    }

    fn beaten(life: &mut Life, now: u64) {
        life.sent(now, now + 2);
        life.taken(0, now + 2);
    }

    /// Beats each 5 s as long as it gets them, from 0 on, with a look before each.
    fn until_let_go(mut seen: impl FnMut(&Life, u64) -> Seen) -> Option<u64> {
        let mut life = Life::new(0);
        for now in (0..300_000).step_by(5000) {
            let seen = seen(&life, now);
            life.look(seen, 0, now);
            if !life.gets_beats(now, MAX_AGE_MS) {
                return Some(now);
            }
            beaten(&mut life, now);
        }
        None
    }

    #[test]
    fn rule_5_an_instance_whose_only_beats_are_ours_is_let_go() {
        let ours = |life: &Life, _| listed(life.ours.map_or(0, |(sent, _)| sent + 1));
        assert_eq!(until_let_go(ours), Some(35_000));
    }

    #[test]
    fn an_instance_that_beats_by_itself_is_kept() {
        assert_eq!(until_let_go(|_, now: u64| listed(now.saturating_sub(1500))), None);
    }

    #[test]
    fn rule_5_an_instance_that_was_deregistered_is_let_go_at_once() {
        let gone = |_: &Life, now: u64| match now {
            0..=20_000 => listed(now.saturating_sub(1000)),
            _ => Seen::Missing,
        };
        assert_eq!(until_let_go(gone), Some(25_000));
    }

    #[test]
    fn one_that_a_new_owner_deleted_is_not_taken_for_deregistered() {
        let mut life = Life::new(0);
        beaten(&mut life, 5000);
        life.moved();
        life.look(Seen::Missing, 1, 8000);
        assert!(life.missing && life.gets_beats(8000, MAX_AGE_MS));
        // Another node never took a beat of it, so nothing is fresh there.
        let mut life = Life::new(0);
        beaten(&mut life, 5000);
        life.look(Seen::Missing, 1, 8000);
        assert!(life.gets_beats(8000, MAX_AGE_MS));
    }

    #[test]
    fn one_that_comes_back_by_itself_is_kept_again() {
        let mut life = Life::new(0);
        beaten(&mut life, 5000);
        life.look(Seen::Missing, 0, 8000);
        assert!(!life.gets_beats(8000, MAX_AGE_MS));
        life.look(listed(5001), 0, 9000);
        assert!(!life.gets_beats(9000, MAX_AGE_MS), "a stale copy is no sign");
        life.look(listed(9500), 0, 10_000);
        assert!(life.gets_beats(10_000, MAX_AGE_MS));
    }

    #[test]
    fn one_that_still_takes_connections_after_its_good_bye_is_not_brought_back() {
        let mut life = Life::new(0);
        beaten(&mut life, 5000);
        life.look(Seen::Missing, 0, 8000);
        life.sign(9000);
        assert!(!life.gets_beats(9000, MAX_AGE_MS));
        // Where beats do not show, being listed again tells that it registered again.
        life.look(Seen::Listed { enabled: true, last_beat_ms: None }, 0, 10_000);
        assert!(life.gets_beats(10_000, MAX_AGE_MS));
    }

    #[test]
    fn rule_1_a_disabled_one_gets_beats_again_when_it_is_enabled() {
        let mut life = Life::new(0);
        let seen = |enabled| Seen::Listed { enabled, last_beat_ms: None };
        life.look(seen(false), 0, 1000);
        assert!(!life.gets_beats(1000, MAX_AGE_MS));
        life.look(seen(true), 0, 2000);
        assert!(life.gets_beats(2000, MAX_AGE_MS));
    }
}
