//! Calls of the admin API of a running server, over plain HTTP: what is asked, and what came back.
//!
//! It speaks through `client` alone, so that it works against a server of any build; which names
//! and values are valid is for the server to say.

mod call;

pub use call::{Call, Scope};

use crate::client::http::{Connection, HttpError};
use std::time::Duration;

/// How long a connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where an admin API answers.
#[derive(Debug, Clone)]
pub struct AdminAddress {
    /// `host:port`.
    pub address: String,
    /// What it is told as `Authorization: Bearer`.
    pub token: Option<String>,
    /// The node that is meant, from 0; the server's choice when absent.
    pub node: Option<u8>,
}

/// The body of a call that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its text.
    pub text: String,
    /// Whether it is JSON.
    pub is_json: bool,
}

/// A call without a body to show.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// There is no connection, or no answer on it.
    #[error("cannot reach the admin API at {address}: {error}")]
    Unreachable {
        /// `host:port`.
        address: String,
        /// Why.
        error: HttpError,
    },
    /// Something else answers there, such as the port that Nacos clients use.
    #[error("{address} answers {status}, but not as an admin API does")]
    NotAdmin {
        /// `host:port`.
        address: String,
        /// Status answered.
        status: u16,
    },
    /// The server says no.
    #[error("{detail}")]
    Refused {
        /// Status answered.
        status: u16,
        /// What the server says about it, in one line.
        detail: String,
        /// What it says to do about it.
        hint: Option<String>,
    },
}

/// Sends a call and reads its answer.
///
/// # Errors
/// There is no answer, it is not that of an admin API, or it is a refusal.
pub async fn send(to: &AdminAddress, call: &Call) -> Result<Reply, CtlError> {
    let address = &to.address;
    let unreachable = |error| CtlError::Unreachable { address: address.clone(), error };
    let mut request = call.request(to.node);
    if let Some(token) = &to.token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let mut connection = Connection::open(address, CONNECT_TIMEOUT).await.map_err(unreachable)?;
    let response = connection.exchange(&request).await.map_err(unreachable)?;
    let content_type = response.header("Content-Type").unwrap_or_default();
    let text = response.text();
    if (200..300).contains(&response.status) {
        return Ok(Reply { text, is_json: content_type.starts_with("application/json") });
    }
    // A server that is not ready says so in JSON of another kind.
    if content_type.starts_with("application/") && content_type.contains("json") {
        return Err(refusal(response.status, &text));
    }
    Err(CtlError::NotAdmin { address: address.clone(), status: response.status })
}

/// What a problem says: its detail, or its title when it has none, and its hint.
fn refusal(status: u16, text: &str) -> CtlError {
    let problem: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let said = |key| Some(problem.get(key)?.as_str()?.to_owned());
    let answers = || format!("the server answers {status} {}", text.trim());
    let detail = said("detail").or_else(|| said("title")).unwrap_or_else(answers);
    CtlError::Refused { status, detail, hint: said("hint") }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with `answer` and returns what was asked, beside what the call gave.
    async fn talk(call: Call, answer: &str) -> (String, Result<Reply, CtlError>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = AdminAddress {
            address: listener.local_addr().unwrap().to_string(),
            token: Some("t".to_owned()),
            node: None,
        };
        let asked = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        };
        tokio::join!(asked, send(&to, &call))
    }

    fn answer(status: u16, content_type: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
             \r\n{body}"
        )
    }

    #[tokio::test]
    async fn a_call_carries_the_token_and_gives_the_body() {
        let (asked, got) = talk(Call::Info, &answer(200, "application/json", "{}")).await;
        assert!(asked.starts_with("GET /__admin/info HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("\r\nAuthorization: Bearer t\r\n"), "{asked}");
        assert_eq!(got.unwrap(), Reply { text: "{}".to_owned(), is_json: true });
    }

    #[tokio::test]
    async fn a_problem_is_told_by_its_detail_or_its_title() {
        let kind = "application/problem+json";
        let full = r#"{"title":"Conflict","detail":"the clock is real","hint":"stop it"}"#;
        let down = r#"the server answers 409 {"status":"DOWN"}"#;
        let examples = [
            (answer(409, kind, full), "the clock is real", Some("stop it")),
            (answer(409, kind, r#"{"title":"Conflict"}"#), "Conflict", None),
            (answer(409, "application/json", r#"{"status":"DOWN"}"#), down, None),
        ];
        for (answer, expected, to_do) in examples {
            let (_, got) = talk(Call::Clock, &answer).await;
            let Err(CtlError::Refused { status: 409, detail, hint }) = got else {
                panic!("{got:?}")
            };
            assert_eq!((detail.as_str(), hint.as_deref()), (expected, to_do));
        }
    }

    #[tokio::test]
    async fn what_is_no_admin_api_is_told_so() {
        let (_, got) = talk(Call::Info, &answer(404, "text/html", "<html>")).await;
        assert!(matches!(got, Err(CtlError::NotAdmin { status: 404, .. })), "{got:?}");
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable() {
        let address = "127.0.0.1:1".to_owned();
        let got = send(&AdminAddress { address, token: None, node: None }, &Call::Info).await;
        assert!(matches!(got, Err(CtlError::Unreachable { .. })), "{got:?}");
    }
}
