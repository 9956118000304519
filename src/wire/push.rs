//! Datagrams to subscribers and their acks (`push/register`, `push/gzip`, `push/ack-stops`).

use super::text::json::JsonText;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// A datagram of at least this size is compressed, bytes.
const GZIP_FROM_BYTES: usize = 1024;

/// A push: the list as a text inside JSON, compressed when it is large.
pub fn datagram(data: &str, last_ref_nanos: u64) -> Bytes {
    let mut json = JsonText::object();
    json.text("type", "dom");
    json.text("data", data);
    json.number("lastRefTime", i64::try_from(last_ref_nanos).unwrap_or(i64::MAX));
    let text = json.finish();
    if text.len() < GZIP_FROM_BYTES {
        return Bytes::from(text);
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::default());
    let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    Bytes::from(packed.expect("writing to memory cannot fail"))
}

/// The time that an ack repeats; `None` for anything but an ack. It may be a text or a number.
pub fn ack(datagram: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Ack {
        r#type: String,
        last_ref_time: serde_json::Value,
    }
    let ack: Ack = serde_json::from_slice(datagram).ok()?;
    if ack.r#type != "push-ack" {
        return None;
    }
    match ack.last_ref_time {
        serde_json::Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ack_repeats_the_time_as_text_or_number() {
        for (text, time) in [
            (r#"{"type":"push-ack","lastRefTime":"7","data":""}"#, Some(7)),
            (r#"{"type":"push-ack","lastRefTime":7}"#, Some(7)),
            (r#"{"type":"dom","lastRefTime":"7"}"#, None),
            (r#"{"type":"push-ack","lastRefTime":null}"#, None),
            ("junk", None),
            ("", None),
        ] {
            assert_eq!(ack(text.as_bytes()), time, "{text}");
        }
    }

    #[test]
    fn a_large_datagram_is_compressed() {
        assert_eq!(datagram("{}", 5), r#"{"type":"dom","data":"{}","lastRefTime":5}"#);
        let packed = datagram(&"x".repeat(1024), 5);
        assert_eq!(packed[..2], [0x1f, 0x8b]);
        assert!(packed.len() < 200);
    }
}
