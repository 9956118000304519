//! One clock for the whole process. Everything a server does by time runs on it; with a manual one
//! nothing happens until somebody advances it.
//!
//! Nacos reads the wall clock, and when that is set back everything that compares times stands
//! still until it has come forward again: nothing expires and nothing is sent. Whoever tests
//! against facos would wait for hours and learn nothing, so the real clock here never goes back:
//! it goes on from where it was. Set forward it jumps, as everybody's does.

use crate::model::Millis;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The process's clock.
#[derive(Debug)]
pub enum Clock {
    /// The wall clock.
    Real(Steady),
    /// Stands still until it is set.
    Manual(AtomicU64),
}

/// The wall clock as long as that goes forward.
#[derive(Debug)]
pub struct Steady {
    begun: Instant,
    /// What the wall clock showed at the beginning, and every step forward since, ms.
    ahead_ms: AtomicU64,
}

impl Steady {
    fn begin() -> Self {
        Self { begun: Instant::now(), ahead_ms: AtomicU64::new(wall_clock().0) }
    }

    /// The time when so much has passed since the beginning and the wall clock shows this.
    fn at(&self, passed_ms: u64, wall: Millis) -> Millis {
        let shown_ms = wall.0.saturating_sub(passed_ms);
        let mut ahead_ms = self.ahead_ms.load(Ordering::Relaxed);
        // Writing only when it was set keeps the line of memory with every core that reads it.
        if shown_ms > ahead_ms {
            ahead_ms = self.ahead_ms.fetch_max(shown_ms, Ordering::Relaxed).max(shown_ms);
        }
        Millis(passed_ms.saturating_add(ahead_ms))
    }
}

impl Clock {
    /// The wall clock from now on.
    pub fn real() -> Self {
        Self::Real(Steady::begin())
    }

    /// A manual clock that stands at this moment, so that times look like times.
    pub fn manual() -> Self {
        Self::Manual(AtomicU64::new(wall_clock().0))
    }

    /// The time.
    pub fn now(&self) -> Millis {
        match self {
            Self::Real(steady) => {
                let passed = steady.begun.elapsed().as_millis();
                steady.at(u64::try_from(passed).unwrap_or(u64::MAX), wall_clock())
            }
            Self::Manual(now) => Millis(now.load(Ordering::SeqCst)),
        }
    }

    /// Whether somebody has to advance it.
    pub fn is_manual(&self) -> bool {
        matches!(self, Self::Manual(_))
    }

    /// Sets a manual clock forward; an earlier time and a real clock stay as they are.
    pub fn set(&self, to: Millis) {
        if let Self::Manual(now) = self {
            now.fetch_max(to.0, Ordering::SeqCst);
        }
    }
}

fn wall_clock() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_that_is_set_back_does_not_stop_the_time() {
        let clock = Steady { begun: Instant::now(), ahead_ms: AtomicU64::new(1_000_000) };
        assert_eq!(clock.at(0, Millis(1_000_000)), Millis(1_000_000));
        assert_eq!(clock.at(500, Millis(1_000_500)), Millis(1_000_500));
        // An hour would be too much for this one; it is set back by all it has.
        assert_eq!(clock.at(700, Millis(3)), Millis(1_000_700));
        assert_eq!(clock.at(5_000, Millis(4_303)), Millis(1_005_000));
        assert_eq!(clock.at(6_000, Millis(1_006_000)), Millis(1_006_000), "and right again");
    }

    #[test]
    fn a_wall_clock_that_is_set_forward_takes_the_time_along_and_back_again_does_not() {
        let clock = Steady { begun: Instant::now(), ahead_ms: AtomicU64::new(1_000_000) };
        assert_eq!(clock.at(100, Millis(4_600_100)), Millis(4_600_100));
        assert_eq!(clock.at(200, Millis(1_000_200)), Millis(4_600_200));
    }

    #[test]
    fn a_real_clock_begins_with_the_wall_clock() {
        let before = wall_clock();
        let now = Clock::real().now();
        assert!(now >= before && now.since(before) < 60_000, "{before:?} {now:?}");
    }
}
