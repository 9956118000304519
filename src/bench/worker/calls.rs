//! Answers and requests of the server on connections of 2.x: read, judged, answered.
use super::super::grpc::{Event, NOTIFY, RESET, asked, first_message, message};
use super::super::load::{Job, Said};
use super::super::operation::Operation;
use super::super::record::{Failure, Times};
use super::super::units::Nanos;
use super::lines::Phase;
use super::{SAMPLE_BYTES, Worker};
use crate::client::fast::UnderWay;
use crate::wire::grpc::PayloadRef;

/// The code of a server that does not know the connection.
const UNREGISTERED: Failure = Failure::Status(301);

impl Worker {
    /// Takes the first `count` bytes of the input buffer as the connection's next ones.
    pub(super) fn received_frames(&mut self, index: usize, count: usize, now: Nanos) {
        self.take_out(index);
        let input = std::mem::take(&mut self.input);
        let mut partial = std::mem::take(&mut self.connections[index].partial);
        let bytes = if partial.is_empty() {
            &input[..count]
        } else {
            partial.extend_from_slice(&input[..count]);
            &partial[..]
        };
        let used = self.take_frames(index, bytes, now);
        let left = bytes.len() - used;
        if let Some(lines) = &mut self.lines {
            if left == 0 {
                lines.spare.give(partial);
            } else if partial.is_empty() {
                let mut rest = lines.spare.take();
                rest.extend_from_slice(&input[used..count]);
                self.connections[index].partial = rest;
            } else {
                partial.drain(..used);
                self.connections[index].partial = partial;
            }
        }
        self.input = input;
        self.flush(index);
    }

    /// Takes whole frames from the front; how many bytes they were. Of a connection that has
    /// broken meanwhile, everything.
    fn take_frames(&mut self, index: usize, bytes: &[u8], now: Nanos) -> usize {
        let mut used = 0;
        while let Some(lines) = &mut self.lines {
            let out = &mut self.connections[index].out;
            let channel = &mut lines.lines[index].channel;
            match channel.take(&bytes[used..], out, &mut lines.spare) {
                Ok(None) => return used,
                Err(_) => {
                    self.break_line(index, Failure::Http, now);
                    return bytes.len();
                }
                Ok(Some((length, event))) => {
                    used += length;
                    self.happened(index, event, now);
                }
            }
            if !self.connections[index].is_open() {
                return bytes.len();
            }
        }
        used
    }

    fn happened(&mut self, index: usize, event: Event, now: Nanos) {
        match event {
            Event::Nothing => {}
            Event::Answered(status) => self.answered_call(index, status, now),
            Event::Talked => self.talked(index, now),
            Event::GivenUp => {
                self.fail_call(index, Failure::Closed, now);
                self.line_free(index, now);
            }
            // A client without its stream is no longer registered.
            Event::TalkEnded => self.break_line(index, Failure::Closed, now),
            Event::Goodbye => {
                self.tell_once(now, "the server says goodbye on connections");
                self.break_line(index, Failure::Closed, now);
            }
        }
    }

    fn answered_call(&mut self, index: usize, status: Option<u32>, now: Nanos) {
        let Some(lines) = &mut self.lines else { return };
        let line = &mut lines.lines[index];
        let answer = std::mem::take(&mut line.channel.answer);
        let usable = line.channel.is_usable();
        let Some(UnderWay { job, sent, .. }) = self.connections[index].under_way.take() else {
            return;
        };
        self.under_way -= usize::from(self.waits_for(&job));
        let times = Times { planned: job.planned, sent, answered: now };
        let read = message(status, &answer);
        let said = read.map(|payload| Said::Grpc(payload.kind, payload.body));
        let judged = self.load.answered(&job, times, said);
        if let Err(failure) = judged {
            let sample = &mut self.samples[failure.kind()];
            sample.get_or_insert_with(|| sample_of(&job, status, read.ok()));
        }
        if let Some(lines) = &mut self.lines {
            lines.spare.give(answer);
        }
        self.server_is_up(now);
        match (job.operation, judged) {
            (Operation::Connect, Ok(())) => self.set_up(index, now),
            (Operation::Connect | Operation::HealthCheck, Err(_)) | (_, Err(UNREGISTERED)) => {
                self.drop_line(index, now);
            }
            _ if !usable => self.drop_line(index, now),
            _ => self.line_free(index, now),
        }
    }

