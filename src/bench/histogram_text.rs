//! Histograms as text: compressed and in base64, as HdrHistogram's tools read them.
//!
//! A report carries its histograms and not only percentiles, so that the reports of several
//! machines add up exactly.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use super::record::histogram;

/// The histogram as text.
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("a histogram of a few thousand counts fits into memory");
    STANDARD.encode(bytes)
}

/// The histogram in a text; `None` when it is none of ours.
pub fn decode(text: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(text).ok()?;
    let read: Histogram<u64> = Deserializer::new().deserialize(&mut &bytes[..]).ok()?;
    // Into one with our bounds, so that all of them can be added.
    let mut own = histogram();
    own.add(&read).ok()?;
    Some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_survives_as_text() {
        let mut one = histogram();
        for value in [1_000, 5_000_000, 30_000_000_000] {
            one.record(value).unwrap();
        }
        let read = decode(&encode(&one)).unwrap();
        assert_eq!(read, one);
        assert!(decode("no").is_none());
    }
}
