//! Buffers for many connections of which few have something to say at once.

/// Buffers that nobody uses at the moment, so that ten thousand connections need few.
#[derive(Debug, Default)]
pub struct Spare(Vec<Vec<u8>>);

impl Spare {
    /// An empty buffer, with memory if there is one.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub fn give(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() > 0 {
            buffer.clear();
            self.0.push(buffer);
        }
    }
}
