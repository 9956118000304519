//! What became of the pushes of one day: the operator's page starts anew at midnight
//! (`refreshMetrics`, cron `0 0 0 * * ?`), here at that of UTC.

use crate::model::Millis;

const DAY_MS: u64 = 86_400_000;

/// The counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PushCounts {
    /// Pushes sent the first time.
    pub sent: u64,
    /// Pushes acknowledged.
    pub acked: u64,
    /// Pushes given up.
    pub failed: u64,
    /// From an event to its ack, all acks together, ms.
    pub cost_ms: u64,
    /// The longest of these, ms.
    pub max_cost_ms: u64,
    day: u64,
}

impl PushCounts {
    /// Starts anew when the day has changed.
    pub fn roll(&mut self, now: Millis) {
        let day = now.0 / DAY_MS;
        if day != self.day {
            *self = Self { day, ..Self::default() };
        }
    }

    /// Counts an ack that came so long after its event.
    pub fn acked(&mut self, now: Millis, cost_ms: u64) {
        self.roll(now);
        self.acked += 1;
        self.cost_ms += cost_ms;
        self.max_cost_ms = self.max_cost_ms.max(cost_ms);
    }

    /// Starts anew.
    pub fn reset(&mut self) {
        *self = Self { day: self.day, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_start_anew_at_midnight() {
        let mut counts = PushCounts::default();
        let evening = Millis(3 * DAY_MS - 1);
        counts.acked(evening, 7);
        counts.roll(evening);
        assert_eq!((counts.acked, counts.max_cost_ms), (1, 7));
        counts.roll(evening + 1);
        assert_eq!((counts.acked, counts.max_cost_ms), (0, 0));
    }
}
