//! Hard limits: a mistyped number must not take a network down, and a run that cannot have enough
//! sockets must say so before it begins.
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::sdk::Sdk;
use super::workload::Workload;

/// The longest run.
pub const MAX_DURATION: Duration = Duration::from_secs(24 * 3600);
/// The most connections.
pub const MAX_CONNECTIONS: u32 = 50_000;
/// The highest planned rate, in requests per second.
pub const MAX_RATE: f64 = 1_000_000.0;
/// The most threads.
pub const MAX_WORKERS: u32 = 256;
/// Files that are open beside connections: streams, logs, event queues, the runtime.
const OTHER_FILES: u64 = 64;

/// Why a run is refused.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// One of the hard limits.
    #[error("{what} is {value}, and the limit is {limit}")]
    TooMuch {
        /// Which number.
        what: &'static str,
        /// What was asked for.
        value: String,
        /// What is possible.
        limit: String,
    },
    /// The operating system allows fewer open files than are needed.
    #[error("the run needs {needed} open files, and the limit is {limit}")]
    TooFewFiles {
        /// Connections, subscribers and some more.
        needed: u64,
        /// The hard limit of this process.
        limit: u64,
    },
}

/// Refuses what is beyond the hard limits.
pub fn check(
    workload: &Workload,
    sdk: &Sdk,
    duration: Duration,
    connections: u32,
    workers: u32,
) -> Result<(), LimitError> {
    let too_much = |what, value: String, limit: String| LimitError::TooMuch { what, value, limit };
    if duration > MAX_DURATION {
        return Err(too_much("the duration", format!("{duration:?}"), format!("{MAX_DURATION:?}")));
    }
    for (what, value, limit) in [
        ("the number of connections", connections, MAX_CONNECTIONS),
        ("the number of workers", workers, MAX_WORKERS),
    ] {
        if value == 0 || value > limit {
            return Err(too_much(what, value.to_string(), format!("1 to {limit}")));
        }
    }
    match workload.planned_rate(sdk, duration) {
        Some(rate) if rate > MAX_RATE => {
            Err(too_much("the planned rate", format!("{rate:.0}/s"), format!("{MAX_RATE:.0}/s")))
        }
        _ => Ok(()),
    }
}

/// Raises the limit of open files as far as the run needs it and the system allows.
pub fn allow_files(sockets: u64) -> Result<(), LimitError> {
    let needed = sockets + OTHER_FILES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(needed), maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(|_| LimitError::TooFewFiles { needed, limit: maximum.or(current).unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::super::workload::preset;
    use super::*;

    #[test]
    fn each_limit_is_told_with_its_value() {
        let steady = preset("steady").unwrap();
        let java = Sdk::named("java-1.2.1").unwrap();
        let told = |duration: u64, connections, workers| {
            check(&steady, java, Duration::from_secs(duration), connections, workers)
                .err()
                .map(|error| error.to_string())
        };
        assert_eq!(told(5, 64, 2), None);
        assert_eq!(
            told(100_000, 64, 2).unwrap(),
            "the duration is 100000s, and the limit is 86400s"
        );
        assert!(told(5, 0, 2).unwrap().contains("connections is 0, and the limit is 1 to 50000"));
        assert!(told(5, 64, 1000).unwrap().contains("workers is 1000"));
        let mut fast = preset("beat-only").unwrap();
        fast.streams[0].pacing =
            super::super::pacer::Pacing::Constant { rate: super::super::units::Rate(2e6) };
        let refused = check(&fast, java, Duration::from_secs(1), 1, 1).unwrap_err().to_string();
        assert_eq!(refused, "the planned rate is 2000000/s, and the limit is 1000000/s");
    }

    #[test]
    fn more_files_than_the_system_allows_are_refused() {
        let refused = allow_files(u64::MAX / 4).unwrap_err().to_string();
        assert!(refused.starts_with("the run needs "), "{refused}");
        allow_files(1).unwrap();
    }
}
