//! Open-loop pacing: the instants at which requests are due, whatever the server does.
//!
//! Pure: time is a number that the caller hands in, so that a test plays the clock. Each worker
//! has a pacer of its own that plans the worker's share; the shares of constant arrivals
//! interleave, so that all workers together are as even as one would be.
use std::time::Duration;

use fastrand::Rng;
use serde::Deserialize;

use super::units::{Nanos, Rate, SECOND, duration_text, nanos};

/// How the requests of a stream are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pacing {
    /// The next request of a connection follows its answer: finds a ceiling, hides stalls.
    Closed,
    /// Evenly spaced.
    Constant {
        /// Requests per second.
        rate: Rate,
    },
    /// Independent arrivals, as from many clients that do not know each other.
    Poisson {
        /// The mean of requests per second.
        rate: Rate,
    },
    /// Many at once, then a pause.
    Bursts {
        /// Requests in a burst.
        size: u64,
        /// From the beginning of one burst to that of the next.
        #[serde(deserialize_with = "duration_text")]
        every: Duration,
    },
    /// A rate that grows or falls evenly, and then stays.
    Ramp {
        /// Requests per second at the beginning.
        from: Rate,
        /// Requests per second at the end.
        to: Rate,
        /// How long the change takes.
        #[serde(deserialize_with = "duration_text")]
        over: Duration,
    },
    /// A rate that is raised again and again.
    Steps {
        /// Requests per second of the first step, and what each further one adds.
        by: Rate,
        /// The length of a step.
        #[serde(deserialize_with = "duration_text")]
        every: Duration,
    },
}

impl Pacing {
    /// The highest rate that is planned, in requests per second; none in a closed loop.
    pub fn peak(&self, length: Duration) -> Option<f64> {
        match *self {
            Self::Closed => None,
            Self::Constant { rate } | Self::Poisson { rate } => Some(rate.0),
            Self::Bursts { size, every } => Some(size as f64 / every.as_secs_f64()),
            Self::Ramp { from, to, .. } => Some(from.0.max(to.0)),
            Self::Steps { by, every } => {
                Some(by.0 * (length.as_secs_f64() / every.as_secs_f64()).ceil().max(1.0))
            }
        }
    }

    /// The same shape with every rate multiplied.
    pub fn scaled(self, factor: f64) -> Self {
        let times = |rate: Rate| Rate(rate.0 * factor);
        match self {
            Self::Closed => Self::Closed,
            Self::Constant { rate } => Self::Constant { rate: times(rate) },
            Self::Poisson { rate } => Self::Poisson { rate: times(rate) },
            Self::Bursts { size, every } => {
                Self::Bursts { size: (size as f64 * factor).round().max(1.0) as u64, every }
            }
            Self::Ramp { from, to, over } => Self::Ramp { from: times(from), to: times(to), over },
            Self::Steps { by, every } => Self::Steps { by: times(by), every },
        }
    }
}

/// Which of several equal shares of a load is planned here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The number of this share, from 0.
    pub index: u32,
    /// How many shares there are.
    pub of: u32,
}

impl Share {
    /// The whole load.
    pub const WHOLE: Share = Share { index: 0, of: 1 };

    /// How many of `total` things fall to this share.
    pub fn portion(self, total: u64) -> u64 {
        let (index, of) = (u64::from(self.index), u64::from(self.of));
        total / of + u64::from(index < total % of)
    }
}

/// Plans the instants of one share, one after the other.
#[derive(Clone, Debug)]
pub struct Pacer {
    pacing: Pacing,
    share: Share,
    rng: Rng,
    /// How many instants lie behind.
    count: u64,
    next: Option<Nanos>,
}

impl Pacer {
    /// A pacer whose time begins at 0. The same seed and share plan the same instants.
    pub fn new(pacing: Pacing, share: Share, seed: u64) -> Self {
        let rng = Rng::with_seed(seed ^ (u64::from(share.index) << 32));
        let mut pacer = Self { pacing, share, rng, count: 0, next: Some(0) };
        pacer.next = pacer.plan();
        pacer
    }

    /// What is planned.
    pub fn pacing(&self) -> Pacing {
        self.pacing
    }

    /// The next planned instant; none in a closed loop and for an empty share.
    pub fn peek(&self) -> Option<Nanos> {
        self.next
    }

    /// Takes the next instant when it has come.
    pub fn due(&mut self, now: Nanos) -> Option<Nanos> {
        let planned = self.next.filter(|planned| *planned <= now)?;
        self.count += 1;
        self.next = self.plan();
        Some(planned)
    }

    /// How many instants up to `now` were not taken; counting ends at `limit`.
    pub fn missed(&self, now: Nanos, limit: u64) -> u64 {
        let mut ahead = self.clone();
        let mut missed = 0;
        while missed < limit && ahead.due(now).is_some() {
            missed += 1;
        }
        missed
    }

    /// The instant behind the `count` ones that are gone.
    fn plan(&mut self) -> Option<Nanos> {
        let of = f64::from(self.share.of);
        // The place of this share's k-th request among those of all shares.
        let place = self.count as f64 * of + f64::from(self.share.index);
        match self.pacing {
            Pacing::Closed => None,
            Pacing::Constant { rate } => Some(seconds(place / rate.0)),
            Pacing::Poisson { rate } => {
                let mean_s = of / rate.0;
                let gap_s = -(1.0 - self.rng.f64()).ln() * mean_s;
                Some(self.next.unwrap_or(0).saturating_add(seconds(gap_s)))
            }
            Pacing::Bursts { size, every } => {
                let own = self.share.portion(size);
                (own > 0).then(|| (self.count / own).saturating_mul(nanos(every)))
            }
            Pacing::Ramp { from, to, over } => Some(seconds(on_ramp(place, from.0, to.0, over))),
            Pacing::Steps { by, every } => Some(seconds(on_steps(place, by.0, every))),
        }
    }
}

