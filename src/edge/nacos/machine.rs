//! How busy the machine is, as `/operator/metrics` tells it, from Linux's `/proc`. Where there is
//! no such thing everything is 0.

use crate::wire::v1::operator::Machine;
use std::fs::read_to_string;

/// The machine at this moment. The share of the processors' time is estimated from the load, so
/// that no request has to wait for a second measurement.
pub fn measure() -> Machine {
    let load = load().unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = (load / processors as f32).min(1.0);
    Machine { cpu, load, memory: memory_in_use().unwrap_or_default() }
}

fn load() -> Option<f32> {
    read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn memory_in_use() -> Option<f32> {
    let text = read_to_string("/proc/meminfo").ok()?;
    let kilobytes = |name: &str| -> Option<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    let (total, free) = (kilobytes("MemTotal")?, kilobytes("MemFree")?);
    (total > 0.0).then_some((1.0 - free / total) as f32)
}
