//! `facos rescue`: stands in for the registry until every client sends full beats again.
//!
//! A server from 1.2 on tells its clients `lightBeatEnabled:true`; they then leave out the body of
//! their beats, and only an answered beat can tell them otherwise. A 1.1.4 server refuses every
//! such beat, so after a rollback nobody comes back
//! (`timelines/light-beat-rollback-java-1.2.1`). Here every beat is answered with the flag taken
//! back, and who sends full beats after that is kept.
//! - `recipe`: what a beat is answered.
//! - `beat`: what a beat says.
//! - `book`: who sent what, before and after our answer.
//! - `known`: instances that a snapshot names.
//! - `elsewhere`: what is answered at all other addresses without a registry behind us.
//! - `handler`: every request of a port.
//! - `run`: the course of it.
//! - `report`, `live`: what came of it, at the end and while it goes on.
mod beat;
pub mod book;
mod elsewhere;
mod handler;
mod known;
pub mod live;
mod recipe;
pub mod report;
pub mod run;

pub use known::Known;
pub use recipe::Recipe;
pub use run::{Ended, Observer, Options, Rescue, RescueError, start, watch};
