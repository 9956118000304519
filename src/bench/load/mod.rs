//! The load of one worker: which request is next, and what its answer changes. Pure but for the
//! random numbers, whose seed is given: time is an argument, sockets are the worker's affair.
//!
//! - `beat`: registrations, beats and departures as the chosen SDK makes them.
//! - `calls`, `seats`: the same over gRPC, and on which connection.
//! - `list`: lists during the run, and every service read back at its end.
//! - `push`: which change a datagram shows.
//! - `schedule`: which request is next.
mod beat;
mod calls;
mod list;
mod push;
mod schedule;
mod seats;
mod tallies;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::answer::{self, Reader};
use super::grpc::Calls;
use super::operation::Operation;
use super::pacer::Share;
use super::population::{Client, Part, Population, Role};
use super::record::{Failure, Interval, Times};
use super::request::{Ends, Requests};
use super::sdk::{Http, Sdk, Speaks};
use super::units::Nanos;
use super::workload::{Arrive, Workload};
use crate::client::fast::BeatAnswer;
use fastrand::Rng;
use schedule::Running;

pub use tallies::Tallies;

/// How often a request outside the measured time is tried.
const QUEUE_TRIES: u8 = 3;

/// The most requests of a stream that are counted as never sent: an end has to be found.
const MAX_UNSENT: u64 = 1_000_000;

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Registers what must be there before anything is measured.
    Setup,
    /// Sends the workload.
    Measure,
    /// Reads every service back.
    ReadBack,
    /// Deregisters what it registered.
    Cleanup,
}

/// One request to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// What is asked.
    pub operation: Operation,
    /// When it was due.
    pub planned: Nanos,
    /// Whether the beat leaves its body out.
    pub light: bool,
    client: Option<u32>,
    service: u32,
    origin: Origin,
    /// Whether the set of the service's instances may change by it.
    changes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// A client's own period.
    Timer,
    /// A stream.
    Stream,
    /// The queue of a stage, and how often it was tried before.
    Queue(u8),
    /// A new connection, for what an earlier one held.
    Redo,
    /// A connection itself.
    Session,
}

/// What a server answered.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// A status and a body.
    Http(u16, &'a [u8]),
    /// The class of a message and its JSON.
    Grpc(&'a str, &'a [u8]),
}

/// The requests of the SDK.
#[derive(Debug)]
enum Forms {
    Http(Requests),
    Grpc(Calls),
}

impl Job {
    /// Whether it only makes or keeps a connection, which goes on between stages too.
    pub fn is_session(&self) -> bool {
        self.origin == Origin::Session
    }
}

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Sends this.
    Send(Job),
    /// Waits until then.
    At(Nanos),
    /// Has nothing to send in this stage.
    Nothing,
}

/// What the answer to a request says, once it is known to be a good one.
enum Good {
    Done,
    Beat(BeatAnswer),
}

/// The load of one worker.
#[derive(Debug)]
pub struct Load {
    /// What is being measured.
    pub interval: Box<Interval>,
    /// What went right and wrong so far.
    pub tallies: Tallies,
    /// The clients, for the worker to give them their sockets.
    pub population: Population,
    sdk: &'static Sdk,
    workload: Arc<Workload>,
    forms: Forms,
    seats: Option<seats::Seats>,
    redo: BinaryHeap<Reverse<(Nanos, u32)>>,
    share: Share,
    seed: u64,
    rng: Rng,
    reader: Reader,
    stage: Stage,
    timers: BinaryHeap<Reverse<(Nanos, u32)>>,
    queue: Vec<(Operation, u32, u8)>,
    streams: Vec<Running>,
    pushes: push::Pushes,
    by_service: Vec<Vec<u32>>,
    given_up: u64,
    abandoned: bool,
    start: Nanos,
    /// Requests planned before this are not measured.
    record_from: Nanos,
}

impl Load {
    /// The load of one worker with so many connections.
    pub fn new(
        workload: &Arc<Workload>,
        sdk: &'static Sdk,
        ends: &Ends,
        part: Part,
        seed: u64,
        connections: usize,
    ) -> Self {
        let mut population = Population::new(workload, part, seed);
        let services = population.services.len();
        let (forms, seats) = match &sdk.speaks {
            Speaks::Http(http) => (Forms::Http(Requests::new(http, ends, workload)), None),
            Speaks::Grpc(agent) => {
                let seats = seats::Seats::new(&mut population, workload, connections);
                (Forms::Grpc(Calls::new(agent, ends, workload)), Some(seats))
            }
        };
        Self {
            interval: Box::default(),
            tallies: Tallies::default(),
            sdk,
            forms,
            seats,
            redo: BinaryHeap::new(),
            share: Share { index: part.worker, of: part.workers },
            seed,
            rng: Rng::with_seed(seed ^ (u64::from(part.worker) << 16 | u64::from(part.machine))),
            reader: Reader::new(services),
            stage: Stage::Setup,
            timers: BinaryHeap::with_capacity(population.clients.len() + 16),
            queue: Vec::new(),
            streams: Vec::new(),
            pushes: push::Pushes::new(services),
            by_service: Vec::new(),
            given_up: 0,
            abandoned: false,
            start: 0,
            record_from: Nanos::MAX,
            workload: Arc::clone(workload),
            population,
        }
    }

