//! The load generator against a server whose every delay, error and lapse is known: what is
//! reported must be what was done.
mod command;
mod deploy;
mod grpc;
mod habits;
mod latency;
mod results;
mod scripted;
mod scripted_grpc;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use facos::bench::document::Document;
use facos::bench::plan::{Goal, bench};
use facos::bench::run::{Observer, Options};
use facos::bench::sdk::Sdk;
use facos::bench::target::Target;
use facos::bench::workload::{self, Workload};

/// Sees a run and says nothing.
struct Nobody;

impl Observer for Nobody {}

/// A workload as a user writes it.
fn workload(text: &str) -> Workload {
    let workload = workload::parse(text).unwrap();
    workload.check().unwrap();
    workload
}

/// Options for a short run of one worker.
fn options(url: &str, workload: Workload) -> Options {
    Options {
        target: Target::resolve(url, None).unwrap(),
        workload,
        sdk: Sdk::named("java-1.2.1").unwrap(),
        seed: 7,
        connections: 4,
        workers: 1,
        duration: Duration::from_secs(2),
        warm_up: Duration::ZERO,
        timeout: Duration::from_secs(5),
        stay_awake: false,
        machine: (0, 1),
        start_at: None,
        keep: false,
        server_pid: None,
        logs: None,
    }
}

fn run(options: Options) -> Document {
    let goal = Goal { thresholds: Vec::new(), search: None };
    bench(options, &goal, Arc::new(AtomicBool::new(false)), &mut Nobody).unwrap()
}
