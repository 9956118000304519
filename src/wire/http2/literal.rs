//! Numbers, texts and fields of HPACK. What is written here is never in Huffman's code.

/// The highest bits of a field that the reader keeps in its table.
pub const KEPT: u8 = 0x40;
/// The highest bits of a field that it does not keep.
pub const PASSING: u8 = 0;
/// The highest bit of a field that stands in a table.
pub const INDEXED: u8 = 0x80;
/// The first byte of a block after which the reader keeps no table.
pub const NO_TABLE: u8 = 0x20;
/// The newest entry of a reader's own table; older ones follow.
pub const NEWEST: u8 = 62;

/// A name: its index in the static table, or itself.
pub type Name<'a> = Result<u8, &'a [u8]>;

/// Appends a field, `KEPT` or `PASSING`.
pub fn field(out: &mut Vec<u8>, kept: u8, name: Name<'_>, value: &[u8]) {
    let bits = if kept == PASSING { 4 } else { 6 };
    match name {
        Ok(index) => integer(out, kept, bits, usize::from(index)),
        Err(name) => {
            out.push(kept);
            text(out, name);
        }
    }
    text(out, value);
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    integer(out, 0, 7, text.len());
    out.extend_from_slice(text);
}

fn integer(out: &mut Vec<u8>, high: u8, bits: u8, mut value: usize) {
    let most = (1 << bits) - 1;
    if value < most {
        return out.push(high | value as u8);
    }
    out.push(high | most as u8);
    value -= most;
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a number from the lowest `bits` of the next byte, and from those after it; `None` when it
/// is cut off or larger than anything in a block can be.
pub fn take_integer(block: &mut &[u8], bits: u8) -> Option<usize> {
    let (first, rest) = block.split_first()?;
    *block = rest;
    let most = (1_usize << bits) - 1;
    let mut value = usize::from(*first) & most;
    if value < most {
        return Some(value);
    }
    for shift in [0, 7, 14, 21] {
        let (byte, rest) = block.split_first()?;
        *block = rest;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Takes a text: whether it is in Huffman's code, and its bytes.
pub fn take_text<'a>(block: &mut &'a [u8]) -> Option<(bool, &'a [u8])> {
    let coded = block.first()? & 0x80 != 0;
    let length = take_integer(block, 7)?;
    let (text, rest) = block.split_at_checked(length)?;
    *block = rest;
    Some((coded, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for bits in [4, 5, 6, 7] {
            for value in [0, 1, 14, 15, 30, 31, 62, 126, 127, 128, 1_337, 16_384, 200_000_000] {
                let mut out = Vec::new();
                integer(&mut out, 0, bits, value);
                let mut block = &*out;
                assert_eq!(take_integer(&mut block, bits), Some(value), "{bits}");
                assert!(block.is_empty());
                assert_eq!(take_integer(&mut &out[..out.len() - 1], bits), None);
            }
        }
        assert_eq!(take_integer(&mut &[0x7f, 0xff, 0xff, 0xff, 0xff, 0][..], 7), None);
    }

    #[test]
    fn a_text_ends_within_its_block() {
        let mut out = Vec::new();
        field(&mut out, PASSING, Ok(31), b"application/grpc");
        assert_eq!(&out[..3], [0x0f, 0x10, 16]);
        let mut block = &out[2..];
        assert_eq!(take_text(&mut block), Some((false, &b"application/grpc"[..])));
        assert_eq!(take_text(&mut &out[2..10]), None);
        assert_eq!(take_text(&mut &[][..]), None);
    }
}
