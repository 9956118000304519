//! What a client says frame by frame, and what it hears.

use super::receiving::{MAX_OPEN, MAX_WAITING_BYTES, count};
use super::*;
use crate::wire::http2::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_BYTES, GOAWAY, HEADER_TABLE_SIZE,
    HEADERS, PADDED, PAYLOAD_BYTES, PING, PREFACE, PRIORITISE, PRIORITY, PUSH_PROMISE, RST_STREAM,
    SETTINGS, frame, push, push_settings,
};
use crate::wire::http2::literal::{INDEXED, KEPT, PASSING, field};
use bytes::Bytes;
use proptest::prelude::*;

/// The path of a stream is all that these tests keep of it.
type Kept = Session<String>;

fn path(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Says all of it; what it meant, as far as it meant something.
fn say<'a>(session: &mut Kept, mut bytes: &'a [u8]) -> Result<Vec<Event<'a>>, Failure> {
    let mut events = Vec::new();
    while let Some((length, event)) = session.take(bytes, path)? {
        bytes = &bytes[length..];
        events.extend((event != Event::Nothing).then_some(event));
    }
    assert!(bytes.is_empty(), "{bytes:x?}");
    Ok(events)
}

/// What was answered: kind, flags, stream and payload of each frame.
fn heard(session: &mut Kept) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let out = std::mem::take(&mut session.out);
    let (mut rest, mut heard) = (&*out, Vec::new());
    while let Some(head) = frame(rest) {
        let end = FRAME_BYTES + head.length;
        heard.push((head.kind, head.flags, head.stream, rest[FRAME_BYTES..end].to_vec()));
        rest = &rest[end..];
    }
    heard
}

fn kinds(session: &mut Kept) -> Vec<(u8, u32)> {
    heard(session).into_iter().map(|(kind, _, stream, _)| (kind, stream)).collect()
}

/// A client that has begun with these settings, and has heard everything.
fn begun(settings: &[(u16, u32)]) -> Kept {
    let mut session = Session::begin();
    let mut said = PREFACE.to_vec();
    push_settings(&mut said, settings);
    assert_eq!(say(&mut session, &said), Ok(Vec::new()));
    session.out.clear();
    session
}

fn head(path: &str) -> Vec<u8> {
    let mut block = vec![INDEXED | 3, INDEXED | 6];
    field(&mut block, PASSING, Ok(4), path.as_bytes());
    block
}

fn opening(stream: u32, flags: u8) -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, HEADERS, END_HEADERS | flags, stream, &head("/call"));
    out
}

fn one(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, kind, flags, stream, payload);
    out
}