    /// Takes whole messages from what came on the stream, and answers them.
    fn talked(&mut self, index: usize, now: Nanos) {
        let Some(lines) = &mut self.lines else { return };
        let talk = std::mem::take(&mut lines.lines[index].channel.talk);
        let mut used = 0;
        let mut reset = false;
        while let Some((length, message)) = first_message(&talk[used..]) {
            used += length;
            reset |= PayloadRef::read(message)
                .is_some_and(|payload| self.asked(index, payload, now) && payload.kind == RESET);
        }
        let Some(lines) = &mut self.lines else { return };
        if used == talk.len() {
            lines.spare.give(talk);
        } else {
            let mut rest = talk;
            rest.drain(..used);
            lines.lines[index].channel.talk = rest;
        }
        if reset {
            self.tell_once(now, "the server asks clients to connect anew");
            self.flush(index);
            self.break_line(index, Failure::Closed, now);
        }
    }

    /// Answers a request of the server; whether this agent does.
    fn asked(&mut self, index: usize, payload: PayloadRef<'_>, now: Nanos) -> bool {
        let Some(asked) = asked(payload.body) else {
            self.load.interval.push.malformed += u64::from(payload.kind == NOTIFY);
            return false;
        };
        if payload.kind == NOTIFY {
            self.load.notified(index, &asked, payload.body, now);
        }
        self.take_out(index);
        let (Some(lines), Some(calls)) = (&mut self.lines, self.load.calls()) else { return false };
        let known = calls.ack(payload.kind, &asked.id, &mut lines.message, &mut self.scratch);
        if known {
            let out = &mut self.connections[index].out;
            lines.lines[index].channel.say(&lines.message, out);
        }
        known
    }

    /// The connection is gone, or no longer of use.
    pub(super) fn break_line(&mut self, index: usize, failure: Failure, now: Nanos) {
        self.fail_call(index, failure, now);
        self.drop_line(index, now);
    }

    /// The call of a connection has failed without an answer.
    pub(super) fn fail_call(&mut self, index: usize, failure: Failure, now: Nanos) {
        let Some(UnderWay { job, sent, .. }) = self.connections[index].under_way.take() else {
            return;
        };
        self.under_way -= usize::from(self.waits_for(&job));
        let times = Times { planned: job.planned, sent, answered: now };
        self.judge_failure(&job, times, failure);
    }

    pub(super) fn judge_failure(&mut self, job: &Job, times: Times, failure: Failure) {
        // How a failure without an answer is judged is known already.
        let _ = self.load.answered(job, times, Err(failure));
        let sample = &mut self.samples[failure.kind()];
        sample.get_or_insert_with(|| {
            format!("{}: {}", job.operation.name(), Failure::NAMES[failure.kind()])
        });
    }

    /// A call was not answered in time: it alone is given up, unless the connection depends on it.
    pub(super) fn time_out_call(&mut self, index: usize, now: Nanos) {
        match self.connections[index].under_way.map(|under_way| under_way.job.operation) {
            None => return,
            Some(Operation::Connect | Operation::HealthCheck) => {
                return self.break_line(index, Failure::Timeout, now);
            }
            Some(_) => {}
        }
        self.take_out(index);
        let Some(lines) = &mut self.lines else { return };
        let line = &mut lines.lines[index];
        if line.phase == Phase::Ready {
            line.channel.cancel(&mut self.connections[index].out);
        }
        self.fail_call(index, Failure::Timeout, now);
        self.flush(index);
        self.line_free(index, now);
    }
}

fn sample_of(job: &Job, status: Option<u32>, message: Option<PayloadRef<'_>>) -> String {
    let operation = job.operation.name();
    match (message, status) {
        (Some(PayloadRef { kind, body }), _) => {
            let text = String::from_utf8_lossy(&body[..body.len().min(SAMPLE_BYTES)]);
            format!("{operation}: {kind}: {}", text.trim())
        }
        (None, Some(code)) => format!("{operation}: status {code} of gRPC, no message"),
        (None, None) => format!("{operation}: no status of gRPC"),
    }
}
