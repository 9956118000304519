//! One connection: bytes in, requests to the handler, answers out, in order.
//!
//! Everything between two waits happens in one synchronous step on buffers that the worker's
//! connections share, so a connection that waits for its next request owns a socket and nothing
//! else.

use super::body::{Chunks, Step};
use super::request::{BodyLength, Head, Parsed, Request, parse};
use super::response::{self, Answer, Manner, Response};
use super::server::Worker;
use super::tomcat;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{ErrorKind, Result};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Size of the buffer a worker reads into, bytes.
const READ_BYTES: usize = 64 * 1024;
/// Answers to pipelined requests are sent before more are made once they have this size, bytes: a
/// client that asks for large lists and reads none of them must not fill the memory.
const ANSWER_BYTES: usize = 256 * 1024;
/// The limit on the number of headers can not be set higher than this.
const MAX_HEADERS: usize = 128;
/// After a refusal so much of what still comes is read and thrown away, so that the kernel does not
/// reset the connection before the client has read the answer, bytes.
const LINGER_BYTES: usize = 1024 * 1024;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A connection as the worker's sweeper sees it, and the half of it that is written to.
pub struct Connection {
    pub(super) stream: OwnedWriteHalf,
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    /// The worker's second at which patience ends.
    pub(super) deadline_s: Cell<u32>,
    /// Between two requests.
    pub(super) idle: Cell<bool>,
}

/// What a request under way still needs.
#[derive(Default)]
struct Pending {
    /// Bytes that belong to no answered request yet.
    bytes: Vec<u8>,
    /// So many bytes are needed before a look makes sense.
    need: usize,
    /// A chunked body under way: behind so many bytes of head.
    chunked: Option<(usize, Chunks, Vec<u8>)>,
    /// `100 Continue` was sent.
    continued: bool,
}

/// What to do after a step.
enum Next {
    Read,
    Write(Vec<u8>, bool),
    /// Send these bytes, then wait for the answer that follows them.
    Wait(Vec<u8>, Pin<Box<dyn Future<Output = Response> + Send>>, Manner),
    Close,
    Linger,
}

/// Serves a connection until it ends.
pub async fn run(worker: Rc<Worker>, connection: Rc<Connection>, mut input: OwnedReadHalf) {
    let mut pending = Pending::default();
    let mut next = Next::Read;
    loop {
        next = match next {
            Next::Read => {
                let idle = pending.bytes.is_empty();
                connection.idle.set(idle);
                if idle {
                    worker.patience(&connection, worker.limits.keep_alive);
                } else if connection.deadline_s.get() == u32::MAX {
                    worker.patience(&connection, worker.limits.request_timeout);
                }
                read_some(&mut input, |bytes| match bytes {
                    Ok([]) | Err(_) => Next::Close,
                    Ok(bytes) => read(&worker, &connection, &mut pending, bytes),
                })
                .await
            }
            Next::Write(bytes, keep) => match write_all(&worker, &connection, &bytes).await {
                Ok(()) if keep => take(&worker, &connection, &mut pending),
                Ok(()) => Next::Linger,
                Err(_) => Next::Close,
            },
            Next::Wait(mut bytes, answer, manner) => {
                connection.deadline_s.set(u32::MAX);
                let response = settle(answer).await;
                let keep = response::write(&mut bytes, &response, worker.manner(manner));
                Next::Write(bytes, keep)
            }
            Next::Linger => {
                linger(&worker, &connection, &mut input).await;
                Next::Close
            }
            Next::Close => return,
        }
    }
}

/// Waits for an answer; a panic on the way is an answer, too.
async fn settle(mut answer: Pin<Box<dyn Future<Output = Response> + Send>>) -> Response {
    std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled.unwrap_or_else(|_| {
            tracing::error!("an answer under way panicked; answered 500");
            Poll::Ready(Response::empty(500))
        })
    })
    .await
}

/// Waits until something arrives and looks at it in the worker's buffer; no bytes are the end.
///
/// Polling, unlike `try_read`, takes a buffer that was not filled for the sign that nothing is
/// left, which saves a read in vain for every request.
async fn read_some<T>(input: &mut OwnedReadHalf, mut look: impl FnMut(Result<&[u8]>) -> T) -> T {
    std::future::poll_fn(|context| {
        INPUT.with_borrow_mut(|room| {
            let mut room = ReadBuf::new(room);
            let read = std::task::ready!(Pin::new(&mut *input).poll_read(context, &mut room));
            Poll::Ready(look(read.map(|()| room.filled())))
        })
    })
    .await
}