/// How a session that is open, with stream 1 open, takes a frame.
fn refusal(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Option<Failure> {
    let mut session = begun(&[]);
    say(&mut session, &opening(1, 0)).unwrap();
    say(&mut session, &one(kind, flags, stream, payload)).err()
}

#[test]
fn a_server_speaks_first_and_acknowledges_what_the_client_wishes() {
    let mut session: Kept = Session::begin();
    let greeting = heard(&mut session);
    assert_eq!(greeting[0].3, [0, 3, 0x7f, 0xff, 0xff, 0xff, 0, 4, 0, 16, 0, 0, 0, 6, 0, 0, 32, 0]);
    assert_eq!((greeting[1].0, &*greeting[1].3), (WINDOW_UPDATE, &[0, 15, 0, 1][..]));
    assert!(!session.is_open());
    let mut said = PREFACE.to_vec();
    push_settings(&mut said, &[]);
    // Byte by byte it is the same.
    let mut taken = 0;
    for end in 0..=said.len() {
        while let Some((length, _)) = session.take(&said[taken..end], path).unwrap() {
            taken += length;
        }
    }
    assert!(session.is_open() && session.is_idle());
    assert_eq!(heard(&mut session), [(SETTINGS, ACK, 0, Vec::new())]);
}

#[test]
fn who_does_not_speak_http2_is_told_at_the_first_wrong_byte() {
    for said in [&b"GET / HTTP/1.1"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", b"\x16\x03\x01"] {
        assert_eq!(Kept::begin().take(said, path), Err(Failure::Protocol));
    }
    let mut said = PREFACE.to_vec();
    push(&mut said, PING, 0, 0, &[0; 8]);
    assert_eq!(say(&mut Kept::begin(), &said), Err(Failure::Protocol));
}

#[test]
fn a_call_is_answered_by_a_head_a_message_and_a_status() {
    let mut session = begun(&[]);
    let said = [opening(1, 0), one(DATA, END_STREAM, 1, b"ask")].concat();
    let events = say(&mut session, &said).unwrap();
    assert_eq!(events, [Event::Opened(1, false), Event::Data(1, b"ask", true)]);
    assert_eq!(session.stream(1).unwrap(), "/call");
    session.send(1, Bytes::from_static(b"answer"));
    session.finish(1, "0", None);
    session.settle();
    assert!(session.is_idle());
    let answer = heard(&mut session);
    assert_eq!(answer[0].3[..4], [INDEXED | 8, KEPT | 31, 16, b'a']);
    assert_eq!(answer[1], (DATA, 0, 1, b"answer".to_vec()));
    assert_eq!((answer[2].0, answer[2].1), (HEADERS, END_HEADERS | END_STREAM));
    assert_eq!(answer[2].3, b"\x00\x0bgrpc-status\x010");
    // The next head is four bytes, read by the client's table.
    say(&mut session, &opening(3, END_STREAM)).unwrap();
    session.send(3, Bytes::from_static(b"again"));
    let again = heard(&mut session);
    assert_eq!(again[0].3.len(), 4);
    let mut fields = Fields::default();
    let mut read = |block: &[u8]| {
        let mut seen = Vec::new();
        fields.read(block, |name, value| seen.push((path(name), path(value)))).unwrap();
        seen
    };
    let (first, second) = (read(&answer[0].3), read(&again[0].3));
    assert_eq!(first, second);
    assert_eq!(first[3], ("grpc-accept-encoding".to_owned(), "gzip".to_owned()));
}

#[test]
fn a_client_without_a_table_is_told_once_that_none_is_used() {
    let mut session = begun(&[(HEADER_TABLE_SIZE, 0)]);
    for (stream, first) in [(1, 0x20), (3, INDEXED | 8)] {
        say(&mut session, &opening(stream, END_STREAM)).unwrap();
        session.send(stream, Bytes::from_static(b"answer"));
        let answer = heard(&mut session);
        assert_eq!(answer[0].3[0], first);
        assert!(answer[0].3.len() > 70);
    }
}

#[test]
fn what_is_answered_before_the_client_has_ended_is_closed_without_an_error() {
    let mut session = begun(&[]);
    say(&mut session, &opening(1, 0)).unwrap();
    session.finish(1, "12", Some("Method not found: call"));
    session.finish(1, "0", None);
    session.settle();
    let heard = heard(&mut session);
    assert_eq!(heard.len(), 2);
    assert!(heard[0].3.ends_with(b"Method not found: call"));
    assert_eq!(heard[1], (RST_STREAM, 0, 1, vec![0; 4]));
    // What was on its way is no failure.
    assert_eq!(say(&mut session, &one(DATA, END_STREAM, 1, b"late")), Ok(Vec::new()));
    assert_eq!(say(&mut session, &one(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])), Ok(Vec::new()));
    assert_eq!(say(&mut session, &one(RST_STREAM, 0, 1, &[0; 4])), Ok(Vec::new()));
}

#[test]
fn no_more_is_sent_than_the_client_has_room_for() {
    let mut session = begun(&[(INITIAL_WINDOW_SIZE, 10)]);
    say(&mut session, &[opening(1, END_STREAM), opening(3, END_STREAM)].concat()).unwrap();
    session.send(1, Bytes::from(vec![1; 25]));
    session.finish(1, "0", None);
    let sizes = |session: &mut Kept| -> Vec<usize> {
        heard(session).into_iter().map(|(_, _, _, payload)| payload.len()).collect()
    };
    assert_eq!(sizes(&mut session)[1..], [10]);
    assert!(session.is_full(1));
    // Another stream has room of its own.
    session.send(3, Bytes::from_static(b"short"));
    assert_eq!(sizes(&mut session), [4, 5]);
    assert!(!session.is_full(3));
    say(&mut session, &one(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 4])).unwrap();
    assert_eq!(sizes(&mut session), [4]);
    // A larger window is larger for what is open too; an acknowledgement and the rest follow.
    let mut wider = Vec::new();
    push_settings(&mut wider, &[(INITIAL_WINDOW_SIZE, 30)]);
    say(&mut session, &wider).unwrap();
    assert_eq!(sizes(&mut session), [0, 11, 15]);
    session.settle();
    assert!(session.stream(1).is_none() && session.stream(3).is_some());
}

