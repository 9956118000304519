//! What a client says, frame by frame.

use super::request::Head;
use super::streams::Stream;
use super::{
    End, Event, FAREWELL, Failure, MAX_HEADER_BYTES, NO_ERROR, Phase, Session, WINDOW_BYTES,
};
use crate::wire::http2::Unfit;
use crate::wire::http2::frames::{
    self, ACK, CONTINUATION, DATA, ENABLE_PUSH, END_STREAM, FRAME_BYTES, Frame, GOAWAY,
    HEADER_TABLE_SIZE, HEADERS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MOST, PAYLOAD_BYTES, PING,
    PREFACE, PRIORITISE, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
};

/// Streams that one connection may really have open; more are refused.
pub const MAX_OPEN: usize = 1_024;
/// Answers that one client may leave waiting for room, bytes: beyond this it is asked to read
/// before it asks.
pub const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;
/// The code of a stream that was never looked at.
const REFUSED_STREAM: u32 = 7;

impl<T> Session<T> {
    /// Takes what stands at the front of `bytes` once it is whole: its length and what it means.
    /// `open` says what is kept of a new stream to a path.
    ///
    /// # Errors
    /// The client does not keep to HTTP/2; nothing more can be read from it.
    pub fn take<'a>(
        &mut self,
        bytes: &'a [u8],
        open: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<(usize, Event<'a>)>, Failure> {
        if self.phase == Phase::Silent {
            return self.greet(bytes);
        }
        let Some(frame) = frames::frame(bytes) else { return Ok(None) };
        if frame.length > PAYLOAD_BYTES {
            return Err(Failure::FrameSize);
        }
        let length = FRAME_BYTES + frame.length;
        let Some(payload) = bytes.get(FRAME_BYTES..length) else { return Ok(None) };
        let first = self.phase == Phase::Greeted;
        let is_settings = frame.kind == SETTINGS && frame.flags & ACK == 0;
        let goes_on = frame.kind == CONTINUATION;
        if (first && !is_settings) || self.pieces.is_begun() != goes_on {
            return Err(Failure::Protocol);
        }
        let event = match frame.kind {
            DATA => self.data(frame, payload)?,
            HEADERS | CONTINUATION => self.headers(frame, payload, open)?,
            _ => {
                self.control(frame, payload)?;
                Event::Nothing
            }
        };
        Ok(Some((length, event)))
    }

    fn greet<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<(usize, Event<'a>)>, Failure> {
        let part = &bytes[..bytes.len().min(PREFACE.len())];
        if !PREFACE.starts_with(part) {
            return Err(Failure::Protocol);
        }
        if part.len() < PREFACE.len() {
            return Ok(None);
        }
        self.phase = Phase::Greeted;
        Ok(Some((PREFACE.len(), Event::Nothing)))
    }

