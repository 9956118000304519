//! What workers tell of the server. It happens to all of them at the same time, and is told once.
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::super::units::Nanos;
use super::{Report, Worker};

/// What was told already.
#[derive(Debug, Default)]
pub struct News {
    down: AtomicBool,
    of_stage: Mutex<Vec<&'static str>>,
}

impl News {
    /// A stage begins, in which the same may happen again.
    pub fn begin_stage(&self) {
        self.of_stage.lock().clear();
    }
}

impl Worker {
    /// Tells of something that happens to connections, once in a stage.
    pub(super) fn tell_once(&self, now: Nanos, what: &'static str) {
        let mut told = self.shared.news.of_stage.lock();
        if !told.contains(&what) {
            told.push(what);
            self.event(now, what.to_owned());
        }
    }

    /// A connection could not be made.
    pub(super) fn server_is_down(&mut self, now: Nanos, error: &io::Error) {
        let known_here = std::mem::replace(&mut self.down, true);
        if !known_here && !self.shared.news.down.swap(true, Ordering::Relaxed) {
            self.event(now, format!("the server cannot be reached: {error}"));
        }
    }

    /// An answer came.
    pub(super) fn server_is_up(&mut self, now: Nanos) {
        self.refused = 0;
        let was_down = std::mem::replace(&mut self.down, false);
        if was_down && self.shared.news.down.swap(false, Ordering::Relaxed) {
            self.event(now, "the server answers again".to_owned());
        }
    }

    fn event(&self, at: Nanos, what: String) {
        self.report(Report::Event { at, what });
    }
}
