//! Messages read from a stream frame by frame, and responses written to one.

use crate::edge::nacos::Note;
use crate::node::{Node, Operation};
use crate::wire::grpc::{MESSAGE_LIMIT_BYTES, PREFIX_BYTES, Payload, Prefix, prefix};
use bytes::{Buf, Bytes, BytesMut};
use flate2::read::GzDecoder;
use h2::RecvStream;
use http::{HeaderMap, HeaderValue, Response};
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
    /// The stream or the connection broke.
    Broken,
}

/// Reads messages; what was read of one is kept when a read is given up.
#[derive(Debug)]
pub struct Reader {
    stream: RecvStream,
    read: BytesMut,
}

impl Reader {
    /// Reads from a stream.
    pub fn new(stream: RecvStream) -> Self {
        Self { stream, read: BytesMut::new() }
    }

    /// The next message.
    pub async fn next(&mut self) -> Incoming {
        loop {
            if let Some(incoming) = self.whole() {
                return incoming;
            }
            match self.stream.data().await {
                Some(Ok(data)) => self.take(data),
                Some(Err(_)) => return Incoming::Broken,
                // A message that was cut off is none.
                None if self.read.is_empty() => return Incoming::End,
                None => return Incoming::Noise,
            }
        }
    }

    fn take(&mut self, data: Bytes) {
        // The connection's own task sees to it that this reaches the client.
        let _ = self.stream.flow_control().release_capacity(data.len());
        if self.read.is_empty() {
            // Most messages come in one frame, which need not be copied.
            match data.try_into_mut() {
                Ok(data) => self.read = data,
                Err(data) => self.read.extend_from_slice(&data),
            }
        } else {
            self.read.extend_from_slice(&data);
        }
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

/// The head of every response.
pub fn head() -> Response<()> {
    let mut head = Response::new(());
    head.headers_mut().reserve(3);
    for (name, value) in [
        ("content-type", "application/grpc"),
        ("grpc-encoding", "identity"),
        ("grpc-accept-encoding", "gzip"),
    ] {
        head.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    head
}

/// The end of a response that went well.
pub fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    trailers
}

/// A response that is nothing but a status.
pub fn status_only(code: &'static str, message: Option<&str>) -> Response<()> {
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static(code));
    let message = message.and_then(|message| HeaderValue::from_str(message).ok());
    if let Some(message) = message {
        headers.insert("grpc-message", message);
    }
    head
}