    /// Replaces the streams' pace, for the next stage that measures.
    pub fn set_workload(&mut self, workload: Arc<Workload>) {
        self.workload = workload;
    }

    /// Begins a stage at `now`; only what is planned from `record_from` on is measured.
    pub fn begin(&mut self, stage: Stage, now: Nanos, record_from: Nanos) {
        self.stage = stage;
        self.start = now;
        self.abandoned = false;
        self.queue.clear();
        self.timers.clear();
        self.streams.clear();
        match stage {
            Stage::Setup => self.queue_setup(),
            Stage::Measure => {
                self.record_from = record_from;
                self.plan_timers();
                self.plan_streams();
            }
            Stage::ReadBack => self.queue_read_back(),
            Stage::Cleanup => self.queue_cleanup(),
        }
    }

    /// From here on only what is already due is sent.
    pub fn end_closed(&mut self) {
        self.streams.retain(|stream| !stream.is_closed());
    }

    /// From here on nothing more is planned; what is under way is still measured.
    pub fn end(&mut self, now: Nanos) {
        if self.stage == Stage::Measure {
            let from = self.start;
            let last = now.saturating_sub(from).saturating_sub(1);
            let missed = |stream: &Running| stream.pacer.missed(last, MAX_UNSENT);
            let streams: u64 = self.streams.iter().map(missed).sum();
            let overdue = self.timers.iter().filter(|Reverse((due, _))| *due < now).count();
            self.tallies.unsent += streams + overdue as u64;
        }
        self.timers.clear();
        self.streams.clear();
        self.queue.clear();
    }

    /// Whether a request belongs to the measured time.
    pub fn measures(&self, job: &Job) -> bool {
        self.stage == Stage::Measure && job.planned >= self.record_from
    }

    /// The next request, if one is due.
    pub fn next(&mut self, now: Nanos) -> Next {
        if self.stage == Stage::Measure { self.next_measured(now) } else { self.next_queued(now) }
    }

    /// Writes a request into `out`.
    pub fn write(&self, job: &Job, out: &mut Vec<u8>, scratch: &mut Vec<u8>) {
        let mut subject = self.nobody(job);
        if let Some(client) = job.client {
            let client = &self.population.clients[client as usize];
            (subject.ip, subject.port) = client.address();
            subject.change = if client.role == Role::Editor { client.change } else { 0 };
            subject.udp = client.udp;
        }
        let operation = job.operation;
        match &self.forms {
            Forms::Http(requests) => requests.write(operation, job.light, &subject, out, scratch),
            Forms::Grpc(calls) => {
                calls.write(operation, job.origin == Origin::Redo, &subject, out, scratch);
            }
        }
    }

    /// Takes an answer, or why there is none. Returns how it was judged.
    pub fn answered(
        &mut self,
        job: &Job,
        times: Times,
        answer: Result<Said<'_>, Failure>,
    ) -> Result<(), Failure> {
        let judged = self.judge(job, times, answer);
        let outcome = judged.as_ref().map_or_else(|failure| Err(*failure), |_| Ok(()));
        if self.measures(job) {
            self.interval.of(job.operation).add(times, outcome);
        }
        if job.changes {
            let service = &mut self.population.services[job.service as usize];
            service.changing -= 1;
            service.changed_at = times.answered;
            service.uncertain |= outcome.is_err();
        }
        if let (Origin::Queue(tries), true) = (job.origin, outcome.is_err()) {
            self.queue_again(job, tries + 1);
        }
        match (job.operation, judged) {
            (Operation::Register, _) => self.registered(job, outcome.is_ok(), times.answered),
            (Operation::Deregister, _) => self.left(job, outcome.is_ok(), times.answered),
            (Operation::Beat, Ok(Good::Beat(answer))) => self.beaten(job, answer, times.answered),
            (Operation::Beat, Err(failure)) => self.beat_failed(job, failure, times.answered),
            (Operation::List, _) => self.listed(job, times.answered),
            (Operation::Subscribe, _) => self.subscribed(job, outcome.is_ok(), times.answered),
            (Operation::Beat, Ok(_)) | (Operation::HealthCheck | Operation::Connect, _) => {}
        }
        outcome
    }

