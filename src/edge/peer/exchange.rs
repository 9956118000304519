//! One request to a member and its answer, on connections that are kept.
//!
//! The request is written byte for byte as it was made. A connection that was kept may have ended
//! meanwhile; then the request goes out once more on a new one, as Java's clients do it.

use crate::client::http::{Connection, HttpError, Response};
use crate::model::PeerFailure;
use std::io::ErrorKind;
use std::time::Duration;

/// How long a connection may take to be made, ms.
pub(super) const CONNECT_MS: u64 = 2_000;

/// Why there is no answer.
pub type Failure = PeerFailure;

/// What goes out.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// `ip:port`.
    pub to: &'a str,
    /// Head and body.
    pub bytes: &'a [u8],
    /// Whether the method is HEAD, whose answer has no body.
    pub head_only: bool,
    /// The longest that nothing may come, ms.
    pub timeout_ms: u64,
}

impl Exchange<'_> {
    /// Sends it, on the kept connection if there is one, and keeps what can be used again.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn run(&self, kept: &mut Option<Connection>) -> Result<Response, Failure> {
        let timeout = Duration::from_millis(self.timeout_ms);
        if let Some(mut connection) = kept.take() {
            match connection.exchange_bytes(self.bytes, self.head_only, timeout).await {
                Ok(response) => return Ok(keep(kept, connection, response)),
                // It had ended before anything of this request was read.
                Err(HttpError::Closed | HttpError::Io(_)) => {}
                Err(error) => return Err(failure(&error)),
            }
        }
        let connect = Duration::from_millis(CONNECT_MS.min(self.timeout_ms));
        let connection = Connection::open(self.to, connect).await;
        let mut connection = connection.map_err(|error| failure(&error))?;
        let response = connection.exchange_bytes(self.bytes, self.head_only, timeout).await;
        let response = response.map_err(|error| failure(&error))?;
        Ok(keep(kept, connection, response))
    }
}

fn keep(kept: &mut Option<Connection>, connection: Connection, response: Response) -> Response {
    *kept = connection.is_reusable().then_some(connection);
    response
}

pub(super) fn failure(error: &HttpError) -> Failure {
    match error {
        HttpError::Io(error) if error.kind() == ErrorKind::ConnectionRefused => Failure::Refused,
        HttpError::TimedOut(_) => Failure::TimedOut,
        HttpError::BadHead(_) | HttpError::TooLarge(_) | HttpError::BadTarget(_) => {
            Failure::Unreadable(error.to_string())
        }
        HttpError::Io(_) | HttpError::Closed | HttpError::Incomplete => Failure::Broken,
    }
}
