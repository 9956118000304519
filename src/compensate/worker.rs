//! The thread that sends: paced by the planner, it writes requests and reads answers as they come,
//! for a hundred thousand instances without a task or a thread for any.
//!
//! What is due at one moment goes out together, a few requests behind each other on each
//! connection (HTTP/1.1 pipelining, which Tomcat and actix answer in order): most of what a beat
//! costs is the system's share of a write and a read.
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
use super::response::Reader;
use super::watcher::News;
use crate::client::fast::{Connection, Parsed, Readable, Response, UnderWay, Wakeup, parse};
use crate::client::fleet::Node;

/// What is read at once.
const INPUT_BYTES: usize = 256 * 1024;
/// How often timeouts and news are looked after.
const TICK_MS: u64 = 20;
/// How long a connection rests after it could not be made.
const REST_MS: u64 = 100;
/// Jobs of a node that wait for a connection; more are left to the next round.
const MAX_WAITING: usize = 65_536;
/// What waited for longer is left to the next round: a slow node would be ever further behind. A
/// pause of the system is made up for, since it ends.
const MAX_WAIT_MS: u64 = 2000;
/// Requests that go out together on one connection; each waits for those before it.
const MAX_BATCH: usize = 8;
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

/// Jobs that went out together.
#[derive(Debug, Default)]
struct Batch {
    /// In the order of their answers, each with the place behind its request in the bytes sent.
    jobs: VecDeque<(Job, usize)>,
    /// The bytes of requests that are answered.
    answered: usize,
}

/// The worker.
#[derive(Debug)]
pub struct Worker {
    planner: Planner,
    poll: Poll,
    wakeup: Wakeup,
    lines: Vec<Line>,
    /// Connections, each with its line.
    connections: Vec<(usize, Connection<Batch>)>,
    resting: VecDeque<(u64, usize)>,
    origin: Instant,
    /// Milliseconds since 1970 at the origin, so that planner and servers speak of one clock.
    origin_ms: u64,
    timeout_ms: u64,
    input: Vec<u8>,
    chunks: Vec<u8>,
    reader: Reader,
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
            reader: Reader::default(),
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

    /// The job that waits for the longest time is left to its next round.
    fn leave_out(&mut self, node: usize, now: u64) {
        let line = &mut self.lines[node];
        let Some(job) = line.waiting.pop_front() else { return };
        line.report.not_sent += 1;
        self.planner.answered(job, &Answer::NotSent, now, now);
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
        for node in 0..self.lines.len() {
            let too_old = |job: &Job| job.planned_ms() + MAX_WAIT_MS < now;
            while self.lines[node].waiting.front().is_some_and(too_old) {
                self.leave_out(node, now);
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
            let node = node_of(&job);
            self.lines[node].waiting.push_back(job);
            if self.lines[node].waiting.len() > MAX_WAITING {
                self.leave_out(node, now);
            }
        }
        for node in 0..self.lines.len() {
            self.send_waiting(node, now);
        }
    }

    /// Spreads what waits over the connections that are idle.
    fn send_waiting(&mut self, node: usize, now: u64) {
        loop {
            let line = &mut self.lines[node];
            let count = line.waiting.len().div_ceil(line.idle.len().max(1)).min(MAX_BATCH);
            if count == 0 {
                return;
            }
            let Some(index) = line.idle.pop() else { return };
            self.send(index, count, now);
        }
    }

    fn send(&mut self, index: usize, count: usize, now: u64) {
        let (line, connection) = &mut self.connections[index];
        let line = &mut self.lines[*line];
        connection.out.clear();
        let mut batch = Batch::default();
        for job in line.waiting.drain(..count) {
            request::write(&self.planner, &job, &line.heads, &mut connection.out);
            let is_beat = matches!(job, Job::Beat { .. });
            self.late += u64::from(is_beat && job.planned_ms() + LATE_MS < now);
            batch.jobs.push_back((job, connection.out.len()));
        }
        let fresh = !connection.is_open();
        connection.under_way = Some(UnderWay { job: batch, sent: now, fresh });
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
            // The end is told once, together with what came before it.
            self.read(index, event.is_read_closed() || event.is_error());
        }
    }

