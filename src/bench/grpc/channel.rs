//! HTTP/2 of one connection, by hand: the bytes of a call and of the stream, and what comes back.
//! Pure: bytes in, bytes out; sockets are the worker's affair.
//!
//! One call at a time and one stream are all that a client of Nacos needs. Windows for what comes
//! are so large that they are renewed now and then; what is sent waits only where the server's
//! windows are full. Pushed streams are refused: no server of gRPC sends them.
#[cfg(test)]
mod tests;

use super::headers::{self, Blocks};
use super::spare::Spare;
use crate::wire::http2::Pieces;
use crate::wire::http2::frames::{
    self, ACK, CANCEL, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM,
    FIRST_WINDOW_BYTES, FRAME_BYTES, Frame, GOAWAY, HEADER_TABLE_SIZE, HEADERS,
    INITIAL_WINDOW_SIZE, MOST, PAYLOAD_BYTES, PING, PREFACE, PUSH_PROMISE, RST_STREAM, SETTINGS,
    TABLE_BYTES, WINDOW_UPDATE, renew,
};

/// Room for what the server sends, on each stream and on the whole connection, bytes.
const WINDOW_BYTES: u32 = 16 * 1024 * 1024;
/// A message that is longer is not read: 300,000 hosts would fit.
const MAX_MESSAGE_BYTES: usize = 128 * 1024 * 1024;
/// A connection has no numbers left for streams beyond this one.
const LAST_STREAM: u32 = MOST - 2;

/// HTTP/2 of one connection.
#[derive(Debug, Default)]
pub struct Channel {
    /// What came of the answer to the call.
    pub answer: Vec<u8>,
    /// What came on the stream and was not taken.
    pub talk: Vec<u8>,
    /// The number of the next stream, less one.
    opened: u32,
    /// The call that waits for its answer, 0 for none.
    call_id: u32,
    /// The stream, 0 before it is opened.
    talk_id: u32,
    table: Table,
    /// Windows of the server for the connection, the call and the stream, and for new streams.
    connection_window: i64,
    call_window: i64,
    talk_window: i64,
    new_window: i64,
    /// Bytes that came since the windows were renewed.
    unread: u32,
    talk_unread: u32,
    /// What did not fit the server's windows.
    held: Vec<Held>,
    /// Headers of which more must come before anything else.
    pieces: Pieces,
}

/// What the server keeps of a call's headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Table {
    /// Nothing yet.
    #[default]
    Empty,
    /// All of them.
    Filled,
    /// Nothing ever.
    Absent,
}

#[derive(Debug)]
struct Held {
    stream: u32,
    ends: bool,
    bytes: Vec<u8>,
}

/// What a frame means to whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing.
    Nothing,
    /// The answer to the call is whole, with its `grpc-status` when there was one.
    Answered(Option<u32>),
    /// The server gave the call up.
    GivenUp,
    /// Something came on the stream.
    Talked,
    /// The stream has ended.
    TalkEnded,
    /// The server takes no more calls on this connection.
    Goodbye,
}

