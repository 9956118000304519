//! One worker: an operating-system thread with its own sockets, clients and clock, which shares
//! nothing with the others while it measures.
//!
//! The thread paces itself: between events it sleeps until the next planned instant, and a
//! response is looked at where it was read. Per request that is one write, one read, and a share
//! of one poll; nothing is allocated.
mod calls;
mod exchange;
mod lines;
mod messages;
mod news;
mod waiting;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::Duration;

use mio::event::Event;
use mio::net::UdpSocket;
use mio::{Events, Poll, Token};

use super::load::{Job, Load, Next, Stage};
use super::population::Role;
use super::record::{FAILURES, Failure, Interval, record};
use super::units::{Nanos, SECOND};
use crate::client::fast::{Connection, UnderWay, Wakeup, thread_cpu};

use lines::Lines;
pub use messages::{Clock, Command, Done, Report, Shared};
pub use news::News;

/// What is read at once.
const INPUT_BYTES: usize = 256 * 1024;
/// How often a worker looks after timeouts, resting connections and the stop flag.
const TICK: Nanos = 50_000_000;
/// How often a worker without work asks for some.
const MOMENT: Nanos = 1_000_000;
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

/// One worker.
#[derive(Debug)]
pub struct Worker {
    number: usize,
    shared: Arc<Shared>,
    load: Load,
    poll: Poll,
    wakeup: Wakeup,
    connections: Vec<Connection<Job>>,
    /// The same connections as those of clients of 2.x.
    lines: Option<Box<Lines>>,
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
    /// Whether no connection could be made since the last answer.
    down: bool,
    /// Connections in a row that could not be made.
    refused: usize,
    samples: [Option<String>; FAILURES],
    reports: Sender<(usize, Report)>,
    spare: Receiver<Box<Interval>>,
    next_tick: Nanos,
    next_interval: Nanos,
    /// When the next thing is due, as far as is known.
    due: Nanos,
    /// Processor time that went into waiting awake.
    waiting: Duration,
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
        let lines = load.calls().map(|_| Box::new(Lines::new(&shared.authority, connections)));
        let subscribers = match &lines {
            None => bind_subscribers(&shared, &mut load, &poll, connections)?,
            // Their pushes come on their connections.
            Some(_) => Vec::new(),
        };
        Ok(Self {
            number,
            load,
            wakeup,
            connections: (0..connections).map(|_| Connection::default()).collect(),
            lines,
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
            due: Nanos::MAX,
            waiting: Duration::ZERO,
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
        while let Some(command) = self.next_command(commands, &mut events)? {
            match command {
                Command::Workload(workload) => self.load.set_workload(workload),
                Command::Run { stage, start, record_from, end } => {
                    let before = thread_cpu();
                    self.waiting = Duration::ZERO;
                    self.load.begin(stage, start, record_from);
                    self.run_stage(&mut events, stage, start, end)?;
                    let cpu = thread_cpu().saturating_sub(before);
                    self.done(cpu.saturating_sub(self.waiting));
                }
            }
        }
        Ok(())
    }

    /// The next thing to do; connections of 2.x are looked after meanwhile.
    fn next_command(
        &mut self,
        commands: &Receiver<Command>,
        events: &mut Events,
    ) -> io::Result<Option<Command>> {
        while self.lines.is_some() {
            match commands.try_recv() {
                Ok(command) => return Ok(Some(command)),
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) => self.wait(events, self.shared.clock.now() + MOMENT)?,
            }
        }
        Ok(commands.recv().ok())
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
        if self.lines.is_some() {
            self.plan_lines();
            self.start_closed(clock.now());
        }
        while clock.now() < end && !self.is_stopped(stage) {
            let wake = self.feed();
            if wake.is_none() && self.under_way == 0 && stage != Stage::Measure {
                break;
            }
            match wake.filter(|due| stage == Stage::Measure && *due < end) {
                Some(due) => self.wait_for(events, due)?,
                None => self.wait(events, wake.unwrap_or(end).min(end))?,
            }
        }
        self.catch_up(events, stage, end)?;
        self.due = Nanos::MAX;
        self.drop_waiting(clock.now());
        self.load.end(clock.now().min(end));
        self.draining = true;
        // What is under way still counts; a push may take longer than an answer.
        let pushes = u64::from(stage == Stage::Measure && self.load.has_subscribers());
        let drained = clock.now();
        while self.under_way > 0 || clock.now() < drained + pushes * 2 * SECOND {
            if self.is_stopped(stage) && clock.now() >= drained + PATIENCE {
                break;
            }
            self.wait(events, clock.now() + TICK)?;
        }
        // Only a stopped run leaves something under way, and connections that are kept.
        for index in 0..self.connections.len() {
            let under_way = &self.connections[index].under_way;
            if under_way.is_some_and(|under_way| !under_way.job.is_session()) {
                self.fail(index, Failure::Timeout);
            }
        }
        self.under_way = 0;
        // Connections of 2.x are looked after between stages too.
        self.draining = self.lines.is_none();
        Ok(())
    }

    /// Sends what was due before the end and is a moment late; a longer backlog is the server's.
    fn catch_up(&mut self, events: &mut Events, stage: Stage, end: Nanos) -> io::Result<()> {
        let clock = self.shared.clock;
        self.load.end_closed();
        while clock.now() < end.saturating_add(GRACE) && !self.is_stopped(stage) {
            self.feed();
            let all_sent = match &self.lines {
                None => !self.idle.is_empty(),
                Some(lines) => lines.waiting == 0,
            };
            if all_sent {
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

    /// Sends what is due; returns when the next thing is.
    fn feed(&mut self) -> Option<Nanos> {
        let next = if self.lines.is_some() { self.feed_lines() } else { self.feed_idle() };
        self.due = next.unwrap_or(Nanos::MAX);
        next
    }

    /// Sends what is due while a connection is free.
    fn feed_idle(&mut self) -> Option<Nanos> {
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
        if self.lines.is_some() {
            self.tick_lines(now);
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
            waiting: self.waiting,
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
