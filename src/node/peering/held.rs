//! What has to wait on the node's own clock: calls on a slow way, the failures of calls that are
//! lost, and whoever waits for a moment to come.

use crate::model::{MemberId, Millis, PeerCall, PeerFailure};
use crate::peers::Token;
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// So much may wait; what is more is lost, as on a network that is full.
const MAX_HELD: usize = 65_536;

/// Something that waits.
#[derive(Debug)]
pub enum Held {
    /// A call that is sent then.
    Call {
        /// To whom.
        to: MemberId,
        /// What.
        call: PeerCall,
        /// What names its answer.
        token: Token,
    },
    /// A call that fails then.
    Failure(Token, PeerFailure),
    /// Somebody who is woken then.
    Waiter(oneshot::Sender<()>),
}

/// What waits, in the order of its moments.
#[derive(Debug, Default)]
pub struct HeldBack {
    waiting: BTreeMap<(Millis, u64), Held>,
    number: u64,
}

impl HeldBack {
    /// Lets something wait, unless too much waits already.
    pub fn hold(&mut self, until: Millis, held: Held) {
        if self.waiting.len() >= MAX_HELD {
            return;
        }
        self.waiting.insert((until, self.number), held);
        self.number += 1;
    }

    /// The next that is due.
    pub fn due(&mut self, now: Millis) -> Option<Held> {
        let first = self.waiting.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }
}
