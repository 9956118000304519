//! The stream of a connection: what the client says there, and what it is asked. The response's
//! head goes out with the first message, as on the real server; when the client ends its side, the
//! other ends too and the connection stays (`grpc/half-close`, `grpc/stream-garbage`).

use super::lines::Line;
use super::message::{Incoming, NOISE, Reader, TOO_LARGE, head, status_only, trailers, unread};
use super::server::Shared;
use crate::edge::nacos::Note;
use crate::model::ConnectionMeta;
use crate::node::Operation;
use crate::wire::grpc::{self, Payload};
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::sync::Arc;

/// What a connection's client said of itself, from its setup on.
pub type Introduced = Arc<Mutex<Option<Arc<ConnectionMeta>>>>;

/// Serves a stream until either side ends it.
pub async fn serve(
    shared: Arc<Shared>,
    line: Arc<Line>,
    introduced: Introduced,
    body: RecvStream,
    mut respond: SendResponse<Bytes>,
) {
    let mut reader = Reader::new(body);
    let mut output = Output { stream: None, pending: None };
    let status = loop {
        if output.pending.is_none() {
            output.pending = line.next();
        }
        if output.pending.is_some() && !output.begin(&mut respond) {
            return;
        }
        tokio::select! {
            incoming = reader.next() => match incoming {
                Incoming::Message(payload) => take(&shared, &line, &introduced, payload),
                Incoming::End => break "0",
                Incoming::Noise => {
                    unread(&shared.node, NOISE);
                    break "2";
                }
                Incoming::TooLarge => {
                    unread(&shared.node, TOO_LARGE);
                    respond.send_reset(h2::Reason::CANCEL);
                    return;
                }
                Incoming::Broken => return,
            },
            sent = output.send(), if output.pending.is_some() => if !sent {
                return;
            },
            () = line.changed.notified() => if line.is_stopped() {
                respond.send_reset(h2::Reason::CANCEL);
                return;
            } else if line.is_ending() {
                break "0";
            },
        }
    };
    output.end(respond, status);
}

/// The server's side of the stream.
struct Output {
    stream: Option<SendStream<Bytes>>,
    /// What is to be sent next.
    pending: Option<Bytes>,
}

impl Output {
    /// Makes sure that the head is sent; false when the stream is gone.
    fn begin(&mut self, respond: &mut SendResponse<Bytes>) -> bool {
        if self.stream.is_none() {
            self.stream = respond.send_response(head(), false).ok();
        }
        self.stream.is_some()
    }

    /// Sends some of what is pending, as much as the client has room for; false when the stream is
    /// gone. Nothing is lost when this is given up.
    async fn send(&mut self) -> bool {
        let (Some(stream), Some(pending)) = (&mut self.stream, &mut self.pending) else {
            return true;
        };
        stream.reserve_capacity(pending.len());
        let room = match poll_fn(|context| stream.poll_capacity(context)).await {
            Some(Ok(room)) => room.min(pending.len()),
            _ => return false,
        };
        let part = pending.split_to(room);
        let sent = stream.send_data(part, false).is_ok();
        if pending.is_empty() {
            self.pending = None;
        }
        sent
    }

    fn end(self, mut respond: SendResponse<Bytes>, status: &'static str) {
        // Nobody is told that the stream was gone already.
        match self.stream {
            Some(mut stream) => {
                let mut trailers = trailers();
                trailers.insert("grpc-status", http::HeaderValue::from_static(status));
                let _ = stream.send_trailers(trailers);
            }
            None => {
                let _ = respond.send_response(status_only(status, None), true);
            }
        }
    }
}

/// Takes what a client says on its stream.
fn take(shared: &Shared, line: &Line, introduced: &Introduced, payload: Payload) {
    if payload.kind == "ConnectionSetupRequest" {
        return set_up(shared, line, introduced, &payload);
    }
    if !grpc::is_response(&payload.kind) {
        // Nothing else is read here, whatever it says.
        return unread(&shared.node, NOISE);
    }
    let meta = introduced.lock().clone();
    match (grpc::client_answer(&payload.text()), meta) {
        (Some(answer), Some(meta)) => {
            shared.node.answered(&meta, answer.ask, answer.success);
            shared.lines.answered(answer.ask);
        }
        _ => shared.node.metrics.count_stray_ack(),
    }
}

fn set_up(shared: &Shared, line: &Line, introduced: &Introduced, payload: &Payload) {
    let Some(setup) = grpc::setup(&payload.text()) else {
        return Note::new(Operation::Connect).answered(&shared.node, "", NOISE);
    };
    let meta = Arc::new(ConnectionMeta {
        id: line.id,
        name: line.name.as_str().into(),
        remote: line.remote,
        local: line.local,
        client_ip: payload.client_ip.as_str().into(),
        version: setup.version,
        labels: setup.labels,
        tenant: setup.tenant,
        abilities: setup.abilities,
    });
    shared.node.connected(&meta);
    introduced.lock().get_or_insert(meta);
}
