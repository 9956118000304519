//! How long a connection may stay as it is. A client that is connected and has its stream may stay
//! for ever; then there is no timer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may take for the beginning of HTTP/2.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection may take to end in order.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a connection may stay without a single call on it that is not over.
const IDLE: Duration = Duration::from_secs(300);

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The client's first words.
    Silent,
    /// A call.
    Idle,
    /// What is open, until then if there is a limit.
    Busy(Option<Instant>),
    /// Its end.
    Ending,
}

/// The time of one connection.
#[derive(Debug)]
pub struct Watch {
    /// When the connection began, or something was last open on it.
    stirred: Instant,
    /// When its end began.
    ended: Option<Instant>,
    /// May go off early, never late: it is not put off each time something comes.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Watch {
    /// Of a connection that begins.
    pub fn new(now: Instant) -> Self {
        Self { stirred: now, ended: None, alarm: None }
    }

    /// Something is open.
    pub fn stirred(&mut self, now: Instant) {
        self.stirred = now;
    }

    /// Ready when a stage has lasted too long; else the task is woken when it will have.
    pub fn poll(&mut self, context: &mut Context<'_>, stage: Stage, now: Instant) -> Poll<()> {
        let due = match stage {
            Stage::Silent => Some(self.stirred + HANDSHAKE),
            Stage::Idle => Some(self.stirred + IDLE),
            Stage::Busy(due) => due,
            Stage::Ending => Some(*self.ended.get_or_insert(now) + FAREWELL),
        };
        let Some(due) = due else {
            self.alarm = None;
            return Poll::Pending;
        };
        if due <= now {
            return Poll::Ready(());
        }
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if alarm.deadline() > due {
            alarm.as_mut().reset(due);
        }
        while alarm.as_mut().poll(context).is_ready() {
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(due);
        }
        Poll::Pending
    }
}
