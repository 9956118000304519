//! `facos plan`: whose responsible member changes when members come or go, and in which order to
//! do it.
//!
//! - `moves`: the rule applied before and after. Pure.
//! - `steps`: the safe order, which differs between the cores. Pure.
mod moves;
mod steps;

pub use moves::{Move, Moves, moves, tags};
pub use steps::steps;

/// Members that come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Members are added.
    Expand,
    /// Members are removed.
    Shrink,
}
