//! What clients of 2.x do: they sit on connections, judge answers by their class and code, see
//! pushes on the stream, and do everything again when a connection was lost.
use std::cmp::Reverse;
use std::net::Ipv4Addr;

use super::super::answer;
use super::super::grpc::{Asked, Calls, Redo, expected, refusal};
use super::super::operation::Operation;
use super::super::population::Role;
use super::super::record::{Failure, Times};
use super::super::template::Subject;
use super::super::units::{Nanos, nanos};
use super::push::largest_change;
use super::{Forms, Good, Job, Load, Next, Origin, Stage};

impl Load {
    /// The messages of a client of 2.x.
    pub fn calls(&self) -> Option<&Calls> {
        match &self.forms {
            Forms::Http(_) => None,
            Forms::Grpc(calls) => Some(calls),
        }
    }

    /// The connection on which a request must be sent, when it is bound to one.
    pub fn seat_of(&self, job: &Job) -> Option<usize> {
        job.client.map(|index| self.population.clients[index as usize].seat.into())
    }

    /// A request of a connection itself.
    pub fn session_job(&self, operation: Operation, planned: Nanos) -> Job {
        let (client, origin) = (None, Origin::Session);
        Job { operation, planned, light: false, client, service: 0, origin, changes: false }
    }

    /// The next of all that is planned, closed streams aside: these follow their connections.
    pub fn next_planned(&mut self, now: Nanos) -> Next {
        if self.stage == Stage::Measure { self.next_open(now) } else { self.next_queued(now) }
    }

    /// What a closed stream sends on a connection that is free.
    pub fn next_closed(&mut self, seat: usize, now: Nanos) -> Option<Job> {
        if self.stage != Stage::Measure {
            return None;
        }
        let index = self.next_closed_stream()?;
        let list = self.streams[index].operation == Operation::List;
        if list {
            return Some(self.stream_job(index, now));
        }
        let instance = self.seats.as_mut()?.next_instance(seat, self.population.instances)?;
        let operation = self.streams[index].operation;
        self.streams[index].sent += 1;
        Some(self.client_job(operation, instance, now, Origin::Stream))
    }

