//! The streams of a connection that are open.

use super::Failure;
use crate::wire::http2::frames::MOST;
use bytes::Bytes;

/// One stream.
#[derive(Debug)]
pub struct Stream<T> {
    /// Its number.
    pub id: u32,
    /// What the connection keeps of it.
    pub what: T,
    /// The client's room for more of it, bytes; a client can take room back.
    pub window: i64,
    /// Bytes that came since the client was told that it may send more.
    pub unread: u32,
    /// What must still come, if the client has said how much comes, bytes.
    missing: Option<u64>,
    /// Whether the client has ended its side.
    pub is_ended: bool,
    /// Whether the head of the response was sent.
    pub is_headed: bool,
    /// What the client has no room for yet.
    pub waiting: Bytes,
    /// How far the end of the response is.
    pub ending: Ending,
}

/// How far the end of a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// More may come.
    Open,
    /// This status is to be said behind what waits.
    Due(&'static str),
    /// It was said.
    Said,
}

impl<T> Stream<T> {
    /// A stream that the client opened, on which so many bytes come if it has said that.
    pub fn new(id: u32, what: T, window: i64, missing: Option<u64>) -> Self {
        let (waiting, ending) = (Bytes::new(), Ending::Open);
        let (is_ended, is_headed) = (false, false);
        Self { id, what, window, unread: 0, missing, is_ended, is_headed, waiting, ending }
    }

    /// Counts what comes; whether it is as much as the client has said.
    pub fn fits(&mut self, bytes: usize, ended: bool) -> bool {
        let Some(missing) = &mut self.missing else { return true };
        let left = missing.checked_sub(bytes as u64);
        *missing = left.unwrap_or(0);
        left.is_some_and(|left| !ended || left == 0)
    }
}

/// All that are open, by their numbers, which rise.
#[derive(Debug)]
pub struct Streams<T>(Vec<Stream<T>>);

impl<T> Default for Streams<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Streams<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a stream stands.
    pub fn place(&self, id: u32) -> Option<usize> {
        self.0.binary_search_by_key(&id, |stream| stream.id).ok()
    }

    /// The stream in a place.
    pub fn at(&mut self, place: usize) -> Option<&mut Stream<T>> {
        self.0.get_mut(place)
    }

    /// A stream by its number.
    pub fn get(&mut self, id: u32) -> Option<&mut Stream<T>> {
        let place = self.place(id)?;
        self.0.get_mut(place)
    }

    /// A stream whose response has not ended.
    pub fn unended(&mut self, id: u32) -> Option<&mut Stream<T>> {
        self.get(id).filter(|stream| stream.ending == Ending::Open)
    }

    /// All of them.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Stream<T>> {
        self.0.iter_mut()
    }

    /// What waits for room on all of them, bytes.
    pub fn waiting_bytes(&self) -> usize {
        self.0.iter().map(|stream| stream.waiting.len()).sum()
    }

    /// Adds one whose number is larger than all before.
    pub fn open(&mut self, stream: Stream<T>) {
        // Most clients have a stream and a call, seldom more.
        self.0.reserve_exact(1);
        self.0.push(stream);
    }

    /// Takes one out.
    pub fn remove(&mut self, id: u32) -> Option<Stream<T>> {
        self.place(id).map(|place| self.0.remove(place))
    }

    /// Gives every stream more room, or less.
    ///
    /// # Errors
    /// A stream would have more room than there can be.
    pub fn widen(&mut self, more: i64) -> Result<(), Failure> {
        for stream in &mut self.0 {
            stream.window += more;
            if stream.window > i64::from(MOST) {
                return Err(Failure::FlowControl);
            }
        }
        Ok(())
    }

    /// Takes out what was answered: all whose client has ended its side, and one whose client has
    /// not, if there is one.
    pub fn take_answered(&mut self) -> Option<u32> {
        self.0.retain(|stream| !(stream.ending == Ending::Said && stream.is_ended));
        let place = self.0.iter().position(|stream| stream.ending == Ending::Said)?;
        Some(self.0.remove(place).id)
    }
}
