//! One TCP connection: its calls side by side, its stream, and its end, which takes away what the
//! client published (`grpc/drop-removes`).
//!
//! The task of a connection is this one state, driven by its socket, its line and its time. What
//! comes is read into a buffer that all connections of a thread share, and what goes out leaves
//! from one: a client that says nothing keeps neither.

use super::lines::Line;
use super::message::{Incoming, NOISE, Reader, TOO_LARGE, unread};
use super::server::Shared;
use super::session::{Event, Session};
use super::stream::{self, Introduced};
use super::time::{Stage, Watch};
use super::unary;
use crate::wire::grpc::{Payload, STREAM_PATH, UNARY_PATH};
use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// How long a unary call may take to arrive and to be read back.
const UNARY_PATIENCE: Duration = Duration::from_secs(60);
/// Calls of one connection whose answers may be awaited; more are given up.
const MAX_AWAITED: usize = 1_024;
/// What one client may have said of messages that are not whole yet, bytes: six of the largest.
const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;
/// What is read at once.
const INPUT_BYTES: usize = 64 * 1024;
/// A client that does not read what was sent is not read either beyond this.
const MAX_UNSENT_BYTES: usize = 256 * 1024;
/// A larger buffer is not kept for others.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = RefCell::new(vec![0; INPUT_BYTES]);
    static OUTPUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The answer to the call of a stream.
type Awaited = Pin<Box<dyn Future<Output = (u32, Bytes)> + Send>>;

/// Serves a connection until it ends.
pub async fn serve(shared: Arc<Shared>, line: Arc<Line>, socket: TcpStream) {
    let introduced = Conversation::new(shared.clone(), line.clone(), socket).await;
    shared.lines.close(line.id);
    line.listening.end();
    shared.node.disconnected(line.id, introduced.as_deref());
}

/// What is kept of an open stream.
struct Exchange {
    purpose: Purpose,
    reader: Reader,
    opened: Instant,
    /// Nothing more of it is read.
    is_heard: bool,
}

enum Purpose {
    Unary,
    Talk,
    Nothing(String),
}

/// A connection; its outcome is what its client said of itself.
struct Conversation {
    shared: Arc<Shared>,
    line: Arc<Line>,
    socket: TcpStream,
    session: Session<Exchange>,
    /// The beginning of a frame of which more must come.
    part: Vec<u8>,
    awaited: FuturesUnordered<Awaited>,
    introduced: Introduced,
    watch: Watch,
    /// The time of this turn.
    now: Instant,
    is_ending: bool,
}

impl Future for Conversation {
    type Output = Introduced;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Introduced> {
        let this = &mut *self;
        this.line.changed.register(context.waker());
        if this.session.out.capacity() == 0 {
            this.session.out = OUTPUT.take();
        }
        let over = this.go_on(context);
        if this.session.out.is_empty() && this.session.out.capacity() <= MAX_KEPT_BYTES {
            OUTPUT.set(std::mem::take(&mut this.session.out));
        }
        over.map(|()| this.introduced.take())
    }
}

impl Conversation {
    fn new(shared: Arc<Shared>, line: Arc<Line>, socket: TcpStream) -> Self {
        let now = Instant::now();
        Self {
            shared,
            line,
            socket,
            session: Session::begin(),
            part: Vec::new(),
            awaited: FuturesUnordered::new(),
            introduced: None,
            watch: Watch::new(now),
            now,
            is_ending: false,
        }
    }

    /// Does what can be done now; ready when the connection is over.
    fn go_on(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.now = Instant::now();
        loop {
            if self.line.is_cut() {
                return Poll::Ready(());
            }
            if !self.session.is_idle() {
                self.watch.stirred(self.now);
            }
            self.take_answers(context);
            let read = self.read(context);
            self.talk();
            self.session.settle();
            let was_full = self.is_full();
            if self.write(context).is_err() || read == Poll::Ready(false) {
                return Poll::Ready(());
            }
            if self.session.is_over() && self.session.out.is_empty() {
                // A client that is gone already need not be told.
                let _ = Pin::new(&mut self.socket).poll_shutdown(context);
                return Poll::Ready(());
            }
            if read.is_pending() && (!was_full || self.is_full()) {
                match self.overdue(context) {
                    None => return Poll::Pending,
                    Some(false) => return Poll::Ready(()),
                    Some(true) => {}
                }
            }
        }
    }