fn seconds(seconds: f64) -> Nanos {
    (seconds * SECOND as f64) as Nanos
}

/// When request number `place` is due on a ramp: the root of `from·t + (to-from)·t²/(2·over)`.
fn on_ramp(place: f64, from: f64, to: f64, over: Duration) -> f64 {
    let over_s = over.as_secs_f64();
    let ramped = (from + to) / 2.0 * over_s;
    if place >= ramped {
        return over_s + (place - ramped) / to;
    }
    let slope = (to - from) / over_s;
    if slope.abs() < f64::EPSILON {
        return place / from;
    }
    ((from * from + 2.0 * slope * place).sqrt() - from) / slope
}

/// When request number `place` is due on steps: step n holds `n·by·every` requests.
fn on_steps(place: f64, by: f64, every: Duration) -> f64 {
    let (every_s, unit) = (every.as_secs_f64(), by * every.as_secs_f64());
    // The whole steps before it: the largest n with n(n+1)/2·unit <= place.
    let whole = (((8.0 * place / unit + 1.0).sqrt() - 1.0) / 2.0).floor();
    let inside = place - whole * (whole + 1.0) / 2.0 * unit;
    whole * every_s + inside / (by * (whole + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    fn constant(per_second: f64) -> Pacing {
        Pacing::Constant { rate: Rate(per_second) }
    }

    fn instants(pacing: Pacing, share: Share, until: Nanos) -> Vec<Nanos> {
        let mut pacer = Pacer::new(pacing, share, 7);
        std::iter::from_fn(|| pacer.due(until)).collect()
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let mut pacer = Pacer::new(constant(1000.0), Share::WHOLE, 1);
        assert_eq!(pacer.due(0), Some(0));
        assert_eq!(pacer.due(MS - 1), None);
        assert_eq!(pacer.peek(), Some(MS));
        assert_eq!(pacer.due(MS), Some(MS));
    }

    #[test]
    fn a_late_clock_finds_every_planned_instant_and_not_one_at_its_own_time() {
        let mut pacer = Pacer::new(constant(1000.0), Share::WHOLE, 1);
        assert_eq!(pacer.missed(10 * MS, 100), 11);
        for k in 0..=10 {
            assert_eq!(pacer.due(10 * MS), Some(k * MS));
        }
        assert_eq!(pacer.due(10 * MS), None);
    }

    #[test]
    fn the_shares_of_workers_interleave() {
        let whole = instants(constant(1000.0), Share::WHOLE, 20 * MS);
        let mut parts: Vec<Nanos> = (0..4)
            .flat_map(|index| instants(constant(1000.0), Share { index, of: 4 }, 20 * MS))
            .collect();
        parts.sort_unstable();
        assert_eq!(parts, whole);
    }

    #[test]
    fn poisson_keeps_its_mean_and_its_seed() {
        let pacing = Pacing::Poisson { rate: Rate(1000.0) };
        let one = instants(pacing, Share::WHOLE, 10 * SECOND);
        assert!((9_700..10_300).contains(&one.len()), "{}", one.len());
        assert_eq!(one, instants(pacing, Share::WHOLE, 10 * SECOND));
        assert_ne!(one, instants(pacing, Share { index: 1, of: 2 }, 10 * SECOND));
    }

    #[test]
    fn bursts_come_at_once_and_are_split_among_shares() {
        let pacing = Pacing::Bursts { size: 5, every: Duration::from_millis(100) };
        let sizes: Vec<usize> = (0..2)
            .map(|index| instants(pacing, Share { index, of: 2 }, 100 * MS - 1).len())
            .collect();
        assert_eq!(sizes, [3, 2]);
        assert_eq!(instants(pacing, Share::WHOLE, 100 * MS)[4..6], [0, 100 * MS]);
    }

    #[test]
    fn a_ramp_ends_at_its_rate() {
        let over = Duration::from_secs(10);
        let pacing = Pacing::Ramp { from: Rate(100.0), to: Rate(300.0), over };
        let all = instants(pacing, Share::WHOLE, 11 * SECOND);
        let within = |from: u64, to: u64| {
            all.iter().filter(|at| (from * SECOND..to * SECOND).contains(at)).count()
        };
        assert!((105..=115).contains(&within(0, 1)), "{}", within(0, 1));
        assert!((1995..=2005).contains(&within(0, 10)), "{}", within(0, 10));
        assert!((299..=301).contains(&within(10, 11)), "{}", within(10, 11));
    }

    #[test]
    fn each_step_adds_its_rate() {
        let pacing = Pacing::Steps { by: Rate(100.0), every: Duration::from_secs(2) };
        let all = instants(pacing, Share::WHOLE, 6 * SECOND - 1);
        let within = |from: u64| {
            all.iter().filter(|at| (from * SECOND..(from + 2) * SECOND).contains(at)).count()
        };
        assert_eq!([within(0), within(2), within(4)], [200, 400, 600]);
    }

    #[test]
    fn a_closed_loop_plans_nothing() {
        assert_eq!(Pacer::new(Pacing::Closed, Share::WHOLE, 1).peek(), None);
    }

    #[test]
    fn portions_add_up() {
        let portions: Vec<u64> = (0..3).map(|index| Share { index, of: 3 }.portion(10)).collect();
        assert_eq!(portions, [4, 3, 3]);
    }
}
