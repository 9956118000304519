//! What an audit shows while it goes on, on stderr: a bar on a terminal, plain lines otherwise.

use super::clients::Clients;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often a plain line is written.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Shows an audit on stderr.
#[derive(Debug)]
pub struct Live {
    bar: ProgressBar,
    next_plain: Duration,
}

impl Live {
    /// A view that draws only on a terminal.
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
            bar.set_style(style);
        }
        Self { bar, next_plain: PLAIN_EVERY }
    }

    /// Leaves nothing behind on the terminal.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }

    /// Shows how it goes.
    pub(super) fn progress(&mut self, clients: &Clients, elapsed: Duration, limit: Duration) {
        let ((all, light), (requests, _)) = (clients.count(), clients.requests());
        let line = format!("{requests} requests of {all} clients, {light} of them light");
        if self.bar.is_hidden() {
            if elapsed >= self.next_plain {
                self.next_plain = elapsed + PLAIN_EVERY;
                eprintln!("{:.0} s: {line}", elapsed.as_secs_f64());
            }
            return;
        }
        self.bar.set_length(limit.as_millis().try_into().unwrap_or(u64::MAX));
        self.bar.set_position(elapsed.as_millis().try_into().unwrap_or(u64::MAX));
        self.bar.set_message(line);
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}
