//! Packing and unpacking in memory: a leader's beat is the one body that really is gzip.

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};

/// What unpacks to more is not read, bytes.
const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;
/// How packed bytes begin.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The text, packed.
pub(super) fn pack(text: &str) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(text.as_bytes()).expect("writing into memory cannot fail");
    out.finish().expect("writing into memory cannot fail")
}

/// Whether bytes are packed, whatever a header says.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The text behind bytes that may be packed (`IoUtils.tryDecompress`).
///
/// # Errors
/// They begin as packed ones and are none.
pub(super) fn unpack(bytes: &[u8]) -> Result<String, String> {
    if !is_packed(bytes) {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    let mut text = Vec::new();
    let mut packed = GzDecoder::new(bytes).take(MAX_UNPACKED_BYTES);
    packed.read_to_end(&mut text).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
