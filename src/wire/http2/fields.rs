//! The headers of a peer, block after block, with the table that the peer fills meanwhile.
//!
//! The table is all that a connection which says nothing costs here: it takes what the peer put
//! there, and no more than everybody may put into it.

use super::frames::TABLE_BYTES;
use super::literal::{INDEXED, KEPT, NO_TABLE, take_integer, take_text};
use super::static_table::STATIC_TABLE;
use httlib_huffman::{DecoderSpeed, decode, encode};
use std::borrow::Cow;
use std::collections::VecDeque;

/// What an entry counts beside its texts, bytes.
const ENTRY_BYTES: usize = 32;

/// The headers of one peer.
#[derive(Debug)]
pub struct Fields {
    /// The newest stands first.
    entries: VecDeque<Entry>,
    taken_bytes: usize,
    /// What the peer wants the table to take at most.
    limit_bytes: usize,
}

/// A name and a value in one piece.
#[derive(Debug)]
struct Entry {
    name_bytes: usize,
    text: Box<[u8]>,
}

/// A block that is not HPACK: nothing that follows on the connection can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl Default for Fields {
    fn default() -> Self {
        let limit_bytes = TABLE_BYTES as usize;
        Self { entries: VecDeque::new(), taken_bytes: 0, limit_bytes }
    }
}

impl Fields {
    /// Reads a whole block: each name and value is given to `field`, in their order.
    ///
    /// # Errors
    /// The block is no HPACK.
    pub fn read(
        &mut self,
        mut block: &[u8],
        mut field: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), Unreadable> {
        let mut has_begun = false;
        while let Some(&first) = block.first() {
            if first & INDEXED != 0 {
                let index = take_integer(&mut block, 7).ok_or(Unreadable)?;
                let (name, value) = self.entry(index).ok_or(Unreadable)?;
                field(name, value);
            } else if first & KEPT != 0 {
                let entry = self.literal(&mut block, 6)?;
                field(entry.name(), entry.value());
                self.keep(entry);
            } else if first & NO_TABLE != 0 {
                if has_begun {
                    return Err(Unreadable);
                }
                let limit = take_integer(&mut block, 5).ok_or(Unreadable)?;
                if limit > TABLE_BYTES as usize {
                    return Err(Unreadable);
                }
                self.limit_bytes = limit;
                self.shrink(limit);
                continue;
            } else {
                let entry = self.literal(&mut block, 4)?;
                field(entry.name(), entry.value());
            }
            has_begun = true;
        }
        Ok(())
    }

    fn literal(&self, block: &mut &[u8], bits: u8) -> Result<Entry, Unreadable> {
        let name = match take_integer(block, bits).ok_or(Unreadable)? {
            0 => text(block)?,
            index => Cow::Borrowed(self.entry(index).ok_or(Unreadable)?.0),
        };
        let value = text(block)?;
        let text = [&*name, &*value].concat().into_boxed_slice();
        Ok(Entry { name_bytes: name.len(), text })
    }

    fn entry(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let index = index.checked_sub(1)?;
        if let Some((name, value)) = STATIC_TABLE.get(index) {
            return Some((name.as_bytes(), value.as_bytes()));
        }
        let entry = self.entries.get(index - STATIC_TABLE.len())?;
        Some((entry.name(), entry.value()))
    }

    /// Keeps an entry; one that is larger than the table empties it.
    fn keep(&mut self, entry: Entry) {
        let bytes = entry.bytes();
        self.shrink(self.limit_bytes.saturating_sub(bytes));
        if bytes <= self.limit_bytes {
            self.taken_bytes += bytes;
            self.entries.push_front(entry);
        }
    }

    fn shrink(&mut self, limit_bytes: usize) {
        while self.taken_bytes > limit_bytes {
            let Some(oldest) = self.entries.pop_back() else { break };
            self.taken_bytes -= oldest.bytes();
        }
    }
}

impl Entry {
    fn name(&self) -> &[u8] {
        &self.text[..self.name_bytes]
    }

    fn value(&self) -> &[u8] {
        &self.text[self.name_bytes..]
    }