#[test]
fn the_window_of_the_connection_holds_for_all_streams() {
    let mut session = begun(&[(INITIAL_WINDOW_SIZE, MOST)]);
    say(&mut session, &opening(1, END_STREAM)).unwrap();
    session.send(1, Bytes::from(vec![1; 70_000]));
    let sent: usize = heard(&mut session)[1..].iter().map(|(_, _, _, data)| data.len()).sum();
    assert_eq!(sent, 65_535);
    say(&mut session, &one(WINDOW_UPDATE, 0, 0, &[0, 1, 0, 0])).unwrap();
    assert_eq!(heard(&mut session)[0].3.len(), 4_465);
}

#[test]
fn room_is_given_back_before_it_is_used_up_and_never_exceeded() {
    let mut session = begun(&[]);
    say(&mut session, &opening(1, 0)).unwrap();
    let piece = one(DATA, 0, 1, &[0; PAYLOAD_BYTES]);
    for _ in 0..33 {
        say(&mut session, &piece).unwrap();
    }
    assert_eq!(kinds(&mut session), [(WINDOW_UPDATE, 0), (WINDOW_UPDATE, 1)]);
    let mut unread = WINDOW_BYTES - 5;
    assert_eq!(count(&mut unread, 6, 1, &mut Vec::new()), Err(Failure::FlowControl));
}

#[test]
fn headers_may_come_in_pieces_with_filling_and_priority() {
    let mut session = begun(&[]);
    let block = head("/BiRequestStream/requestBiStream");
    let first = [&[2_u8, 0, 0, 0, 0, 9][..], &block[..5], &[0, 0]].concat();
    let said = [
        one(HEADERS, PADDED | PRIORITY, 1, &first),
        one(CONTINUATION, 0, 1, &block[5..9]),
        one(CONTINUATION, END_HEADERS, 1, &block[9..]),
        one(PRIORITISE, 0, 1, &[0; 5]),
        one(0x7f, 0, 1, b"of a later standard"),
    ];
    assert_eq!(say(&mut session, &said.concat()), Ok(vec![Event::Opened(1, false)]));
    assert_eq!(session.stream(1).unwrap(), "/BiRequestStream/requestBiStream");
    // Trailers end the client's side.
    let trailers = one(HEADERS, END_HEADERS | END_STREAM, 1, &[INDEXED | 15]);
    assert_eq!(say(&mut session, &trailers), Ok(vec![Event::Data(1, b"", true)]));
}

#[test]
fn frames_at_the_wrong_time_or_of_the_wrong_size_end_the_connection() {
    use Failure::{Compression, FlowControl, FrameSize, Protocol};
    let mut large = vec![0, 0x40, 1, DATA, 0, 0, 0, 0, 1];
    large.resize(FRAME_BYTES + PAYLOAD_BYTES + 1, 0);
    assert_eq!(say(&mut begun(&[]), &large), Err(FrameSize));
    let most = MOST.to_be_bytes();
    for (kind, flags, stream, payload, failure) in [
        (DATA, 0, 0, &b""[..], Protocol),
        (DATA, 0, 3, b"", Protocol),
        (DATA, PADDED, 1, &[3, 0, 0], Protocol),
        (HEADERS, END_HEADERS, 2, &head("/"), Protocol),
        (HEADERS, END_HEADERS, 0, &head("/"), Protocol),
        (HEADERS, END_HEADERS, 3, &[INDEXED], Compression),
        (PRIORITISE, 0, 1, &[0; 4], FrameSize),
        (RST_STREAM, 0, 3, &[0; 4], Protocol),
        (RST_STREAM, 0, 1, &[0; 3], FrameSize),
        (SETTINGS, 0, 1, &[], Protocol),
        (SETTINGS, 0, 0, &[0; 5], FrameSize),
        (SETTINGS, ACK, 0, &[0; 6], FrameSize),
        (SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 2], Protocol),
        (SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0], FlowControl),
        (SETTINGS, 0, 0, &[0, 5, 0, 0, 0, 1], Protocol),
        (PUSH_PROMISE, 0, 1, &[0; 4], Protocol),
        (PING, 0, 0, &[0; 7], FrameSize),
        (PING, 0, 1, &[0; 8], Protocol),
        (GOAWAY, 0, 1, &[0; 8], Protocol),
        (WINDOW_UPDATE, 0, 0, &[0; 4], Protocol),
        (WINDOW_UPDATE, 0, 0, &most, FlowControl),
        (WINDOW_UPDATE, 0, 3, &[0, 0, 0, 1], Protocol),
        (CONTINUATION, END_HEADERS, 1, &[], Protocol),
    ] {
        let refused = refusal(kind, flags, stream, payload);
        assert_eq!(refused, Some(failure), "{kind} {flags} {stream} {payload:x?}");
    }
    let mut session = begun(&[]);
    session.give_up(FlowControl);
    assert!(session.is_over());
    assert_eq!(heard(&mut session)[0].3, [0, 0, 0, 0, 0, 0, 0, 3]);
}

