//! Connections of 2.x on a worker: made with a check and a setup, kept with health checks, made
//! again when they are lost. Each takes one call at a time; what is due for it meanwhile waits.
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::super::grpc::{Blocks, Channel, Spare};
use super::super::load::{Job, Next};
use super::super::operation::Operation;
use super::super::record::{Failure, Times, record};
use super::super::units::{Nanos, SECOND};
use super::Worker;
use crate::client::fast::UnderWay;

/// How many connections of a worker are being made at once: the queue of a listening socket is
/// short.
const MAX_OPENING: usize = 64;
/// How long clients wait between their setup, which is not answered, and their first request.
const SETTLING: Nanos = 100_000_000;
/// A connection that was idle this long is checked.
const IDLE: Nanos = 5 * SECOND;
/// A connection that could not be made is tried again after this long, and longer each time.
const REST: Nanos = 100_000_000;
/// The most of these rests in a row that are added up.
const MAX_RESTS: u32 = 50;
/// A client whose connection could not be made this often in a row refuses its caller.
const TRIES: u32 = 3;
/// How many connections are looked at for a free one.
const LOOKED_AT: usize = 64;

/// The connections of a worker, beside their sockets.
#[derive(Debug)]
pub(super) struct Lines {
    pub blocks: Blocks,
    pub lines: Vec<Line>,
    /// Connections to be made, by the time.
    planned: BinaryHeap<Reverse<(Nanos, usize)>>,
    /// Connections that are being made: they were not set up yet.
    pub opening: usize,
    /// Connections that are set up and wait a moment.
    pub settling: usize,
    /// Requests that wait for their connection.
    pub waiting: usize,
    pub spare: Spare,
    pub message: Vec<u8>,
    /// Where the search for a free connection goes on.
    rotation: usize,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub channel: Channel,
    pub phase: Phase,
    /// What is due for it and was not sent.
    waiting: VecDeque<Job>,
    /// When the last request was answered or sent.
    active_at: Nanos,
    /// Since when there is no call on it.
    free_since: Nanos,
    /// How often in a row it could not be made.
    failed: u32,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody has asked for it.
    #[default]
    Absent,
    /// It will be made.
    Planned,
    /// It is made, and the server's answer to the check is awaited.
    Opening,
    /// It is set up, and ready at this time.
    Settling(Nanos),
    /// It takes calls.
    Ready,
}

impl Lines {
    pub fn new(authority: &str, connections: usize) -> Self {
        Self {
            blocks: Blocks::new(authority),
            lines: (0..connections).map(|_| Line::default()).collect(),
            planned: BinaryHeap::with_capacity(connections),
            opening: 0,
            settling: 0,
            waiting: 0,
            spare: Spare::default(),
            message: Vec::with_capacity(1024),
            rotation: 0,
        }
    }

    fn plan(&mut self, index: usize, due: Nanos) {
        self.lines[index].phase = Phase::Planned;
        self.planned.push(Reverse((due, index)));
    }

    /// Whether something goes on that a stage waits for.
    pub fn is_busy(&self) -> bool {
        self.waiting > 0 || self.opening > 0 || self.settling > 0
    }
}

impl Line {
    fn is_free(&self, under_way: bool) -> bool {
        self.phase == Phase::Ready && !under_way && self.waiting.is_empty()
    }
}

impl Worker {
    /// Plans every connection that nobody asked for yet.
    pub(super) fn plan_lines(&mut self) {
        let connects_at = self.load.connects_at();
        let Some(lines) = &mut self.lines else { return };
        let Some(due) = connects_at else { return };
        for index in 0..lines.lines.len() {
            if lines.lines[index].phase == Phase::Absent {
                lines.plan(index, due);
            }
        }
    }

    /// Offers closed streams every connection that is free.
    pub(super) fn start_closed(&mut self, now: Nanos) {
        for index in 0..self.connections.len() {
            self.offer(index, now);
        }
    }

