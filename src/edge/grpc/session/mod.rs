//! HTTP/2 of one client's connection, the server's side, by hand. Pure: bytes in, bytes out;
//! sockets and time are the connection's affair.
//!
//! A library stood here before. It kept 28 KB of buffers for each connection, so that ten thousand
//! clients which say nothing cost 247 MB; this takes what is under way and no more, 44 MB. What
//! it leaves out is what clients of gRPC never ask for: priorities, pushed streams, upgrades.
//!
//! - `receiving`: what the client says. `sending`: what is said to it.
//! - `streams`: the open streams, their windows and what waits for them.
//! - `request`: what the headers of a request must be like.
//! - `responses`: the heads and ends of responses, as bytes.
//! - `failure`: why a connection is given up.

mod failure;
mod receiving;
mod request;
mod responses;
mod sending;
mod streams;
#[cfg(test)]
mod tests;

pub use failure::Failure;

use crate::wire::http2::frames::{
    self, FIRST_WINDOW_BYTES, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, MAX_HEADER_LIST_SIZE,
    MOST, WINDOW_UPDATE,
};
use crate::wire::http2::{Fields, Pieces};
use responses::Heads;
use std::collections::VecDeque;
use streams::Streams;

/// The windows and limits that a real server announces.
const WINDOW_BYTES: u32 = 1_048_576;
const MAX_STREAMS: u32 = MOST;
const MAX_HEADER_BYTES: u32 = 8_192;
/// What the ping says by which the end of a connection is prepared: its answer tells that the
/// client has heard of it.
const FAREWELL: [u8; 8] = *b"farewell";
/// The code of an end that nothing is wrong with.
const NO_ERROR: u32 = 0;

/// HTTP/2 of one connection; of each stream it keeps a `T`.
#[derive(Debug)]
pub struct Session<T> {
    /// What is to be sent, in frames.
    pub out: Vec<u8>,
    streams: Streams<T>,
    fields: Fields,
    heads: Heads,
    pieces: Pieces,
    phase: Phase,
    /// The last stream that the client opened.
    last: u32,
    /// Streams that were given up here before the client had said everything, the newest last.
    left: VecDeque<u32>,
    /// The client's window for the whole connection, and for each new stream.
    window: i64,
    first_window: i64,
    /// Bytes that came since the client was told that it may send more.
    unread: u32,
    end: End,
}

/// How far the beginning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The client has not said yet that it speaks HTTP/2.
    Silent,
    /// Its settings must come next.
    Greeted,
    /// It may say anything.
    Open,
}

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nobody thinks of it.
    Far,
    /// The client was told that it comes; what it opens meanwhile is still served.
    Announced,
    /// What the client opens now is not looked at.
    Near,
}

/// What came from the client.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Nothing that concerns anybody else.
    Nothing,
    /// A stream was opened; the flag says whether the client has ended its side already.
    Opened(u32, bool),
    /// A piece of a stream; the flag says whether the client ends its side.
    Data(u32, &'a [u8], bool),
}

impl<T> Session<T> {
    /// The server's first words are in `out` already.
    pub fn begin() -> Self {
        let mut out = Vec::new();
        let settings = [
            (MAX_CONCURRENT_STREAMS, MAX_STREAMS),
            (INITIAL_WINDOW_SIZE, WINDOW_BYTES),
            (MAX_HEADER_LIST_SIZE, MAX_HEADER_BYTES),
        ];
        frames::push_settings(&mut out, &settings);
        let more = WINDOW_BYTES - FIRST_WINDOW_BYTES;
        frames::push(&mut out, WINDOW_UPDATE, 0, 0, &more.to_be_bytes());
        Self {
            out,
            streams: Streams::default(),
            fields: Fields::default(),
            heads: Heads::default(),
            pieces: Pieces::default(),
            phase: Phase::Silent,
            last: 0,
            left: VecDeque::new(),
            window: i64::from(FIRST_WINDOW_BYTES),
            first_window: i64::from(FIRST_WINDOW_BYTES),
            unread: 0,
            end: End::Far,
        }
    }

    /// Whether the client has begun.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether no stream is open.
    pub fn is_idle(&self) -> bool {
        self.streams.is_empty()
    }

    /// Whether nothing more will be said.
    pub fn is_over(&self) -> bool {
        self.end == End::Near && self.is_idle()
    }

    /// What is kept of a stream, while it is open.
    pub fn stream(&mut self, id: u32) -> Option<&mut T> {
        self.streams.get(id).map(|stream| &mut stream.what)
    }

    /// What is kept of all open streams, with their numbers, which rise.
    pub fn streams(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.streams.all().map(|stream| (stream.id, &mut stream.what))
    }
}