#[test]
fn what_is_wrong_with_one_stream_ends_that_stream_alone() {
    let ended = [opening(1, END_STREAM), one(DATA, 0, 1, b"more")].concat();
    let trailers = [opening(1, 0), one(HEADERS, END_HEADERS, 1, &[INDEXED | 15])].concat();
    let both = END_HEADERS | END_STREAM;
    let status = [opening(1, 0), one(HEADERS, both, 1, &[INDEXED | 8])].concat();
    let late = [opening(1, END_STREAM), one(HEADERS, both, 1, &[INDEXED | 15])].concat();
    let itself = [opening(1, 0), one(PRIORITISE, 0, 1, &[0, 0, 0, 1, 0])].concat();
    let none = [opening(1, 0), one(WINDOW_UPDATE, 0, 1, &[0; 4])].concat();
    let wide = [opening(1, 0), one(WINDOW_UPDATE, 0, 1, &MOST.to_be_bytes())].concat();
    let pathless = one(HEADERS, END_HEADERS, 1, &[INDEXED | 3]);
    for (said, code) in [
        (ended, 5),
        (late, 5),
        (trailers, 1),
        (status, 1),
        (none, 1),
        (wide, 3),
        (pathless, 1),
        (itself, 1),
    ] {
        let mut session = begun(&[]);
        say(&mut session, &said).unwrap();
        assert_eq!(heard(&mut session), [(RST_STREAM, 0, 1, vec![0, 0, 0, code])]);
        assert!(session.is_idle() && !session.is_over());
    }
}

