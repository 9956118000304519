//! One worker: an operating-system thread with its own sockets, clients and clock, which shares
//! nothing with the others while it measures.
//!
//! The thread paces itself: between events it sleeps until the next planned instant, and a
//! response is looked at where it was read. Per request that is one write, one read, and a share
//! of one poll; nothing is allocated.
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::UdpSocket;
use mio::{Events, Poll, Token};

use super::connection::{Connection, Readable, UnderWay};
use super::load::{Job, Load, Next, Stage, Tallies};
use super::population::Role;
use super::record::{FAILURES, Failure, Interval, Times, record};
use super::response::{Parsed, parse};
use super::units::{Nanos, SECOND, nanos};
use super::wakeup::Wakeup;

/// What is read at once.
const INPUT_BYTES: usize = 256 * 1024;
/// How often a worker looks after timeouts, resting connections and the stop flag.
const TICK: Nanos = 50_000_000;
/// How long a connection rests after it could not be made, lest a dead server be hammered.
const REST: Nanos = 100_000_000;
/// How often measures are handed over.
pub const INTERVAL: Nanos = SECOND;
/// How long after the end a request may be sent that was due before it.
const GRACE: Nanos = 100_000_000;
/// How long a run that is stopped waits for answers that may never come.
const PATIENCE: Nanos = 500_000_000;
/// How much of a refused answer is shown.
const SAMPLE_BYTES: usize = 160;

const WAKEUP: Token = Token(usize::MAX - 1);

/// The run's clock: nanoseconds since its origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock(pub Instant);

impl Clock {
    /// Now.
    pub fn now(self) -> Nanos {
        nanos(self.0.elapsed())
    }
}

/// What a worker is told to do.
#[derive(Debug)]
pub enum Command {
    /// Runs a stage.
    Run {
        /// Which one.
        stage: Stage,
        /// When it begins.
        start: Nanos,
        /// From when on requests are measured.
        record_from: Nanos,
        /// When it ends at the latest.
        end: Nanos,
    },
    /// Takes another pace for the next stage that measures.
    Workload(Arc<super::workload::Workload>),
}

/// What a worker has to say.
#[derive(Debug)]
pub enum Report {
    /// The measures of an interval.
    Interval(Box<Interval>),
    /// Something that people should know of happened.
    Event {
        /// When.
        at: Nanos,
        /// What.
        what: String,
    },
    /// A stage is over.
    Done(Box<Done>),
}

/// How a stage went.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// What went right and wrong since the worker began.
    pub tallies: Tallies,
    /// Requests of the stage that were tried in vain, when it was no measured one.
    pub failed: u64,
    /// The first failure of each kind, for people.
    pub samples: [Option<String>; FAILURES],
    /// Processor time of the worker's thread in this stage.
    pub cpu: Duration,
}

/// What all workers of a run share.
#[derive(Debug)]
pub struct Shared {
    /// The clock.
    pub clock: Clock,
    /// The server.
    pub target: SocketAddr,
    /// How long an answer may take.
    pub timeout: Nanos,
    /// Set when the run is to end early.
    pub stop: AtomicBool,
}

/// One worker.
#[derive(Debug)]
pub struct Worker {
    number: usize,
    shared: Arc<Shared>,
    load: Load,
    poll: Poll,
    wakeup: Wakeup,
    connections: Vec<Connection>,
    /// Connections without a request.
    idle: Vec<usize>,
    /// Connections that rest, with the end of their rest.
    resting: VecDeque<(Nanos, usize)>,
    subscribers: Vec<(UdpSocket, u32)>,
    under_way: usize,
    /// Since when there has always been an idle connection.
    free_since: Nanos,
    draining: bool,
    /// The last instant whose requests are sent.
    horizon: Nanos,
    down: bool,
    /// Connections in a row that could not be made.
    refused: usize,
    samples: [Option<String>; FAILURES],
    reports: Sender<(usize, Report)>,
    spare: Receiver<Box<Interval>>,
    next_tick: Nanos,
    next_interval: Nanos,
    input: Vec<u8>,
    chunks: Vec<u8>,
    scratch: Vec<u8>,
}

impl Worker {
    /// A worker with so many connections, and a UDP port for each of its subscribers. It reports
    /// under its number.
    pub fn new(
        number: usize,
        shared: Arc<Shared>,
        mut load: Load,
        connections: usize,
        reports: Sender<(usize, Report)>,
        spare: Receiver<Box<Interval>>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let wakeup = Wakeup::new(poll.registry(), WAKEUP)?;
        let subscribers = bind_subscribers(&shared, &mut load, &poll, connections)?;
        Ok(Self {
            number,
            load,
            wakeup,
            connections: (0..connections).map(|_| Connection::default()).collect(),
            idle: (0..connections).rev().collect(),
            resting: VecDeque::with_capacity(connections),
            subscribers,
            under_way: 0,
            free_since: 0,
            draining: false,
            horizon: Nanos::MAX,
            down: false,
            refused: 0,
            samples: Default::default(),
            reports,
            spare,
            next_tick: 0,
            next_interval: 0,
            input: vec![0; INPUT_BYTES],
            chunks: Vec::new(),
            scratch: Vec::with_capacity(4096),
            shared,
            poll,
        })
    }