    /// Frames that belong to no request and no answer.
    fn control(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Failure> {
        let whole = frame.stream == 0;
        match frame.kind {
            SETTINGS | PING | GOAWAY if !whole => Err(Failure::Protocol),
            RST_STREAM | PRIORITISE if whole => Err(Failure::Protocol),
            SETTINGS if frame.flags & ACK == 0 => self.settings(payload),
            SETTINGS if !payload.is_empty() => Err(Failure::FrameSize),
            PING => self.ping(frame, payload),
            WINDOW_UPDATE => self.window_update(frame.stream, payload),
            RST_STREAM => self.reset_by_client(frame.stream, payload),
            PRIORITISE => self.prioritise(frame.stream, payload),
            // A client that leaves need not be told what it has open any more.
            GOAWAY => {
                self.end = End::Near;
                Ok(())
            }
            PUSH_PROMISE => Err(Failure::Protocol),
            _ => Ok(()),
        }
    }

    /// Nothing follows from priorities, but they must be some.
    fn prioritise(&mut self, id: u32, payload: &[u8]) -> Result<(), Failure> {
        let (before, _) = payload.split_first_chunk::<4>().ok_or(Failure::FrameSize)?;
        if payload.len() != 5 {
            return Err(Failure::FrameSize);
        }
        if frames::number(before) == Some(id) {
            self.streams.remove(id);
            self.push_reset(id, Failure::Protocol as u32);
        }
        Ok(())
    }

    fn settings(&mut self, payload: &[u8]) -> Result<(), Failure> {
        for (number, value) in frames::settings(payload).ok_or(Failure::FrameSize)? {
            match number {
                HEADER_TABLE_SIZE => self.heads.table_is(value),
                ENABLE_PUSH if value > 1 => return Err(Failure::Protocol),
                INITIAL_WINDOW_SIZE if value > MOST => return Err(Failure::FlowControl),
                INITIAL_WINDOW_SIZE => {
                    let more = i64::from(value) - self.first_window;
                    self.first_window += more;
                    self.streams.widen(more)?;
                }
                MAX_FRAME_SIZE if !(PAYLOAD_BYTES..1 << 24).contains(&(value as usize)) => {
                    return Err(Failure::Protocol);
                }
                _ => {}
            }
        }
        self.phase = Phase::Open;
        frames::push(&mut self.out, SETTINGS, ACK, 0, &[]);
        self.go_on_all();
        Ok(())
    }

    fn ping(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Failure> {
        if payload.len() != FAREWELL.len() {
            return Err(Failure::FrameSize);
        }
        if frame.flags & ACK == 0 {
            frames::push(&mut self.out, PING, ACK, 0, payload);
        } else if payload == FAREWELL && self.end == End::Announced {
            self.end = End::Near;
            self.say_goodbye(self.last, NO_ERROR);
        }
        Ok(())
    }

    fn window_update(&mut self, id: u32, payload: &[u8]) -> Result<(), Failure> {
        let more = frames::number(payload).ok_or(Failure::FrameSize)?;
        if id == 0 {
            grow(&mut self.window, more)?;
            self.go_on_all();
            return Ok(());
        }
        self.known(id)?;
        let Some(stream) = self.streams.get(id) else { return Ok(()) };
        match grow(&mut stream.window, more) {
            Ok(()) => self.go_on(id),
            Err(failure) => self.reset(id, failure as u32),
        }
        Ok(())
    }

    fn reset_by_client(&mut self, id: u32, payload: &[u8]) -> Result<(), Failure> {
        frames::number(payload).ok_or(Failure::FrameSize)?;
        self.known(id)?;
        self.streams.remove(id);
        Ok(())
    }

    /// A frame may speak of a stream only once the client has opened it.
    fn known(&self, id: u32) -> Result<(), Failure> {
        if id == 0 || id > self.last { Err(Failure::Protocol) } else { Ok(()) }
    }

    fn data<'a>(&mut self, frame: Frame, payload: &'a [u8]) -> Result<Event<'a>, Failure> {
        self.known(frame.stream)?;
        let data = frames::unpadded(frame, payload).ok_or(Failure::Protocol)?;
        // Filling counts as much as what it fills.
        count(&mut self.unread, frame.length, 0, &mut self.out)?;
        let ended = frame.flags & END_STREAM != 0;
        let Some(stream) = self.streams.get(frame.stream) else {
            if !self.is_left(frame.stream) {
                self.push_reset(frame.stream, Failure::StreamClosed as u32);
            }
            return Ok(Event::Nothing);
        };
        if stream.is_ended {
            self.reset(frame.stream, Failure::StreamClosed as u32);
            return Ok(Event::Nothing);
        }
        if !stream.fits(data.len(), ended) {
            self.reset(frame.stream, Failure::Protocol as u32);
            return Ok(Event::Nothing);
        }
        stream.is_ended = ended;
        if !ended {
            count(&mut stream.unread, frame.length, frame.stream, &mut self.out)?;
        }
        Ok(Event::Data(frame.stream, data, ended))
    }

    /// Whether what still comes on a stream that is not open is no mistake: the client may not
    /// know yet that it was given up here.
    fn is_left(&self, id: u32) -> bool {
        self.end == End::Near || self.left.contains(&id)
    }