/// Answers what is complete with these bytes.
fn read(worker: &Worker, connection: &Connection, pending: &mut Pending, bytes: &[u8]) -> Next {
    connection.idle.set(false);
    if pending.bytes.is_empty() && pending.chunked.is_none() {
        worker.patience(connection, worker.limits.request_timeout);
        let (consumed, next) = answer_all(worker, connection, bytes, pending);
        pending.bytes.extend_from_slice(&bytes[consumed..]);
        return next;
    }
    pending.bytes.extend_from_slice(bytes);
    if take_chunks(pending, worker.limits.body_bytes) {
        return Next::Read;
    }
    let is_chunked = pending.chunked.is_some();
    let complete = pending.bytes.len() >= pending.need;
    let refusable = pending.bytes.len() >= worker.limits.head_bytes;
    let look = is_chunked || pending.need > 0 || refusable || bytes.contains(&b'\n');
    if look && complete { take(worker, connection, pending) } else { Next::Read }
}

/// Takes the chunks that came of a body under way; true when more must come. The head is not read
/// again for them: a client may send half a megabyte of it, and then single bytes.
fn take_chunks(pending: &mut Pending, body_bytes: usize) -> bool {
    let Some((head, chunks, body)) = &mut pending.chunked else { return false };
    let (taken, step) = chunks.take(&pending.bytes[*head..], body);
    pending.bytes.drain(*head..*head + taken);
    step == Step::More && body.len() <= body_bytes
}

/// Answers what is complete among the pending bytes.
fn take(worker: &Worker, connection: &Connection, pending: &mut Pending) -> Next {
    if pending.bytes.is_empty() {
        return Next::Read;
    }
    let bytes = std::mem::take(&mut pending.bytes);
    let (consumed, next) = answer_all(worker, connection, &bytes, pending);
    if consumed == 0 && pending.bytes.is_empty() {
        pending.bytes = bytes;
    } else {
        let mut rest = bytes[consumed..].to_vec();
        rest.append(&mut pending.bytes);
        pending.bytes = rest;
    }
    next
}

/// Answers requests from the front of `bytes` until one is incomplete, and says how many bytes
/// they took.
fn answer_all(
    worker: &Worker,
    connection: &Connection,
    bytes: &[u8],
    pending: &mut Pending,
) -> (usize, Next) {
    OUTPUT.with_borrow_mut(|out| {
        out.clear();
        let mut at = 0;
        let next = loop {
            if at == bytes.len() {
                break Next::Read;
            }
            if out.len() >= ANSWER_BYTES {
                break Next::Write(Vec::new(), true);
            }
            match answer_one(worker, connection, &bytes[at..], pending, out) {
                One::Answered(length, true) => at += length,
                One::Answered(length, false) => {
                    at += length;
                    break Next::Linger;
                }
                One::Later(length, answer, manner) => {
                    at += length;
                    break Next::Wait(Vec::new(), answer, manner);
                }
                One::Incomplete(taken) => {
                    at += taken;
                    break Next::Read;
                }
            }
        };
        (at, flush(connection, out, next))
    })
}