    /// Whether the client has too much to read before anything else is done for it.
    fn is_full(&self) -> bool {
        self.session.out.len() > MAX_UNSENT_BYTES
    }

    /// Whether the connection stays, when something on it was over its time.
    fn overdue(&mut self, context: &mut Context<'_>) -> Option<bool> {
        let call = self.oldest_call();
        let stage = match call {
            _ if self.is_ending || self.session.is_over() => Stage::Ending,
            _ if !self.session.is_open() => Stage::Silent,
            _ if self.session.is_idle() => Stage::Idle,
            call => Stage::Busy(call.map(|(_, opened)| opened + UNARY_PATIENCE)),
        };
        if self.watch.poll(context, stage, self.now).is_pending() {
            return None;
        }
        match (stage, call) {
            (Stage::Busy(_), Some((id, _))) => self.session.cancel(id),
            (Stage::Idle, _) => self.line.end(),
            _ => return Some(false),
        }
        Some(true)
    }

    /// The call that is open for the longest time, and since when.
    fn oldest_call(&mut self) -> Option<(u32, Instant)> {
        let mut streams = self.session.streams();
        let call = streams.find(|(_, one)| !matches!(one.purpose, Purpose::Talk));
        call.map(|(id, one)| (id, one.opened))
    }

    fn take_answers(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some((id, answer))) = self.awaited.poll_next_unpin(context) {
            self.answer(id, answer);
        }
    }

    fn answer(&mut self, id: u32, answer: Bytes) {
        self.session.send(id, answer);
        self.session.finish(id, "0", None);
    }

    /// Reads and heeds what has come; false when nothing will come any more.
    fn read(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if self.is_full() || self.session.is_over() {
            return Poll::Pending;
        }
        INPUT.with_borrow_mut(|input| {
            let kept = self.part.len();
            input[..kept].copy_from_slice(&self.part);
            let mut room = ReadBuf::new(&mut input[kept..]);
            let read = ready!(Pin::new(&mut self.socket).poll_read(context, &mut room));
            let count = room.filled().len();
            if read.is_err() || count == 0 {
                return Poll::Ready(false);
            }
            let bytes = &input[..kept + count];
            let used = self.heed(bytes, context);
            self.part = bytes[used..].to_vec();
            Poll::Ready(true)
        })
    }

    /// Heeds whole frames; how many bytes they were.
    fn heed(&mut self, bytes: &[u8], context: &mut Context<'_>) -> usize {
        let (mut used, now) = (0, self.now);
        loop {
            let open = |path: &[u8]| Exchange::new(path, now);
            match self.session.take(&bytes[used..], open) {
                Ok(Some((length, event))) => {
                    used += length;
                    match event {
                        Event::Nothing => {}
                        Event::Opened(id, ended) => self.opened(id, ended, context),
                        Event::Data(id, data, ended) => self.hear(id, data, ended, context),
                    }
                }
                Ok(None) => return used,
                Err(failure) => {
                    self.session.give_up(failure);
                    return bytes.len();
                }
            }
        }
    }

    fn opened(&mut self, id: u32, ended: bool, context: &mut Context<'_>) {
        self.watch.stirred(self.now);
        let Some(exchange) = self.session.stream(id) else { return };
        if let Purpose::Nothing(path) = &exchange.purpose {
            let message = format!("Method not found: {}", path.trim_start_matches('/'));
            exchange.is_heard = true;
            self.session.finish(id, "12", Some(&message));
        } else if ended {
            self.hear(id, &[], true, context);
        }
    }

    fn hear(&mut self, id: u32, data: &[u8], ended: bool, context: &mut Context<'_>) {
        match self.session.stream(id) {
            Some(exchange) if !exchange.is_heard => exchange.reader.take(data),
            _ => return,
        }
        while let Some(exchange) = self.session.stream(id)
            && !exchange.is_heard
            && let Some(incoming) = exchange.reader.next(ended)
        {
            let talks = matches!(exchange.purpose, Purpose::Talk);
            exchange.is_heard = !talks || !matches!(incoming, Incoming::Message(_));
            match incoming {
                Incoming::Message(said) if talks => {
                    stream::take(&self.shared, &self.line, &mut self.introduced, &said);
                }
                Incoming::Message(asked) => self.ask(id, asked, context),
                // When the client ends its side the other ends too, and the connection stays
                // (`grpc/half-close`, `grpc/stream-garbage`).
                Incoming::End if talks => self.session.finish(id, "0", None),
                Incoming::Noise | Incoming::End => {
                    unread(&self.shared.node, NOISE);
                    self.session.finish(id, "2", None);
                }
                Incoming::TooLarge => {
                    unread(&self.shared.node, TOO_LARGE);
                    self.session.cancel(id);
                }
            }
        }
        let held = |exchange: &Exchange| exchange.reader.held_bytes();
        if self.session.stream(id).is_some_and(|exchange| held(exchange) > data.len())
            && self.session.streams().map(|(_, each)| held(each)).sum::<usize>() > MAX_HELD_BYTES
        {
            unread(&self.shared.node, TOO_LARGE);
            self.session.cancel(id);
        }
    }

    /// Has a call answered. Most answers are there at once.
    fn ask(&mut self, id: u32, asked: Payload, context: &mut Context<'_>) {
        if self.awaited.len() >= MAX_AWAITED {
            return self.session.cancel(id);
        }
        let (shared, line) = (self.shared.clone(), self.line.clone());
        let mut answering: Awaited =
            Box::pin(async move { (id, unary::answer(&shared, &line, asked).await.encode()) });
        match answering.as_mut().poll(context) {
            Poll::Ready((id, answer)) => self.answer(id, answer),
            Poll::Pending => self.awaited.push(answering),
        }
    }

    /// Says what the line has to say on the stream, one after the other as the client takes them.
    fn talk(&mut self) {
        if self.line.is_ending() && !self.is_ending {
            self.is_ending = true;
            self.session.announce_end();
        }
        let mut last = 0;
        while let Some(id) = self.talk_after(last) {
            last = id;
            if self.line.is_stopped() {
                self.session.cancel(id);
            } else if self.is_ending {
                self.session.finish(id, "0", None);
            }
            while !self.is_full()
                && !self.is_ending
                && !self.session.is_full(id)
                && let Some(message) = self.line.next()
            {
                self.session.send(id, message);
            }
        }
    }

    fn talk_after(&mut self, last: u32) -> Option<u32> {
        let talk = self.session.streams().find(|(id, one)| *id > last && one.is_talk());
        talk.map(|(id, _)| id)
    }

    /// Sends what the socket takes.
    fn write(&mut self, context: &mut Context<'_>) -> std::io::Result<()> {
        while !self.session.out.is_empty() {
            let out = &self.session.out;
            match Pin::new(&mut self.socket).poll_write(context, out) {
                Poll::Ready(Ok(count)) if count == out.len() => self.session.out.clear(),
                Poll::Ready(Ok(count)) => drop(self.session.out.drain(..count)),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        Ok(())
    }
}

impl Exchange {
    fn new(path: &[u8], opened: Instant) -> Self {
        let purpose = match &*String::from_utf8_lossy(path) {
            UNARY_PATH => Purpose::Unary,
            STREAM_PATH => Purpose::Talk,
            path => Purpose::Nothing(path.to_owned()),
        };
        Self { purpose, reader: Reader::default(), opened, is_heard: false }
    }

    /// Whether its client hears of things here.
    fn is_talk(&self) -> bool {
        matches!(self.purpose, Purpose::Talk) && !self.is_heard
    }
}
