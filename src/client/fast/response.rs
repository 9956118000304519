//! Where an HTTP/1 response begins and ends in the bytes that came. Pure.
//!
//! Whoever sends reads into one buffer per thread and looks at the answer where it lies;
//! only an answer that comes in pieces is copied. An answer is parsed again from its head when
//! more of it arrives, which costs little beside the arrival itself.
use std::mem::MaybeUninit;

/// More headers than any Nacos sends.
const MAX_HEADERS: usize = 64;

/// A head that is longer is no head.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A body that is longer is not read: 300,000 hosts would fit.
pub const MAX_BODY_BYTES: usize = 128 * 1024 * 1024;

/// What the bytes so far are.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// More must come.
    Incomplete,
    /// This is no HTTP/1 response.
    Malformed,
    /// A whole response.
    Whole(Response),
}

/// A whole response and where it lies.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Where the body lies; `None` for a chunked one, which was put together elsewhere.
    pub body: Option<std::ops::Range<usize>>,
    /// How many of the bytes belong to this response.
    pub length: usize,
    /// Whether the connection ends with this response.
    pub closes: bool,
}

/// How the head says that the body ends.
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// Reads a response from the front of `bytes`. `ended` says that the peer has closed; the data of
/// a chunked body is put together in `chunks`.
pub fn parse(bytes: &[u8], ended: bool, chunks: &mut Vec<u8>) -> Parsed {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut head,
        bytes,
        &mut headers,
    );
    let start = match parsed {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD_BYTES => return Parsed::Incomplete,
        _ => return Parsed::Malformed,
    };
    let status = head.code.unwrap_or(0);
    let Some((framing, mut closes)) = framing(&head, status) else { return Parsed::Malformed };
    closes |= head.version == Some(0);
    let whole = |body, length, closes| Parsed::Whole(Response { status, body, length, closes });
    match framing {
        Framing::Length(length) if length > MAX_BODY_BYTES => Parsed::Malformed,
        Framing::Length(length) if bytes.len() < start + length => Parsed::Incomplete,
        Framing::Length(length) => whole(Some(start..start + length), start + length, closes),
        Framing::Chunked => match dechunk(&bytes[start..], chunks) {
            Some(Some(length)) => whole(None, start + length, closes),
            Some(None) => Parsed::Incomplete,
            None => Parsed::Malformed,
        },
        Framing::UntilClose if ended => whole(Some(start..bytes.len()), bytes.len(), true),
        Framing::UntilClose if bytes.len() > MAX_BODY_BYTES => Parsed::Malformed,
        Framing::UntilClose => Parsed::Incomplete,
    }
}

/// The body's end and whether the connection closes; `None` when the length is no number.
fn framing(head: &httparse::Response<'_, '_>, status: u16) -> Option<(Framing, bool)> {
    let mut framing = Framing::UntilClose;
    let mut closes = false;
    for header in head.headers.iter() {
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                let text = std::str::from_utf8(header.value).ok()?;
                framing = Framing::Length(text.trim().parse().ok()?);
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                framing = Framing::Chunked;
            }
            10 if header.name.eq_ignore_ascii_case("connection") => {
                closes = header.value.eq_ignore_ascii_case(b"close");
            }
            _ => {}
        }
    }
    if matches!(status, 204 | 304) {
        framing = Framing::Length(0);
    }
    Some((framing, closes))
}

/// Puts chunks together; the number of bytes read when the last chunk is there, `Some(None)` when
/// more must come, `None` when these are no chunks.
fn dechunk(bytes: &[u8], data: &mut Vec<u8>) -> Option<Option<usize>> {
    data.clear();
    let mut at = 0;
    loop {
        let (line, size) = match httparse::parse_chunk_size(&bytes[at..]).ok()? {
            httparse::Status::Complete((line, size)) => (line, usize::try_from(size).ok()?),
            httparse::Status::Partial => return Some(None),
        };
        if data.len().saturating_add(size) > MAX_BODY_BYTES {
            return None;
        }
        at += line;
        // A chunk and the line end behind it; the last one may have trailers, which Nacos never
        // sends.
        let Some(end) = bytes.get(at + size..at + size + 2) else { return Some(None) };
        if end != b"\r\n" {
            return None;
        }
        data.extend_from_slice(&bytes[at..at + size]);
        at += size + 2;
        if size == 0 {
            return Some(Some(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(text: &str, ended: bool) -> Option<(u16, String, usize, bool)> {
        let mut chunks = Vec::new();
        match parse(text.as_bytes(), ended, &mut chunks) {
            Parsed::Whole(Response { status, body, length, closes }) => {
                let bytes = body.map_or(chunks, |range| text.as_bytes()[range].to_vec());
                Some((status, String::from_utf8(bytes).unwrap(), length, closes))
            }
            _ => None,
        }
    }

    /// Cut anywhere, a response is incomplete, and whole only at its end.
    fn only_whole_at_its_end(text: &str) {
        for cut in 0..text.len() {
            let parsed = parse(&text.as_bytes()[..cut], false, &mut Vec::new());
            assert_eq!(parsed, Parsed::Incomplete, "cut at {cut}");
        }
        assert_eq!(body_of(text, false).unwrap().2, text.len());
    }

    #[test]
    fn a_response_with_a_length_ends_there() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        only_whole_at_its_end(text);
        assert_eq!(body_of(text, false), Some((200, "ok".to_owned(), text.len(), false)));
        let more = format!("{text}HTTP/1.1 4");
        assert_eq!(body_of(&more, false).unwrap().2, text.len());
    }

    #[test]
    fn chunks_are_put_together() {
        let text = "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n\
                    0123456789abcdef\r\n0\r\n\r\n";
        only_whole_at_its_end(text);
        assert_eq!(body_of(text, false).unwrap().1, "abc0123456789abcdef");
    }

    #[test]
    fn without_a_length_the_peers_close_is_the_end() {
        let text = "HTTP/1.1 400 \r\nConnection: close\r\n\r\nno";
        assert_eq!(body_of(text, false), None);
        assert_eq!(body_of(text, true), Some((400, "no".to_owned(), text.len(), true)));
    }

    #[test]
    fn an_answer_that_announces_its_end_closes() {
        let text = "HTTP/1.1 200 OK\r\nconnection: Close\r\nContent-Length: 0\r\n\r\n";
        assert!(body_of(text, false).unwrap().3);
        assert!(body_of("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false).unwrap().3);
    }

    #[test]
    fn what_is_no_http_is_malformed() {
        for text in [
            "SSH-2.0-x\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        ] {
            assert_eq!(parse(text.as_bytes(), false, &mut Vec::new()), Parsed::Malformed, "{text}");
        }
    }
}
