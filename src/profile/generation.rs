//! What a member's version means while a deployment is upgraded: servers of 2.x ask for nothing
//! else about each other (`UpgradeJudgement`, `ClusterVersionJudgement`).

/// The first major version that keeps clients apart.
const NEW_MAJOR: u32 = 2;
/// The first minor version of 1.x with JRaft.
const JRAFT_MINOR: u32 = 4;

/// Which protocols a member speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Generation {
    /// Distro over HTTP and the old raft. One that names no version is taken for such a member,
    /// even when it has never run.
    Old,
    /// Distro over HTTP and JRaft.
    Jraft,
    /// Everything over gRPC.
    New,
}

impl Generation {
    /// Of a member that calls its version so.
    pub fn of(version: Option<&str>) -> Self {
        let mut numbers = version.unwrap_or_default().split(['.', '-']).map(str::parse::<u32>);
        let mut number = || numbers.next().and_then(Result::ok).unwrap_or(0);
        match (number(), number()) {
            (major, _) if major >= NEW_MAJOR => Self::New,
            (1, minor) if minor >= JRAFT_MINOR => Self::Jraft,
            _ => Self::Old,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_which_protocols_are_spoken_and_none_says_the_oldest() {
        let of = |version| Generation::of(Some(version));
        assert_eq!(Generation::of(None), Generation::Old);
        assert_eq!([of(""), of("1.1.4"), of("1.3.2"), of("x")], [Generation::Old; 4]);
        assert_eq!([of("1.4.0"), of("1.4.2-BETA")], [Generation::Jraft; 2]);
        assert_eq!([of("2.0.0"), of("2.0.2"), of("3.1")], [Generation::New; 3]);
    }
}
