//! Headers that come in several frames, put together.
use super::frames::{self, END_HEADERS, FRAME_BYTES, Frame, HEADERS};
use std::borrow::Cow;

/// What the frames of one block may take in all, bytes: what servers of gRPC allow is 8 KiB.
const MAX_BYTES: usize = 64 * 1024;

/// The headers of a connection, of which more may have to come.
#[derive(Debug, Default)]
pub struct Pieces(Option<Box<Begun>>);

#[derive(Debug)]
struct Begun {
    /// The frame that began them: it names the stream, and whether it ends.
    first: Frame,
    /// What came so far.
    block: Vec<u8>,
    /// What its frames took. They count themselves too, lest empty ones never end.
    taken_bytes: usize,
}

/// The frame that began headers, and their whole block.
type Whole<'a> = (Frame, Cow<'a, [u8]>);

/// Frames that make no headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Filling or priority that is longer than the frame, or more of what never began.
    Malformed,
    /// More than there may be, or of another stream.
    TooMuch,
}

impl Pieces {
    /// Whether more must come before anything else.
    pub fn is_begun(&self) -> bool {
        self.0.is_some()
    }

    /// Takes HEADERS or CONTINUATION. Once all is there, it is the frame that began it, and the
    /// whole block.
    ///
    /// # Errors
    /// The frames make no headers.
    pub fn take<'a>(
        &mut self,
        frame: Frame,
        payload: &'a [u8],
    ) -> Result<Option<Whole<'a>>, Unfit> {
        let is_last = frame.flags & END_HEADERS != 0;
        if frame.kind == HEADERS {
            let block = frames::unpadded(frame, payload).ok_or(Unfit::Malformed)?;
            if is_last {
                return Ok(Some((frame, Cow::Borrowed(block))));
            }
            let taken_bytes = FRAME_BYTES + frame.length;
            self.0 = Some(Box::new(Begun { first: frame, block: block.to_vec(), taken_bytes }));
            return Ok(None);
        }
        let mut begun = self.0.take().ok_or(Unfit::Malformed)?;
        begun.taken_bytes += FRAME_BYTES + frame.length;
        if frame.stream != begun.first.stream || begun.taken_bytes > MAX_BYTES {
            return Err(Unfit::TooMuch);
        }
        begun.block.extend_from_slice(payload);
        if is_last {
            return Ok(Some((begun.first, Cow::Owned(begun.block))));
        }
        self.0 = Some(begun);
        Ok(None)
    }
}
