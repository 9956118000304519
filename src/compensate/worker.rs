//! The thread that sends: paced by the planner, it writes requests and reads answers as they come,
//! for a hundred thousand instances without a task or a thread for any.
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Poll, Token};

use super::planner::{Answer, Job, Planner};
use super::report::NodeReport;
use super::request::{self, Heads};
use super::watcher::News;
use crate::client::fast::{
    BeatAnswer, Connection, Parsed, Readable, Response, UnderWay, Wakeup, parse,
};
use crate::client::fleet::{HostPage, Node};

/// What is read at once.
const INPUT_BYTES: usize = 256 * 1024;
/// How often timeouts and news are looked after.
const TICK_MS: u64 = 20;
/// How long a connection rests after it could not be made.
const REST_MS: u64 = 100;
/// Jobs of a node that wait for a connection; more are left to the next round.
const MAX_WAITING: usize = 4096;
/// From when on a beat is late.
const LATE_MS: u64 = 250;

const WAKEUP: Token = Token(usize::MAX - 1);

/// A node with its connections' work.
#[derive(Debug)]
struct Line {
    node: Node,
    heads: Heads,
    idle: Vec<usize>,
    waiting: VecDeque<Job>,
    report: NodeReport,
    /// Since when nothing was answered.
    gap_since_ms: Option<u64>,
}

/// The worker.
#[derive(Debug)]
pub struct Worker {
    planner: Planner,
    poll: Poll,
    wakeup: Wakeup,
    lines: Vec<Line>,
    /// Connections, each with its line.
    connections: Vec<(usize, Connection<Job>)>,
    resting: VecDeque<(u64, usize)>,
    origin: Instant,
    /// Milliseconds since 1970 at the origin, so that planner and servers speak of one clock.
    origin_ms: u64,
    timeout_ms: u64,
    input: Vec<u8>,
    chunks: Vec<u8>,
    /// The last answer to a beat: most are the same.
    known_beat: (Vec<u8>, BeatAnswer),
    late: u64,
}

/// What is left when the time is over.
#[derive(Debug)]
pub struct Ended {
    /// The planner, with what was done for each instance.
    pub planner: Planner,
    /// Each node.
    pub nodes: Vec<NodeReport>,
    /// Beats that were late.
    pub late: u64,
}

impl Worker {
    /// A worker with so many connections to each node. `origin_ms` is now, since 1970.
    pub fn new(
        planner: Planner,
        nodes: &[Node],
        connections: usize,
        timeout: Duration,
        origin_ms: u64,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let wakeup = Wakeup::new(poll.registry(), WAKEUP)?;
        let mut all = Vec::new();
        let mut lines = Vec::new();
        for (line, node) in nodes.iter().enumerate() {
            let first = all.len();
            all.extend((0..connections).map(|_| (line, Connection::default())));
            lines.push(Line {
                node: node.clone(),
                heads: Heads::new(&node.address),
                idle: (first..all.len()).rev().collect(),
                waiting: VecDeque::new(),
                report: NodeReport { node: node.address.clone(), ..NodeReport::default() },
                gap_since_ms: None,
            });
        }
        Ok(Self {
            planner,
            poll,
            wakeup,
            lines,
            connections: all,
            resting: VecDeque::new(),
            origin: Instant::now(),
            origin_ms,
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            input: vec![0; INPUT_BYTES],
            chunks: Vec::new(),
            known_beat: (Vec::new(), BeatAnswer::default()),
            late: 0,
        })
    }

