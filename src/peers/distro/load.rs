//! A node that starts asks for all lists: once it sees another healthy member, it asks the healthy
//! ones in their order until one answers (`DistroConsistencyServiceImpl.load`). When nobody does,
//! one version gives up and a later one tries again.

use super::{Distro, Pending};
use crate::model::{MemberId, Millis, PeerAnswer, PeerCall, PeerFailure};
use crate::peers::Deed;
use std::collections::VecDeque;

/// How often a node looks whether somebody else is there, ms.
const LOOK_MS: u64 = 1_000;

/// How far the load has come.
#[derive(Debug)]
pub(super) enum Load {
    /// Nobody else is healthy yet; the next look.
    Looking(Millis),
    /// One is asked; these are next.
    Asking(VecDeque<MemberId>),
    /// Somebody answered, or the version gave up.
    Over,
}

impl Load {
    pub(super) fn starting(now: Millis) -> Self {
        Self::Looking(now)
    }

    pub(super) fn due(&self) -> Option<Millis> {
        match self {
            Self::Looking(at) => Some(*at),
            Self::Asking(_) | Self::Over => None,
        }
    }
}

impl Distro {
    /// Whether everything was loaded that could be.
    pub fn is_loaded(&self) -> bool {
        matches!(self.load, Load::Over)
    }

    pub(super) fn continue_load(&mut self, now: Millis, effects: &mut Vec<Deed>) {
        if self.others.healthy.is_empty() {
            self.load = Load::Looking(now + LOOK_MS);
            return;
        }
        self.load = Load::Asking(self.others.healthy.iter().cloned().collect());
        self.ask_next(now, effects);
    }

    fn ask_next(&mut self, now: Millis, effects: &mut Vec<Deed>) {
        let Load::Asking(rest) = &mut self.load else { return };
        match (rest.pop_front(), self.rules.reload_after_ms) {
            (Some(to), _) => self.call(to, PeerCall::DistroAll, Pending::Load, effects),
            (None, Some(ms)) => self.load = Load::Looking(now + ms),
            (None, None) => self.load = Load::Over,
        }
    }

    pub(super) fn load_answered(
        &mut self,
        now: Millis,
        answer: Result<PeerAnswer, PeerFailure>,
        effects: &mut Vec<Deed>,
    ) {
        match answer {
            Ok(PeerAnswer::DistroDatums(datums)) => {
                self.load = Load::Over;
                effects.extend(datums.into_iter().map(Deed::Apply));
            }
            _ => self.ask_next(now, effects),
        }
    }
}
