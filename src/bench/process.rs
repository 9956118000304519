//! The server's process, seen from outside: processor time and memory as the kernel counts them.
use std::fs;
use std::io;
use std::time::Duration;

/// One look at a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Processor time since it began.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
}

/// Looks at a process.
pub fn sample(pid: u32) -> io::Result<Sample> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let memory = fs::read_to_string(format!("/proc/{pid}/statm"))?;
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "the kernel's answer is odd");
    let ticks = cpu_ticks(&stat).ok_or_else(odd)?;
    let pages: u64 =
        memory.split(' ').nth(1).and_then(|pages| pages.parse().ok()).ok_or_else(odd)?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Sample {
        cpu: Duration::from_millis(ticks * 1000 / per_second),
        rss_bytes: pages * rustix::param::page_size() as u64,
    })
}

/// User and system time in ticks. The name of the program may hold blanks and brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_stand_behind_the_name_whatever_it_is() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 1 0";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("7 (a"), None);
    }

    #[test]
    fn this_process_has_memory() {
        assert!(sample(std::process::id()).unwrap().rss_bytes > 1 << 20);
        assert!(sample(u32::MAX).is_err());
    }
}
