//! The tools of operators against running servers: real sockets, and clocks that stand still.
//!
//! - `snapshot`: every version, under load, and nodes that die or disagree.
//! - `diff`: one service missing, equal counts, a lag.
//! - `upgrade`: five histories, told by scripted nodes, and real nodes.
//! - `compensate`: beats on the wire.
//! - `aba`: a node of three that is killed and returns, with and without compensation.
//! - `plan`: predicted moves and those that happen.
//! - `command`: exit codes and words of the commands.

mod aba;
mod command;
mod compensate;
mod deployment;
mod diff;
mod plan;
mod snapshot;
mod upgrade;
