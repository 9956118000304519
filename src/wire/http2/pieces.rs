//! Headers that come in several frames, put together.
use super::frames::{FRAME_BYTES, Frame};

/// What the frames of one block may take in all, bytes: what servers of gRPC allow is 8 KiB.
const MAX_BYTES: usize = 64 * 1024;

/// Headers of which more must come.
#[derive(Debug)]
pub struct Pieces {
    /// The frame that began them: it names the stream, and whether it ends.
    pub first: Frame,
    /// What came so far.
    pub block: Vec<u8>,
    /// What its frames took. They count themselves too, lest empty ones never end.
    taken_bytes: usize,
}

impl Pieces {
    /// Begins with the block of a frame.
    pub fn begin(first: Frame, block: &[u8]) -> Self {
        Self { first, block: block.to_vec(), taken_bytes: FRAME_BYTES + first.length }
    }

    /// Adds the payload of the next frame; `None` when it is of another stream, or too much.
    pub fn add(&mut self, frame: Frame, payload: &[u8]) -> Option<()> {
        self.taken_bytes += FRAME_BYTES + frame.length;
        let fits = frame.stream == self.first.stream && self.taken_bytes <= MAX_BYTES;
        fits.then(|| self.block.extend_from_slice(payload))
    }
}
