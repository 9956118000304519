//! Ports of our own choice, for a machine that has just made thousands of connections: those that
//! the system hands out are still held by them for a minute, and no two are free that belong
//! together.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where systems hand out no ports by themselves.
const QUIET_PORTS: Range<u32> = 12_000..31_000;

/// The next one to try; processes begin in different places.
pub fn quiet_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let tried = TRIED.fetch_add(1, Ordering::Relaxed);
    let place = std::process::id().wrapping_mul(7_919).wrapping_add(tried.wrapping_mul(2));
    let within = place % (QUIET_PORTS.end - QUIET_PORTS.start);
    u16::try_from(QUIET_PORTS.start + within).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_our_own_choice_differ_and_are_none_of_the_system_s() {
        let ports: Vec<u16> = (0..100).map(|_| quiet_port()).collect();
        assert!(ports.iter().all(|port| QUIET_PORTS.contains(&u32::from(*port))));
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]), "{ports:?}");
    }
}