    /// Does what it is told until nobody tells it anything.
    pub fn run(mut self, commands: &Receiver<Command>) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while let Ok(command) = commands.recv() {
            match command {
                Command::Workload(workload) => self.load.set_workload(workload),
                Command::Run { stage, start, record_from, end } => {
                    let before = thread_cpu();
                    self.load.begin(stage, start, record_from);
                    self.run_stage(&mut events, stage, start, end)?;
                    let cpu = thread_cpu().saturating_sub(before);
                    self.done(cpu);
                }
            }
        }
        Ok(())
    }

    fn run_stage(
        &mut self,
        events: &mut Events,
        stage: Stage,
        start: Nanos,
        end: Nanos,
    ) -> io::Result<()> {
        let clock = self.shared.clock;
        std::thread::sleep(Duration::from_nanos(start.saturating_sub(clock.now())));
        self.draining = false;
        self.horizon = end - 1;
        self.free_since = start;
        self.next_interval = clock.now() + INTERVAL;
        self.load.interval.clear(clock.now());
        while clock.now() < end && !self.is_stopped(stage) {
            let wake = self.feed();
            if wake.is_none() && self.under_way == 0 && stage != Stage::Measure {
                break;
            }
            self.wait(events, wake.unwrap_or(end).min(end))?;
        }
        self.catch_up(events, stage, end)?;
        self.load.end(clock.now().min(end));
        self.draining = true;
        // What is under way still counts; a push may take longer than an answer.
        let pushes = u64::from(stage == Stage::Measure && !self.subscribers.is_empty());
        let drained = clock.now();
        while self.under_way > 0 || clock.now() < drained + pushes * 2 * SECOND {
            if self.is_stopped(stage) && clock.now() >= drained + PATIENCE {
                break;
            }
            self.wait(events, clock.now() + TICK)?;
        }
        // Only a stopped run leaves something under way.
        for index in 0..self.connections.len() {
            self.fail(index, Failure::Timeout);
        }
        Ok(())
    }

    /// Sends what was due before the end and is a moment late; a longer backlog is the server's.
    fn catch_up(&mut self, events: &mut Events, stage: Stage, end: Nanos) -> io::Result<()> {
        let clock = self.shared.clock;
        self.load.end_closed();
        while clock.now() < end.saturating_add(GRACE) && !self.is_stopped(stage) {
            self.feed();
            if !self.idle.is_empty() {
                break;
            }
            self.wait(events, clock.now() + GRACE)?;
        }
        Ok(())
    }

    fn is_stopped(&self, stage: Stage) -> bool {
        let stop = self.shared.stop.load(Ordering::Relaxed);
        stop && matches!(stage, Stage::Setup | Stage::Measure)
    }

    /// Sends what is due while a connection is free; returns when the next thing is due.
    fn feed(&mut self) -> Option<Nanos> {
        while let Some(index) = self.idle.last().copied() {
            let now = self.shared.clock.now();
            match self.load.next(now.min(self.horizon)) {
                Next::Send(job) => {
                    self.idle.pop();
                    self.send(index, job, now);
                }
                Next::At(due) => return Some(due),
                Next::Nothing => return None,
            }
        }
        // Without a free connection the next event is an answer or a tick.
        Some(self.next_tick)
    }

    fn send(&mut self, index: usize, job: Job, now: Nanos) {
        if self.load.measures(&job) {
            if job.planned >= self.free_since {
                record(&mut self.load.interval.own_lateness, now.saturating_sub(job.planned));
            } else {
                self.load.interval.traffic.waited += 1;
            }
        }
        let connection = &mut self.connections[index];
        let fresh = !connection.is_open();
        connection.under_way = Some(UnderWay { job, sent: now, fresh });
        self.under_way += 1;
        self.load.write(&job, &mut connection.out, &mut self.scratch);
        connection.rewind();
        if fresh {
            self.connect(index);
        } else {
            self.flush(index);
        }
    }

    fn connect(&mut self, index: usize) {
        let registry = self.poll.registry();
        self.load.interval.traffic.connects += 1;
        let made = self.connections[index].connect(self.shared.target, registry, Token(index));
        if made.is_err() {
            self.fail(index, Failure::Connect);
        }
    }

    fn flush(&mut self, index: usize) {
        match self.connections[index].flush() {
            Ok(bytes) => self.load.interval.traffic.sent_bytes += bytes as u64,
            Err(_) => self.closed(index),
        }
    }

    /// Sleeps until something happens, `until` comes, or it is time to look around.
    fn wait(&mut self, events: &mut Events, until: Nanos) -> io::Result<()> {
        let now = self.shared.clock.now();
        if now >= self.next_tick {
            self.tick(now);
        }
        let wait = Duration::from_nanos(until.min(self.next_tick).saturating_sub(now));
        if !wait.is_zero() && until < self.next_tick {
            self.wakeup.arm(wait)?;
        }
        match self.poll.poll(events, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in events.iter() {
            self.handle(event);
        }
        Ok(())
    }

    fn handle(&mut self, event: &Event) {
        let Token(index) = event.token();
        if event.token() == WAKEUP {
            return;
        }
        if index >= self.connections.len() {
            self.receive_pushes(index - self.connections.len());
            return;
        }
        if event.is_writable() && self.connections[index].is_open() {
            match self.connections[index].connected() {
                Ok(()) => self.flush(index),
                Err(error) => self.could_not_connect(index, &error),
            }
        }
        if event.is_readable() {
            self.read(index);
        }
    }

    fn read(&mut self, index: usize) {
        loop {
            match self.connections[index].read(&mut self.input) {
                Readable::Bytes(bytes) => {
                    self.received(index, bytes);
                    // A short read has emptied the socket.
                    if bytes < self.input.len() {
                        return;
                    }
                }
                Readable::Nothing => return,
                Readable::End => return self.ended(index),
                Readable::Broken => return self.closed(index),
            }
        }
    }

    /// Takes the first `count` bytes of the input buffer as the connection's next ones.
    fn received(&mut self, index: usize, count: usize) {
        let now = self.shared.clock.now();
        self.load.interval.traffic.received_bytes += count as u64;
        let connection = &mut self.connections[index];
        if connection.under_way.is_none() {
            // Bytes that nobody asked for: what they belong to cannot be known any more.
            connection.close();
            return;
        }
        if connection.partial.is_empty() {
            match parse(&self.input[..count], false, &mut self.chunks) {
                Parsed::Incomplete => connection.partial.extend_from_slice(&self.input[..count]),
                Parsed::Malformed => self.fail(index, Failure::Http),
                Parsed::Whole(response) => {
                    let input = std::mem::take(&mut self.input);
                    self.answered(index, &response, &input[..count], now);
                    self.input = input;
                }
            }
            return;
        }
        connection.partial.extend_from_slice(&self.input[..count]);
        self.parse_partial(index, false, now);
    }

    fn parse_partial(&mut self, index: usize, ended: bool, now: Nanos) {
        let mut partial = std::mem::take(&mut self.connections[index].partial);
        match parse(&partial, ended, &mut self.chunks) {
            Parsed::Incomplete if ended => self.fail(index, Failure::Closed),
            Parsed::Incomplete => {
                self.connections[index].partial = partial;
                return;
            }
            Parsed::Malformed => self.fail(index, Failure::Http),
            Parsed::Whole(response) => self.answered(index, &response, &partial, now),
        }
        // Its memory is kept for the next answer in pieces.
        partial.clear();
        self.connections[index].partial = partial;
    }

    fn answered(
        &mut self,
        index: usize,
        response: &super::response::Response,
        bytes: &[u8],
        now: Nanos,
    ) {
        let connection = &mut self.connections[index];
        let Some(UnderWay { job, sent, .. }) = connection.under_way.take() else { return };
        let times = Times { planned: job.planned, sent, answered: now };
        let body = response.body.clone().map_or(&self.chunks[..], |range| &bytes[range]);
        let judged = self.load.answered(&job, times, Ok((response.status, body)));
        if let Err(failure) = judged {
            let sample = &mut self.samples[failure.kind()];
            sample.get_or_insert_with(|| sample_of(&job, response.status, body));
        }
        if response.closes || response.length < bytes.len() {
            self.connections[index].close();
        }
        self.under_way -= 1;
        self.refused = 0;
        if self.down {
            self.down = false;
            self.event(now, "the server answers again".to_owned());
        }
        self.release(index, now);
    }

    /// The connection is free for the next request.
    fn release(&mut self, index: usize, now: Nanos) {
        if self.idle.is_empty() {
            self.free_since = now;
        }
        self.idle.push(index);
        if !self.draining {
            self.feed();
        }
    }

    /// The peer has closed.
    fn ended(&mut self, index: usize) {
        if self.connections[index].partial.is_empty() {
            return self.closed(index);
        }
        let now = self.shared.clock.now();
        self.parse_partial(index, true, now);
    }

    /// The connection is gone: a request that met the end of a kept connection is sent once more,
    /// as Java's client does.
    fn closed(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        match &mut connection.under_way {
            None => connection.close(),
            Some(under_way) if !under_way.fresh => {
                under_way.fresh = true;
                connection.close();
                connection.rewind();
                self.load.interval.traffic.resent += 1;
                self.connect(index);
            }
            Some(_) => self.fail(index, Failure::Closed),
        }
    }

    fn could_not_connect(&mut self, index: usize, error: &io::Error) {
        if !self.down {
            self.down = true;
            let now = self.shared.clock.now();
            self.event(now, format!("the server cannot be reached: {error}"));
        }
        match self.connections[index].under_way {
            Some(_) => self.fail(index, Failure::Connect),
            None => self.connections[index].close(),
        }
    }

    fn fail(&mut self, index: usize, failure: Failure) {
        let now = self.shared.clock.now();
        let connection = &mut self.connections[index];
        let Some(UnderWay { job, sent, .. }) = connection.under_way.take() else { return };
        connection.close();
        self.under_way -= 1;
        let times = Times { planned: job.planned, sent, answered: now };
        // How a failure without an answer is judged is known already.
        let _ = self.load.answered(&job, times, Err(failure));
        let sample = &mut self.samples[failure.kind()];
        sample.get_or_insert_with(|| {
            format!("{}: {}", job.operation.name(), Failure::NAMES[failure.kind()])
        });
        if failure == Failure::Connect {
            self.refused += 1;
            if self.refused > self.connections.len() + 2 {
                self.load.abandon();
            }
            self.resting.push_back((now + REST, index));
        } else {
            self.release(index, now);
        }
    }

    /// What is not driven by events.
    fn tick(&mut self, now: Nanos) {
        self.next_tick = now + TICK;
        while self.resting.front().is_some_and(|(end, _)| *end <= now) {
            if let Some((_, index)) = self.resting.pop_front() {
                self.release(index, now);
            }
        }
        let timeout = self.shared.timeout;
        for index in 0..self.connections.len() {
            let under_way = &self.connections[index].under_way;
            if under_way.is_some_and(|under_way| under_way.sent + timeout <= now) {
                self.fail(index, Failure::Timeout);
            }
        }
        if now >= self.next_interval {
            self.next_interval = now + INTERVAL;
            self.hand_over(now);
        }
    }

    fn receive_pushes(&mut self, index: usize) {
        loop {
            let (socket, client) = &self.subscribers[index];
            let Ok((bytes, from)) = socket.recv_from(&mut self.input) else { return };
            let now = self.shared.clock.now();
            let ack = self.load.datagram(*client, &self.input[..bytes], now);
            if let Some(ack) = ack {
                // An ack that is lost is what the server's retry is for.
                let _ = socket.send_to(ack.as_bytes(), from);
            }
        }
    }

    fn hand_over(&mut self, now: Nanos) {
        let mut fresh = self.spare.try_recv().unwrap_or_default();
        fresh.clear(now);
        let mut full = std::mem::replace(&mut self.load.interval, fresh);
        full.end = now;
        self.report(Report::Interval(full));
    }

    fn event(&self, at: Nanos, what: String) {
        self.report(Report::Event { at, what });
    }

    fn report(&self, report: Report) {
        // Without a receiver the run is over, and nobody wants to know.
        let _ = self.reports.send((self.number, report));
    }

    fn done(&mut self, cpu: Duration) {
        self.hand_over(self.shared.clock.now());
        let done = Done {
            tallies: self.load.tallies,
            failed: self.load.take_given_up(),
            samples: self.samples.clone(),
            cpu,
        };
        self.report(Report::Done(Box::new(done)));
    }
}

/// Binds a port for every subscriber of the load, on the address that the server sees.
fn bind_subscribers(
    shared: &Shared,
    load: &mut Load,
    poll: &Poll,
    connections: usize,
) -> io::Result<Vec<(UdpSocket, u32)>> {
    let ip = super::target::own_address(shared.target)?;
    let mut subscribers = Vec::new();
    for (index, client) in load.population.clients.iter_mut().enumerate() {
        if client.role != Role::Subscriber {
            continue;
        }
        let mut socket = UdpSocket::bind(SocketAddr::new(ip, 0))?;
        let token = Token(connections + subscribers.len());
        poll.registry().register(&mut socket, token, mio::Interest::READABLE)?;
        client.udp = socket.local_addr()?.port();
        load.population.services[client.service as usize].subscribers += 1;
        subscribers.push((socket, index as u32));
    }
    Ok(subscribers)
}

fn sample_of(job: &Job, status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(SAMPLE_BYTES)]);
    format!("{}: status {status}: {}", job.operation.name(), text.trim())
}

/// Processor time that the calling thread has used.
fn thread_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
