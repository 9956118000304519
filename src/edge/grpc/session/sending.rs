//! What is said to a client: answers as far as its windows allow, resets, and the end.

use super::streams::{Ending, Streams};
use super::{End, FAREWELL, Failure, NO_ERROR, Session};
use crate::wire::http2::frames::{
    self, CANCEL, DATA, GOAWAY, MOST, PAYLOAD_BYTES, PING, RST_STREAM,
};
use bytes::Bytes;

/// Streams that are remembered after they were given up: what is on its way meanwhile is ignored,
/// what comes later is a mistake.
const MAX_LEFT: usize = 64;

impl<T> Session<T> {
    /// Whether a stream has something to send that its client has no room for.
    pub fn is_full(&mut self, id: u32) -> bool {
        self.streams.get(id).is_some_and(|stream| !stream.waiting.is_empty())
    }

    /// Sends a message, its head before the first one. Nothing may wait on the stream.
    pub fn send(&mut self, id: u32, message: Bytes) {
        let Some(stream) = self.streams.unended(id) else { return };
        if !std::mem::replace(&mut stream.is_headed, true) {
            self.heads.head(id, &mut self.out);
        }
        stream.waiting = message;
        self.go_on(id);
    }

    /// Ends the response with a status, once what waits is sent; a response that has nothing else
    /// is nothing else.
    pub fn finish(&mut self, id: u32, status: &'static str, message: Option<&str>) {
        let Some(stream) = self.streams.unended(id) else { return };
        if stream.is_headed {
            stream.ending = Ending::Due(status);
            self.go_on(id);
        } else {
            self.heads.status_only(id, status, message, &mut self.out);
            stream.ending = Ending::Said;
        }
    }

    /// Gives a stream up.
    pub fn cancel(&mut self, id: u32) {
        self.reset(id, CANCEL);
    }

    pub(super) fn reset(&mut self, id: u32, code: u32) {
        if self.streams.remove(id).is_some() {
            self.push_reset(id, code);
        }
    }

    pub(super) fn push_reset(&mut self, id: u32, code: u32) {
        frames::push(&mut self.out, RST_STREAM, 0, id, &code.to_be_bytes());
        if self.left.len() >= MAX_LEFT {
            self.left.pop_front();
        }
        self.left.push_back(id);
    }

    /// Tells the client that the connection ends as soon as what is open is done.
    pub fn announce_end(&mut self) {
        if self.end == End::Far {
            self.end = End::Announced;
            self.say_goodbye(MOST, NO_ERROR);
            frames::push(&mut self.out, PING, 0, 0, &FAREWELL);
        }
    }

    /// Tells the client why it is given up.
    pub fn give_up(&mut self, failure: Failure) {
        self.end = End::Near;
        self.streams = Streams::default();
        self.say_goodbye(self.last, failure as u32);
    }

    pub(super) fn say_goodbye(&mut self, last: u32, code: u32) {
        let payload = (u64::from(last) << 32 | u64::from(code)).to_be_bytes();
        frames::push(&mut self.out, GOAWAY, 0, 0, &payload);
    }

    /// Closes what was answered; a client that has not said everything need not go on.
    pub fn settle(&mut self) {
        while let Some(id) = self.streams.take_answered() {
            self.push_reset(id, NO_ERROR);
        }
    }

    pub(super) fn go_on_all(&mut self) {
        for place in 0..self.streams.len() {
            self.go_on_at(place);
        }
    }

    pub(super) fn go_on(&mut self, id: u32) {
        if let Some(place) = self.streams.place(id) {
            self.go_on_at(place);
        }
    }

    /// Sends what waits on a stream, as far as the windows allow.
    fn go_on_at(&mut self, place: usize) {
        let Some(stream) = self.streams.at(place) else { return };
        while !stream.waiting.is_empty() {
            let room = self.window.min(stream.window).clamp(0, PAYLOAD_BYTES as i64);
            let part = stream.waiting.len().min(room as usize);
            if part == 0 {
                return;
            }
            self.window -= part as i64;
            stream.window -= part as i64;
            let part = stream.waiting.split_to(part);
            frames::push(&mut self.out, DATA, 0, stream.id, &part);
        }
        // An empty rest would keep the whole message.
        stream.waiting = Bytes::new();
        if let Ending::Due(status) = stream.ending {
            stream.ending = Ending::Said;
            self.heads.trailers(stream.id, status, &mut self.out);
        }
    }
}
