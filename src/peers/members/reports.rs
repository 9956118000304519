//! Members of 1.x: every two seconds a node tells all others that it is alive, and takes those for
//! healthy that it heard of in the last ten. Nobody answers for anybody else, so that two nodes may
//! see different members for some seconds (`cluster/members`, `peer-wire.md` §1, §5).
//!
//! When the healthy members change, health checks stop for a minute (`healthCheckEnabled` reads
//! false); they begin again when enough of the known members are healthy.

use super::{Members, Settings, StatusReport, Turn, Unlisted};
use crate::model::{MemberId, Millis, PeerCall};
use crate::peers::Effect;

/// How long health checks stand still after a change, ms.
const STABLE_MS: u64 = 60_000;
/// What our own nodes say of their weight: half of two processors.
const WEIGHT: i32 = 1;

impl Members {
    /// A member says that it is alive.
    ///
    /// # Errors
    /// It is not on the list.
    pub fn status_heard(&mut self, now: Millis, report: &StatusReport) -> Result<(), Unlisted> {
        if !self.is_listed(&report.from) {
            return Err(Unlisted(report.from.clone()));
        }
        let member = self.entry(&report.from, now);
        member.said = report.said;
        member.heard = now;
        member.weight = Some(report.weight);
        Ok(())
    }

    /// An operator has members forgotten that are not alive; the others are told. No server has the
    /// address that they are told at, and nobody minds.
    pub fn clean(&mut self) -> Vec<Effect> {
        self.heard.retain(|member| member.alive);
        let others: Vec<MemberId> = self.heard.iter().map(|member| member.id.clone()).collect();
        let others = others.into_iter().filter(|id| *id != self.own).collect::<Vec<_>>();
        others.iter().map(|to| self.call(to, PeerCall::CleanDistro)).collect()
    }

    /// One turn: judge, then report.
    pub(super) fn report(&mut self, now: Millis, settings: &Settings<'_>) -> Turn {
        self.next_turn = now + settings.period_ms.max(1);
        let mut turn = self.look(now, settings);
        let own = StatusReport { from: self.own.clone(), said: now, weight: WEIGHT };
        if self.status_heard(now, &own).is_err() {
            // A node that is not on its own list tells nobody.
            return turn;
        }
        let own = self.own.clone();
        for to in self.listed.clone() {
            if to != own {
                let from = own.clone();
                let call = PeerCall::ServerStatus { from, at: now, weight: WEIGHT };
                turn.effects.push(self.call(&to, call));
            }
        }
        turn
    }

    fn look(&mut self, now: Millis, settings: &Settings<'_>) -> Turn {
        if self.heard.is_empty() {
            return Turn::default();
        }
        for member in &mut self.heard {
            member.alive = now.since(member.heard) < settings.expired_ms;
        }
        let weight = |member: &super::Member| {
            member.weight.unwrap_or(WEIGHT).saturating_add(settings.ad_weight(&member.id))
        };
        let healthy = self.find_healthy(weight);
        let mut health_check = None;
        if self.pause.ours
            && self.share(healthy.len(), weight) > settings.threshold
            && now.since(self.pause.changed) > STABLE_MS
        {
            health_check = Some(true);
            self.pause.ours = false;
        }
        let changed = healthy != self.healthy;
        if changed {
            if health_check.unwrap_or(settings.health_check) && settings.auto_change {
                health_check = Some(false);
                self.pause = super::Pause { ours: true, changed: now };
            }
            self.healthy = healthy;
        }
        Turn { changed, health_check, ..Turn::default() }
    }

    /// The healthy part of the members that have a weight. One that died counts until an operator
    /// has it forgotten, so that one of three is too few for ever.
    fn share(&self, healthy: usize, weight: impl Fn(&super::Member) -> i32) -> f32 {
        let counted = |member: &&super::Member| weight(member) > 0 && !member.id.ends_with(":0");
        let known = self.heard.iter().filter(counted).count();
        // Members of one deployment are few; nothing is lost.
        healthy as f32 / known as f32
    }
}
