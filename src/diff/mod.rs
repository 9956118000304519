//! `facos diff`: do all nodes hold the same?
//!
//! - `compare`: what differs, service sets first, then instances field by field; never counts,
//!   which are equal where one instance is missing and another too many.
//! - `watch`: polls until what differs is stable, so that the usual lag of a cluster stays silent.
mod compare;
mod watch;

pub use compare::{Difference, Subject, compare, minority};
pub use watch::{Options, Outcome, watch};
