//! Messages, put together from what comes on a stream.

use crate::edge::nacos::Note;
use crate::node::{Node, Operation};
use crate::wire::grpc::{MESSAGE_LIMIT_BYTES, PREFIX_BYTES, Payload, Prefix, prefix};
use bytes::{Buf, Bytes, BytesMut};
use flate2::read::GzDecoder;
use std::io::Read as _;

/// The journal's status of bytes that are no message.
pub const NOISE: u16 = 400;
/// The journal's status of a message that is not read because of its length.
pub const TOO_LARGE: u16 = 413;

/// Journals what could not be read: nothing more is known of it.
pub fn unread(node: &Node, status: u16) {
    Note::new(Operation::Other).answered(node, "", status);
}

/// What reading a message gave.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Payload),
    /// Bytes that are no message.
    Noise,
    /// More than may be read; seen at its length.
    TooLarge,
    /// The client ended its side.
    End,
}

/// Puts messages together from what comes on a stream.
#[derive(Debug, Default)]
pub struct Reader {
    read: BytesMut,
}

impl Reader {
    /// Takes what came.
    pub fn take(&mut self, data: &[u8]) {
        self.read.extend_from_slice(data);
    }

    /// What came and is no whole message yet, bytes.
    pub fn held_bytes(&self) -> usize {
        self.read.len()
    }

    /// The next message, or what stands in its place; `ended` when nothing more comes.
    pub fn next(&mut self, ended: bool) -> Option<Incoming> {
        self.whole().or_else(|| {
            // A message that was cut off is none.
            let end = if self.read.is_empty() { Incoming::End } else { Incoming::Noise };
            ended.then_some(end)
        })
    }

    fn whole(&mut self) -> Option<Incoming> {
        let Prefix { compressed, length } = prefix(*self.read.first_chunk::<PREFIX_BYTES>()?);
        if length > MESSAGE_LIMIT_BYTES {
            return Some(Incoming::TooLarge);
        }
        if self.read.len() < PREFIX_BYTES + length {
            return None;
        }
        self.read.advance(PREFIX_BYTES);
        let bytes = self.read.split_to(length).freeze();
        if self.read.is_empty() {
            // An empty rest would keep the whole of what the message came in.
            self.read = BytesMut::new();
        }
        let bytes = if compressed { unpacked(&bytes)? } else { bytes };
        Some(Payload::decode(bytes).map_or(Incoming::Noise, Incoming::Message))
    }
}

/// A gzipped message; noise where it is none or grows too large.
fn unpacked(packed: &[u8]) -> Option<Bytes> {
    let mut bytes = Vec::new();
    let limit = MESSAGE_LIMIT_BYTES as u64 + 1;
    let read = GzDecoder::new(packed).take(limit).read_to_end(&mut bytes);
    let fits = read.is_ok() && bytes.len() <= MESSAGE_LIMIT_BYTES;
    // A byte that begins no field makes the message noise.
    Some(if fits { Bytes::from(bytes) } else { Bytes::from_static(&[0xff]) })
}
