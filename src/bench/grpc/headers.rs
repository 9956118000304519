//! The headers of calls, compiled once, and the one header of an answer that is looked at.
//!
//! The first call of a connection puts its headers into the server's table; every later one says
//! the same in seven bytes. The server is asked to keep no table for its answers, so that each of
//! them can be read by itself.
use crate::wire::grpc::{STREAM_PATH, UNARY_PATH};
use crate::wire::http2::literal::{
    INDEXED, KEPT, NEWEST, NO_TABLE, Name, PASSING, field, take_integer, take_text,
};

/// Indices of HPACK's static table.
const AUTHORITY: u8 = 1;
const POST: u8 = 3;
const PATH: u8 = 4;
const HTTP: u8 = 6;
const CONTENT_TYPE: u8 = 31;
const USER_AGENT: u8 = 58;
/// `grpc-status` in Huffman's code.
const STATUS_CODED: [u8; 8] = [0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f];

/// The blocks of headers of one server.
#[derive(Debug)]
pub struct Blocks {
    /// Of a connection's first call.
    pub first: Vec<u8>,
    /// Of every later one.
    pub next: Vec<u8>,
    /// Of the stream.
    pub stream: Vec<u8>,
    /// Of a call to a server that keeps no table: it begins by saying so, as it must once.
    pub plain: Vec<u8>,
}

impl Blocks {
    /// For calls to `authority`.
    pub fn new(authority: &str) -> Self {
        // As clients of Nacos send them, but for compression, which is not asked for here.
        let fields: [(Name<'_>, &[u8]); 4] = [
            (Ok(AUTHORITY), authority.as_bytes()),
            (Ok(CONTENT_TYPE), b"application/grpc"),
            (Err(b"te"), b"trailers"),
            (Ok(USER_AGENT), b"grpc-java-netty/1.24.0"),
        ];
        let block = |path: &str, kept: u8| {
            let mut block = vec![INDEXED | POST, INDEXED | HTTP];
            field(&mut block, kept, Ok(PATH), path.as_bytes());
            fields.iter().for_each(|(name, value)| field(&mut block, kept, *name, value));
            block
        };
        // Path, authority and the others were put there in this order.
        let known = (NEWEST..NEWEST + 5).rev().map(|index| INDEXED | index);
        Self {
            first: block(UNARY_PATH, KEPT),
            next: [INDEXED | POST, INDEXED | HTTP].into_iter().chain(known).collect(),
            stream: block(STREAM_PATH, PASSING),
            plain: [vec![NO_TABLE], block(UNARY_PATH, PASSING)].concat(),
        }
    }
}

/// The number of `grpc-status` in a block; `None` when there is none, or none that can be read.
pub fn status(mut block: &[u8]) -> Option<u32> {
    while let Some(&first) = block.first() {
        let bits = match first {
            0x80.. => 7,
            0x40.. => 6,
            0x20.. => 5,
            _ => 4,
        };
        let index = take_integer(&mut block, bits)?;
        if bits == 7 || bits == 5 {
            continue;
        }
        let named = index == 0 && {
            let (coded, name) = take_text(&mut block)?;
            if coded { name == STATUS_CODED } else { name == b"grpc-status" }
        };
        let (coded, value) = take_text(&mut block)?;
        if named {
            return if coded { coded_digits(value) } else { digits(value) };
        }
    }
    None
}

fn digits(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Digits in Huffman's code: five bits up to 2, six for the others, filled up with ones.
fn coded_digits(text: &[u8]) -> Option<u32> {
    let bits = u32::try_from(text.len()).ok()? * 8;
    let all =
        text.iter().try_fold(0_u32, |all, byte| Some(all.checked_mul(256)? | u32::from(*byte)));
    let (all, mut left, mut number) = (all?, bits, 0);
    while left >= 5 {
        let five = all >> (left - 5) & 0x1f;
        let digit = if five <= 2 {
            left -= 5;
            five
        } else {
            let six = left.checked_sub(6).map(|left| all >> left & 0x3f);
            let Some(six @ 0b01_1001..=0b01_1111) = six else { break };
            left -= 6;
            six - 0b01_1001 + 3
        };
        number = number * 10 + digit;
    }
    (left < bits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_calls_take_seven_bytes() {
        let blocks = Blocks::new("127.0.0.1:9848");
        assert_eq!(blocks.next, [0x83, 0x86, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe]);
        assert_eq!(&blocks.first[..4], [0x83, 0x86, 0x44, 16]);
        assert!(blocks.first.ends_with(b"grpc-java-netty/1.24.0"));
        let long = Blocks::new(&"h".repeat(300));
        assert_eq!(long.plain[0], 0x20);
        assert!(long.plain.windows(3).any(|three| three == [0x01, 0x7f, 0xad]));
    }

    #[test]
    fn the_status_is_found_behind_other_headers_and_in_both_codes() {
        let mut block = vec![0x88];
        field(&mut block, PASSING, Ok(CONTENT_TYPE), b"application/grpc");
        field(&mut block, PASSING, Err(b"grpc-status"), b"12");
        field(&mut block, PASSING, Err(b"grpc-message"), b"Method not found");
        assert_eq!(status(&block), Some(12));
        let coded = |value: &[u8]| {
            let mut block = vec![0, 0x88];
            block.extend_from_slice(&STATUS_CODED);
            block.push(0x80 | value.len() as u8);
            block.extend_from_slice(value);
            status(&block)
        };
        assert_eq!(coded(&[0b0000_0111]), Some(0));
        assert_eq!(coded(&[0b0000_1000, 0b1011_1111]), Some(12));
        assert_eq!(coded(&[0b0000_1011, 0b1001_1111]), Some(16));
        // As a server of tonic ended a call.
        let trailers = [0, 0x88, 0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f, 0x81, 0x07];
        assert_eq!(status(&trailers), Some(0));
        assert_eq!((status(&[]), status(&[0x40]), status(&[0x7f])), (None, None, None));
    }
}
