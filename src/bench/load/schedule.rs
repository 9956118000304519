//! Which request is next while the load is measured: clients' timers, paced streams, and closed
//! ones when nothing else is due.
use std::cmp::Reverse;

use super::super::operation::Operation;
use super::super::pacer::{Pacer, Pacing};
use super::super::population::Role;
use super::super::sdk::Http;
use super::super::units::{Nanos, nanos};
use super::super::workload::Arrive;
use super::{Job, Load, Next, Origin};

/// A stream and how far it is.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) operation: Operation,
    pub(super) pacer: Pacer,
    weight: u32,
    pub(super) sent: u64,
    cursor: usize,
}

impl Running {
    /// A pacer without a next instant is a closed loop, or an open one whose share is empty.
    pub(super) fn is_closed(&self) -> bool {
        self.pacer.pacing() == Pacing::Closed
    }
}

impl Load {
    /// Spreads the clients over their periods.
    pub(super) fn plan_timers(&mut self) {
        let at_once = self.workload.arrive == Arrive::AtOnce;
        let (grpc, poll) = (self.seats.is_some(), self.poll_interval());
        for (index, client) in self.population.clients.iter_mut().enumerate() {
            client.attempt = 0;
            client.registering = !client.accepted
                && (client.role == Role::Beater || grpc && client.role == Role::Subscriber);
            let period = match client.role {
                Role::Beater if grpc && !client.registering => continue,
                Role::Beater => nanos(self.workload.beat_interval),
                Role::Subscriber => match poll {
                    Some(poll) => poll,
                    None if client.registering => 0,
                    None => continue,
                },
                Role::Churner => nanos(self.workload.churn_interval),
                Role::Editor => nanos(self.workload.edit_interval),
                Role::Kept => continue,
            };
            let comes = at_once && matches!(client.role, Role::Beater | Role::Subscriber);
            let due = if comes {
                self.record_from.max(self.start)
            } else {
                self.start + self.rng.u64(0..period.max(1))
            };
            self.timers.push(Reverse((due, index as u32)));
        }
    }

    pub(super) fn plan_streams(&mut self) {
        for (index, stream) in self.workload.streams.iter().enumerate() {
            let pacer = Pacer::new(stream.pacing, self.share, self.seed ^ index as u64);
            let cursor = self.rng.usize(0..1 << 20);
            let (operation, weight) = (stream.operation, stream.weight.max(1));
            self.streams.push(Running { operation, pacer, weight, sent: 0, cursor });
        }
    }

    /// What is due of everything that is planned, and a closed stream when nothing is.
    pub(super) fn next_measured(&mut self, now: Nanos) -> Next {
        let open = self.next_open(now);
        match (open, self.next_closed_stream()) {
            (Next::Send(_), _) | (_, None) => open,
            (_, Some(index)) => Next::Send(self.stream_job(index, now)),
        }
    }

    /// The earliest of all that is due: clients' timers and open streams.
    pub(super) fn next_open(&mut self, now: Nanos) -> Next {
        if let Some(job) = self.next_redo(now) {
            return Next::Send(job);
        }
        let timer = self.timers.peek().map(|Reverse((due, _))| *due);
        let stream = self.earliest_stream();
        let stream_due = stream.map(|(due, _)| due);
        match (timer, stream) {
            (Some(due), _) if due <= now && stream_due.is_none_or(|other| due <= other) => {
                let Some(Reverse((due, index))) = self.timers.pop() else { return Next::Nothing };
                return Next::Send(self.timer_job(index, due));
            }
            (_, Some((due, index))) if due <= now => {
                self.streams[index].pacer.due(now - self.start);
                return Next::Send(self.stream_job(index, due));
            }
            _ => {}
        }
        let redo = self.redo.peek().map(|Reverse((due, _))| *due);
        match timer.into_iter().chain(stream_due).chain(redo).min() {
            Some(due) => Next::At(due),
            None => Next::Nothing,
        }
    }

    /// The closed stream that is furthest behind its share.
    pub(super) fn next_closed_stream(&self) -> Option<usize> {
        let closed = self.streams.iter().enumerate().filter(|(_, stream)| stream.is_closed());
        let least = closed.min_by_key(|(_, stream)| stream.sent / u64::from(stream.weight));
        least.map(|(index, _)| index)
    }

    fn earliest_stream(&self) -> Option<(Nanos, usize)> {
        let streams = self.streams.iter().enumerate();
        streams
            .filter_map(|(index, stream)| {
                stream.pacer.peek().map(|due| (due.saturating_add(self.start), index))
            })
            .min()
    }

    pub(super) fn stream_job(&mut self, index: usize, due: Nanos) -> Job {
        let stream = &mut self.streams[index];
        let operation = stream.operation;
        let targets = match operation {
            Operation::List => self.population.services.len(),
            _ => self.population.instances,
        };
        stream.sent += 1;
        stream.cursor = (stream.cursor + 1) % targets.max(1);
        let target = stream.cursor as u32;
        match operation {
            Operation::List => self.list_job(target, None, due, Origin::Stream),
            _ => self.client_job(operation, target, due, Origin::Stream),
        }
    }

    pub(super) fn list_job(
        &self,
        service: u32,
        client: Option<u32>,
        planned: Nanos,
        origin: Origin,
    ) -> Job {
        let operation = Operation::List;
        Job { operation, planned, light: false, client, service, origin, changes: false }
    }

    /// A request that a client makes for itself.
    pub(super) fn client_job(
        &mut self,
        operation: Operation,
        index: u32,
        due: Nanos,
        origin: Origin,
    ) -> Job {
        let client = &mut self.population.clients[index as usize];
        let service = client.service;
        if operation == Operation::List {
            return self.list_job(service, Some(index), due, origin);
        }
        let changes = match operation {
            Operation::Register => !client.accepted,
            Operation::Deregister => client.accepted,
            _ => false,
        };
        if operation == Operation::Register {
            client.touched = true;
            client.registering = true;
        }
        let light = operation == Operation::Beat
            && client.light
            && self.http().is_some_and(Http::knows_light_beats);
        if changes {
            let service = &mut self.population.services[service as usize];
            service.changing += 1;
            service.changed_at = due.max(service.changed_at);
        }
        Job { operation, planned: due, light, client: Some(index), service, origin, changes }
    }
}
