//! Requests and answers on the connections of a worker: made, sent, read, judged, given up.
use std::io;

use mio::Token;

use super::super::load::{Job, Said};
use super::super::record::{Failure, Times};
use super::super::units::Nanos;
use super::{REST, SAMPLE_BYTES, Worker};
use crate::client::fast::{Parsed, Readable, Response, UnderWay, parse};

impl Worker {
    pub(super) fn connect(&mut self, index: usize) {
        let registry = self.poll.registry();
        self.load.interval.traffic.connects += 1;
        let made = self.connections[index].connect(self.shared.target, registry, Token(index));
        if made.is_err() {
            self.fail(index, Failure::Connect);
        }
    }

    pub(super) fn flush(&mut self, index: usize) {
        match self.connections[index].flush() {
            Ok(bytes) => self.load.interval.traffic.sent_bytes += bytes as u64,
            Err(_) => return self.closed(index),
        }
        let connection = &mut self.connections[index];
        if let Some(lines) = &mut self.lines
            && connection.is_flushed()
        {
            connection.rewind();
            lines.spare.give(std::mem::take(&mut connection.out));
        }
    }

    pub(super) fn read(&mut self, index: usize) {
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
        if self.lines.is_some() {
            return self.received_frames(index, count, now);
        }
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

    fn answered(&mut self, index: usize, response: &Response, bytes: &[u8], now: Nanos) {
        let connection = &mut self.connections[index];
        let Some(UnderWay { job, sent, .. }) = connection.under_way.take() else { return };
        let times = Times { planned: job.planned, sent, answered: now };
        let body = response.body.clone().map_or(&self.chunks[..], |range| &bytes[range]);
        let judged = self.load.answered(&job, times, Ok(Said::Http(response.status, body)));
        if let Err(failure) = judged {
            let sample = &mut self.samples[failure.kind()];
            sample.get_or_insert_with(|| sample_of(&job, response.status, body));
        }
        if response.closes || response.length < bytes.len() {
            self.connections[index].close();
        }
        self.under_way -= 1;
        self.server_is_up(now);
        self.release(index, now);
    }

    /// The connection is free for the next request.
    pub(super) fn release(&mut self, index: usize, now: Nanos) {
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
        if self.lines.is_some() || self.connections[index].partial.is_empty() {
            return self.closed(index);
        }
        let now = self.shared.clock.now();
        self.parse_partial(index, true, now);
    }

    /// The connection is gone: a request that met the end of a kept connection is sent once more,
    /// as Java's client does.
    fn closed(&mut self, index: usize) {
        if self.lines.is_some() {
            let now = self.shared.clock.now();
            return self.break_line(index, Failure::Closed, now);
        }
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

    pub(super) fn could_not_connect(&mut self, index: usize, error: &io::Error) {
        self.server_is_down(self.shared.clock.now(), error);
        match self.connections[index].under_way {
            Some(_) => self.fail(index, Failure::Connect),
            None => self.connections[index].close(),
        }
    }

    pub(super) fn fail(&mut self, index: usize, failure: Failure) {
        let now = self.shared.clock.now();
        match (self.lines.is_some(), failure) {
            (false, _) => {}
            (true, Failure::Timeout) => return self.time_out_call(index, now),
            (true, _) => return self.break_line(index, failure, now),
        }
        let connection = &mut self.connections[index];
        let Some(UnderWay { job, sent, .. }) = connection.under_way.take() else { return };
        connection.close();
        self.under_way -= 1;
        let times = Times { planned: job.planned, sent, answered: now };
        self.judge_failure(&job, times, failure);
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
}

fn sample_of(job: &Job, status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(SAMPLE_BYTES)]);
    format!("{}: status {status}: {}", job.operation.name(), text.trim())
}
