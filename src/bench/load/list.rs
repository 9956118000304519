//! Lists: counted against what the server accepted while the load runs, and every service read
//! back instance by instance at the end.
use std::collections::HashMap;

use super::super::answer::{ListAnswer, ListedHost};
use super::super::operation::Operation;
use super::super::population::{Client, Role};
use super::super::record::{Failure, Times};
use super::super::units::{Nanos, SECOND};
use super::{Job, Load, Origin, QUEUE_TRIES};

/// How long a set of instances must have been the same before a list is held to it: 2.x servers
/// list a change half a second late.
const SETTLE: Nanos = 2 * SECOND;

/// How long ago a stream must have kept an instance alive for the end to expect it.
const KEPT_FOR: Nanos = 10 * SECOND;

impl Load {
    /// Holds a list to what was accepted, once that has not changed for a while before the list
    /// was asked for.
    pub(super) fn check_list(
        &mut self,
        index: usize,
        list: ListAnswer,
        times: Times,
    ) -> Result<(), Failure> {
        // A connection keeps what was registered on it.
        let kept = self.seats.is_some() || self.workload.keeps_instances();
        let service = &mut self.population.services[index];
        self.tallies.unhealthy_lists += u64::from(list.unhealthy > 0);
        if list.ref_time > service.ref_time {
            (service.ref_time, service.ref_time_at) = (list.ref_time, times.answered);
        } else if list.ref_time < service.ref_time && service.ref_time_at < times.sent {
            self.tallies.backward_lists += 1;
        }
        let settled = kept
            && !service.uncertain
            && service.changing == 0
            && service.changed_at.saturating_add(SETTLE) < times.sent;
        if !settled || list.hosts == service.accepted {
            return Ok(());
        }
        if list.hosts < service.accepted {
            self.tallies.short_lists += 1;
        } else {
            self.tallies.stale_lists += 1;
        }
        Err(Failure::Hosts)
    }

    /// A list was answered: a subscriber asks again a period later.
    pub(super) fn listed(&mut self, job: &Job, now: Nanos) {
        if let (Origin::Timer, Some(poll)) = (job.origin, self.poll_interval()) {
            self.schedule(job, now + poll);
        }
    }

    pub(super) fn queue_read_back(&mut self) {
        let services = self.population.services.len();
        self.by_service = vec![Vec::new(); services];
        for (index, client) in self.population.clients.iter().enumerate() {
            if client.role != Role::Subscriber {
                self.by_service[client.service as usize].push(index as u32);
            }
        }
        let services = 0..services as u32;
        self.queue.extend(services.rev().map(|service| (Operation::List, service, 0)));
    }

    /// Compares a service with what its clients expect. What is missing at first is looked for
    /// again, since some servers list a change late.
    pub(super) fn read_back(
        &mut self,
        job: &Job,
        listed: Vec<ListedHost>,
        now: Nanos,
    ) -> Result<(), Failure> {
        let listed: HashMap<(String, u16), bool> =
            listed.into_iter().map(|host| ((host.ip, host.port), host.healthy)).collect();
        let (mut expected, mut lost, mut unhealthy) = (0, 0, 0);
        for index in &self.by_service[job.service as usize] {
            let client = &self.population.clients[*index as usize];
            let kept_for = if self.seats.is_some() { Nanos::MAX } else { KEPT_FOR };
            if !must_be_listed(client, kept_for, now) {
                continue;
            }
            expected += 1;
            let (ip, port) = client.address();
            match listed.get(&(ip.to_string(), port)) {
                Some(true) => {}
                Some(false) => unhealthy += 1,
                None => lost += 1,
            }
        }
        let last = matches!(job.origin, Origin::Queue(tries) if tries + 1 >= QUEUE_TRIES);
        if lost + unhealthy > 0 && !last {
            return Err(Failure::Hosts);
        }
        self.tallies.expected_instances += expected;
        self.tallies.found_instances += expected - lost - unhealthy;
        self.tallies.lost += lost;
        self.tallies.false_expiries += unhealthy;
        Ok(())
    }
}

/// Whether a client has done everything that keeps an instance alive. One that no longer beats,
/// because an odd answer ended its beats, is alive all the same: that it is gone is what counts.
fn must_be_listed(client: &Client, kept_for: Nanos, now: Nanos) -> bool {
    match client.role {
        // A client that was never let in has not been lost.
        Role::Beater => client.touched && client.accepted_at > 0,
        Role::Editor => client.accepted,
        Role::Kept => client.accepted && client.accepted_at.saturating_add(kept_for) > now,
        Role::Churner | Role::Subscriber => false,
    }
}
