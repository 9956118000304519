//! Bodies that arrive in chunks.

/// Takes chunks apart as they arrive.
#[derive(Debug, Default)]
pub struct Chunks {
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// Before a size line.
    #[default]
    Size,
    /// Inside a chunk: so many bytes are missing.
    Data(u64),
    /// Behind a chunk's data: the line end.
    DataEnd,
    /// Behind the last chunk: trailers and the empty line.
    Trailer,
    /// Everything arrived.
    Done,
}

/// What a step of taking apart gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// More bytes are needed.
    More,
    /// The body is complete.
    Done,
    /// The bytes are no chunks.
    Bad,
}

/// A size line or trailer longer than this is refused, bytes.
const MAX_LINE: usize = 8 * 1024;

impl Chunks {
    /// Takes what it can from `input`, appends data to `body`, and says how many bytes it took.
    pub fn take(&mut self, input: &[u8], body: &mut Vec<u8>) -> (usize, Step) {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            match self.state {
                State::Done => return (at, Step::Done),
                State::Data(missing) => {
                    if rest.is_empty() {
                        return (at, Step::More);
                    }
                    let len = usize::try_from(missing).unwrap_or(usize::MAX).min(rest.len());
                    body.extend_from_slice(&rest[..len]);
                    at += len;
                    let left = missing - len as u64;
                    self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                }
                State::Size | State::DataEnd | State::Trailer => {
                    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                        let step = if rest.len() > MAX_LINE { Step::Bad } else { Step::More };
                        return (at, step);
                    };
                    let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
                    at += end + 1;
                    match self.next_state(line) {
                        Some(state) => self.state = state,
                        None => return (at, Step::Bad),
                    }
                }
            }
        }
    }

    fn next_state(&self, line: &[u8]) -> Option<State> {
        match self.state {
            State::DataEnd => line.is_empty().then_some(State::Size),
            State::Trailer if line.is_empty() => Some(State::Done),
            State::Trailer => Some(State::Trailer),
            _ => {
                let size = line.split(|byte| *byte == b';').next().unwrap_or(line);
                let size = std::str::from_utf8(size).ok()?.trim();
                if size.is_empty() || size.len() > 15 || size.starts_with(['+', '-']) {
                    return None;
                }
                match u64::from_str_radix(size, 16).ok()? {
                    0 => Some(State::Trailer),
                    bytes => Some(State::Data(bytes)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_together_wherever_they_are_cut() {
        let wire = b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: v\r\n\r\nGET";
        for cut in 0..wire.len() - 3 {
            let (mut chunks, mut body) = (Chunks::default(), Vec::new());
            let (taken, step) = chunks.take(&wire[..cut], &mut body);
            assert_eq!(step, Step::More, "cut at {cut}");
            let (more, step) = chunks.take(&wire[taken..], &mut body);
            assert_eq!((taken + more, step), (wire.len() - 3, Step::Done), "cut at {cut}");
            assert_eq!(body, b"hello world");
        }
    }

    #[test]
    fn a_size_that_is_no_number_is_refused() {
        for wire in [&b"x\r\n"[..], b"-1\r\n", b"\r\n", b"fffffffffffffffff\r\n", b"2\r\nabc\r\n"] {
            assert_eq!(Chunks::default().take(wire, &mut Vec::new()).1, Step::Bad, "{wire:?}");
        }
    }
}
