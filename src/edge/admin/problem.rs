//! Errors of the admin API (RFC 9457).

use crate::edge::http::{Body, Response};
use bytes::Bytes;
use serde::Serialize;

/// Why a call was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Status code.
    pub status: u16,
    /// One sentence for a person.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl Problem {
    /// The call is wrong.
    pub fn bad(detail: impl Into<String>) -> Self {
        Self { status: 400, detail: detail.into(), hint: None }
    }

    /// There is no such thing.
    pub fn unknown(detail: impl Into<String>) -> Self {
        Self { status: 404, detail: detail.into(), hint: None }
    }

    /// The thing is in no state for this.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self { status: 409, detail: detail.into(), hint: None }
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The response.
    pub fn response(&self) -> Response {
        let title = match self.status {
            400 => "Bad request",
            401 => "Unauthorized",
            404 => "Not found",
            405 => "Method not allowed",
            409 => "Conflict",
            _ => "Internal error",
        };
        let Self { status, detail, hint } = self;
        let body = ProblemBody {
            r#type: "about:blank",
            title,
            status: *status,
            detail,
            hint: hint.as_deref(),
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        Response::text(*status, "application/problem+json", Body::Bytes(Bytes::from(json)))
    }
}
