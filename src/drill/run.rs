//! One drill from its start to its verdict.

use super::course::{Drill, Seen, Verdict, judge};
use super::stage::{HOSTS, Lists, Stage};
use super::subject::{Said, Subject};
use crate::edge::http::ListenError;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a drill may take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Until the client returns every host, at its start and again at the end.
    pub patience: Duration,
    /// How long a situation lasts.
    pub hold: Duration,
}

/// Why a drill could not be played.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The server has no port.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The client can not be started.
    #[error("cannot start the command: {0}")]
    Start(std::io::Error),
    /// A push can not be sent.
    #[error("cannot push: {0}")]
    Push(std::io::Error),
}

/// What came of a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The drill.
    pub drill: Drill,
    /// What it is called.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: Seen,
}

/// Who is told how far a drill is.
pub trait Observer {
    /// What happens now.
    fn step(&mut self, drill: Drill, what: &str);
}

/// Plays a drill to a client, which is started with the address of the server.
///
/// # Errors
/// The server or the client can not be started.
pub fn run_drill(
    drill: Drill,
    times: Times,
    start: impl FnOnce(SocketAddr) -> std::io::Result<Box<dyn Subject>>,
    observer: &mut dyn Observer,
) -> Result<Outcome, DrillError> {
    let mut stage = Stage::new()?;
    if drill != Drill::DownAtStart {
        stage.up()?;
    }
    observer.step(drill, "the client starts");
    let subject = start(stage.address()).map_err(DrillError::Start)?;
    let mut watched = Watched { subject, last: None };
    let mut seen = Seen { reached: true, ..Seen::default() };
    if drill != Drill::DownAtStart {
        seen.ready = watched.until_whole(times.patience);
        if seen.ready.is_none() {
            let verdict = judge(drill, &seen, &HOSTS);
            return Ok(Outcome { drill, verdict, seen });
        }
    }
    observer.step(drill, "the situation begins");
    seen.during.extend(watched.last.clone());
    match drill {
        Drill::DownAtStart => {}
        Drill::DownAtRunTime => stage.down(),
        Drill::EmptyList => stage.say(Lists::Empty),
        Drill::EmptyPush => seen.reached = stage.push_nothing().map_err(DrillError::Push)?,
        Drill::NullHosts => stage.say(Lists::Null),
        Drill::StaleTime => stage.say(Lists::Stale),
    }
    seen.during.extend(watched.during(times.hold));
    observer.step(drill, "the situation is over");
    match drill {
        Drill::DownAtStart | Drill::DownAtRunTime => stage.up()?,
        _ => stage.say(Lists::Whole),
    }
    seen.back = watched.until_whole(times.patience);
    Ok(Outcome { drill, verdict: judge(drill, &seen, &HOSTS), seen })
}

/// A client with what it said last.
struct Watched {
    subject: Box<dyn Subject>,
    last: Option<Said>,
}

impl Watched {
    /// Waits until it returns every host; it may do so already.
    fn until_whole(&mut self, patience: Duration) -> Option<Duration> {
        let began = Instant::now();
        loop {
            match &self.last {
                Some(Said::Hosts(hosts)) if hosts[..] == HOSTS => return Some(began.elapsed()),
                Some(Said::Ended(_)) => return None,
                _ => {}
            }
            let left = patience.checked_sub(began.elapsed()).filter(|left| !left.is_zero())?;
            self.last = self.subject.next(left).or(self.last.take());
        }
    }

    /// Everything that it says in that time, each change once.
    fn during(&mut self, time: Duration) -> Vec<Said> {
        let began = Instant::now();
        let mut during = Vec::new();
        while let Some(left) = time.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
            let Some(said) = self.subject.next(left) else { continue };
            if self.last.as_ref() != Some(&said) {
                during.push(said.clone());
            }
            self.last = Some(said);
        }
        during
    }
}
