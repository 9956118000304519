//! Heads of requests: `cargo +nightly fuzz run request_head`.
//!
//! Whatever the bytes, parsing them neither panics nor changes its mind: what it says of the front
//! of a request it still says when more has arrived.
#![no_main]

use facos::edge::http::{Limits, Parsed, parse};
use libfuzzer_sys::fuzz_target;

/// What matters of a parse.
#[derive(Debug, PartialEq)]
enum Seen {
    Partial,
    Refused(u16),
    Head { method: String, target: String, bytes: usize, headers: usize },
}

fn see(bytes: &[u8]) -> Seen {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    match parse(bytes, &mut fields, &Limits::default()) {
        Parsed::Partial => Seen::Partial,
        Parsed::Refused(status) => Seen::Refused(status),
        Parsed::Head(head) => {
            assert!(head.bytes <= bytes.len());
            assert!(head.target == "*" || head.target.starts_with('/'));
            Seen::Head {
                method: head.method.to_owned(),
                target: head.target.to_owned(),
                bytes: head.bytes,
                headers: head.headers.iter().count(),
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let whole = see(bytes);
    if let Seen::Refused(status) = whole {
        assert!([400, 417, 501, 505].contains(&status));
    }
    // A few cuts of long inputs, every cut of short ones.
    for cut in (0..bytes.len()).step_by(1 + bytes.len() / 64) {
        match see(&bytes[..cut]) {
            Seen::Partial => {}
            early => assert!(early == whole, "{early:?} became {whole:?}"),
        }
    }
});
