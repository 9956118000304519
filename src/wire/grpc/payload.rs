//! The one message of the protocol and its frame on HTTP/2: a byte that tells whether it is
//! compressed, four of its length, and the protocol buffer.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The types that build.rs made of `proto/`.
mod messages {
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

/// Bytes before each message.
pub const PREFIX_BYTES: usize = 5;
/// The largest message that a real server reads, bytes (`grpc/large-payload`).
pub const MESSAGE_LIMIT_BYTES: usize = 10 * 1024 * 1024;

/// Headers of a payload.
pub type Headers = BTreeMap<String, String>;

/// A message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Payload {
    /// Name of the class; empty when it has none.
    pub kind: String,
    /// The address that the sender gives for itself.
    pub client_ip: String,
    /// Credentials and the like.
    pub headers: Headers,
    /// The JSON.
    pub body: Bytes,
}

impl Payload {
    /// Reads a message; `None` when the bytes are none.
    pub fn decode(bytes: Bytes) -> Option<Self> {
        let read = messages::Payload::decode(bytes).ok()?;
        let metadata = read.metadata.unwrap_or_default();
        Some(Self {
            kind: metadata.r#type,
            client_ip: metadata.client_ip,
            headers: metadata.headers,
            body: read.body.unwrap_or_default().value,
        })
    }

    /// The JSON as Java reads it: bytes that are no text are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The message in its frame.
    pub fn encode(self) -> Bytes {
        let any = messages::google::protobuf::Any { type_url: String::new(), value: self.body };
        let metadata = messages::Metadata {
            r#type: self.kind,
            client_ip: self.client_ip,
            headers: self.headers,
        };
        let message = messages::Payload { metadata: Some(metadata), body: Some(any) };
        frame(&message.encode_to_vec())
    }
}

/// A message that has a body and nothing else, in its frame.
pub fn without_metadata(body: Bytes) -> Bytes {
    let any = messages::google::protobuf::Any { type_url: String::new(), value: body };
    frame(&messages::Payload { metadata: None, body: Some(any) }.encode_to_vec())
}

/// A message's bytes in their frame.
pub fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    framed.put_u8(0);
    // No message of ours comes near four gigabytes.
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// What stands before a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// Whether the message is gzipped.
    pub compressed: bool,
    /// Its length, bytes.
    pub length: usize,
}

/// Reads a prefix.
pub fn prefix(bytes: [u8; PREFIX_BYTES]) -> Prefix {
    let [flag, length @ ..] = bytes;
    Prefix { compressed: flag != 0, length: u32::from_be_bytes(length) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_as_it_went() {
        let headers = Headers::from([("app".to_owned(), "shop".to_owned())]);
        let (kind, client_ip) = ("InstanceRequest".to_owned(), "10.0.0.1".to_owned());
        let sent = Payload { kind, client_ip, headers, body: Bytes::from_static(b"{}") };
        let framed = sent.clone().encode();
        let before = prefix(framed[..PREFIX_BYTES].try_into().unwrap());
        assert_eq!(before, Prefix { compressed: false, length: framed.len() - PREFIX_BYTES });
        assert_eq!(Payload::decode(framed.slice(PREFIX_BYTES..)), Some(sent));
    }

    #[test]
    fn nothing_is_a_payload_and_noise_is_not() {
        assert_eq!(Payload::decode(Bytes::new()), Some(Payload::default()));
        assert_eq!(Payload::decode(Bytes::from_static(&[0xff; 4])), None);
    }
}
