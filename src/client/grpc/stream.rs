//! The stream of a link: what came in on it, what was answered by itself, how it ended.

use super::{Status, answer_to};
use crate::wire::grpc::{PREFIX_BYTES, Payload, prefix};
use bytes::{Buf, Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// The time of the session in which a link lives, ms: what a manual clock was advanced by.
pub type SessionTime = Arc<AtomicU64>;

/// A message of the server.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// When it came.
    pub at: Instant,
    /// The session's time then, ms.
    pub session_ms: u64,
    /// The message.
    pub payload: Payload,
}

/// How a stream ended.
#[derive(Debug, Clone)]
pub struct StreamEnd {
    /// When it did.
    pub at: Instant,
    /// The session's time then, ms.
    pub session_ms: u64,
    /// With what status.
    pub status: Status,
}

/// What came in.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub arrived: Mutex<Vec<Arrival>>,
    pub end: Mutex<Option<StreamEnd>>,
    pub changed: Notify,
}

/// An open stream.
#[derive(Debug)]
pub(super) struct Stream {
    output: mpsc::UnboundedSender<Option<Bytes>>,
    tasks: [JoinHandle<()>; 2],
}

/// What the tasks of a stream are given.
#[derive(Clone)]
pub(super) struct Given {
    pub inbox: Arc<Inbox>,
    pub time: SessionTime,
    pub auto: Arc<[String]>,
}

impl Stream {
    /// Opens the stream; nothing is sent before the first message.
    pub async fn open(
        requests: &SendRequest<Bytes>,
        request: http::Request<()>,
        given: Given,
    ) -> Result<Self, h2::Error> {
        let mut requests = requests.clone().ready().await?;
        let (response, sending) = requests.send_request(request, false)?;
        let (output, messages) = mpsc::unbounded_channel();
        let writer = tokio::spawn(write(sending, messages));
        let reader = tokio::spawn(listen(response, given, output.clone()));
        Ok(Self { output, tasks: [writer, reader] })
    }

    /// Sends bytes as they are; `None` ends this side.
    pub fn send(&self, framed: Option<Bytes>) {
        // A stream that is gone takes nothing.
        let _ = self.output.send(framed);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn write(
    mut sending: SendStream<Bytes>,
    mut messages: mpsc::UnboundedReceiver<Option<Bytes>>,
) {
    while let Some(message) = messages.recv().await {
        let Some(message) = message else {
            let _ = sending.send_data(Bytes::new(), true);
            break;
        };
        if send_all(&mut sending, message, false).await.is_err() {
            break;
        }
    }
    // The stream would be reset if its sending half were dropped now.
    std::future::pending::<()>().await;
}

/// Sends all of it as fast as the server makes room; the last frame may end the stream.
pub(super) async fn send_all(
    sending: &mut SendStream<Bytes>,
    mut bytes: Bytes,
    ends: bool,
) -> Result<(), h2::Error> {
    if bytes.is_empty() {
        return sending.send_data(bytes, ends);
    }
    while !bytes.is_empty() {
        sending.reserve_capacity(bytes.len());
        let room = match poll_fn(|context| sending.poll_capacity(context)).await {
            Some(room) => room?,
            None => return Err(h2::Reason::CANCEL.into()),
        };
        let part = bytes.split_to(room.min(bytes.len()));
        let last = bytes.is_empty();
        sending.send_data(part, ends && last)?;
    }
    Ok(())
}

async fn listen(
    response: ResponseFuture,
    given: Given,
    output: mpsc::UnboundedSender<Option<Bytes>>,
) {
    let status = match response.await {
        Ok(response) => match Status::of(response.headers()) {
            Some(status) => status,
            None => take_all(response.into_body(), &given, &output).await,
        },
        Err(error) => Status::broken(&error),
    };
    let session_ms = given.time.load(Ordering::Acquire);
    *given.inbox.end.lock() = Some(StreamEnd { at: Instant::now(), session_ms, status });
    given.inbox.changed.notify_waiters();
}

async fn take_all(
    mut body: RecvStream,
    given: &Given,
    output: &mpsc::UnboundedSender<Option<Bytes>>,
) -> Status {
    let mut read = BytesMut::new();
    loop {
        match body.data().await {
            Some(Ok(data)) => {
                let _ = body.flow_control().release_capacity(data.len());
                read.extend_from_slice(&data);
            }
            Some(Err(error)) => return Status::broken(&error),
            None => {
                let trailers = body.trailers().await;
                let status = trailers.ok().flatten().as_ref().and_then(Status::of);
                return status.unwrap_or_else(|| Status::new("UNKNOWN"));
            }
        }
        while let Some(payload) = whole(&mut read) {
            take(payload, given, output);
        }
    }
}

/// Takes a whole message off the front of what was read.
pub(super) fn whole(read: &mut BytesMut) -> Option<Payload> {
    let before = prefix(*read.first_chunk::<PREFIX_BYTES>()?);
    if read.len() < PREFIX_BYTES + before.length {
        return None;
    }
    read.advance(PREFIX_BYTES);
    let bytes = read.split_to(before.length).freeze();
    Some(Payload::decode(bytes).unwrap_or_default())
}

fn take(payload: Payload, given: &Given, output: &mpsc::UnboundedSender<Option<Bytes>>) {
    if given.auto.contains(&payload.kind) {
        let body: serde_json::Value = serde_json::from_str(&payload.text()).unwrap_or_default();
        let answer = serde_json::json!({
            "resultCode": 200, "errorCode": 0, "requestId": body["requestId"], "success": true
        });
        let kind = payload.kind.replace("Request", "Response");
        // A stream that is gone needs no answers.
        let _ = output.send(Some(answer_to(&kind, answer.to_string()).encode()));
    }
    let session_ms = given.time.load(Ordering::Acquire);
    given.inbox.arrived.lock().push(Arrival { at: Instant::now(), session_ms, payload });
    given.inbox.changed.notify_waiters();
}
