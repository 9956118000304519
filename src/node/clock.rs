//! One clock for the whole process. Everything a server does by time runs on it; with a manual one
//! nothing happens until somebody advances it.

use crate::model::Millis;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The process's clock.
#[derive(Debug)]
pub enum Clock {
    /// The wall clock.
    Real,
    /// Stands still until it is set.
    Manual(AtomicU64),
}

impl Clock {
    /// A manual clock that stands at this moment, so that times look like times.
    pub fn manual() -> Self {
        Self::Manual(AtomicU64::new(wall_clock().0))
    }

    /// The time.
    pub fn now(&self) -> Millis {
        match self {
            Self::Real => wall_clock(),
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
