//! HTTP/2 of one connection, by hand: the bytes of a call and of the stream, and what comes back.
//! Pure: bytes in, bytes out; sockets are the worker's affair.
//!
//! One call at a time and one stream are all that a client of Nacos needs. Windows for what comes
//! are so large that they are renewed now and then; what is sent waits only where the server's
//! windows are full. Headers in several frames and pushed streams are refused: no server of gRPC
//! sends them for answers as small as these.
use super::frames::{
    self, ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_BYTES, Frame, GOAWAY, HEADERS,
    PAYLOAD_BYTES, PING, PREFACE, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
};
use super::headers::{self, Blocks};
use super::spare::Spare;

/// Room for what the server sends, on each stream and on the whole connection, bytes.
const WINDOW_BYTES: u32 = 16 * 1024 * 1024;
/// The window that everybody has before it is changed, bytes.
const FIRST_WINDOW_BYTES: u32 = 65_535;
/// The server's table of headers before it is changed, bytes; the headers of a call fit.
const TABLE_BYTES: u32 = 4096;
/// A message that is longer is not read: 300,000 hosts would fit.
const MAX_MESSAGE_BYTES: usize = 128 * 1024 * 1024;
/// A connection has no numbers left for streams beyond this one.
const LAST_STREAM: u32 = i32::MAX as u32 - 2;
/// Settings by number.
const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const INITIAL_WINDOW_SIZE: u16 = 4;
/// The code of a stream that is no longer wanted.
const CANCEL: u32 = 8;

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
        let mut settings = [0; 18];
        let wishes =
            [(HEADER_TABLE_SIZE, 0), (ENABLE_PUSH, 0), (INITIAL_WINDOW_SIZE, WINDOW_BYTES)];
        for (place, (number, value)) in settings.chunks_exact_mut(6).zip(wishes) {
            place[..2].copy_from_slice(&number.to_be_bytes());
            place[2..].copy_from_slice(&u32::to_be_bytes(value));
        }
        frames::push(out, SETTINGS, 0, 0, &settings);
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
        let event = match frame.kind {
            DATA => self.data(frame, payload, out, spare)?,
            HEADERS => self.headers(frame, payload)?,
            RST_STREAM => self.reset(frame),
            SETTINGS if frame.flags & ACK == 0 => self.settings(payload, out)?,
            PING if frame.flags & ACK == 0 => {
                frames::push(out, PING, ACK, 0, payload);
                Event::Nothing
            }
            GOAWAY => Event::Goodbye,
            WINDOW_UPDATE => self.window(frame, payload, out)?,
            PUSH_PROMISE | CONTINUATION => return Err(Broken),
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
        renew(&mut self.unread, frame.length, 0, out);
        let ends = frame.flags & END_STREAM != 0;
        let buffer = if frame.stream == self.call_id {
            &mut self.answer
        } else if frame.stream == self.talk_id {
            renew(&mut self.talk_unread, frame.length, self.talk_id, out);
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
        let block = frames::unpadded(frame, payload).ok_or(Broken)?;
        if frame.flags & END_HEADERS == 0 {
            return Err(Broken);
        }
        let ends = frame.flags & END_STREAM != 0;
        Ok(if !ends {
            Event::Nothing
        } else if frame.stream == self.call_id {
            self.answered(headers::status(block))
        } else if frame.stream == self.talk_id {
            Event::TalkEnded
        } else {
            Event::Nothing
        })
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
        for setting in payload.chunks(6) {
            let [a, b, c, d, e, f] = *setting else { return Err(Broken) };
            let value = u32::from_be_bytes([c, d, e, f]);
            match u16::from_be_bytes([a, b]) {
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
        let [a, b, c, d] = *payload else { return Err(Broken) };
        let more = i64::from(u32::from_be_bytes([a & 0x7f, b, c, d]));
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

/// Counts what came, and renews a window that is half used.
fn renew(unread: &mut u32, bytes: usize, stream: u32, out: &mut Vec<u8>) {
    *unread += bytes as u32;
    if *unread > WINDOW_BYTES / 2 {
        frames::push(out, WINDOW_UPDATE, 0, stream, &unread.to_be_bytes());
        *unread = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the other side said, frame by frame.
    fn taken(channel: &mut Channel, bytes: &[u8]) -> (Vec<Event>, Vec<u8>) {
        let (mut events, mut out, mut at) = (Vec::new(), Vec::new(), 0);
        let mut spare = Spare::default();
        while let Some((length, event)) = channel.take(&bytes[at..], &mut out, &mut spare).unwrap()
        {
            at += length;
            events.push(event);
        }
        assert_eq!(at, bytes.len());
        (events, out)
    }

    fn kinds(mut bytes: &[u8]) -> Vec<(u8, u8, u32, usize)> {
        let mut kinds = Vec::new();
        while let Some(frame) = frames::frame(bytes) {
            kinds.push((frame.kind, frame.flags, frame.stream, frame.length));
            bytes = &bytes[FRAME_BYTES + frame.length..];
        }
        kinds
    }

    fn begun() -> (Channel, Blocks) {
        let mut channel = Channel::default();
        channel.begin(&mut Vec::new(), &mut Spare::default());
        (channel, Blocks::new("127.0.0.1:9848"))
    }

    const TRAILERS: &[u8] = b"\x00\x0bgrpc-status\x010";

    #[test]
    fn a_connection_begins_with_the_preface_and_large_windows() {
        let mut out = Vec::new();
        Channel::default().begin(&mut out, &mut Spare::default());
        let rest = out.strip_prefix(PREFACE).unwrap();
        assert_eq!(kinds(rest), [(SETTINGS, 0, 0, 18), (WINDOW_UPDATE, 0, 0, 4)]);
    }

    #[test]
    fn a_call_is_two_frames_and_its_answer_is_whole_with_its_trailers() {
        let (mut channel, blocks) = begun();
        let mut out = Vec::new();
        channel.call(&blocks, b"hello", &mut out);
        let first = blocks.first.len();
        assert_eq!(kinds(&out), [(HEADERS, END_HEADERS, 1, first), (DATA, END_STREAM, 1, 5)]);
        let mut answer = Vec::new();
        frames::push(&mut answer, HEADERS, END_HEADERS, 1, &[0x88]);
        frames::push(&mut answer, DATA, 0, 1, b"wor");
        frames::push(&mut answer, DATA, 0, 1, b"ld");
        let both = END_HEADERS | END_STREAM;
        frames::push(&mut answer, HEADERS, both, 1, TRAILERS);
        let (events, _) = taken(&mut channel, &answer);
        assert_eq!(events.last(), Some(&Event::Answered(Some(0))));
        assert_eq!(channel.answer, b"world");
        out.clear();
        channel.call(&blocks, b"again", &mut out);
        assert_eq!(kinds(&out)[0], (HEADERS, END_HEADERS, 3, 7));
    }

    #[test]
    fn signs_of_life_and_wishes_are_answered() {
        let (mut channel, blocks) = begun();
        let mut said = Vec::new();
        frames::push(&mut said, SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0]);
        frames::push(&mut said, PING, 0, 0, b"12345678");
        frames::push(&mut said, SETTINGS, ACK, 0, &[]);
        frames::push(&mut said, PING, ACK, 0, b"12345678");
        let (events, out) = taken(&mut channel, &said);
        assert_eq!(events, [Event::Nothing; 4]);
        assert_eq!(kinds(&out), [(SETTINGS, ACK, 0, 0), (PING, ACK, 0, 8)]);
        // A server that keeps no table is sent every header as it is.
        let mut call = Vec::new();
        channel.call(&blocks, b"x", &mut call);
        assert_eq!(kinds(&call)[0].3, blocks.plain.len());
    }

    #[test]
    fn what_does_not_fit_the_servers_window_waits_for_it() {
        let (mut channel, blocks) = begun();
        let mut out = Vec::new();
        channel.call(&blocks, &[7; 70_000], &mut out);
        let sent: usize = kinds(&out)[1..].iter().map(|(.., length)| length).sum();
        assert_eq!(sent, 65_535);
        let mut more = Vec::new();
        frames::push(&mut more, WINDOW_UPDATE, 0, 0, &100_000_u32.to_be_bytes());
        frames::push(&mut more, WINDOW_UPDATE, 0, 1, &100_000_u32.to_be_bytes());
        let (_, out) = taken(&mut channel, &more);
        assert_eq!(kinds(&out), [(DATA, END_STREAM, 1, 70_000 - 65_535)]);
    }

    #[test]
    fn the_stream_stays_open_beside_calls_and_its_window_is_renewed() {
        let (mut channel, blocks) = begun();
        let mut out = Vec::new();
        channel.begin_talk(&blocks, b"setup", &mut out);
        channel.call(&blocks, b"call", &mut out);
        let mut said = Vec::new();
        frames::push(&mut said, HEADERS, END_HEADERS, 1, &[0x88]);
        for _ in 0..600 {
            frames::push(&mut said, DATA, 0, 1, &[1; PAYLOAD_BYTES]);
        }
        frames::push(&mut said, RST_STREAM, 0, 3, &[0, 0, 0, 7]);
        let (events, out) = taken(&mut channel, &said);
        assert_eq!((events[1], events[601]), (Event::Talked, Event::GivenUp));
        assert_eq!(kinds(&out), [(WINDOW_UPDATE, 0, 0, 4), (WINDOW_UPDATE, 0, 1, 4)]);
        let mut end = Vec::new();
        frames::push(&mut end, HEADERS, END_HEADERS | END_STREAM, 1, TRAILERS);
        frames::push(&mut end, GOAWAY, 0, 0, &[0; 8]);
        assert_eq!(taken(&mut channel, &end).0, [Event::TalkEnded, Event::Goodbye]);
    }

    #[test]
    fn what_no_server_of_grpc_sends_is_refused() {
        for (kind, payload) in
            [(PUSH_PROMISE, &[0; 4][..]), (HEADERS, &[0x88]), (WINDOW_UPDATE, &[1]), (9, &[])]
        {
            let (mut channel, _) = begun();
            let mut said = Vec::new();
            frames::push(&mut said, kind, 0, 1, payload);
            let taken = channel.take(&said, &mut Vec::new(), &mut Spare::default());
            assert_eq!(taken, Err(Broken), "{kind}");
        }
        let (mut channel, _) = begun();
        let text = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        let taken = channel.take(text, &mut Vec::new(), &mut Spare::default());
        assert_eq!(taken, Err(Broken));
    }
}
