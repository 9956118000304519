//! What workers and the one who commands them say to each other.
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::super::load::{Stage, Tallies};
use super::super::record::{FAILURES, Interval};
use super::super::units::{Nanos, nanos};
use super::super::workload::Workload;
use super::news::News;

/// The run's clock: nanoseconds since its origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock(pub Instant);

impl Clock {
    /// Now.
    pub fn now(self) -> Nanos {
        nanos(self.0.elapsed())
    }
}

/// What a worker is told to do.
#[derive(Debug)]
pub enum Command {
    /// Runs a stage.
    Run {
        /// Which one.
        stage: Stage,
        /// When it begins.
        start: Nanos,
        /// From when on requests are measured.
        record_from: Nanos,
        /// When it ends at the latest.
        end: Nanos,
    },
    /// Takes another pace for the next stage that measures.
    Workload(Arc<Workload>),
}

/// What a worker has to say.
#[derive(Debug)]
pub enum Report {
    /// The measures of an interval.
    Interval(Box<Interval>),
    /// Something that people should know of happened.
    Event {
        /// When.
        at: Nanos,
        /// What.
        what: String,
    },
    /// A stage is over.
    Done(Box<Done>),
}

/// How a stage went.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// What went right and wrong since the worker began.
    pub tallies: Tallies,
    /// Requests of the stage that were tried in vain, when it was no measured one.
    pub failed: u64,
    /// The first failure of each kind, for people.
    pub samples: [Option<String>; FAILURES],
    /// Processor time of the worker's thread in this stage, but for waiting.
    pub cpu: Duration,
    /// Processor time of waiting for planned instants awake.
    pub waiting: Duration,
}

/// What all workers of a run share.
#[derive(Debug)]
pub struct Shared {
    /// The clock.
    pub clock: Clock,
    /// The server's port for what is sent.
    pub target: SocketAddr,
    /// The same as it stands in the headers of gRPC.
    pub authority: String,
    /// How long an answer may take.
    pub timeout: Nanos,
    /// Whether workers wait for planned instants awake.
    pub stay_awake: bool,
    /// What was told of the server.
    pub news: News,
    /// Set when the run is to end early.
    pub stop: AtomicBool,
}
