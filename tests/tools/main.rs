//! The tools of operators against running servers: real sockets, and clocks that stand still.
//!
//! - `snapshot`: every version, under load, and nodes that die or disagree.

mod deployment;
mod snapshot;
