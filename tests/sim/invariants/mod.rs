//! What must be true of a world: some of it always, some once everything is well and quiet again.

pub mod bounded;
pub mod led_without;
pub mod nothing_lost;
pub mod one_leader;
pub mod responsibility;
pub mod same_lists;