/// The peer does not speak HTTP/2 as servers of gRPC do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl Channel {
    /// Begins a connection: what stood in it is forgotten.
    pub fn begin(&mut self, out: &mut Vec<u8>, spare: &mut Spare) {
        let old = std::mem::take(self);
        spare.give(old.answer);
        spare.give(old.talk);
        self.connection_window = i64::from(FIRST_WINDOW_BYTES);
        self.new_window = i64::from(FIRST_WINDOW_BYTES);
        out.extend_from_slice(PREFACE);
        let wishes =
            [(HEADER_TABLE_SIZE, 0), (ENABLE_PUSH, 0), (INITIAL_WINDOW_SIZE, WINDOW_BYTES)];
        frames::push_settings(out, &wishes);
        let more = WINDOW_BYTES - FIRST_WINDOW_BYTES;
        frames::push(out, WINDOW_UPDATE, 0, 0, &more.to_be_bytes());
    }

    /// Whether there are numbers for further calls.
    pub fn is_usable(&self) -> bool {
        self.opened < LAST_STREAM
    }

    fn open(&mut self) -> u32 {
        self.opened += 2;
        self.opened - 1
    }

    /// Makes a call; the one before must be over.
    pub fn call(&mut self, blocks: &Blocks, message: &[u8], out: &mut Vec<u8>) {
        self.call_id = self.open();
        self.call_window = self.new_window;
        let block = match self.table {
            Table::Empty => &blocks.first,
            Table::Filled => &blocks.next,
            Table::Absent => &blocks.plain,
        };
        if self.table == Table::Empty {
            self.table = Table::Filled;
        }
        frames::push(out, HEADERS, END_HEADERS, self.call_id, block);
        self.send(self.call_id, message, true, out);
    }

    /// Gives the call up.
    pub fn cancel(&mut self, out: &mut Vec<u8>) {
        if self.call_id > 0 {
            frames::push(out, RST_STREAM, 0, self.call_id, &CANCEL.to_be_bytes());
            let call = std::mem::take(&mut self.call_id);
            self.held.retain(|held| held.stream != call);
            self.answer.clear();
        }
    }

    /// Opens the stream with its first message.
    pub fn begin_talk(&mut self, blocks: &Blocks, message: &[u8], out: &mut Vec<u8>) {
        self.talk_id = self.open();
        self.talk_window = self.new_window;
        frames::push(out, HEADERS, END_HEADERS, self.talk_id, &blocks.stream);
        self.send(self.talk_id, message, false, out);
    }

    /// Says something on the stream.
    pub fn say(&mut self, message: &[u8], out: &mut Vec<u8>) {
        if self.talk_id > 0 {
            self.send(self.talk_id, message, false, out);
        }
    }

    fn send(&mut self, stream: u32, bytes: &[u8], ends: bool, out: &mut Vec<u8>) {
        let sent = if self.held.is_empty() { self.send_now(stream, bytes, ends, out) } else { 0 };
        if sent < bytes.len() {
            self.held.push(Held { stream, ends, bytes: bytes[sent..].to_vec() });
        }
    }

    /// Sends as much as the windows allow; how much that was.
    fn send_now(&mut self, stream: u32, bytes: &[u8], ends: bool, out: &mut Vec<u8>) -> usize {
        let mut sent = 0;
        while sent < bytes.len() {
            let own =
                if stream == self.call_id { &mut self.call_window } else { &mut self.talk_window };
            let room = self.connection_window.min(*own).clamp(0, PAYLOAD_BYTES as i64);
            let part = (bytes.len() - sent).min(room as usize);
            if part == 0 {
                break;
            }
            *own -= part as i64;
            self.connection_window -= part as i64;
            let last = ends && sent + part == bytes.len();
            let flags = if last { END_STREAM } else { 0 };
            frames::push(out, DATA, flags, stream, &bytes[sent..sent + part]);
            sent += part;
        }
        sent
    }

    fn send_held(&mut self, out: &mut Vec<u8>) {
        let mut held = std::mem::take(&mut self.held);
        let mut done = 0;
        for one in &mut held {
            let sent = self.send_now(one.stream, &one.bytes, one.ends, out);
            one.bytes.drain(..sent);
            if !one.bytes.is_empty() {
                break;
            }
            done += 1;
        }
        held.drain(..done);
        self.held = held;
    }

    /// Takes a frame from the front of `bytes` once it is whole: its length and what it means.
    /// What must be answered at once is appended to `out`.
    ///
    /// # Errors
    /// These are no frames of a server of gRPC.
    pub fn take(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        spare: &mut Spare,
    ) -> Result<Option<(usize, Event)>, Broken> {
        let Some(frame) = frames::frame(bytes) else { return Ok(None) };
        if frame.length > PAYLOAD_BYTES {
            return Err(Broken);
        }
        let length = FRAME_BYTES + frame.length;
        let Some(payload) = bytes.get(FRAME_BYTES..length) else { return Ok(None) };
        if self.pieces.is_begun() && frame.kind != CONTINUATION {
            return Err(Broken);
        }
        let event = match frame.kind {
            DATA => self.data(frame, payload, out, spare)?,
            HEADERS | CONTINUATION => self.headers(frame, payload)?,
            RST_STREAM => self.reset(frame),
            SETTINGS if frame.flags & ACK == 0 => self.settings(payload, out)?,
            PING if frame.flags & ACK == 0 => {
                frames::push(out, PING, ACK, 0, payload);
                Event::Nothing
            }
            GOAWAY => Event::Goodbye,
            WINDOW_UPDATE => self.window(frame, payload, out)?,
            PUSH_PROMISE => return Err(Broken),
            _ => Event::Nothing,
        };
        Ok(Some((length, event)))
    }

    fn data(
        &mut self,
        frame: Frame,
        payload: &[u8],
        out: &mut Vec<u8>,
        spare: &mut Spare,
    ) -> Result<Event, Broken> {
        let data = frames::unpadded(frame, payload).ok_or(Broken)?;
        // Filling counts as much as what it fills.
        renew(&mut self.unread, frame.length, WINDOW_BYTES, 0, out);
        let ends = frame.flags & END_STREAM != 0;
        let buffer = if frame.stream == self.call_id {
            &mut self.answer
        } else if frame.stream == self.talk_id {
            renew(&mut self.talk_unread, frame.length, WINDOW_BYTES, self.talk_id, out);
            &mut self.talk
        } else {
            return Ok(Event::Nothing);
        };
        if buffer.capacity() == 0 {
            *buffer = spare.take();
        }
        if buffer.len() + data.len() > MAX_MESSAGE_BYTES {
            return Err(Broken);
        }
        buffer.extend_from_slice(data);
        Ok(match (frame.stream == self.talk_id, ends) {
            (true, true) => Event::TalkEnded,
            (true, false) => Event::Talked,
            // An answer ends with trailers; this one has none.
            (false, true) => self.answered(None),
            (false, false) => Event::Nothing,
        })
    }

    fn answered(&mut self, status: Option<u32>) -> Event {
        self.call_id = 0;
        Event::Answered(status)
    }

    fn headers(&mut self, frame: Frame, payload: &[u8]) -> Result<Event, Broken> {
        let whole = self.pieces.take(frame, payload).map_err(|_| Broken)?;
        Ok(whole.map_or(Event::Nothing, |(first, block)| self.headed(first, &block)))
    }

    /// Headers are whole: those that end a stream are its trailers.
    fn headed(&mut self, frame: Frame, block: &[u8]) -> Event {
        if frame.flags & END_STREAM == 0 {
            Event::Nothing
        } else if frame.stream == self.call_id {
            self.answered(headers::status(block))
        } else if frame.stream == self.talk_id {
            Event::TalkEnded
        } else {
            Event::Nothing
        }
    }

    fn reset(&mut self, frame: Frame) -> Event {
        if frame.stream == self.call_id {
            self.call_id = 0;
            Event::GivenUp
        } else if frame.stream == self.talk_id {
            Event::TalkEnded
        } else {
            Event::Nothing
        }
    }

    fn settings(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<Event, Broken> {
        for (number, value) in frames::settings(payload).ok_or(Broken)? {
            match number {
                HEADER_TABLE_SIZE if value < TABLE_BYTES => self.table = Table::Absent,
                INITIAL_WINDOW_SIZE => {
                    let more = i64::from(value) - self.new_window;
                    self.new_window += more;
                    self.call_window += more;
                    self.talk_window += more;
                }
                _ => {}
            }
        }
        frames::push(out, SETTINGS, ACK, 0, &[]);
        self.send_held(out);
        Ok(Event::Nothing)
    }

    fn window(&mut self, frame: Frame, payload: &[u8], out: &mut Vec<u8>) -> Result<Event, Broken> {
        let more = i64::from(frames::number(payload).ok_or(Broken)?);
        if frame.stream == 0 {
            self.connection_window += more;
        } else if frame.stream == self.call_id {
            self.call_window += more;
        } else if frame.stream == self.talk_id {
            self.talk_window += more;
        }
        self.send_held(out);
        Ok(Event::Nothing)
    }
}
