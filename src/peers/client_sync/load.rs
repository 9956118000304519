//! What a node asks for when it starts (`DistroLoadDataTask`): one member after the other, until
//! one has told everything.

use super::{Beginning, Neighbour};
use crate::model::{MemberId, Millis};

/// From a start like a real one's to the first question that can be answered, and from there to
/// the next ones, ms (`nacos.naming.distro.loadDataRetryDelayMillis`).
const COLD_RETRY_MS: u64 = 60_000;
/// The same where the start is not to be noticed, ms.
const WARM_RETRY_MS: u64 = 1_000;

/// How far the loading is.
#[derive(Debug)]
pub struct Load {
    state: State,
    retry_ms: u64,
    /// Whether own clients may be verified before everything is loaded.
    verifies: bool,
}

#[derive(Debug)]
enum State {
    /// To be asked for then.
    At(Millis),
    /// Asked for; who else could be asked.
    Asked(Vec<MemberId>),
    /// Told.
    Done,
}

impl Load {
    /// Of a node that starts now. The first question of one that starts like a real one comes to
    /// nothing.
    pub fn new(now: Millis, beginning: Beginning) -> Self {
        let (state, retry_ms) = match beginning {
            Beginning::LikeReal => (State::At(now + COLD_RETRY_MS), COLD_RETRY_MS),
            Beginning::AtOnce => (State::At(now), WARM_RETRY_MS),
            Beginning::Settled => (State::Done, WARM_RETRY_MS),
        };
        Self { state, retry_ms, verifies: beginning != Beginning::LikeReal }
    }

    /// Whether own clients may be verified.
    pub fn is_done(&self) -> bool {
        self.verifies || matches!(self.state, State::Done)
    }

    /// When it is to be looked at.
    pub fn next(&self) -> Option<Millis> {
        match self.state {
            State::At(due) => Some(due),
            State::Asked(_) | State::Done => None,
        }
    }

    /// Whom to ask, when it is time.
    pub fn due(&mut self, now: Millis, members: &[Neighbour]) -> Option<MemberId> {
        if self.next()? > now {
            return None;
        }
        let reachable = members.iter().filter(|member| member.reachable);
        let mut rest: Vec<MemberId> = reachable.map(|member| member.id.clone()).rev().collect();
        let first = rest.pop();
        self.state = match first {
            Some(_) => State::Asked(rest),
            None => State::At(now + self.retry_ms),
        };
        first
    }

    /// Somebody told everything.
    pub fn done(&mut self) {
        self.state = State::Done;
    }

    /// Whoever was asked did not tell: whom to ask next.
    pub fn failed(&mut self, now: Millis) -> Option<MemberId> {
        let State::Asked(rest) = &mut self.state else { return None };
        let next = rest.pop();
        if next.is_none() {
            self.state = State::At(now + self.retry_ms);
        }
        next
    }
}
