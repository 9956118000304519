//! Active health checks of persistent instances: when each is due and when its outcome flips the
//! health (`HealthCheckTask`, `HealthCheckCommon`; `timing/persistent-*`). The look itself is an
//! effect. A first check comes 2 to 7 s after the registration; after that the period follows the
//! time the check took, within the bounds of the switch for its kind.

use crate::model::switches::HealthParams;
use crate::model::{CheckTimes, HealthChecker, Millis, Switches};
use crate::registry::timers::{Timer, Timers};
use crate::registry::{ProbeId, ProbeOrder, ProbeOutcome};
use rustc_hash::FxHashMap;

/// The checks that run.
#[derive(Debug, Default)]
pub struct Probes {
    running: FxHashMap<u64, Probe>,
    last_id: u64,
    seed: u64,
}

/// One instance under check.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Slot of the service in its core.
    pub service: usize,
    /// Cluster of the instance.
    pub cluster: Box<str>,
    /// Address.
    pub ip: Box<str>,
    /// Port of the instance.
    pub port: i32,
    successes: i32,
    failures: i32,
    last_ms: i64,
    best_ms: i64,
    worst_ms: i64,
    period_ms: f32,
    due: Option<Millis>,
}

impl Probes {
    /// Numbers checks from there on.
    pub(super) fn from(first: u64) -> Self {
        Self { last_id: first, ..Self::default() }
    }

    /// Starts to check an address and returns the id that finds the check again.
    pub fn start(
        &mut self,
        timers: &mut Timers,
        now: Millis,
        service: usize,
        cluster: &str,
        (ip, port): (&str, i32),
    ) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        let first_ms = 2_000 + self.random_below(5_000);
        let due = now + first_ms;
        timers.set(due, Timer::Probe(id));
        let probe = Probe {
            service,
            cluster: cluster.into(),
            ip: ip.into(),
            port,
            successes: 0,
            failures: 0,
            last_ms: CheckTimes::default().last_ms,
            best_ms: CheckTimes::default().best_ms,
            worst_ms: CheckTimes::default().worst_ms,
            period_ms: first_ms as f32,
            due: Some(due),
        };
        self.running.insert(id, probe);
        id
    }

    /// Java's `nextInt(0, nextInt(0, bound))`: small values are likelier. The sequence is fixed, so
    /// that two runs on the manual clock are alike.
    fn random_below(&mut self, bound: u64) -> u64 {
        let mut next = || {
            self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed ^ (mixed >> 27)
        };
        let upper = next() % bound;
        if upper == 0 { 0 } else { next() % upper }
    }

    /// Stops a check; its outcome, if one is under way, is ignored.
    pub fn stop(&mut self, id: u64) {
        self.running.remove(&id);
    }

    /// The check behind a timer that fell due; `None` when the timer is stale.
    pub fn due(&mut self, id: u64, at: Millis) -> Option<&Probe> {
        let probe = self.running.get_mut(&id)?;
        if probe.due != Some(at) {
            return None;
        }
        probe.due = None;
        Some(probe)
    }

    /// Sets the next look when this one is not to happen (switched off, or nobody looks).
    pub fn postpone(&mut self, timers: &mut Timers, now: Millis, id: u64) {
        if let Some(probe) = self.running.get_mut(&id) {
            let due = now + (probe.period_ms.max(500.0) as u64);
            probe.due = Some(due);
            timers.set(due, Timer::Probe(id));
        }
    }

    /// What to do for a check that is due: the order, aimed at the instance's port or the
    /// cluster's.
    pub fn order(id: u64, probe: &Probe, checker: &HealthChecker, port: i32) -> ProbeOrder {
        ProbeOrder { id: ProbeId(id), ip: probe.ip.to_string(), port, checker: checker.clone() }
    }

    /// Takes an outcome, sets the next look, and says where the instance stands and which health
    /// it has reached; `None` when the health stays.
    pub fn outcome(
        &mut self,
        timers: &mut Timers,
        now: Millis,
        (id, outcome, rt_ms): (u64, ProbeOutcome, u64),
        params: HealthParams,
        check_times: i32,
    ) -> Option<(Probe, bool)> {
        let probe = self.running.get_mut(&id)?;
        let took = params.factor * probe.period_ms + (1.0 - params.factor) * rt_ms as f32;
        probe.period_ms = took.clamp(params.min as f32, (params.max as f32).max(params.min as f32));
        let due = now + probe.period_ms as u64;
        probe.due = Some(due);
        probe.last_ms = i64::try_from(rt_ms).unwrap_or(i64::MAX);
        probe.best_ms = probe.best_ms.min(probe.last_ms);
        probe.worst_ms = probe.worst_ms.max(probe.last_ms);
        timers.set(due, Timer::Probe(id));
        let reached = match outcome {
            ProbeOutcome::Healthy => {
                probe.failures = 0;
                probe.successes += 1;
                (probe.successes >= check_times).then_some(true)
            }
            ProbeOutcome::SoftFailure => {
                probe.successes = 0;
                probe.failures += 1;
                (probe.failures >= check_times).then_some(false)
            }
            ProbeOutcome::HardFailure => {
                probe.successes = 0;
                probe.failures = 0;
                Some(false)
            }
        }?;
        Some((probe.clone(), reached))
    }

    /// The service a running check belongs to.
    pub fn service_of(&self, id: u64) -> Option<(usize, &str)> {
        self.running.get(&id).map(|probe| (probe.service, &*probe.cluster))
    }

    /// What the checks of an address came to; nothing for one that is not checked.
    pub fn times(&self, id: u64) -> CheckTimes {
        let Some(probe) = self.running.get(&id) else { return CheckTimes::default() };
        CheckTimes {
            last_ms: probe.last_ms,
            best_ms: probe.best_ms,
            worst_ms: probe.worst_ms,
            period_ms: probe.period_ms as i64,
            successes: probe.successes,
            failures: probe.failures,
        }
    }

    /// How many instances are under check.
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}

/// The bounds for a kind of check.
pub fn params_of(switches: &Switches, checker: &HealthChecker) -> HealthParams {
    match checker {
        HealthChecker::Http { .. } => switches.http_health,
        HealthChecker::Mysql { .. } => switches.mysql_health,
        HealthChecker::Tcp | HealthChecker::None => switches.tcp_health,
    }
}
