//! A link: one connection of its own, its unary calls and its stream.

use super::Status;
use super::socket::{self, Handle};
use super::stream::{Arrival, Given, Inbox, SessionTime, Stream, StreamEnd, send_all, whole};
use crate::wire::grpc::{Payload, STREAM_PATH};
use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The headers of a Java client.
const HEADERS: [(&str, &str); 4] = [
    ("content-type", "application/grpc"),
    ("te", "trailers"),
    ("user-agent", "grpc-java-netty/1.24.0"),
    ("grpc-accept-encoding", "gzip"),
];
/// How long an orderly end may take.
const FAREWELL: Duration = Duration::from_millis(100);
/// Room for answers, as clients that read at once announce it.
const WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// A connection of its own.
#[derive(Debug)]
pub struct Link {
    handle: Handle,
    requests: SendRequest<Bytes>,
    driver: JoinHandle<()>,
    stream: Option<Stream>,
    inbox: Arc<Inbox>,
    time: SessionTime,
    auto: Arc<[String]>,
    authority: String,
}

/// What a unary call brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A message.
    Message(Payload),
    /// No message: the call itself failed.
    Failed(Status),
}

/// Why there is no link, or no stream.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No TCP connection came about.
    #[error("cannot connect: {0}")]
    Connect(#[from] io::Error),
    /// HTTP/2 did not begin.
    #[error("no HTTP/2: {0}")]
    Http2(#[from] h2::Error),
}

impl Link {
    /// Connects; requests of the types in `auto` are answered by themselves.
    ///
    /// # Errors
    /// There is nobody, or somebody who does not speak HTTP/2.
    pub async fn open(
        to: SocketAddr,
        from: Option<IpAddr>,
        auto: Vec<String>,
        time: SessionTime,
    ) -> Result<Self, CallError> {
        let (socket, handle) = socket::connect(to, from).await?;
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(WINDOW_BYTES).initial_connection_window_size(WINDOW_BYTES);
        let (requests, connection) = builder.handshake(socket).await?;
        let driver = tokio::spawn(async move {
            // How it ended is seen by its calls.
            let _ = connection.await;
        });
        Ok(Self {
            handle,
            requests,
            driver,
            stream: None,
            inbox: Arc::default(),
            time,
            auto: auto.into(),
            authority: to.to_string(),
        })
    }

    /// The link's end of its TCP connection.
    pub fn local(&self) -> SocketAddr {
        self.handle.local()
    }

    /// Whether the server closed the TCP connection.
    pub fn is_closed(&self) -> bool {
        // A client leaves a connection that a server says goodbye on; then nobody reads it.
        self.handle.is_closed() || (self.driver.is_finished() && self.handle.reads_to_close())
    }

    fn request(&self, path: &str) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = http::Method::POST;
        let uri = format!("http://{}{path}", self.authority);
        *request.uri_mut() = uri.parse().unwrap_or_default();
        for (name, value) in HEADERS {
            request.headers_mut().insert(name, http::HeaderValue::from_static(value));
        }
        request
    }

    /// Sends bytes as one call to a path and reads its message.
    pub async fn call(&self, path: &str, framed: Bytes, patience: Duration) -> Reply {
        match timeout(patience, self.try_call(path, framed)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => Reply::Failed(Status::broken(&error)),
            Err(_) => Reply::Failed(Status::new("DEADLINE_EXCEEDED")),
        }
    }

    async fn try_call(&self, path: &str, framed: Bytes) -> Result<Reply, h2::Error> {
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut sending) = requests.send_request(self.request(path), false)?;
        // A server that has read enough resets the stream; its response says why.
        let sent = send_all(&mut sending, framed, true).await;
        let response = match (response.await, sent) {
            (Ok(response), _) => response,
            (Err(error), _) => return Err(error),
        };
        if let Some(status) = Status::of(response.headers()) {
            return Ok(Reply::Failed(status));
        }
        let mut body = response.into_body();
        let mut read = BytesMut::new();
        while let Some(data) = body.data().await {
            let data = data?;
            let _ = body.flow_control().release_capacity(data.len());
            read.extend_from_slice(&data);
        }
        let status = body.trailers().await?.as_ref().and_then(Status::of);
        Ok(match (status, whole(&mut read)) {
            (Some(Status { code: "OK", .. }), Some(payload)) => Reply::Message(payload),
            (Some(status), _) => Reply::Failed(status),
            (None, _) => Reply::Failed(Status::new("UNKNOWN")),
        })
    }

    /// Sends bytes on the stream, which is opened first where needed; `None` ends this side.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send(&mut self, framed: Option<Bytes>) -> Result<(), CallError> {
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let given = Given {
                    inbox: self.inbox.clone(),
                    time: self.time.clone(),
                    auto: self.auto.clone(),
                };
                Stream::open(&self.requests, self.request(STREAM_PATH), given).await?
            }
        };
        stream.send(framed);
        self.stream = Some(stream);
        Ok(())
    }

    /// Takes the oldest message of a type that came in.
    pub fn take(&self, kind: &str) -> Option<Arrival> {
        let mut arrived = self.inbox.arrived.lock();
        let found = arrived.iter().position(|arrival| arrival.payload.kind == kind)?;
        Some(arrived.remove(found))
    }

    /// How the stream ended, if it did.
    pub fn end(&self) -> Option<StreamEnd> {
        self.inbox.end.lock().clone()
    }

    /// Waits until something comes in on the stream, at most so long.
    pub async fn changed(&self, patience: Duration) {
        // Both ends are fine.
        let _ = timeout(patience, self.inbox.changed.notified()).await;
    }

    /// Ends the connection in order: the stream is cancelled, then GOAWAY, then FIN.
    pub async fn close(mut self) {
        drop(self.stream.take());
        let Self { requests, driver, handle, .. } = self;
        drop(requests);
        let abort = driver.abort_handle();
        if timeout(FAREWELL, driver).await.is_err() {
            abort.abort();
        }
        drop(handle);
    }

    /// Resets the TCP connection.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn reset(self) -> io::Result<()> {
        self.handle.reset_on_close()?;
        self.driver.abort();
        // The task's socket is closed when the task is gone.
        let _ = self.driver.await;
        Ok(())
    }
}
