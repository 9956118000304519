//! Why a connection is given up, by the codes of HTTP/2 (RFC 9113, section 7).

/// The client does not keep to HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Failure {
    /// A frame at the wrong time, or one that says what it must not.
    Protocol = 1,
    /// More than there was room for, or more room than there can be.
    FlowControl = 3,
    /// A stream that has ended goes on; its own failure, not the connection's.
    StreamClosed = 5,
    /// A frame of a length that it can not have.
    FrameSize = 6,
    /// Headers that can not be read: nothing after them can be either.
    Compression = 9,
    /// Headers without an end.
    Flood = 11,
}
