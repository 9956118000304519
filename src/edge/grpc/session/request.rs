//! What the headers of a request must be like (RFC 9113, section 8), and what is kept of them.

/// What an entry of the headers counts beside its texts, bytes.
const ENTRY_BYTES: usize = 32;
/// Headers that are about a connection of HTTP/1.1.
const CONNECTION: [&[u8]; 5] =
    [b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"];

/// The headers of one request, or the trailers of one.
#[derive(Debug, Default)]
pub struct Head {
    /// All of them, bytes.
    pub bytes: usize,
    /// `content-length`: clients of gRPC have none.
    pub length: Option<u64>,
    seen: Seen,
    /// A header that must not be, or not there.
    is_wrong: bool,
}

/// Which of the headers were there that begin with a colon, and whether others were.
#[derive(Debug, Default)]
struct Seen {
    method: bool,
    scheme: bool,
    path: bool,
    authority: bool,
    others: bool,
}

impl Head {
    /// Takes the next header. True when it is the path, the first time.
    pub fn take(&mut self, name: &[u8], value: &[u8]) -> bool {
        self.bytes += name.len() + value.len() + ENTRY_BYTES;
        if !name.starts_with(b":") {
            self.take_other(name, value);
            return false;
        }
        let seen = match name {
            b":method" => &mut self.seen.method,
            b":scheme" => &mut self.seen.scheme,
            b":path" => &mut self.seen.path,
            b":authority" => &mut self.seen.authority,
            _ => {
                self.is_wrong = true;
                return false;
            }
        };
        let again = std::mem::replace(seen, true);
        let is_path = name == b":path";
        self.is_wrong |= again || self.seen.others || (is_path && value.is_empty());
        is_path && !again
    }

    fn take_other(&mut self, name: &[u8], value: &[u8]) {
        self.seen.others = true;
        self.is_wrong |= name.iter().any(u8::is_ascii_uppercase) || CONNECTION.contains(&name);
        match name {
            b"te" => self.is_wrong |= value != b"trailers",
            b"content-length" => {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                self.is_wrong |= number.is_none() || self.length.is_some();
                self.length = number;
            }
            _ => {}
        }
    }

    /// Whether a request may have these headers.
    pub fn is_request(&self) -> bool {
        !self.is_wrong && self.seen.method && self.seen.scheme && self.seen.path
    }

    /// Whether they may stand behind a request.
    pub fn are_trailers(&self) -> bool {
        let Seen { method, scheme, path, authority, .. } = self.seen;
        !(self.is_wrong || method || scheme || path || authority)
    }
}