    fn bytes(&self) -> usize {
        self.text.len() + ENTRY_BYTES
    }
}

fn text<'a>(block: &mut &'a [u8]) -> Result<Cow<'a, [u8]>, Unreadable> {
    let (coded, text) = take_text(block).ok_or(Unreadable)?;
    if !coded {
        return Ok(Cow::Borrowed(text));
    }
    let mut plain = Vec::with_capacity(text.len() * 2);
    decode(text, &mut plain, DecoderSpeed::FourBits).map_err(|_| Unreadable)?;
    // The library takes any filling of the last byte; only ones are allowed.
    let mut again = Vec::with_capacity(text.len());
    encode(&plain, &mut again).map_err(|_| Unreadable)?;
    if again == text { Ok(Cow::Owned(plain)) } else { Err(Unreadable) }
}

#[cfg(test)]
mod tests {
    use super::super::literal::{PASSING, field};
    use super::*;

    fn read(fields: &mut Fields, block: &[u8]) -> Result<Vec<String>, Unreadable> {
        let mut seen = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        fields.read(block, |name, value| seen.push(text(name) + "=" + &text(value)))?;
        Ok(seen)
    }

    fn bytes(digits: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(byte).collect()
    }

    /// RFC 7541, C.3 and C.4: three requests on a connection, without and with Huffman's code.
    #[test]
    fn the_requests_of_the_standard_are_read() {
        let first = ":method=GET :scheme=http :path=/ :authority=www.example.com";
        let third = ":method=GET :scheme=https :path=/index.html :authority=www.example.com \
            custom-key=custom-value";
        let plain = [
            "828684410f7777772e6578616d706c652e636f6d",
            "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        ];
        let coded = [
            "828684418cf1e3c2e5f23a6ba0ab90f4ff",
            "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        ];
        for blocks in [plain, coded] {
            let mut fields = Fields::default();
            let mut seen = |block| read(&mut fields, &bytes(block)).unwrap().join(" ");
            assert_eq!(seen(blocks[0]), first);
            assert_eq!(seen(blocks[1]), format!("{first} cache-control=no-cache"));
            assert_eq!(seen(blocks[2]), third);
            assert_eq!((fields.entries.len(), fields.taken_bytes), (3, 164));
        }
    }

    #[test]
    fn the_table_holds_what_it_may_and_an_entry_that_is_too_large_empties_it() {
        let mut fields = Fields::default();
        let mut block = Vec::new();
        for n in 0..200_u32 {
            field(&mut block, KEPT, Err(b"name"), &n.to_be_bytes());
        }
        read(&mut fields, &block).unwrap();
        assert_eq!((fields.entries.len(), fields.taken_bytes), (102, 4_080));
        // Down to two entries, and up again.
        read(&mut fields, &[0x3f, 0x31, 0x3f, 0xe1, 0x1f]).unwrap();
        assert_eq!((fields.entries.len(), fields.limit_bytes), (2, 4_096));
        let mut large = Vec::new();
        field(&mut large, KEPT, Err(b"name"), &[b'x'; 5_000]);
        assert_eq!(read(&mut fields, &large).unwrap()[0].len(), 5_005);
        assert_eq!((fields.entries.len(), fields.taken_bytes), (0, 0));
    }

    #[test]
    fn what_is_no_hpack_is_refused() {
        let mut cut = Vec::new();
        field(&mut cut, PASSING, Err(b"name"), b"value");
        cut.pop();
        let too_large_a_table: &[u8] = &[0x3f, 0xe2, 0x1f];
        // No entry 0, none yet in the table, a number without an end, padding of a whole byte.
        // Zeros as filling, and a table that changes behind a field.
        let others: [&[u8]; 7] = [
            &[0x80],
            &[0xbe],
            &[0x7f],
            &[0x00, 0x82, 0xff, 0xff],
            &[0x40, 1, b'a'],
            &[0x00, 1, b'a', 0x81, 0x18],
            &[0x82, 0x20],
        ];
        for block in [&*cut, too_large_a_table].into_iter().chain(others) {
            assert_eq!(read(&mut Fields::default(), block), Err(Unreadable), "{block:x?}");
        }
    }
}