#[test]
fn headers_that_no_request_may_have_reset_its_stream() {
    let good: [(&[u8], &[u8]); 4] =
        [(b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/x"), (b"te", b"trailers")];
    let opens = |fields: &[(&[u8], &[u8])]| {
        let mut block = Vec::new();
        fields.iter().for_each(|(name, value)| field(&mut block, PASSING, Err(name), value));
        let mut session = begun(&[]);
        say(&mut session, &one(HEADERS, END_HEADERS, 1, &block)).unwrap();
        session.streams().count() == 1
    };
    assert!(opens(&good));
    for place in 0..3 {
        let mut without = good.to_vec();
        without.remove(place);
        assert!(!opens(&without), "{place}");
        let twice = [&[good[place]], &good[..]].concat();
        assert!(!opens(&twice), "{place}");
    }
    assert!(!opens(&[good[3], good[0], good[1], good[2]]));
    for wrong in [
        (&b"Te"[..], &b"trailers"[..]),
        (b"te", b"gzip"),
        (b":status", b"200"),
        (b":path", b""),
        (b"connection", b"keep-alive"),
        (b"transfer-encoding", b"chunked"),
        (b"content-length", b"many"),
    ] {
        assert!(!opens(&[&good[..], &[wrong]].concat()), "{wrong:?}");
    }
}

#[test]
fn what_comes_is_as_much_as_the_client_has_said() {
    let mut block = head("/call");
    field(&mut block, PASSING, Ok(28), b"3");
    let opening = one(HEADERS, END_HEADERS, 1, &block);
    let flags = |ends| if ends { END_STREAM } else { 0 };
    for (data, ends, is_good) in
        [(&b"ask"[..], true, true), (b"as", true, false), (b"asks", false, false)]
    {
        let mut session = begun(&[]);
        let said = [opening.clone(), one(DATA, flags(ends), 1, data)].concat();
        let events = say(&mut session, &said).unwrap();
        assert_eq!(events.len() == 2, is_good, "{data:?}");
        assert_eq!(kinds(&mut session) == [(RST_STREAM, 1)], !is_good, "{data:?}");
    }
}

#[test]
fn what_comes_on_a_stream_that_is_long_over_is_a_mistake() {
    let mut session = begun(&[]);
    say(&mut session, &opening(5, END_STREAM)).unwrap();
    session.finish(5, "0", None);
    session.settle();
    session.out.clear();
    say(&mut session, &one(DATA, 0, 5, b"more")).unwrap();
    assert_eq!(heard(&mut session), [(RST_STREAM, 0, 5, vec![0, 0, 0, 5])]);
    // It was answered twice now; that is enough to know better.
    assert_eq!(say(&mut session, &one(DATA, 0, 5, b"more")), Ok(Vec::new()));
    assert_eq!(heard(&mut session), []);
    assert_eq!(say(&mut session, &opening(3, 0)), Err(Failure::StreamClosed));
}

#[test]
fn headers_without_an_end_and_too_many_streams_are_bounded() {
    let mut session = begun(&[]);
    let endless = one(CONTINUATION, 0, 1, &[]);
    let said = [one(HEADERS, 0, 1, &[]), endless.repeat(10_000)].concat();
    assert_eq!(say(&mut session, &said), Err(Failure::Flood));
    let mut block = head("/");
    field(&mut block, PASSING, Err(b"x"), &[b'x'; 9_000]);
    let mut session = begun(&[]);
    assert_eq!(say(&mut session, &one(HEADERS, END_HEADERS, 1, &block)), Ok(Vec::new()));
    assert_eq!(kinds(&mut session), [(HEADERS, 1), (RST_STREAM, 1)]);
    for stream in 1..=MAX_OPEN as u32 + 1 {
        say(&mut session, &opening(stream * 2 + 1, 0)).unwrap();
    }
    assert_eq!(session.streams().count(), MAX_OPEN);
    assert_eq!(heard(&mut session), [(RST_STREAM, 0, 2_051, vec![0, 0, 0, 7])]);
}

#[test]
fn who_does_not_read_answers_is_given_no_more_of_them() {
    let mut session = begun(&[]);
    say(&mut session, &[opening(1, END_STREAM), opening(3, END_STREAM)].concat()).unwrap();
    session.send(1, Bytes::from(vec![1; MAX_WAITING_BYTES]));
    session.send(3, Bytes::from(vec![1; 100_000]));
    session.out.clear();
    say(&mut session, &opening(5, END_STREAM)).unwrap();
    assert_eq!(heard(&mut session), [(RST_STREAM, 0, 5, vec![0, 0, 0, 7])]);
    session.cancel(1);
    let said = opening(7, END_STREAM);
    assert_eq!(say(&mut session, &said), Ok(vec![Event::Opened(7, true)]));
}

#[test]
fn an_end_is_announced_and_comes_when_the_client_knows_and_all_is_done() {
    let mut session = begun(&[]);
    say(&mut session, &opening(1, END_STREAM)).unwrap();
    session.announce_end();
    session.announce_end();
    let announced = heard(&mut session);
    assert_eq!(announced[0].3, [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    assert_eq!((announced.len(), announced[1].0), (2, PING));
    // What was on its way is still served.
    assert_eq!(say(&mut session, &opening(3, END_STREAM)), Ok(vec![Event::Opened(3, true)]));
    say(&mut session, &one(PING, ACK, 0, &announced[1].3)).unwrap();
    assert_eq!(heard(&mut session)[0].3, [0, 0, 0, 3, 0, 0, 0, 0]);
    assert_eq!(say(&mut session, &opening(5, END_STREAM)), Ok(Vec::new()));
    for stream in [1, 3] {
        assert!(!session.is_over());
        session.cancel(stream);
    }
    assert!(session.is_over());
}

proptest! {
    /// Whatever the frames, nothing panics, no more is kept than may be, and each failure is said.
    #[test]
    fn any_frames_in_any_order_are_taken_or_refused(
        frames in prop::collection::vec(
            (0_u8..12, any::<u8>(), 0_u32..8, prop::collection::vec(any::<u8>(), 0..40)),
            0..60,
        ),
        answers in prop::collection::vec((0_u32..8, 0_usize..3), 0..20),
    ) {
        let mut session = begun(&[(INITIAL_WINDOW_SIZE, 8)]);
        let mut answers = answers.into_iter();
        for (kind, flags, stream, payload) in frames {
            let payload = if kind == HEADERS && flags & 1 == 0 { head("/x") } else { payload };
            if let Err(failure) = say(&mut session, &one(kind, flags, stream, &payload)) {
                session.give_up(failure);
                prop_assert!(session.is_over());
                break;
            }
            match answers.next() {
                Some((id, 0)) if !session.is_full(id) => {
                    session.send(id, Bytes::from_static(b"an answer"));
                }
                Some((id, 1)) => session.finish(id, "0", None),
                Some((id, _)) => session.cancel(id),
                None => {}
            }
            session.settle();
        }
        prop_assert!(session.streams().count() <= 8);
    }
}