    fn headers<'a>(
        &mut self,
        frame: Frame,
        payload: &[u8],
        open: impl FnOnce(&[u8]) -> T,
    ) -> Result<Event<'a>, Failure> {
        if frames::dependency(frame, payload) == Some(frame.stream) {
            return Err(Failure::Protocol);
        }
        let whole = self.pieces.take(frame, payload).map_err(|unfit| match unfit {
            Unfit::Malformed => Failure::Protocol,
            Unfit::TooMuch => Failure::Flood,
        })?;
        match whole {
            Some((first, block)) => self.headed(first, &block, open),
            None => Ok(Event::Nothing),
        }
    }

    /// Headers are whole: those of a new stream, or the trailers of one that is open.
    fn headed<'a>(
        &mut self,
        frame: Frame,
        block: &[u8],
        open: impl FnOnce(&[u8]) -> T,
    ) -> Result<Event<'a>, Failure> {
        let (mut head, mut path, mut open) = (Head::default(), None, Some(open));
        // They must be read even when nobody wants them: the table goes on.
        let read = self.fields.read(block, |name, value| {
            if head.take(name, value) {
                path = open.take().map(|open| open(value));
            }
        });
        read.map_err(|_| Failure::Compression)?;
        let (id, ended) = (frame.stream, frame.flags & END_STREAM != 0);
        if id <= self.last {
            return self.trailed(id, ended && head.are_trailers());
        }
        if id % 2 == 0 {
            return Err(Failure::Protocol);
        }
        self.last = id;
        if self.end == End::Near {
            return Ok(Event::Nothing);
        }
        if self.streams.len() >= MAX_OPEN || self.streams.waiting_bytes() > MAX_WAITING_BYTES {
            self.push_reset(id, REFUSED_STREAM);
            return Ok(Event::Nothing);
        }
        let Some(what) = path.filter(|_| head.is_request()) else {
            self.push_reset(id, Failure::Protocol as u32);
            return Ok(Event::Nothing);
        };
        if head.bytes > MAX_HEADER_BYTES as usize {
            self.heads.too_large(id, &mut self.out);
            self.push_reset(id, NO_ERROR);
            return Ok(Event::Nothing);
        }
        let mut stream = Stream::new(id, what, self.first_window, head.length);
        if !stream.fits(0, ended) {
            self.push_reset(id, Failure::Protocol as u32);
            return Ok(Event::Nothing);
        }
        stream.is_ended = ended;
        self.streams.open(stream);
        Ok(Event::Opened(id, ended))
    }

    /// Headers on a stream that was opened before end it, or are a mistake.
    fn trailed<'a>(&mut self, id: u32, are_good: bool) -> Result<Event<'a>, Failure> {
        self.known(id)?;
        let Some(stream) = self.streams.get(id) else {
            return if self.is_left(id) { Ok(Event::Nothing) } else { Err(Failure::StreamClosed) };
        };
        if stream.is_ended {
            self.reset(id, Failure::StreamClosed as u32);
            return Ok(Event::Nothing);
        }
        if !are_good || !stream.fits(0, true) {
            self.reset(id, Failure::Protocol as u32);
            return Ok(Event::Nothing);
        }
        stream.is_ended = true;
        Ok(Event::Data(id, &[], true))
    }
}

/// Gives a window more room.
fn grow(window: &mut i64, more: u32) -> Result<(), Failure> {
    *window += i64::from(more);
    match more {
        0 => Err(Failure::Protocol),
        _ if *window > i64::from(MOST) => Err(Failure::FlowControl),
        _ => Ok(()),
    }
}

/// Counts what came; no more may than there is room for.
pub fn count(
    unread: &mut u32,
    bytes: usize,
    stream: u32,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    if *unread as usize + bytes > WINDOW_BYTES as usize {
        return Err(Failure::FlowControl);
    }
    frames::renew(unread, bytes, WINDOW_BYTES, stream, out);
    Ok(())
}
