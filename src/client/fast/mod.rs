//! HTTP/1 on one thread for very many requests: readiness instead of tasks, and no allocation for
//! a request. For whoever loads servers or keeps a hundred thousand instances alive.
//! - `connection`: one socket and what is under way on it.
//! - `response`: where an answer begins and ends in the bytes that came.
//! - `beat_answer`: what a beat's answer says.
//! - `cpu`: what the sending thread costs.
//! - `wakeup`: a timer finer than the millisecond of the kernel's event queue.
mod beat_answer;
mod connection;
mod cpu;
mod response;
mod wakeup;

pub use beat_answer::BeatAnswer;
pub use connection::{Connection, Readable, UnderWay};
pub use cpu::thread_cpu;
pub use response::{MAX_BODY_BYTES, Parsed, Response, parse};
pub use wakeup::Wakeup;