    /// Reads what is there, up to the end where it has come.
    fn read(&mut self, index: usize, ends: bool) {
        let mut input = std::mem::take(&mut self.input);
        loop {
            let connection = &mut self.connections[index].1;
            match connection.read(&mut input) {
                Readable::Bytes(bytes) => {
                    connection.partial.extend_from_slice(&input[..bytes]);
                    self.parse(index, false);
                    if bytes < input.len() && !ends {
                        break;
                    }
                }
                Readable::Nothing => break,
                // What came before the end counts; then it is read again.
                Readable::End if !connection.partial.is_empty() => self.parse(index, true),
                Readable::End => {
                    self.closed(index);
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

    /// Takes every whole answer out of what has come.
    fn parse(&mut self, index: usize, ended: bool) {
        let now = self.now_ms();
        let mut partial = std::mem::take(&mut self.connections[index].1.partial);
        let mut at = 0;
        while at < partial.len() {
            match parse(&partial[at..], ended, &mut self.chunks) {
                Parsed::Incomplete if !ended => break,
                Parsed::Incomplete | Parsed::Malformed => {
                    self.fail(index, now);
                    at = partial.len();
                }
                Parsed::Whole(response) => {
                    let rest = &partial[at..];
                    let goes_on = self.answered(index, &response, rest, now);
                    at = if goes_on { at + response.length } else { partial.len() };
                }
            }
        }
        // Its memory is kept for the next answer.
        partial.drain(..at);
        self.connections[index].1.partial = partial;
    }

    /// The first of the jobs under way is answered at the beginning of `bytes`; whether more
    /// answers may follow on this connection.
    fn answered(&mut self, index: usize, response: &Response, bytes: &[u8], now: u64) -> bool {
        let (line, connection) = &mut self.connections[index];
        let first = connection.under_way.as_mut().and_then(|under_way| {
            let sent = std::mem::replace(&mut under_way.sent, now);
            // It answers, so that a close is the end of a kept connection from here on.
            under_way.fresh = false;
            let (job, end) = under_way.job.jobs.pop_front()?;
            under_way.job.answered = end;
            Some((job, sent))
        });
        let Some((job, sent)) = first else {
            // Bytes that nobody asked for: what they belong to cannot be known any more.
            connection.close();
            return false;
        };
        let line = &mut self.lines[*line];
        line.answers(now);
        let body = response.body.clone().map_or(&self.chunks[..], |range| &bytes[range]);
        let answer = self.reader.answer(&job, response.status, body);
        match (&job, &answer) {
            (Job::Beat { .. }, Answer::Beat(_)) => line.report.beats += 1,
            (Job::Beat { .. }, _) => line.report.refusals += 1,
            _ => {}
        }
        self.planner.answered(job, &answer, sent, now);
        let all =
            connection.under_way.as_ref().is_some_and(|under_way| under_way.job.jobs.is_empty());
        if all {
            connection.under_way = None;
            if response.closes || response.length < bytes.len() {
                connection.close();
            }
            self.release(index, now);
            return false;
        }
        if response.closes {
            // What stands behind this answer will not be answered here.
            self.send_rest(index);
        }
        !response.closes
    }

    /// Sends what is not answered yet on a new connection.
    fn send_rest(&mut self, index: usize) {
        let connection = &mut self.connections[index].1;
        connection.close();
        connection.rewind();
        let Some(under_way) = &mut connection.under_way else { return };
        under_way.fresh = true;
        let answered = std::mem::take(&mut under_way.job.answered);
        under_way.job.jobs.iter_mut().for_each(|(_, end)| *end -= answered);
        connection.out.drain(..answered);
        self.connect(index);
    }

    /// The connection is free for the next requests.
    fn release(&mut self, index: usize, now: u64) {
        let node = self.connections[index].0;
        self.lines[node].idle.push(index);
        self.send_waiting(node, now);
    }

    /// The connection is gone: requests that met the end of a kept one are sent once more.
    fn closed(&mut self, index: usize) {
        let connection = &mut self.connections[index].1;
        match &connection.under_way {
            None => connection.close(),
            Some(under_way) if !under_way.fresh => self.send_rest(index),
            Some(_) => {
                let now = self.now_ms();
                self.fail(index, now);
            }
        }
    }

    fn fail(&mut self, index: usize, now: u64) {
        let (line, connection) = &mut self.connections[index];
        connection.close();
        let Some(UnderWay { job: batch, sent, .. }) = connection.under_way.take() else { return };
        let line = &mut self.lines[*line];
        line.report.unanswered += batch.jobs.len() as u64;
        line.gap_since_ms.get_or_insert(sent);
        for (job, _) in batch.jobs {
            self.planner.answered(job, &Answer::Nothing, sent, now);
        }
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
