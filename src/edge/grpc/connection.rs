//! One TCP connection: HTTP/2 with the settings of the real server, its calls side by side, and its
//! end, which takes away what the client published (`grpc/drop-removes`).

use super::lines::Line;
use super::message::{Incoming, NOISE, Reader, TOO_LARGE, head, status_only, trailers, unread};
use super::server::Shared;
use super::stream::{self, Introduced};
use super::unary;
use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use h2::server::{Connection, SendResponse};
use h2::{RecvStream, SendStream};
use http::Request;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Path of unary calls.
const UNARY: &str = "/Request/request";
/// Path of the stream.
const STREAM: &str = "/BiRequestStream/requestBiStream";
/// How long a client may take for the beginning of HTTP/2.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a unary call may take to arrive and to be read back.
const UNARY_PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection may take to end in order.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a connection may stay without a single call on it that is not over.
const IDLE: Duration = Duration::from_secs(300);
/// Calls that one connection may have under way; more are refused.
const MAX_CALLS: usize = 1_024;

/// The windows and limits that a real server announces.
const STREAM_WINDOW_BYTES: u32 = 1_048_576;
const CONNECTION_WINDOW_BYTES: u32 = 1_048_576;
const MAX_STREAMS: u32 = 2_147_483_647;
const MAX_HEADER_BYTES: u32 = 8_192;

type Served = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves a connection until it ends.
pub async fn serve(shared: Arc<Shared>, line: Arc<Line>, socket: TcpStream) {
    let introduced = Introduced::default();
    // What begins lies in a place of its own: a task keeps room for every state that it was ever
    // in, twice for what is handed on, as long as the client stays.
    if let Some(connection) = Box::pin(begun(socket)).await {
        talk(&shared, &line, &introduced, connection).await;
    }
    shared.lines.close(line.id);
    line.listening.end();
    let meta = introduced.lock().take();
    shared.node.disconnected(line.id, meta.as_deref());
}

/// The connection when HTTP/2 has begun on it, boxed here so that nobody keeps room to hand it on.
async fn begun(socket: TcpStream) -> Option<Box<Connection<TcpStream, Bytes>>> {
    let beginning = timeout(HANDSHAKE, builder().handshake(socket)).await;
    beginning.ok()?.ok().map(Box::new)
}

fn builder() -> h2::server::Builder {
    let mut builder = h2::server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES);
    builder
}

async fn talk(
    shared: &Arc<Shared>,
    line: &Arc<Line>,
    introduced: &Introduced,
    mut connection: Box<Connection<TcpStream, Bytes>>,
) {
    let mut calls: FuturesUnordered<Served> = FuturesUnordered::new();
    let mut ending = false;
    let over = tokio::time::sleep(IDLE);
    tokio::pin!(over);
    loop {
        tokio::select! {
            accepted = poll_fn(|context| connection.poll_accept(context)) => match accepted {
                Some(Ok((request, respond))) => {
                    if calls.len() >= MAX_CALLS {
                        refuse(respond);
                        continue;
                    }
                    calls.push(begin(shared, line, introduced, request, respond));
                }
                // A client that resets its connection is as welcome to go as one that ends it.
                Some(Err(_)) | None => return,
            },
            Some(()) = calls.next(), if !calls.is_empty() => {
                if calls.is_empty() && !ending {
                    over.as_mut().reset(tokio::time::Instant::now() + IDLE);
                }
            }
            () = line.ending.notified(), if !ending => {
                if line.is_cut() {
                    return;
                }
                ending = true;
                connection.graceful_shutdown();
                over.as_mut().reset(tokio::time::Instant::now() + FAREWELL);
            }
            () = over.as_mut(), if ending || calls.is_empty() => {
                if ending {
                    return;
                }
                line.end();
            }
        }
    }
}

fn refuse(mut respond: SendResponse<Bytes>) {
    respond.send_reset(h2::Reason::REFUSED_STREAM);
}

fn begin(
    shared: &Arc<Shared>,
    line: &Arc<Line>,
    introduced: &Introduced,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) -> Served {
    let (shared, line) = (shared.clone(), line.clone());
    match request.uri().path() {
        UNARY => Box::pin(async move {
            // A call that takes too long is dropped, which resets its stream.
            let _ = timeout(UNARY_PATIENCE, call(&shared, &line, request, respond)).await;
        }),
        STREAM => {
            Box::pin(stream::serve(shared, line, introduced.clone(), request.into_body(), respond))
        }
        path => {
            let message = format!("Method not found: {}", path.trim_start_matches('/'));
            // Nobody is told that the stream was gone already.
            let _ = respond.send_response(status_only("12", Some(&message)), true);
            Box::pin(std::future::ready(()))
        }
    }
}

async fn call(
    shared: &Shared,
    line: &Arc<Line>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let mut reader = Reader::new(request.into_body());
    match reader.next().await {
        Incoming::Message(payload) => {
            let answer = unary::answer(shared, line, payload).await.encode();
            if let Ok(stream) = respond.send_response(head(), false) {
                send(stream, answer).await;
            }
        }
        Incoming::Noise | Incoming::End => {
            unread(&shared.node, NOISE);
            // As above.
            let _ = respond.send_response(status_only("2", None), true);
        }
        Incoming::TooLarge => {
            unread(&shared.node, TOO_LARGE);
            respond.send_reset(h2::Reason::CANCEL);
        }
        Incoming::Broken => {}
    }
}

/// Sends a message as fast as the client makes room for it, and the end of the response.
async fn send(mut stream: SendStream<Bytes>, mut message: Bytes) {
    while !message.is_empty() {
        stream.reserve_capacity(message.len());
        let mut room = stream.capacity();
        if room == 0 {
            room = match poll_fn(|context| stream.poll_capacity(context)).await {
                Some(Ok(room)) => room,
                _ => return,
            };
        }
        let part = message.split_to(room.min(message.len()));
        if stream.send_data(part, false).is_err() {
            return;
        }
    }
    // The client may have given up meanwhile.
    let _ = stream.send_trailers(trailers());
}