    /// The subject of a request that is about nobody.
    pub(super) fn nobody<'a>(&'a self, job: &Job) -> Subject<'a> {
        let names = &self.population.services[job.service as usize].names;
        Subject { names, ip: Ipv4Addr::LOCALHOST, port: 0, udp: 0, change: 0 }
    }

    /// Whether the answer over gRPC is what this operation answers.
    pub(super) fn judge_call(
        &mut self,
        job: &Job,
        times: Times,
        kind: &str,
        body: &[u8],
    ) -> Result<Good, Failure> {
        if kind != expected(job.operation) {
            return Err(refusal(body));
        }
        let service = job.service as usize;
        match job.operation {
            Operation::List if self.stage == Stage::ReadBack => {
                let listed = answer::service_info_hosts(body).ok_or_else(|| refusal(body))?;
                self.read_back(job, listed, times.answered)?;
            }
            Operation::List | Operation::Subscribe => {
                let list = self.reader.service_info(service, body);
                let list = list.ok_or_else(|| refusal(body))?;
                self.check_list(service, list, times)?;
            }
            _ if !self.reader.success(body) => return Err(refusal(body)),
            _ => {}
        }
        Ok(Good::Done)
    }

    /// A subscription was answered.
    pub(super) fn subscribed(&mut self, job: &Job, good: bool, now: Nanos) {
        let poll = self.poll_interval();
        let Some(client) = self.client(job) else { return };
        client.registering = false;
        if good {
            (client.accepted, client.touched) = (true, true);
        } else {
            self.redo_failed(job, now);
        }
        if let (Some(poll), Origin::Timer) = (poll, job.origin) {
            self.schedule(job, now + poll);
        }
    }

    /// How often a subscriber asks; `None` when it never does.
    pub(super) fn poll_interval(&self) -> Option<Nanos> {
        let period = nanos(self.workload.poll_interval);
        match self.sdk.grpc() {
            None => Some(period),
            Some(agent) => agent.poll_every.map(|periods| period.saturating_mul(periods.into())),
        }
    }

    /// A connection was lost, and with it everything that it held.
    pub fn lost(&mut self, seat: usize, now: Nanos) {
        let Some(seats) = &self.seats else { return };
        for index in &seats.by_seat[seat] {
            let client = &mut self.population.clients[*index as usize];
            if !std::mem::take(&mut client.accepted) || client.role == Role::Subscriber {
                continue;
            }
            let service = &mut self.population.services[client.service as usize];
            service.accepted -= 1;
            service.changed_at = now;
            // Who comes and goes would have left anyway, and at the end so would all.
            let stays = client.role != Role::Churner && self.stage != Stage::Cleanup;
            self.tallies.false_expiries += u64::from(stays);
        }
    }

    /// A connection was made: what an earlier one held is done again, as the SDK does it.
    pub fn ready(&mut self, seat: usize, now: Nanos) {
        let (Some(seats), Some(agent)) = (&self.seats, self.sdk.grpc()) else { return };
        let phase = match agent.redo {
            Redo::AtOnce => 0,
            Redo::Each(period) => self.rng.u64(0..nanos(period).max(1)),
        };
        for index in &seats.by_seat[seat] {
            let client = &self.population.clients[*index as usize];
            // What is asked for already needs no second time.
            let undone = client.touched && !client.accepted && !client.registering;
            if is_steady(client.role) && undone {
                // Of two that are due together the subscription comes first.
                let first = u64::from(client.role != Role::Subscriber);
                self.redo.push(Reverse((now + phase + first, *index)));
            }
        }
    }

    /// What was to be done again and failed, or was refused at first: some SDKs look after it.
    pub(super) fn redo_failed(&mut self, job: &Job, now: Nanos) {
        let Some(Redo::Each(period)) = self.sdk.grpc().map(|agent| agent.redo) else { return };
        let Some(index) = job.client else { return };
        let steady = is_steady(self.population.clients[index as usize].role);
        if steady && matches!(job.origin, Origin::Redo | Origin::Timer) {
            self.redo.push(Reverse((now + nanos(period), index)));
        }
    }

    /// The next thing that is done again, once it is due.
    pub(super) fn next_redo(&mut self, now: Nanos) -> Option<Job> {
        while let Some(Reverse((due, index))) = self.redo.peek().copied() {
            if due > now {
                return None;
            }
            self.redo.pop();
            let client = &self.population.clients[index as usize];
            // Its connection may be gone again, or a stream was faster.
            if client.accepted || self.stage == Stage::Cleanup {
                continue;
            }
            let operation = match client.role {
                Role::Subscriber => Operation::Subscribe,
                _ => Operation::Register,
            };
            self.tallies.re_registrations += u64::from(operation == Operation::Register);
            return Some(self.client_job(operation, index, due, Origin::Redo));
        }
        None
    }

    /// Takes a push that came on a connection's stream.
    pub fn notified(&mut self, seat: usize, asked: &Asked<'_>, body: &[u8], now: Nanos) {
        self.interval.push.datagrams += 1;
        let client = asked.service.as_deref().and_then(|name| {
            let service = self.population.index_of(name)?;
            self.seats.as_ref()?.subscriber(seat, service)
        });
        match (client, std::str::from_utf8(body)) {
            (Some(client), Ok(body)) => {
                if let Some(change) = largest_change(body) {
                    self.saw_change(client, change, now);
                }
            }
            _ => self.interval.push.malformed += 1,
        }
    }

    /// A request was due and could not even be sent before the end.
    pub fn dropped(&mut self, job: &Job, now: Nanos) {
        if self.stage == Stage::Measure {
            self.tallies.unsent += 1;
        }
        if job.changes {
            let service = &mut self.population.services[job.service as usize];
            service.changing -= 1;
            service.changed_at = now;
        }
        if let Some(client) = self.client(job) {
            client.registering = false;
        }
    }
}

/// Whether an SDK would do again what such a client did; the others come back by themselves.
fn is_steady(role: Role) -> bool {
    matches!(role, Role::Beater | Role::Kept | Role::Subscriber)
}
