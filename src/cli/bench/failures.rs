//! Why a run could not be made, as one line, a hint and an exit code.
use std::io;

use super::super::exit::{Failure, NO, UNREACHABLE, USAGE};
use crate::bench::limits::LimitError;
use crate::bench::run::RunError;
use crate::bench::target::TargetError;
use crate::bench::workload::WorkloadError;

pub(super) fn nearest(given: &str, known: &[&str]) -> String {
    let near = known.iter().map(|name| (strsim::jaro_winkler(given, name), *name));
    let near = near.filter(|(likeness, _)| *likeness > 0.8);
    match near.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("there are {}", known.join(", ")),
    }
}

pub(super) fn workload_stop(error: WorkloadError) -> Failure {
    let hint = match &error {
        WorkloadError::NoSuchPreset { name, known } => nearest(name, known),
        WorkloadError::Malformed(_) => {
            "a workload has services, instances, beating, subscribers and [[stream]] tables"
                .to_owned()
        }
        WorkloadError::Impossible(_) => {
            "change the workload or the flags that change it".to_owned()
        }
        WorkloadError::NoBeats { .. } => {
            "take steady, register-storm, restart-storm, list-only, churn or push-fanout, or an \
             --agent of 1.x"
                .to_owned()
        }
    };
    Failure::usage(error, hint)
}

pub(super) fn limit_stop(error: LimitError) -> Failure {
    let hint = match &error {
        LimitError::TooMuch { value, .. } if value == "0" => "leave it out, or take more",
        LimitError::TooMuch { .. } => {
            "where one machine is not enough, `facos bench agent` runs on several"
        }
        LimitError::TooFewFiles { .. } => {
            "raise it with `ulimit -n`, or take fewer --connections or --subscribers"
        }
    };
    Failure::usage(error, hint)
}

pub(super) fn target_stop(error: TargetError) -> Failure {
    let (code, hint) = match &error {
        TargetError::NoAddress(_) | TargetError::Unresolved { .. } => {
            (USAGE, "an address is http://host:port".to_owned())
        }
        TargetError::Remote(host) => {
            (USAGE, format!("only with your own servers: --allow-remote {host}"))
        }
        TargetError::Unreachable { .. } => {
            (UNREACHABLE, "start the server first, or correct --target".to_owned())
        }
        TargetError::NoGrpcPort(_) => (USAGE, "take a port below 64536".to_owned()),
        TargetError::NotGrpc { .. } => (
            UNREACHABLE,
            "clients of 2.x need a server of 2.x and its port 1000 above; for a 1.x server take \
             an --agent of 1.x"
                .to_owned(),
        ),
        TargetError::NotNacos { .. } => (
            UNREACHABLE,
            "the naming API of Nacos 1.x must answer at /nacos/v1/ns, without a login".to_owned(),
        ),
    };
    Failure { code, error: error.to_string(), hint }
}

pub(super) fn run_stop(error: RunError) -> Failure {
    let (code, hint) = match &error {
        RunError::Refused { .. } => {
            (UNREACHABLE, "register one instance with curl and see what the server says")
        }
        RunError::TooFewConnections { .. } => (
            USAGE,
            "a gRPC client holds one instance of a service: more --connections, fewer --workers or \
             --instances",
        ),
        RunError::Target(_) => (USAGE, "take another --target"),
        RunError::NoServices { .. } => {
            (USAGE, "services are dealt out whole: take more --services or fewer machines")
        }
        RunError::Io(_) | RunError::Worker(_) => {
            (NO, "look at the limits of open files, ports and memory of this machine")
        }
    };
    Failure { code, error: error.to_string(), hint: hint.to_owned() }
}

pub(super) fn unwatched(pid: u32, error: &io::Error) -> Failure {
    let error = format!("--server-pid {pid} cannot be watched: {error}");
    Failure::usage(
        error,
        "give the number of the server's process on this machine, or leave it out",
    )
}