    /// Makes connections and sends what is due; returns when the next thing is.
    pub(super) fn feed_lines(&mut self) -> Option<Nanos> {
        self.open_planned();
        loop {
            let now = self.shared.clock.now();
            let lines = self.lines.as_ref()?;
            // More than one for each connection only makes the queue longer.
            if lines.waiting >= lines.lines.len() {
                return Some(self.next_tick);
            }
            match self.load.next_planned(now.min(self.horizon)) {
                Next::Send(job) => self.dispatch(job, now),
                Next::At(due) => return Some(due),
                Next::Nothing => return lines.is_busy().then_some(self.next_tick),
            }
        }
    }

    fn open_planned(&mut self) {
        let now = self.shared.clock.now();
        while let Some(lines) = &mut self.lines
            && lines.opening < MAX_OPENING
            && let Some(Reverse((due, index))) = lines.planned.peek().copied()
            && due <= now
        {
            lines.planned.pop();
            lines.lines[index].phase = Phase::Opening;
            lines.opening += 1;
            let job = self.load.session_job(Operation::Connect, due);
            self.take_out(index);
            let Some(lines) = &mut self.lines else { return };
            let out = &mut self.connections[index].out;
            lines.lines[index].channel.begin(out, &mut lines.spare);
            self.start_call(index, job, now);
            self.connect(index);
        }
    }

    /// Gives the connection a buffer to write to, where it has none.
    pub(super) fn take_out(&mut self, index: usize) {
        let Some(lines) = &mut self.lines else { return };
        let out = &mut self.connections[index].out;
        if out.capacity() == 0 {
            *out = lines.spare.take();
        }
    }

    /// Sends a request on its connection, now or when that is free.
    fn dispatch(&mut self, job: Job, now: Nanos) {
        let index = self.load.seat_of(&job).unwrap_or_else(|| self.any_line());
        let under_way = self.connections[index].under_way.is_some();
        let Some(lines) = &mut self.lines else { return };
        let line = &mut lines.lines[index];
        if line.is_free(under_way) {
            return self.send_call(index, job, now);
        }
        match line.phase {
            Phase::Planned if line.failed >= TRIES => {
                let times = Times { planned: job.planned, sent: now, answered: now };
                self.judge_failure(&job, times, Failure::Connect);
                return;
            }
            Phase::Absent => lines.plan(index, now),
            _ => {}
        }
        lines.lines[index].waiting.push_back(job);
        lines.waiting += 1;
    }

    /// A connection that is free, if one is soon found; else any that is ready.
    fn any_line(&mut self) -> usize {
        let Some(lines) = &mut self.lines else { return 0 };
        let count = lines.lines.len();
        let mut found = lines.rotation % count;
        for _ in 0..LOOKED_AT.min(count) {
            lines.rotation = (lines.rotation + 1) % count;
            let line = &lines.lines[lines.rotation];
            if line.is_free(self.connections[lines.rotation].under_way.is_some()) {
                return lines.rotation;
            }
            if line.phase == Phase::Ready {
                found = lines.rotation;
            }
        }
        found
    }

    fn send_call(&mut self, index: usize, job: Job, now: Nanos) {
        if self.load.measures(&job) {
            let free_since = self.lines.as_ref().map_or(0, |lines| lines.lines[index].free_since);
            if job.planned >= free_since {
                record(&mut self.load.interval.own_lateness, now.saturating_sub(job.planned));
            } else {
                self.load.interval.traffic.waited += 1;
            }
        }
        self.take_out(index);
        self.start_call(index, job, now);
        self.flush(index);
    }

    /// Whether the end of a stage waits for a request: what keeps connections never ends, but
    /// what of it is measured must be answered first.
    pub(super) fn waits_for(&self, job: &Job) -> bool {
        !job.is_session() || (self.load.measures(job) && job.planned <= self.horizon)
    }

    /// Writes a call to the connection's buffer.
    fn start_call(&mut self, index: usize, job: Job, now: Nanos) {
        self.under_way += usize::from(self.waits_for(&job));
        let Some(lines) = &mut self.lines else { return };
        let connection = &mut self.connections[index];
        connection.under_way = Some(UnderWay { job, sent: now, fresh: true });
        self.load.write(&job, &mut lines.message, &mut self.scratch);
        let line = &mut lines.lines[index];
        line.active_at = now;
        line.channel.call(&lines.blocks, &lines.message, &mut connection.out);
    }

