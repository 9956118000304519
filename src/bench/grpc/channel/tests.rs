//! Frames that a server says, and what is said to it.
use super::*;
use crate::wire::http2::frames::{PADDED, PRIORITY};

/// What the other side said, frame by frame.
fn taken(channel: &mut Channel, bytes: &[u8]) -> (Vec<Event>, Vec<u8>) {
    let (mut events, mut out, mut at) = (Vec::new(), Vec::new(), 0);
    let mut spare = Spare::default();
    while let Some((length, event)) = channel.take(&bytes[at..], &mut out, &mut spare).unwrap() {
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
    for (kind, payload) in [(PUSH_PROMISE, &[0; 4][..]), (WINDOW_UPDATE, &[1]), (9, &[])] {
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

#[test]
fn trailers_may_come_in_several_frames_with_filling_and_priority() {
    let (mut channel, blocks) = begun();
    channel.call(&blocks, b"hello", &mut Vec::new());
    let mut answer = Vec::new();
    // One byte of filling behind five of priority.
    let first = [&[1, 0, 0, 0, 0, 16][..], &TRAILERS[..4], &[0]].concat();
    frames::push(&mut answer, HEADERS, END_STREAM | PADDED | PRIORITY, 1, &first);
    frames::push(&mut answer, CONTINUATION, 0, 1, &TRAILERS[4..9]);
    frames::push(&mut answer, CONTINUATION, END_HEADERS, 1, &TRAILERS[9..]);
    let answered = Event::Answered(Some(0));
    assert_eq!(taken(&mut channel, &answer).0, [Event::Nothing, Event::Nothing, answered]);
    // Headers that do not end the stream mean nothing in pieces either.
    channel.call(&blocks, b"again", &mut Vec::new());
    let mut head = Vec::new();
    frames::push(&mut head, HEADERS, 0, 3, &[]);
    frames::push(&mut head, CONTINUATION, END_HEADERS, 3, &[0x88]);
    assert_eq!(taken(&mut channel, &head).0, [Event::Nothing; 2]);
}

#[test]
fn headers_in_pieces_are_of_one_stream_with_nothing_between_and_end() {
    let refused = |then: &dyn Fn(&mut Vec<u8>)| {
        let (mut channel, _) = begun();
        let (mut said, mut at) = (Vec::new(), 0);
        frames::push(&mut said, HEADERS, 0, 1, TRAILERS);
        then(&mut said);
        loop {
            match channel.take(&said[at..], &mut Vec::new(), &mut Spare::default()) {
                Ok(Some((length, _))) => at += length,
                Ok(None) => return None,
                Err(Broken) => return Some(at),
            }
        }
    };
    let first = FRAME_BYTES + TRAILERS.len();
    assert_eq!(refused(&|said| frames::push(said, CONTINUATION, END_HEADERS, 1, &[])), None);
    assert_eq!(refused(&|said| frames::push(said, CONTINUATION, 0, 3, &[])), Some(first));
    assert_eq!(refused(&|said| frames::push(said, PING, 0, 0, &[0; 8])), Some(first));
    let flood = |length: usize| {
        refused(&|said| {
            (0..10_000).for_each(|_| frames::push(said, CONTINUATION, 0, 1, &vec![0; length]));
        })
    };
    // 64 KiB, whether there is something in the frames or not.
    assert!(flood(0).unwrap() <= 65_536 && flood(10_000).unwrap() <= 65_536);
}
