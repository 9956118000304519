//! Registrations, beats and departures, as the chosen SDK makes them: the next beat follows the
//! answer, 20404 makes some clients register again, and the light beat obeys the last good answer.
use super::super::answer::UNKNOWN_INSTANCE;
use super::super::operation::Operation;
use super::super::population::Role;
use super::super::record::Failure;
use super::super::units::{Nanos, nanos};
use super::{Job, Load, Origin};
use crate::client::fast::BeatAnswer;

impl Load {
    /// What a client does when its time has come.
    pub(super) fn timer_job(&mut self, index: u32, due: Nanos) -> Job {
        let client = &mut self.population.clients[index as usize];
        let operation = match client.role {
            Role::Subscriber if client.registering => Operation::Subscribe,
            Role::Subscriber => Operation::List,
            Role::Churner if client.accepted => Operation::Deregister,
            Role::Churner => Operation::Register,
            Role::Editor => {
                let service = &mut self.population.services[client.service as usize];
                service.change += 1;
                client.change = service.change;
                Operation::Register
            }
            Role::Beater | Role::Kept if client.registering => Operation::Register,
            Role::Beater | Role::Kept => Operation::Beat,
        };
        self.client_job(operation, index, due, Origin::Timer)
    }

    /// A registration was answered.
    pub(super) fn registered(&mut self, job: &Job, good: bool, now: Nanos) {
        self.client_is_known(job, good, now);
        let Some(client) = self.client(job) else { return };
        client.registering = false;
        let (role, change) = (client.role, client.change);
        if role == Role::Editor && good && change > 0 && now >= self.record_from {
            let service = job.service as usize;
            let subscribers = self.population.services[service].subscribers;
            let counts = &mut self.interval.push;
            counts.expected += u64::from(subscribers);
            self.pushes.accepted(service, change, now);
        }
        if self.http().is_none() && !good {
            self.redo_failed(job, now);
        }
        if job.origin != Origin::Timer {
            return;
        }
        let beats_at_once =
            self.http().map(|http| self.workload.beat_at_once || http.beats_at_once);
        match role {
            // Its connection keeps it.
            Role::Beater if beats_at_once.is_none() => {}
            Role::Beater if good && beats_at_once == Some(true) => self.schedule(job, now),
            // A Java client beats on after a failed registration; its beat registers.
            Role::Beater => self.schedule(job, now + nanos(self.workload.beat_interval)),
            Role::Churner => self.schedule(job, now + nanos(self.workload.churn_interval)),
            Role::Editor => {
                let next = job.planned + nanos(self.workload.edit_interval);
                self.schedule(job, next);
            }
            Role::Kept | Role::Subscriber => {}
        }
    }

    /// A departure was answered.
    pub(super) fn left(&mut self, job: &Job, good: bool, now: Nanos) {
        if good {
            self.forget(job);
            if let Some(client) = self.client(job) {
                client.touched = false;
            }
        }
        if job.origin == Origin::Timer {
            self.schedule(job, now + nanos(self.workload.churn_interval));
        }
    }

    /// A beat was answered as beats are.
    pub(super) fn beaten(&mut self, job: &Job, answer: BeatAnswer, now: Nanos) {
        self.count_beat(job);
        let Some(sdk) = self.http() else { return };
        let unknown = answer.code == Some(UNKNOWN_INSTANCE);
        if unknown {
            if self.forget(job) {
                self.tallies.false_expiries += 1;
            }
        } else {
            self.client_is_known(job, true, now);
        }
        let Some(client) = self.client(job) else { return };
        client.attempt = 0;
        client.light = sdk.knows_light_beats() && answer.light == Some(true);
        if unknown && sdk.registers_again {
            if !client.registering {
                client.registering = true;
                self.tallies.re_registrations += 1;
                self.schedule(job, now);
            }
            return;
        }
        if job.origin == Origin::Timer {
            let interval_ms = answer.interval_ms.filter(|interval_ms| *interval_ms > 0);
            let period = interval_ms.map_or(nanos(self.workload.beat_interval), |interval_ms| {
                interval_ms.saturating_mul(1_000_000)
            });
            self.schedule(job, now.saturating_add(period));
        }
    }

    /// A beat failed: tried again at once while the SDK does so, then a period later.
    pub(super) fn beat_failed(&mut self, job: &Job, failure: Failure, now: Nanos) {
        self.count_beat(job);
        let Some(sdk) = self.http() else { return };
        let period = nanos(self.workload.beat_interval);
        let Some(client) = self.client(job) else { return };
        if failure == Failure::Answer && sdk.odd_answer_ends_beats && job.origin == Origin::Timer {
            client.stopped = true;
            self.tallies.stopped_beating += 1;
            return;
        }
        if job.origin != Origin::Timer {
            return;
        }
        client.attempt += 1;
        let again = client.attempt < sdk.tries;
        if !again {
            client.attempt = 0;
        }
        self.schedule(job, if again { now } else { now + period });
    }

    fn count_beat(&mut self, job: &Job) {
        if job.light {
            self.tallies.light_beats += 1;
        } else {
            self.tallies.full_beats += 1;
        }
    }

    fn client_is_known(&mut self, job: &Job, good: bool, now: Nanos) {
        let Some(client) = self.client(job).filter(|_| good) else { return };
        client.accepted_at = now;
        if !client.accepted {
            client.accepted = true;
            client.touched = true;
            let service = &mut self.population.services[job.service as usize];
            service.accepted += 1;
            service.changed_at = now;
        }
    }

    /// The server does not know the instance any more; whether it did.
    fn forget(&mut self, job: &Job) -> bool {
        let Some(client) = self.client(job).filter(|client| client.accepted) else { return false };
        client.accepted = false;
        let service = &mut self.population.services[job.service as usize];
        service.accepted -= 1;
        true
    }
}