/// Sends what was written; what the kernel does not take at once waits.
fn flush(connection: &Connection, out: &mut Vec<u8>, next: Next) -> Next {
    let mut sent = 0;
    while sent < out.len() {
        match connection.stream.try_write(&out[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(_) => return Next::Close,
        }
    }
    let rest = out.split_off(sent.min(out.len()));
    if out.capacity() > 4 * READ_BYTES {
        *out = Vec::new();
    }
    match next {
        next if rest.is_empty() => next,
        Next::Linger => Next::Write(rest, false),
        Next::Wait(_, answer, manner) => Next::Wait(rest, answer, manner),
        _ => Next::Write(rest, true),
    }
}

/// One request from the front of the bytes.
enum One {
    Answered(usize, bool),
    Later(usize, Pin<Box<dyn Future<Output = Response> + Send>>, Manner),
    Incomplete(usize),
}

fn answer_one(
    worker: &Worker,
    connection: &Connection,
    bytes: &[u8],
    pending: &mut Pending,
    out: &mut Vec<u8>,
) -> One {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let room = worker.limits.headers.min(fields.len());
    let head = match parse(bytes, &mut fields[..room], &worker.limits) {
        Parsed::Partial => {
            pending.need = 0;
            // Blank lines in front are forgotten, or each more of them would be looked at again.
            let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            return One::Incomplete(blank);
        }
        Parsed::Refused(status) => return refuse(worker, bytes, status, out),
        Parsed::Head(head) => head,
    };
    match head.length {
        BodyLength::Known(length) if length > worker.limits.body_bytes as u64 => {
            refuse(worker, bytes, 413, out)
        }
        BodyLength::Known(length) => {
            let end = head.bytes + length as usize;
            if bytes.len() < end {
                continue_once(&head, pending, out);
                pending.need = end;
                return One::Incomplete(0);
            }
            let body = &bytes[head.bytes..end];
            *pending = Pending { bytes: std::mem::take(&mut pending.bytes), ..Pending::default() };
            dispatch(worker, connection, &head, body, end, out)
        }
        BodyLength::Chunked => chunked(worker, connection, bytes, &head, pending, out),
    }
}

/// Takes a chunked body apart as far as it has come. The bytes of the head stay in front until the
/// body is complete; taken chunks do not.
fn chunked(
    worker: &Worker,
    connection: &Connection,
    bytes: &[u8],
    head: &Head<'_>,
    pending: &mut Pending,
    out: &mut Vec<u8>,
) -> One {
    let (_, mut chunks, mut body) =
        pending.chunked.take().unwrap_or((head.bytes, Chunks::default(), Vec::new()));
    let (taken, step) = chunks.take(&bytes[head.bytes..], &mut body);
    match step {
        Step::Bad => refuse(worker, bytes, 400, out),
        Step::More if body.len() > worker.limits.body_bytes => refuse(worker, bytes, 413, out),
        Step::More => {
            continue_once(head, pending, out);
            // Put the head back in front of what was not taken.
            pending.bytes.extend_from_slice(&bytes[..head.bytes]);
            pending.bytes.extend_from_slice(&bytes[head.bytes + taken..]);
            pending.chunked = Some((head.bytes, chunks, body));
            pending.need = 0;
            One::Incomplete(bytes.len())
        }
        Step::Done => {
            pending.continued = false;
            dispatch(worker, connection, head, &body, head.bytes + taken, out)
        }
    }
}

fn continue_once(head: &Head<'_>, pending: &mut Pending, out: &mut Vec<u8>) {
    if head.expects_continue && !pending.continued {
        pending.continued = true;
        out.extend_from_slice(b"HTTP/1.1 100 \r\n\r\n");
    }
}

fn dispatch(
    worker: &Worker,
    connection: &Connection,
    head: &Head<'_>,
    body: &[u8],
    length: usize,
    out: &mut Vec<u8>,
) -> One {
    if head.target == "*" {
        let response = tomcat::asterisk(worker.pages, head.method);
        return One::Answered(length, response::write(out, &response, worker.manner(head.manner)));
    }
    let (path, query) = match head.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (head.target, None),
    };
    let request = Request {
        method: head.method,
        target: head.target,
        path,
        query,
        http_10: head.http_10,
        headers: head.headers,
        body,
        peer: connection.peer,
        local: connection.local,
    };
    let answer = catch_unwind(AssertUnwindSafe(|| worker.handler.handle(&request)));
    let answer = answer.unwrap_or_else(|_| {
        tracing::error!(method = head.method, path, "a handler panicked; answered 500");
        Answer::Now(Response::empty(500))
    });
    match answer {
        Answer::Now(response) => {
            let keep = response::write(out, &response, worker.manner(head.manner));
            One::Answered(length, keep)
        }
        Answer::Later(answer) => One::Later(length, answer, head.manner),
    }
}

/// Answers what Tomcat's connector refuses; nothing behind it is read as a request.
fn refuse(worker: &Worker, bytes: &[u8], status: u16, out: &mut Vec<u8>) -> One {
    let head_only = bytes.trim_ascii_start().starts_with(b"HEAD ");
    let manner = Manner { http_10: false, head_only, keep: false, keep_asked: false };
    response::write(out, &tomcat::page(worker.pages, status), manner);
    One::Answered(bytes.len(), false)
}

async fn write_all(worker: &Worker, connection: &Connection, bytes: &[u8]) -> Result<()> {
    let mut sent = 0;
    while sent < bytes.len() {
        worker.patience(connection, worker.limits.request_timeout);
        connection.stream.writable().await?;
        match connection.stream.try_write(&bytes[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Ends our side and reads away what the client still sends.
async fn linger(worker: &Worker, connection: &Connection, input: &mut OwnedReadHalf) {
    let socket = socket2::SockRef::from(connection.stream.as_ref());
    if socket.shutdown(std::net::Shutdown::Write).is_err() {
        return;
    }
    worker.patience(connection, std::time::Duration::from_secs(1));
    let mut thrown = 0;
    while thrown < LINGER_BYTES {
        match read_some(input, |bytes| bytes.map_or(0, <[u8]>::len)).await {
            0 => return,
            count => thrown += count,
        }
    }
}
