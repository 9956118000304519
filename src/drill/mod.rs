//! `facos drill`: what does a client still return when its registry is away, empty or odd?
//!
//! Six situations that made consumers drop every provider, each played to a command with a server
//! of ours: the command holds the client under test and prints what that returns.
//! - `course`: the six drills, and what their outcome is called.
//! - `stage`: the server, and what it can be told to do.
//! - `subject`: the command, and what it prints.
//! - `run`: a drill from its start to its verdict.
//! - `report`: the verdicts.
mod course;
pub mod report;
mod run;
mod stage;
mod subject;

pub use course::{Drill, Seen, Verdict, judge};
pub use run::{DrillError, Observer, Outcome, Times, run_drill};
pub use stage::{GROUP, HOSTS, NAMESPACE, SERVICE, Stage};
pub use subject::{Process, Said, Subject};
