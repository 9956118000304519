//! Payloads written and read without an allocation, for those who send a great many of one kind.
//! What is written is what [`Payload::encode`](super::Payload::encode) writes, whose fields may
//! stand in another order.

/// Tags of fields that hold bytes: their number in the upper bits, type 2 in the lower three.
const METADATA: u8 = 2 << 3 | 2;
const BODY: u8 = 3 << 3 | 2;
const ANY_VALUE: u8 = 2 << 3 | 2;
const KIND: u8 = 3 << 3 | 2;

/// The metadata of all payloads of one kind, encoded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    metadata: Vec<u8>,
}

/// What a reader of many payloads looks at; the rest is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PayloadRef<'a> {
    /// Name of the class; empty when it has none.
    pub kind: &'a str,
    /// The JSON.
    pub body: &'a [u8],
}

impl Prepared {
    /// For payloads of a class from an address, with headers in the order in which they are sent.
    pub fn new(kind: &str, client_ip: &str, headers: &[(&str, &str)]) -> Self {
        let mut metadata = Vec::new();
        field(&mut metadata, KIND, kind.as_bytes());
        for (name, value) in headers {
            let mut entry = Vec::new();
            field(&mut entry, 1 << 3 | 2, name.as_bytes());
            field(&mut entry, 2 << 3 | 2, value.as_bytes());
            field(&mut metadata, 7 << 3 | 2, &entry);
        }
        field(&mut metadata, 8 << 3 | 2, client_ip.as_bytes());
        Self { metadata }
    }

    /// Appends a payload with this body, in its frame.
    pub fn write(&self, body: &[u8], out: &mut Vec<u8>) {
        let value = 1 + length_bytes(body.len()) + body.len();
        let metadata = 1 + length_bytes(self.metadata.len()) + self.metadata.len();
        let message = metadata + 1 + length_bytes(value) + value;
        out.push(0);
        // No message of ours comes near four gigabytes.
        out.extend_from_slice(&u32::try_from(message).unwrap_or(u32::MAX).to_be_bytes());
        field(out, METADATA, &self.metadata);
        out.push(BODY);
        length(out, value);
        field(out, ANY_VALUE, body);
    }
}

impl<'a> PayloadRef<'a> {
    /// Reads a message without its frame; `None` when the bytes are none.
    pub fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let mut read = Self::default();
        while !bytes.is_empty() {
            match next(&mut bytes)? {
                (2, mut metadata) => {
                    while !metadata.is_empty() {
                        if let (3, kind) = next(&mut metadata)? {
                            read.kind = std::str::from_utf8(kind).ok()?;
                        }
                    }
                }
                (3, mut any) => {
                    while !any.is_empty() {
                        if let (2, body) = next(&mut any)? {
                            read.body = body;
                        }
                    }
                }
                _ => {}
            }
        }
        Some(read)
    }
}

fn field(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    // Protocol buffers leave out what is empty.
    if !bytes.is_empty() {
        out.push(tag);
        length(out, bytes.len());
        out.extend_from_slice(bytes);
    }
}

fn length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

fn length_bytes(length: usize) -> usize {
    (usize::BITS - (length | 1).leading_zeros()).div_ceil(7) as usize
}

/// The number and bytes of the next field; fields of other types are empty here.
fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let tag = number(bytes)?;
    let length = match tag & 7 {
        0 => return number(bytes).map(|_| (0, &[][..])),
        1 => 8,
        2 => usize::try_from(number(bytes)?).ok()?,
        5 => 4,
        _ => return None,
    };
    let (field, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some((if tag & 7 == 2 { tag >> 3 } else { 0 }, field))
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Headers, PREFIX_BYTES, Payload};
    use super::*;
    use bytes::Bytes;

    #[test]
    fn what_is_written_is_what_the_whole_encoder_writes() {
        for size in [1, 100, 127, 128, 20_000, 3_000_000] {
            let body = vec![b'x'; size];
            let prepared = Prepared::new("InstanceRequest", "10.0.0.1", &[("app", "unknown")]);
            let mut out = Vec::new();
            prepared.write(&body, &mut out);
            let payload = Payload {
                kind: "InstanceRequest".to_owned(),
                client_ip: "10.0.0.1".to_owned(),
                headers: Headers::from([("app".to_owned(), "unknown".to_owned())]),
                body: Bytes::from(body.clone()),
            };
            let read = Payload::decode(Bytes::copy_from_slice(&out[PREFIX_BYTES..])).unwrap();
            assert!(read == payload, "{size}");
            let whole = payload.encode();
            assert_eq!(out.len(), whole.len());
            let lean = PayloadRef::read(&whole[PREFIX_BYTES..]).unwrap();
            assert!(lean.kind == "InstanceRequest" && lean.body == body, "{size}");
        }
    }

    #[test]
    fn noise_is_no_payload() {
        assert_eq!(PayloadRef::read(&[]), Some(PayloadRef::default()));
        assert_eq!(PayloadRef::read(&[0xff; 4]), None);
        assert_eq!(PayloadRef::read(&[METADATA, 9, 1]), None);
        assert_eq!(PayloadRef::read(&[0xff; 40]), None);
    }
}
