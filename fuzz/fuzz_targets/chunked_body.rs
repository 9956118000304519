//! Chunked bodies: `cargo +nightly fuzz run chunked_body`.
//!
//! The first byte says where the rest is cut in two; both ways of arriving give the same body.
#![no_main]

use facos::edge::http::{Chunks, Step};
use libfuzzer_sys::fuzz_target;

/// What came out: the body, how the last step ended, and how many bytes were taken.
fn take(pieces: &[&[u8]]) -> (Vec<u8>, Step, usize) {
    let (mut chunks, mut body) = (Chunks::default(), Vec::new());
    let (mut waiting, mut taken, mut step) = (Vec::new(), 0, Step::More);
    for piece in pieces {
        if step != Step::More {
            break;
        }
        waiting.extend_from_slice(piece);
        let (count, next) = chunks.take(&waiting, &mut body);
        waiting.drain(..count);
        taken += count;
        step = next;
    }
    (body, step, taken)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    let (front, back) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(take(&[front, back]), take(&[bytes]));
});
