//! `facos upgrade watch`: in which phase is each node, and may the next step be taken?
//!
//! - `poll`: what a node tells of its upgrade.
//! - `judge`: phases, go or no-go, and the reasons. Pure, with the history it needs.
mod judge;
mod poll;

pub use judge::{History, Judgement, NodeState, Phase};
pub use poll::{Metrics, NodePoll, RaftLeader, SeenMember, poll};