    /// The connection takes the next request: one that waits for it, or one of a closed stream.
    pub(super) fn line_free(&mut self, index: usize, now: Nanos) {
        let Some(lines) = &mut self.lines else { return };
        let line = &mut lines.lines[index];
        line.free_since = now;
        if self.draining {
            return;
        }
        if let Some(job) = line.waiting.pop_front() {
            lines.waiting -= 1;
            return self.send_call(index, job, now);
        }
        self.offer(index, now);
    }

    fn offer(&mut self, index: usize, now: Nanos) {
        let under_way = self.connections[index].under_way.is_some();
        let free = self.lines.as_ref().is_some_and(|lines| lines.lines[index].is_free(under_way));
        if free
            && now < self.horizon
            && let Some(job) = self.load.next_closed(index, now)
        {
            self.send_call(index, job, now);
        }
    }

    /// The server has answered the check: the stream is opened, and a moment later it is ready.
    pub(super) fn set_up(&mut self, index: usize, now: Nanos) {
        self.take_out(index);
        let (Some(lines), Some(calls)) = (&mut self.lines, self.load.calls()) else { return };
        lines.opening -= 1;
        lines.settling += 1;
        let line = &mut lines.lines[index];
        line.phase = Phase::Settling(now + SETTLING);
        let out = &mut self.connections[index].out;
        line.channel.begin_talk(&lines.blocks, calls.setup(), out);
    }

    /// What is not driven by events: connections that have settled, and those that were idle.
    pub(super) fn tick_lines(&mut self, now: Nanos) {
        self.open_planned();
        for index in 0..self.connections.len() {
            let free = self.connections[index].under_way.is_none();
            let Some(lines) = &mut self.lines else { return };
            let line = &mut lines.lines[index];
            match line.phase {
                Phase::Settling(ready) if ready <= now => {
                    line.phase = Phase::Ready;
                    line.failed = 0;
                    line.active_at = now;
                    lines.settling -= 1;
                    self.load.ready(index, now);
                    self.line_free(index, now);
                }
                Phase::Ready if free && line.active_at + IDLE <= now => {
                    let job = self.load.session_job(Operation::HealthCheck, now);
                    self.send_call(index, job, now);
                    // Of ten thousand clients that fell silent together a tick took 12 ms: the p99
                    // of the lateness of what was paced meanwhile sank from 6.3 to 3.9 ms by this.
                    self.feed_due();
                }
                _ => {}
            }
        }
    }

    /// A connection is gone or must go; it is made again, at once when it had been there.
    pub(super) fn drop_line(&mut self, index: usize, now: Nanos) {
        let Some(lines) = &mut self.lines else { return };
        self.connections[index].close();
        self.connections[index].out.clear();
        self.connections[index].rewind();
        let line = &mut lines.lines[index];
        let phase = std::mem::take(&mut line.phase);
        match phase {
            Phase::Absent | Phase::Planned => {
                line.phase = phase;
            }
            Phase::Opening => {
                line.failed += 1;
                let tries_out = line.failed >= TRIES;
                let rest = REST * Nanos::from(line.failed.min(MAX_RESTS));
                lines.opening -= 1;
                lines.plan(index, now + rest);
                self.refused += 1;
                if self.refused > self.connections.len() + 2 {
                    self.load.abandon();
                }
                if tries_out {
                    self.refuse_waiting(index, now);
                }
            }
            Phase::Settling(_) | Phase::Ready => {
                lines.settling -= usize::from(phase != Phase::Ready);
                lines.plan(index, now);
                self.load.lost(index, now);
                self.tell_once(now, "connections are lost and made again");
            }
        }
    }

    fn refuse_waiting(&mut self, index: usize, now: Nanos) {
        while let Some(lines) = &mut self.lines
            && let Some(job) = lines.lines[index].waiting.pop_front()
        {
            lines.waiting -= 1;
            let times = Times { planned: job.planned, sent: now, answered: now };
            self.judge_failure(&job, times, Failure::Connect);
        }
    }

    /// Gives up what is still waiting when a stage has ended.
    pub(super) fn drop_waiting(&mut self, now: Nanos) {
        let Some(lines) = &mut self.lines else { return };
        for line in &mut lines.lines {
            for job in line.waiting.drain(..) {
                self.load.dropped(&job, now);
            }
        }
        lines.waiting = 0;
    }
}