    /// Whether the answer is what this operation answers.
    fn judge(
        &mut self,
        job: &Job,
        times: Times,
        answer: Result<Said<'_>, Failure>,
    ) -> Result<Good, Failure> {
        let (status, body) = match answer? {
            Said::Http(status, body) => (status, body),
            Said::Grpc(kind, body) => return self.judge_call(job, times, kind, body),
        };
        if status != 200 {
            return Err(Failure::Status(status));
        }
        match job.operation {
            Operation::Register | Operation::Deregister => {
                let good = body.trim_ascii() == b"ok";
                if good { Ok(Good::Done) } else { Err(Failure::Answer) }
            }
            Operation::Beat => self.reader.beat(body).map(Good::Beat).ok_or(Failure::Answer),
            Operation::List if self.stage == Stage::ReadBack => {
                let listed = answer::hosts(body).ok_or(Failure::Answer)?;
                self.read_back(job, listed, times.answered).map(|()| Good::Done)
            }
            Operation::List => {
                let service = job.service as usize;
                let list = self.reader.list(service, body).ok_or(Failure::Answer)?;
                self.check_list(service, list, times).map(|()| Good::Done)
            }
            // These have no form in HTTP.
            Operation::Subscribe | Operation::HealthCheck | Operation::Connect => {
                Err(Failure::Answer)
            }
        }
    }

    fn queue_setup(&mut self) {
        let before = self.workload.arrive == Arrive::Before;
        let pushes = self.workload.editors > 0;
        let grpc = self.seats.is_some();
        for (index, client) in self.population.clients.iter().enumerate().rev() {
            let operation = match client.role {
                Role::Beater | Role::Kept if before => Operation::Register,
                Role::Editor => Operation::Register,
                Role::Subscriber if grpc && (before || pushes) => Operation::Subscribe,
                Role::Subscriber if !grpc && pushes => Operation::List,
                _ => continue,
            };
            self.queue.push((operation, index as u32, 0));
        }
    }

    fn queue_cleanup(&mut self) {
        for (index, client) in self.population.clients.iter().enumerate() {
            if client.touched && client.role != Role::Subscriber {
                self.queue.push((Operation::Deregister, index as u32, 0));
            }
        }
    }

    fn next_queued(&mut self, now: Nanos) -> Next {
        if let Some(job) = self.next_redo(now) {
            return Next::Send(job);
        }
        let Some((operation, index, tries)) = self.queue.pop() else { return Next::Nothing };
        let origin = Origin::Queue(tries);
        let job = if self.stage == Stage::ReadBack {
            self.list_job(index, None, now, origin)
        } else {
            self.client_job(operation, index, now, origin)
        };
        Next::Send(job)
    }

    /// Tries a queued request once more, behind all others.
    fn queue_again(&mut self, job: &Job, tries: u8) {
        if tries < QUEUE_TRIES && !self.abandoned {
            let index = job.client.unwrap_or(job.service);
            self.queue.insert(0, (job.operation, index, tries));
        } else {
            self.given_up += 1;
            self.tallies.unread_services += u64::from(self.stage == Stage::ReadBack);
        }
    }

    /// Gives up the rest of the queue: the server is gone.
    pub fn abandon(&mut self) {
        self.given_up += self.queue.len() as u64;
        if self.stage == Stage::ReadBack {
            self.tallies.unread_services += self.queue.len() as u64;
        }
        self.queue.clear();
        self.abandoned = true;
    }

    /// When connections are made that are not there yet; `None` when nobody needs them.
    pub fn connects_at(&self) -> Option<Nanos> {
        let at_once = self.workload.arrive == Arrive::AtOnce;
        match self.stage {
            // Clients that come in the first instant of the measured time bring theirs with them.
            Stage::Setup => (!at_once).then_some(self.start),
            Stage::Measure if at_once => Some(self.record_from.max(self.start)),
            Stage::Measure => Some(self.start),
            Stage::ReadBack | Stage::Cleanup => None,
        }
    }

    /// Whether somebody waits for pushes.
    pub fn has_subscribers(&self) -> bool {
        self.population.services.iter().any(|service| service.subscribers > 0)
    }

    /// How many queued requests were given up since the last call.
    pub fn take_given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }

    /// The forms of an SDK of 1.x, and its habits.
    fn http(&self) -> Option<&'static Http> {
        match &self.sdk.speaks {
            Speaks::Http(http) => Some(http),
            Speaks::Grpc(_) => None,
        }
    }

    fn client(&mut self, job: &Job) -> Option<&mut Client> {
        job.client.map(|index| &mut self.population.clients[index as usize])
    }

    fn schedule(&mut self, job: &Job, at: Nanos) {
        if let (Some(index), Stage::Measure) = (job.client, self.stage) {
            self.timers.push(Reverse((at, index)));
        }
    }
}
