//! HTTP/2 of 2.x clients: `cargo +nightly fuzz run http2_frames`.
//!
//! Whatever the bytes, and however they are cut, taking them never panics; what is answered are
//! whole frames; and what comes in pieces means what it means in one.
#![no_main]

use facos::edge::grpc::session::{Event, Session};
use facos::wire::http2::frames::{FRAME_BYTES, PREFACE, frame, push_settings};
use libfuzzer_sys::fuzz_target;

/// Streams answered so far are kept small, so that windows matter.
const WINDOW_BYTES: u32 = 64;

/// What the bytes meant, in words, and what was answered.
fn said(pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let mut session = Session::begin();
    let mut greeting = PREFACE.to_vec();
    push_settings(&mut greeting, &[(4, WINDOW_BYTES)]);
    let (mut said, mut meant) = (Vec::new(), Vec::new());
    for piece in [&*greeting].iter().chain(pieces) {
        said.extend_from_slice(piece);
        let mut used = 0;
        loop {
            match session.take(&said[used..], <[u8]>::len) {
                Ok(Some((length, event))) => {
                    used += length;
                    match event {
                        Event::Nothing => {}
                        Event::Opened(id, true) | Event::Data(id, _, true) => {
                            meant.push(format!("{id} ended"));
                            session.send(id, vec![b'a'; id as usize % 200].into());
                            session.finish(id, "0", None);
                            session.settle();
                        }
                        Event::Opened(id, _) => meant.push(format!("{id} opened")),
                        Event::Data(id, data, _) => meant.push(format!("{id} {data:?}")),
                    }
                }
                Ok(None) => break,
                Err(failure) => {
                    session.give_up(failure);
                    meant.push(format!("{failure:?}"));
                    return (meant, session.out);
                }
            }
        }
        said.drain(..used);
    }
    (meant, session.out)
}

fuzz_target!(|bytes: &[u8]| {
    let whole = said(&[bytes]);
    let mut rest = &*whole.1;
    while !rest.is_empty() {
        let head = frame(rest).expect("a head of a frame is whole");
        rest = rest.get(FRAME_BYTES + head.length..).expect("a frame is whole");
    }
    let (front, back) = bytes.split_at(bytes.len() / 2);
    assert!(said(&[front, back]) == whole);
    let single: Vec<&[u8]> = bytes.chunks(1).take(512).collect();
    if single.len() == bytes.len() {
        assert!(said(&single) == whole);
    }
});
