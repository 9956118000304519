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

    /// When the last call to a member goes that waits; what is said to it now may not go before.
    pub fn last_call(&self, to: &MemberId) -> Option<Millis> {
        let is_to = |held: &Held| matches!(held, Held::Call { to: other, .. } if other == to);
        let last = self.waiting.iter().rev().find(|(_, held)| is_to(held));
        last.map(|((at, _), _)| *at)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Engine;

    fn call(to: &str, number: u64) -> Held {
        let token = Token { engine: Engine::Members, number };
        Held::Call { to: to.into(), call: PeerCall::CleanDistro, token }
    }

    #[test]
    fn the_last_call_to_a_member_says_when_the_next_may_go() {
        let mut held = HeldBack::default();
        let (a, b): (MemberId, MemberId) = ("a:1".into(), "b:1".into());
        assert_eq!(held.last_call(&a), None);
        held.hold(Millis(5_000), call("a:1", 1));
        held.hold(Millis(3_000), call("a:1", 2));
        held.hold(Millis(9_000), call("b:1", 3));
        let token = Token { engine: Engine::Members, number: 4 };
        held.hold(Millis(8_000), Held::Failure(token, PeerFailure::TimedOut));
        assert_eq!(
            (held.last_call(&a), held.last_call(&b)),
            (Some(Millis(5_000)), Some(Millis(9_000)))
        );
        assert!(held.due(Millis(5_000)).is_some() && held.due(Millis(5_000)).is_some());
        assert_eq!(held.last_call(&a), None);
    }
}
