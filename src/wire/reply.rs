//! An answer before it meets a socket: status, body, and what decides about its type.

use bytes::Bytes;
use std::borrow::Cow;

/// What a client is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Where the type comes from.
    pub kind: ReplyKind,
    /// The body.
    pub body: ReplyBody,
    /// Further headers.
    pub headers: Vec<Header>,
}

/// A header: its name in Tomcat's capitals, and its value.
pub type Header = (&'static str, Cow<'static, str>);

/// Where the content type of an answer comes from, and how its end is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyKind {
    /// A text: the client's `Accept` decides, else `text/plain`; with its length.
    Text,
    /// An object: JSON in chunks; a client that accepts no JSON is refused.
    Object,
    /// A text that is called JSON whatever the client accepts; with its length.
    JsonText,
    /// This type, with its length.
    Typed(Cow<'static, str>),
    /// This type, in chunks: written to the socket before its end was known.
    Streamed(Cow<'static, str>),
    /// No type.
    Untyped,
}

/// A body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyBody {
    /// Nothing.
    Empty,
    /// Text of the program.
    Static(&'static str),
    /// Bytes made for this answer, or shared with others.
    Bytes(Bytes),
    /// Pieces, one after the other.
    Parts([Bytes; 3]),
}

/// The type of objects.
pub const JSON_TYPE: &str = "application/json;charset=UTF-8";

impl Reply {
    /// `ok`, the answer to every write.
    pub fn ok() -> Self {
        Self::new(200, ReplyKind::Text, ReplyBody::Static("ok"))
    }

    /// An answer without further headers.
    pub fn new(status: u16, kind: ReplyKind, body: ReplyBody) -> Self {
        Self { status, kind, body, headers: Vec::new() }
    }

    /// The same with one header more.
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, ReplyKind::Text, ReplyBody::from(text.into()))
    }

    /// An object that is written already.
    pub fn object(json: impl Into<ReplyBody>) -> Self {
        Self::new(200, ReplyKind::Object, json.into())
    }

    /// A status without body and type.
    pub fn empty(status: u16) -> Self {
        Self::new(status, ReplyKind::Untyped, ReplyBody::Empty)
    }
}

impl From<String> for ReplyBody {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Bytes(Bytes::from(text)) }
    }
}

impl From<Bytes> for ReplyBody {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}
