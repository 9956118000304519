//! `facos gateway-sim`: when should a gateway take an instance in or out?
//!
//! - `decide`: the decision table. Pure.
//! - `trace`: what happened, as a file: what the registry held, what reached the gateway, and who
//!   could really serve.
//! - `journal`: the same from a journal of facos.
//! - `play`: plays a trace, and counts the seconds in which the gateway was wrong. Pure.
mod decide;
mod journal;
mod play;
mod trace;

pub use decide::{Change, Gateway, Hold, Host, Policy, Reason};
pub use journal::from_journal;
pub use play::{Played, Step, Wrong, play};
pub use trace::{Event, Trace, TraceError};

#[cfg(test)]
mod situations_tests;
