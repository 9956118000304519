//! Plays recorded transcripts against any server and reports every difference.
//!
//! The judge is independent of the server in this package: it speaks through `client` alone and
//! reaches exactly the verdicts of the player that the transcripts came with.
//! - `transcript`: the file format, strictly.
//! - `session`, `clock`: what one run holds, and how it waits: really, or by advancing the clock of
//!   a server.
//! - `steps`: HTTP, UDP and TCP steps; `compare`: recorded against seen.
//! - `play`: one transcript; `run`: many; `report`: their verdicts as text, JSON lines or JUnit.
mod clock;
mod compare;
mod mask;
mod play;
mod python_json;
pub mod report;
pub mod run;
mod session;
mod steps;
mod transcript;

pub use clock::Time;
pub use play::{Difference, PlayOptions, Traffic, Verdict, play};
pub use transcript::{LoadError, Transcript, load, load_file};
