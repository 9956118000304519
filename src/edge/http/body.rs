//! Bodies that arrive in chunks.

/// Takes chunks apart as they arrive.
#[derive(Debug, Default)]
pub struct Chunks {
    state: State,
    trailer_bytes: usize,
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
    /// What arrived is no chunks.
    Bad,
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

/// A size line longer than this and more trailers than this are refused, bytes (Tomcat:
/// maxExtensionSize, maxTrailerSize).
const MAX_LINE: usize = 8 * 1024;

impl Chunks {
    /// Takes what it can from `input`, appends data to `body`, and says how many bytes it took.
    pub fn take(&mut self, input: &[u8], body: &mut Vec<u8>) -> (usize, Step) {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            match self.state {
                State::Done => return (at, Step::Done),
                State::Bad => return (at, Step::Bad),
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
                    at += end + 1;
                    self.state = self.next_state(&rest[..end]).unwrap_or(State::Bad);
                }
            }
        }
    }

    /// What follows a line, given without its line feed. Tomcat wants a carriage return before it,
    /// except behind a trailer.
    fn next_state(&mut self, line: &[u8]) -> Option<State> {
        let strict = line.strip_suffix(b"\r");
        match self.state {
            State::DataEnd => strict?.is_empty().then_some(State::Size),
            State::Trailer if strict == Some(b"") => Some(State::Done),
            State::Trailer => {
                self.trailer_bytes += line.len() + 1;
                let taken = line.contains(&b':') && self.trailer_bytes <= MAX_LINE;
                taken.then_some(State::Trailer)
            }
            _ => {
                let size = strict?.split(|byte| *byte == b';').next()?;
                let digits =
                    (1..=8).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit);
                let size = digits.then(|| std::str::from_utf8(size).ok()).flatten()?;
                match i32::from_str_radix(size, 16).ok()? {
                    0 => Some(State::Trailer),
                    bytes => Some(State::Data(u64::from(bytes.unsigned_abs()))),
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
    fn what_was_refused_stays_refused() {
        let mut chunks = Chunks::default();
        assert_eq!(chunks.take(b"1\r\na\r\nx\r\n", &mut Vec::new()), (9, Step::Bad));
        assert_eq!(chunks.take(b"0\r\n\r\n", &mut Vec::new()), (0, Step::Bad));
    }

    #[test]
    fn trailers_have_a_bound_together() {
        let trailer = format!("T: {}\r\n", "v".repeat(4_000));
        let mut chunks = Chunks::default();
        assert_eq!(chunks.take(b"0\r\n", &mut Vec::new()).1, Step::More);
        assert_eq!(chunks.take(trailer.as_bytes(), &mut Vec::new()).1, Step::More);
        assert_eq!(chunks.take(trailer.as_bytes(), &mut Vec::new()).1, Step::More);
        assert_eq!(chunks.take(trailer.as_bytes(), &mut Vec::new()).1, Step::Bad);
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for wire in [
            &b"x\r\n"[..],
            b"-1\r\n",
            b"+1\r\n",
            b"1 \r\n",
            b"1\n",
            b"\r\n",
            b"80000000\r\n",
            b"000000001\r\n",
            b"2\r\nabc\r\n",
            b"2\r\nab\n",
            b"0\r\nno trailer\r\n",
        ] {
            assert_eq!(Chunks::default().take(wire, &mut Vec::new()).1, Step::Bad, "{wire:?}");
        }
    }
}
