//! Frames of HTTP/2: nine bytes of length, kind, flags and stream, and what they announce.

/// The bytes before each frame.
pub const FRAME_BYTES: usize = 9;
/// The longest payload that is sent, and that a server may send here.
pub const PAYLOAD_BYTES: usize = 16_384;
/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Kinds of frames.
pub const DATA: u8 = 0;
/// Opens a stream, or ends it with trailers.
pub const HEADERS: u8 = 1;
/// Which stream matters more; nobody asks any more.
pub const PRIORITISE: u8 = 2;
/// Gives a stream up.
pub const RST_STREAM: u8 = 3;
/// What the peer wishes.
pub const SETTINGS: u8 = 4;
/// Announces a stream that nobody asked for.
pub const PUSH_PROMISE: u8 = 5;
/// Asks for a sign of life.
pub const PING: u8 = 6;
/// Opens no more streams.
pub const GOAWAY: u8 = 7;
/// Allows more bytes of data.
pub const WINDOW_UPDATE: u8 = 8;
/// More of the headers before.
pub const CONTINUATION: u8 = 9;

/// The stream ends with this frame.
pub const END_STREAM: u8 = 1;
/// An answer to SETTINGS or PING.
pub const ACK: u8 = 1;
/// All headers stand in this frame.
pub const END_HEADERS: u8 = 4;
/// Filling follows the payload.
pub const PADDED: u8 = 8;
/// Five bytes of priority stand before the headers.
pub const PRIORITY: u8 = 0x20;

/// Settings by number: the bytes of the peer's table of headers.
pub const HEADER_TABLE_SIZE: u16 = 1;
/// Whether streams may be announced that nobody asked for.
pub const ENABLE_PUSH: u16 = 2;
/// Streams that may be open at once.
pub const MAX_CONCURRENT_STREAMS: u16 = 3;
/// The window of each new stream.
pub const INITIAL_WINDOW_SIZE: u16 = 4;
/// The longest payload that is taken.
pub const MAX_FRAME_SIZE: u16 = 5;
/// The most that the headers of a request may take.
pub const MAX_HEADER_LIST_SIZE: u16 = 6;
/// The window that everybody has before it is changed, bytes.
pub const FIRST_WINDOW_BYTES: u32 = 65_535;
/// The table of headers that everybody keeps before that is changed, bytes.
pub const TABLE_BYTES: u32 = 4_096;
/// The largest window, and the last stream, that there can be.
pub const MOST: u32 = i32::MAX as u32;

/// The code of a stream that is given up.
pub const CANCEL: u32 = 8;

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: u8,
    /// What it says by bits.
    pub flags: u8,
    /// The stream, 0 for the connection.
    pub stream: u32,
    /// The bytes of its payload.
    pub length: usize,
}

/// The frame that begins here, once its nine bytes are there.
pub fn frame(bytes: &[u8]) -> Option<Frame> {
    let [a, b, c, kind, flags, s, t, u, v, ..] = *bytes else { return None };
    let length = u32::from_be_bytes([0, a, b, c]) as usize;
    let stream = u32::from_be_bytes([s & 0x7f, t, u, v]);
    Some(Frame { kind, flags, stream, length })
}

/// Appends a frame.
pub fn push(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = payload.len() as u32;
    out.extend_from_slice(&length.to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Appends settings.
pub fn push_settings(out: &mut Vec<u8>, settings: &[(u16, u32)]) {
    let length = settings.len() as u32 * 6;
    out.extend_from_slice(&length.to_be_bytes()[1..]);
    out.extend_from_slice(&[SETTINGS, 0, 0, 0, 0, 0]);
    for (number, value) in settings {
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// The settings of a payload; `None` when a part of one is missing.
pub fn settings(payload: &[u8]) -> Option<impl Iterator<Item = (u16, u32)>> {
    let (whole, rest) = payload.as_chunks::<6>();
    let read = |setting: &[u8; 6]| {
        let [a, b, c, d, e, f] = *setting;
        (u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f]))
    };
    rest.is_empty().then(|| whole.iter().map(read))
}

/// The one number of a payload, without its highest bit, which means nothing.
pub fn number(payload: &[u8]) -> Option<u32> {
    let [a, b, c, d] = *payload else { return None };
    Some(u32::from_be_bytes([a & 0x7f, b, c, d]))
}

/// Counts what came on a window of so many bytes, and renews it when it is half used.
pub fn renew(unread: &mut u32, bytes: usize, window: u32, stream: u32, out: &mut Vec<u8>) {
    *unread += bytes as u32;
    if *unread > window / 2 {
        push(out, WINDOW_UPDATE, 0, stream, &unread.to_be_bytes());
        *unread = 0;
    }
}

/// The payload without filling and priority; `None` when they are longer than it.
pub fn unpadded(frame: Frame, payload: &[u8]) -> Option<&[u8]> {
    let mut payload = payload;
    if matches!(frame.kind, DATA | HEADERS) && frame.flags & PADDED != 0 {
        let (padding, rest) = payload.split_first()?;
        payload = rest.get(..rest.len().checked_sub(usize::from(*padding))?)?;
    }
    if frame.kind == HEADERS && frame.flags & PRIORITY != 0 {
        payload = payload.get(5..)?;
    }
    Some(payload)
}

/// The stream on which that of HEADERS depends, where their priority says one.
pub fn dependency(frame: Frame, payload: &[u8]) -> Option<u32> {
    let begin = usize::from(frame.flags & PADDED != 0);
    let said = frame.kind == HEADERS && frame.flags & PRIORITY != 0;
    payload.get(begin..begin + 4).filter(|_| said).and_then(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let mut out = Vec::new();
        push(&mut out, DATA, END_STREAM, 0x0102_0305, b"abc");
        let read = frame(&out).unwrap();
        let sent = Frame { kind: DATA, flags: END_STREAM, stream: 0x0102_0305, length: 3 };
        assert_eq!((read, &out[FRAME_BYTES..]), (sent, &b"abc"[..]));
        assert_eq!(frame(&out[..8]), None);
    }

    #[test]
    fn settings_are_read_as_they_were_written() {
        let wishes = [(HEADER_TABLE_SIZE, 0), (INITIAL_WINDOW_SIZE, 1_048_576)];
        let mut out = Vec::new();
        push_settings(&mut out, &wishes);
        let payload = &out[FRAME_BYTES..];
        assert_eq!(frame(&out).unwrap().length, payload.len());
        assert!(settings(payload).unwrap().eq(wishes));
        assert!(settings(&payload[1..]).is_none());
        assert_eq!((number(&[0xff; 4]), number(&[0; 3])), (Some(MOST), None));
    }

    #[test]
    fn filling_is_taken_off_and_never_more_than_there_is() {
        let frame = |kind, flags| Frame { kind, flags, stream: 1, length: 0 };
        assert_eq!(unpadded(frame(DATA, PADDED), &[1, 7, 0]), Some(&[7][..]));
        assert_eq!(unpadded(frame(DATA, PADDED), &[9, 7, 0]), None);
        assert_eq!(unpadded(frame(HEADERS, PRIORITY), &[0, 0, 0, 0, 0, 4]), Some(&[4][..]));
        assert_eq!(unpadded(frame(HEADERS, PRIORITY), &[0]), None);
    }
}
