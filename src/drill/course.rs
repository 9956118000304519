//! The six drills, and what an outcome is called. Pure: what was seen is an argument.

use super::subject::Said;
use serde::Serialize;
use std::time::Duration;

/// A situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drill {
    /// Nobody listens when the client starts.
    DownAtStart,
    /// The server goes away while the client runs.
    DownAtRunTime,
    /// A list has no hosts.
    EmptyList,
    /// A push has no hosts, while lists have them.
    EmptyPush,
    /// A list has `null` in place of its hosts.
    NullHosts,
    /// A list with less hosts says that it is older than the one before.
    StaleTime,
}

impl Drill {
    /// Every drill, in the order in which they are played.
    pub const ALL: [Self; 6] = [
        Self::DownAtStart,
        Self::DownAtRunTime,
        Self::EmptyList,
        Self::EmptyPush,
        Self::NullHosts,
        Self::StaleTime,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DownAtStart => "down-at-start",
            Self::DownAtRunTime => "down-at-run-time",
            Self::EmptyList => "empty-list",
            Self::EmptyPush => "empty-push",
            Self::NullHosts => "null-hosts",
            Self::StaleTime => "stale-time",
        }
    }
}

/// What was seen of a client in a drill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How long it took to return every host before the situation; `None` when it never did.
    pub ready: Option<Duration>,
    /// What it returned last before the situation, and everything during it.
    pub during: Vec<Said>,
    /// Whether the situation reached it: a push needs a port that was told.
    pub reached: bool,
    /// How long it took to return every host again; `None` when it never did.
    pub back: Option<Duration>,
}

/// What an outcome is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It returned every host throughout.
    Kept,
    /// It had none at its start, and all of them once the server was there.
    CameUp,
    /// It returned none, so that its application had no provider.
    Emptied,
    /// It returned what the older list says.
    TookOlder,
    /// It returned some, in a situation that has none or all.
    Changed,
    /// It asks for no pushes.
    NotReached,
    /// It never returned every host before the situation.
    NeverReady,
    /// It never returned every host again.
    NeverBack,
    /// Its process ended.
    Ended,
}

impl Verdict {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::CameUp => "came up",
            Self::Emptied => "EMPTIED",
            Self::TookOlder => "TOOK OLDER",
            Self::Changed => "CHANGED",
            Self::NotReached => "not pushed to",
            Self::NeverReady => "NEVER READY",
            Self::NeverBack => "NEVER BACK",
            Self::Ended => "ENDED",
        }
    }

    /// Whether an application behind the client has its providers throughout.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Kept | Self::CameUp | Self::NotReached)
    }
}

/// What the outcome of a drill is called, when `all` are the hosts of the service.
pub fn judge(drill: Drill, seen: &Seen, all: &[&str]) -> Verdict {
    if drill != Drill::DownAtStart && seen.ready.is_none() {
        return Verdict::NeverReady;
    }
    if seen.during.iter().any(|said| matches!(said, Said::Ended(_))) {
        return Verdict::Ended;
    }
    if !seen.reached {
        return Verdict::NotReached;
    }
    let lists = || {
        seen.during.iter().filter_map(|said| match said {
            Said::Hosts(hosts) => Some(hosts),
            Said::Error(_) | Said::Ended(_) => None,
        })
    };
    let others = lists().any(|hosts| !hosts.is_empty() && hosts != all);
    match (drill, seen.back) {
        (_, None) => Verdict::NeverBack,
        (Drill::DownAtStart, Some(_)) => Verdict::CameUp,
        _ if lists().any(Vec::is_empty) => Verdict::Emptied,
        (Drill::StaleTime, _) if others => Verdict::TookOlder,
        _ if others => Verdict::Changed,
        _ => Verdict::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 2] = ["10.0.0.1:80", "10.0.0.2:80"];

    fn hosts(count: usize) -> Said {
        Said::Hosts(ALL[..count].iter().map(|host| (*host).to_owned()).collect())
    }

    fn seen(during: Vec<Said>) -> Seen {
        let soon = Some(Duration::from_millis(1));
        Seen { ready: soon, during, reached: true, back: soon }
    }

    #[test]
    fn kept_is_who_returns_every_host_throughout_whatever_errors_it_tells() {
        for drill in Drill::ALL.into_iter().skip(1) {
            let kept = seen(vec![hosts(2), Said::Error("refused".to_owned()), hosts(2)]);
            assert_eq!(judge(drill, &kept, &ALL), Verdict::Kept, "{drill:?}");
        }
    }

    #[test]
    fn one_empty_answer_is_enough_to_lose_every_provider() {
        for drill in Drill::ALL.into_iter().skip(1) {
            let emptied = seen(vec![hosts(2), hosts(0), hosts(2)]);
            assert_eq!(judge(drill, &emptied, &ALL), Verdict::Emptied, "{drill:?}");
        }
    }

    #[test]
    fn a_start_without_servers_may_be_empty_and_must_end_with_every_host() {
        let up = Seen { ready: None, ..seen(vec![hosts(0)]) };
        assert_eq!(judge(Drill::DownAtStart, &up, &ALL), Verdict::CameUp);
        let never = Seen { back: None, ..up };
        assert_eq!(judge(Drill::DownAtStart, &never, &ALL), Verdict::NeverBack);
    }

    #[test]
    fn other_outcomes_have_names_of_their_own() {
        let judged = |drill, seen: &Seen| judge(drill, seen, &ALL);
        let ended = seen(vec![hosts(2), Said::Ended(Some(1))]);
        assert_eq!(judged(Drill::EmptyList, &ended), Verdict::Ended);
        let fewer = seen(vec![hosts(2), hosts(1)]);
        assert_eq!(judged(Drill::StaleTime, &fewer), Verdict::TookOlder);
        assert_eq!(judged(Drill::NullHosts, &fewer), Verdict::Changed);
        let unreached = Seen { reached: false, ..seen(vec![hosts(2)]) };
        assert_eq!(judged(Drill::EmptyPush, &unreached), Verdict::NotReached);
        let never_ready = Seen { ready: None, ..seen(Vec::new()) };
        assert_eq!(judged(Drill::EmptyList, &never_ready), Verdict::NeverReady);
    }

    #[test]
    fn only_outcomes_that_keep_the_providers_are_good() {
        for verdict in [Verdict::Kept, Verdict::CameUp, Verdict::NotReached] {
            assert!(verdict.is_good());
        }
        for verdict in [Verdict::Emptied, Verdict::TookOlder, Verdict::NeverBack, Verdict::Ended] {
            assert!(!verdict.is_good());
        }
    }
}
