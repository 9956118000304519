//! The heads and ends of responses. The first head of a connection puts its fields into the
//! client's table; every later one says the same in four bytes.

use crate::wire::http2::frames::{END_HEADERS, END_STREAM, HEADERS, TABLE_BYTES, push};
use crate::wire::http2::literal::{INDEXED, KEPT, NEWEST, NO_TABLE, Name, PASSING, field};

/// Indices of HPACK's static table.
const STATUS: u8 = 8;
const OK: u8 = 8;
const CONTENT_TYPE: u8 = 31;

/// What every head says behind its status.
const HEAD: [(Name<'_>, &[u8]); 3] = [
    (Ok(CONTENT_TYPE), b"application/grpc"),
    (Err(b"grpc-encoding"), b"identity"),
    (Err(b"grpc-accept-encoding"), b"gzip"),
];
/// The same once the client's table has it, in the order in which it was put there.
const KNOWN_HEAD: [u8; 4] =
    [INDEXED | OK, INDEXED | (NEWEST + 2), INDEXED | (NEWEST + 1), INDEXED | NEWEST];

/// Writes what stands before and behind messages.
#[derive(Debug, Default)]
pub struct Heads {
    table: Table,
}

/// What the client keeps of our headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Table {
    /// Nothing yet.
    #[default]
    Empty,
    /// All of a head.
    Filled,
    /// Nothing ever, which it must be told once.
    Refused,
    /// Nothing ever.
    Absent,
}

impl Heads {
    /// The client's table may take so many bytes. One that is smaller than usual is not used.
    pub fn table_is(&mut self, bytes: u32) {
        if bytes < TABLE_BYTES && self.table != Table::Absent {
            self.table = Table::Refused;
        }
    }

    /// Appends the head of a response that goes on.
    pub fn head(&mut self, id: u32, out: &mut Vec<u8>) {
        let mut block = self.begin();
        let kept = match self.table {
            Table::Filled => return push(out, HEADERS, END_HEADERS, id, &KNOWN_HEAD),
            Table::Empty => KEPT,
            Table::Refused | Table::Absent => PASSING,
        };
        block.push(INDEXED | OK);
        HEAD.iter().for_each(|(name, value)| field(&mut block, kept, *name, value));
        if kept == KEPT {
            self.table = Table::Filled;
        }
        push(out, HEADERS, END_HEADERS, id, &block);
    }

    /// Appends the end of a response.
    pub fn trailers(&mut self, id: u32, status: &str, out: &mut Vec<u8>) {
        let mut block = self.begin();
        push_status(&mut block, status);
        push(out, HEADERS, END_HEADERS | END_STREAM, id, &block);
    }

    /// Appends a response that is nothing but a status.
    pub fn status_only(&mut self, id: u32, status: &str, message: Option<&str>, out: &mut Vec<u8>) {
        let mut block = self.begin();
        block.push(INDEXED | OK);
        field(&mut block, PASSING, HEAD[0].0, HEAD[0].1);
        push_status(&mut block, status);
        // What can not stand in a header is not said.
        let printable = |text: &&str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if let Some(message) = message.filter(printable) {
            field(&mut block, PASSING, Err(b"grpc-message"), message.as_bytes());
        }
        push(out, HEADERS, END_HEADERS | END_STREAM, id, &block);
    }

    /// Appends the answer to a request whose headers take too much.
    pub fn too_large(&mut self, id: u32, out: &mut Vec<u8>) {
        let mut block = self.begin();
        field(&mut block, PASSING, Ok(STATUS), b"431");
        push(out, HEADERS, END_HEADERS | END_STREAM, id, &block);
    }

    fn begin(&mut self) -> Vec<u8> {
        let mut block = Vec::with_capacity(96);
        if self.table == Table::Refused {
            self.table = Table::Absent;
            block.push(NO_TABLE);
        }
        block
    }
}

fn push_status(block: &mut Vec<u8>, status: &str) {
    field(block, PASSING, Err(b"grpc-status"), status.as_bytes());
}