    /// Sends for so long, or until it is stopped; `told` hears of beats that were taken.
    ///
    /// # Errors
    /// The system's event queue fails.
    pub fn run(
        mut self,
        length: Duration,
        news: &Receiver<News>,
        stop: &AtomicBool,
        told: &mut dyn FnMut(u64),
    ) -> io::Result<Ended> {
        let mut events = Events::with_capacity(1024);
        let mut tick_ms = 0;
        while self.origin.elapsed() < length && !stop.load(Ordering::Relaxed) {
            let now = self.now_ms();
            self.feed(now);
            if now >= tick_ms {
                tick_ms = now + TICK_MS;
                self.tick(now, news);
                told(self.lines.iter().map(|line| line.report.beats).sum());
            }
            let due = self.planner.next_ms().unwrap_or(u64::MAX).min(tick_ms);
            let wait = Duration::from_millis(due.saturating_sub(self.now_ms()));
            if !wait.is_zero() {
                self.wakeup.arm(wait)?;
            }
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                self.handle(event);
            }
        }
        let now = self.now_ms();
        Ok(self.end(now))
    }

    fn end(mut self, now: u64) -> Ended {
        for (number, line) in self.lines.iter_mut().enumerate() {
            line.answers(now);
            line.report.missing = self.planner.missing(number);
        }
        let nodes = self.lines.into_iter().map(|line| line.report).collect();
        Ended { planner: self.planner, nodes, late: self.late }
    }

    fn now_ms(&self) -> u64 {
        self.origin_ms + u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn tick(&mut self, now: u64, news: &Receiver<News>) {
        while let Ok(news) = news.try_recv() {
            match news {
                News::Views(views) => self.planner.see(views, now),
                News::Clock { node, ahead_ms } => self.planner.clock(node, ahead_ms),
                News::Sign(kept) => self.planner.sign(kept, now),
            }
        }
        while self.resting.front().is_some_and(|(end, _)| *end <= now) {
            if let Some((_, index)) = self.resting.pop_front() {
                self.release(index, now);
            }
        }
        for index in 0..self.connections.len() {
            let under_way = &self.connections[index].1.under_way;
            if under_way.as_ref().is_some_and(|job| job.sent + self.timeout_ms <= now) {
                self.fail(index, now);
            }
        }
    }

    fn feed(&mut self, now: u64) {
        while let Some(job) = self.planner.next(now) {
            let line = &mut self.lines[node_of(&job)];
            if let Some(index) = line.idle.pop() {
                self.send(index, job, now);
            } else if line.waiting.len() < MAX_WAITING {
                line.waiting.push_back(job);
            } else {
                line.report.not_sent += 1;
                self.planner.answered(job, &Answer::NotSent, now, now);
            }
        }
    }

    fn send(&mut self, index: usize, job: Job, now: u64) {
        let (line, connection) = &mut self.connections[index];
        let heads = &self.lines[*line].heads;
        match job {
            Job::Look { slot, .. } => {
                request::look(self.planner.group_of(slot), heads, &mut connection.out);
            }
            Job::Beat { kept, light, planned_ms, .. } => {
                let (group, kept) = self.planner.subject(kept);
                request::beat(group, kept, light, heads, &mut connection.out);
                self.late += u64::from(planned_ms > 0 && planned_ms + LATE_MS < now);
            }
        }
        let fresh = !connection.is_open();
        connection.under_way = Some(UnderWay { job, sent: now, fresh });
        connection.rewind();
        if fresh { self.connect(index) } else { self.flush(index) }
    }

    fn connect(&mut self, index: usize) {
        let (line, connection) = &mut self.connections[index];
        let to = self.lines[*line].node.socket;
        if connection.connect(to, self.poll.registry(), Token(index)).is_err() {
            let now = self.now_ms();
            self.fail(index, now);
        }
    }

    fn flush(&mut self, index: usize) {
        if self.connections[index].1.flush().is_err() {
            self.closed(index);
        }
    }

    fn handle(&mut self, event: &Event) {
        let Token(index) = event.token();
        if index >= self.connections.len() {
            return;
        }
        if event.is_writable() && self.connections[index].1.is_open() {
            match self.connections[index].1.connected() {
                Ok(()) => self.flush(index),
                Err(_) => {
                    let now = self.now_ms();
                    self.fail(index, now);
                }
            }
        }
        if event.is_readable() {
            self.read(index);
        }
    }

    fn read(&mut self, index: usize) {
        let mut input = std::mem::take(&mut self.input);
        loop {
            let connection = &mut self.connections[index].1;
            match connection.read(&mut input) {
                Readable::Bytes(bytes) => {
                    connection.partial.extend_from_slice(&input[..bytes]);
                    self.parse(index, false);
                    if bytes < input.len() {
                        break;
                    }
                }
                Readable::Nothing => break,
                Readable::End if connection.partial.is_empty() => {
                    self.closed(index);
                    break;
                }
                Readable::End => {
                    self.parse(index, true);
                    break;
                }
                Readable::Broken => {
                    self.closed(index);
                    break;
                }
            }
        }
        self.input = input;
    }

    fn parse(&mut self, index: usize, ended: bool) {
        let now = self.now_ms();
        let mut partial = std::mem::take(&mut self.connections[index].1.partial);
        match parse(&partial, ended, &mut self.chunks) {
            Parsed::Incomplete if !ended => {
                self.connections[index].1.partial = partial;
                return;
            }
            Parsed::Incomplete | Parsed::Malformed => self.fail(index, now),
            Parsed::Whole(response) => self.answered(index, &response, &partial, now),
        }
        // Its memory is kept for the next answer.
        partial.clear();
        self.connections[index].1.partial = partial;
    }

    fn answered(&mut self, index: usize, response: &Response, bytes: &[u8], now: u64) {
        let (line, connection) = &mut self.connections[index];
        if response.closes || response.length < bytes.len() {
            connection.close();
        }
        let Some(UnderWay { job, sent, .. }) = connection.under_way.take() else {
            // Bytes that nobody asked for: what they belong to cannot be known any more.
            connection.close();
            return;
        };
        let line = &mut self.lines[*line];
        line.answers(now);
        let body = response.body.clone().map_or(&self.chunks[..], |range| &bytes[range]);
        let answer = match job {
            Job::Beat { .. } => beat_answer(response.status, body, &mut self.known_beat),
            Job::Look { .. } => look_answer(response.status, body),
        };
        match (&job, &answer) {
            (Job::Beat { .. }, Answer::Beat(_)) => line.report.beats += 1,
            (Job::Beat { .. }, _) => line.report.refusals += 1,
            _ => {}
        }
        self.planner.answered(job, &answer, sent, now);
        self.release(index, now);
    }

    /// The connection is free for the next request.
    fn release(&mut self, index: usize, now: u64) {
        let line = &mut self.lines[self.connections[index].0];
        match line.waiting.pop_front() {
            Some(job) => self.send(index, job, now),
            None => line.idle.push(index),
        }
    }

    /// The connection is gone: a request that met the end of a kept one is sent once more.
    fn closed(&mut self, index: usize) {
        let connection = &mut self.connections[index].1;
        match &mut connection.under_way {
            None => connection.close(),
            Some(under_way) if !under_way.fresh => {
                under_way.fresh = true;
                connection.close();
                connection.rewind();
                self.connect(index);
            }
            Some(_) => {
                let now = self.now_ms();
                self.fail(index, now);
            }
        }
    }

    fn fail(&mut self, index: usize, now: u64) {
        let (line, connection) = &mut self.connections[index];
        connection.close();
        let Some(UnderWay { job, sent, .. }) = connection.under_way.take() else { return };
        let line = &mut self.lines[*line];
        line.report.unanswered += 1;
        line.gap_since_ms.get_or_insert(sent);
        self.planner.answered(job, &Answer::Nothing, sent, now);
        self.resting.push_back((now + REST_MS, index));
    }
}

impl Line {
    /// It answers: a gap is over.
    fn answers(&mut self, now: u64) {
        let Some(since) = self.gap_since_ms.take() else { return };
        let length = now.saturating_sub(since);
        self.report.gaps += 1;
        self.report.gap_total_ms += length;
        self.report.gap_longest_ms = self.report.gap_longest_ms.max(length);
    }
}

fn node_of(job: &Job) -> usize {
    match job {
        Job::Look { node, .. } | Job::Beat { node, .. } => *node,
    }
}

fn beat_answer(status: u16, body: &[u8], known: &mut (Vec<u8>, BeatAnswer)) -> Answer {
    if status != 200 {
        return Answer::Refused(status);
    }
    if known.0 != body {
        let Ok(answer) = serde_json::from_slice(body) else { return Answer::Refused(status) };
        *known = (body.to_vec(), answer);
    }
    Answer::Beat(known.1)
}

fn look_answer(status: u16, body: &[u8]) -> Answer {
    match serde_json::from_slice::<HostPage>(body) {
        Ok(page) if status == 200 => Answer::List(page.list),
        // Each version says it with another status; the words are the same.
        _ if String::from_utf8_lossy(body).contains("not found") => Answer::NoSuchService,
        _ => Answer::Refused(status),
    }
}
