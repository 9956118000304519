//! One connection of a 2.x client as its own TCP and HTTP/2 connection: unary calls, the stream,
//! and every way to end it. Nothing is normalised: any bytes are sent, any answer is handed back.

mod link;
mod socket;
mod stream;

pub use link::{CallError, Link, Reply};
pub use stream::{Arrival, SessionTime, StreamEnd};

use crate::wire::grpc::Payload;

/// Types of requests that a link answers by itself unless told otherwise.
pub const AUTO: [&str; 3] =
    ["ClientDetectionRequest", "ConnectResetRequest", "NotifySubscriberRequest"];

/// How a call or a stream failed, in the words of gRPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Name of the code: `UNAVAILABLE`.
    pub code: &'static str,
    /// `grpc-message`, empty without one.
    pub message: String,
}

/// Names of the codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl Status {
    fn new(code: &'static str) -> Self {
        Self { code, message: String::new() }
    }

    /// The status in headers or trailers; `None` when they carry none.
    fn of(headers: &http::HeaderMap) -> Option<Self> {
        let number: usize = headers.get("grpc-status")?.to_str().ok()?.parse().ok()?;
        let message = headers.get("grpc-message").and_then(|value| value.to_str().ok());
        let code = CODES.get(number).copied().unwrap_or("UNKNOWN");
        Some(Self { code, message: message.unwrap_or_default().to_owned() })
    }

    /// What gRPC makes of a broken stream.
    fn broken(error: &h2::Error) -> Self {
        match error.reason() {
            Some(h2::Reason::CANCEL) if error.is_reset() => Self::new("CANCELLED"),
            Some(reason) if error.is_reset() && reason != h2::Reason::REFUSED_STREAM => {
                Self::new("INTERNAL")
            }
            _ => Self::new("UNAVAILABLE"),
        }
    }
}

/// A client's answer to a request of the server.
pub fn answer_to(kind: &str, body: String) -> Payload {
    Payload {
        kind: kind.to_owned(),
        client_ip: "127.0.0.1".to_owned(),
        body: body.into(),
        ..Payload::default()
    }
}
