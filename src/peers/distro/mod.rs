//! The distro protocol of 1.x: how ephemeral instances reach the members that are not responsible
//! for them (`peer-wire.md` §1, §2; `cluster/sync-to-other-nodes`).
//!
//! - `spread`: a change goes to every healthy member at once, many changes together.
//! - `verify`: each 5 s the responsible member says how its lists look; who sees a difference
//!   fetches them.
//! - `load`: a node that starts asks one member for everything.
//! - `health`: each 5 s the responsible member says how its services look; health travels so.
//!
//! The lists themselves stand in the registry. A copy has the last beat that its sender knew when
//! it sent it, which is why instances vanish for a moment when responsibility moves.

mod health;
mod load;
mod spread;
#[cfg(test)]
mod tests;
mod verify;

use crate::model::{DatumKey, MemberId, Millis, PeerAnswer, PeerCall, PeerFailure, ServiceKey};
use crate::peers::view::Turn;
use crate::peers::{Deed, Engine, Token};
use load::Load;
use rustc_hash::{FxHashMap, FxHashSet};
use spread::Spread;

/// Period of checksums, ms.
const CHECKSUM_PERIOD_MS: u64 = 5_000;

/// How a version plays distro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DistroRules {
    /// After how long a failed load is tried again, ms; `None` gives up.
    pub reload_after_ms: Option<u64>,
    /// Whether services without instances are reported, too.
    pub reports_empty: bool,
}

/// The members as distro needs them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Others {
    /// Healthy members besides this node, in order.
    pub healthy: Vec<MemberId>,
    /// Listed members besides this node, healthy or not.
    pub listed: Vec<MemberId>,
}

/// One node's side of distro.
#[derive(Debug)]
pub struct Distro {
    me: MemberId,
    rules: DistroRules,
    others: Others,
    spread: Spread,
    load: Load,
    checksum_at: Millis,
    status_at: Millis,
    /// Whose checksums are being looked into: one message of a member at a time.
    checking: FxHashSet<MemberId>,
    /// Services whose health is being asked for.
    asking: FxHashSet<ServiceKey>,
    calls: FxHashMap<u64, Pending>,
    made: u64,
}

/// What an answer is for.
#[derive(Debug)]
enum Pending {
    Put { to: MemberId, keys: Vec<DatumKey> },
    Fetch { from: MemberId },
    Load,
    Statuses(ServiceKey),
    Told,
}

impl Distro {
    /// A node that starts now.
    pub fn new(me: MemberId, rules: DistroRules, now: Millis) -> Self {
        Self {
            me,
            rules,
            others: Others::default(),
            spread: Spread::default(),
            load: Load::starting(now),
            checksum_at: now + CHECKSUM_PERIOD_MS,
            status_at: now + health::FIRST_STATUS_MS,
            checking: FxHashSet::default(),
            asking: FxHashSet::default(),
            calls: FxHashMap::default(),
            made: 0,
        }
    }

    /// The node has been one of its members for a while: it holds what they hold, and the first
    /// report of health is a usual one.
    pub fn settle(&mut self) {
        self.load = Load::Over;
        self.status_at = self.checksum_at;
    }

    /// The members changed. What waited for somebody who left is dropped.
    pub fn members(&mut self, others: Others) {
        self.others = others;
    }

    /// When something is due next.
    pub fn next_deadline(&self) -> Millis {
        let times = [self.load.due(), self.spread.due(), Some(self.status_at)];
        times.into_iter().flatten().fold(self.checksum_at, Millis::min)
    }

    /// Does what is due; `status_period_ms` is the operator's switch.
    pub fn tick(&mut self, turn: &mut Turn<'_>, status_period_ms: u64) -> Vec<Deed> {
        let mut effects = Vec::new();
        if self.load.due().is_some_and(|due| due <= turn.now) {
            self.continue_load(turn.now, &mut effects);
        }
        self.retry_puts(turn, &mut effects);
        if self.checksum_at <= turn.now {
            self.checksum_at = turn.now + CHECKSUM_PERIOD_MS;
            self.send_checksums(turn, &mut effects);
        }
        if self.status_at <= turn.now {
            self.status_at = turn.now + status_period_ms.max(1);
            self.send_statuses(turn, &mut effects);
        }
        effects
    }

    /// An answer came, or none will.
    pub fn answered(
        &mut self,
        turn: &mut Turn<'_>,
        number: u64,
        answer: Result<PeerAnswer, PeerFailure>,
    ) -> Vec<Deed> {
        let mut effects = Vec::new();
        match self.calls.remove(&number) {
            Some(Pending::Put { to, keys }) => {
                self.put_answered(turn.now, to, keys, answer.is_ok())
            }
            Some(Pending::Fetch { from }) => {
                self.checking.remove(&from);
                if let Ok(PeerAnswer::DistroDatums(datums)) = answer {
                    effects.extend(datums.into_iter().map(Deed::Apply));
                }
            }
            Some(Pending::Load) => self.load_answered(turn.now, answer, &mut effects),
            Some(Pending::Statuses(service)) => {
                self.asking.remove(&service);
                if let Ok(PeerAnswer::Statuses(statuses)) = answer {
                    effects.push(Deed::SetHealth { service, statuses });
                }
            }
            Some(Pending::Told) | None => {}
        }
        effects
    }

    /// How many calls wait for an answer.
    pub fn waiting(&self) -> usize {
        self.calls.len()
    }

    fn call(&mut self, to: MemberId, call: PeerCall, pending: Pending, effects: &mut Vec<Deed>) {
        self.made += 1;
        self.calls.insert(self.made, pending);
        let token = Token { engine: Engine::Distro, number: self.made };
        effects.push(Deed::Call { to, call, token });
    }
}
