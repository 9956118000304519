//! Questions to one node over kept connections, never more than so many at a time.
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::node::Node;
use crate::client::http::{Connection, HttpError, Request, Response};

/// How much of a refusal is shown.
const SHOWN_CHARS: usize = 120;

/// Why a node did not tell what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no answer.
    #[error("{0}")]
    Unreachable(#[from] HttpError),
    /// The answer is a refusal.
    #[error("status {status}: {text}")]
    Refused {
        /// The status code.
        status: u16,
        /// The beginning of what it said.
        text: String,
    },
    /// The answer is none to this question.
    #[error("an odd answer to {asked}: {text}")]
    Odd {
        /// The path that was asked.
        asked: String,
        /// The beginning of what it said, or what is wrong with it.
        text: String,
    },
}

impl AskError {
    /// Whether nobody answered at all.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

/// Asks one node; clones share connections and their limit.
#[derive(Clone, Debug)]
pub struct Asker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    node: Node,
    timeout: Duration,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Asker {
    /// An asker with at most so many questions under way, each with so long for its answer.
    pub fn new(node: Node, concurrency: usize, timeout: Duration) -> Self {
        let permits = Semaphore::new(concurrency);
        let idle = Mutex::new(Vec::with_capacity(concurrency));
        Self { shared: Arc::new(Shared { node, timeout, permits, idle }) }
    }

    /// Who is asked.
    pub fn node(&self) -> &Node {
        &self.shared.node
    }

    /// Asks for a path with its query; the answer may be a refusal.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn get(&self, target: &str) -> Result<Response, AskError> {
        self.send(Request::new("GET", target)).await
    }

    /// Sends a request; the answer may be a refusal.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send(&self, mut request: Request) -> Result<Response, AskError> {
        request.timeout = self.shared.timeout;
        let Ok(_permit) = self.shared.permits.acquire().await else {
            return Err(HttpError::Closed.into());
        };
        if let Some(kept) = self.take_idle() {
            // A kept connection may have ended in the meantime; then the question is asked anew.
            if let Ok(response) = self.exchange(kept, &request).await {
                return Ok(response);
            }
        }
        let address = self.shared.node.socket.to_string();
        let fresh = Connection::open(&address, self.shared.timeout).await?;
        Ok(self.exchange(fresh, &request).await?)
    }

    /// Asks for JSON.
    ///
    /// # Errors
    /// There is no answer, or not the one that was asked for.
    pub async fn json<T: DeserializeOwned>(&self, target: &str) -> Result<T, AskError> {
        let response = self.get(target).await?;
        if response.status != 200 {
            let text = beginning(&response.text());
            return Err(AskError::Refused { status: response.status, text });
        }
        serde_json::from_slice(&response.body).map_err(|error| AskError::Odd {
            asked: target.split('?').next().unwrap_or(target).to_owned(),
            text: beginning(&format!("{error}")),
        })
    }

    /// Asks for JSON of a page that the server may not have: only silence is an error.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn optional<T: DeserializeOwned>(&self, target: &str) -> Result<Option<T>, AskError> {
        match self.json(target).await {
            Ok(page) => Ok(Some(page)),
            Err(error) if error.is_unreachable() => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn take_idle(&self) -> Option<Connection> {
        self.shared.idle.lock().pop()
    }

    async fn exchange(
        &self,
        mut connection: Connection,
        request: &Request,
    ) -> Result<Response, HttpError> {
        let response = connection.exchange(request).await?;
        if connection.is_reusable() {
            self.shared.idle.lock().push(connection);
        }
        Ok(response)
    }
}

fn beginning(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(SHOWN_CHARS).collect()
}
