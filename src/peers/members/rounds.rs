//! Members of 2.x: every two seconds a node reports to one other in turn and judges it by its
//! answer. One that refuses the connection is down at once, one that fails otherwise is suspicious
//! and down after more than three failures; its own report, or a report that it takes, brings it
//! back (`peer-wire.md` §1, §5; `cluster/members`). One that does not know such reports is an older
//! version: what it said of its own is forgotten, and it is not judged
//! (`roll-one-node-back-from-2.0.2`).

use super::{Member, MemberReport, Members, StatusReport, TURN_MS, Turn, Unlisted};
use crate::model::peer::MemberCard;
use crate::model::{MemberId, Millis, PeerAnswer, PeerCall, PeerFailure};

/// So many failures in a row are forgiven.
const FORGIVEN_FAILURES: u32 = 3;

/// How a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberState {
    /// It answers, or nobody has asked it yet.
    Up,
    /// It failed to answer some times.
    Suspicious,
    /// It is taken for gone.
    Down,
}

impl MemberState {
    /// As servers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "UP",
            Self::Suspicious => "SUSPICIOUS",
            Self::Down => "DOWN",
        }
    }
}

impl Members {
    /// A member reported; `None` when it is not on the list.
    pub fn report_heard(&mut self, now: Millis, report: MemberReport) -> Option<Turn> {
        if !self.is_listed(&report.from) {
            return None;
        }
        let MemberReport { from, version, ready } = report;
        Some(self.change(now, &from, |member| {
            member.state = MemberState::Up;
            member.failures = 0;
            member.said = now;
            member.heard = now;
            member.weight = None;
            member.version = version;
            member.ready = ready;
        }))
    }

    /// A member of 1.x says that it is alive.
    ///
    /// # Errors
    /// It is not on the list.
    pub fn old_status_heard(
        &mut self,
        now: Millis,
        report: &StatusReport,
    ) -> Result<Turn, Unlisted> {
        if !self.is_listed(&report.from) {
            return Err(Unlisted(report.from.clone()));
        }
        let member = self.entry(&report.from, now);
        member.said = report.said;
        member.heard = now;
        member.weight = Some(report.weight);
        // One that is remembered as of 2.x has to report as such: a node that was rolled back to a
        // version whose answer to reports is a failure is never taken back
        // (`rolling-upgrade-and-rollback-1.1.4-2.0.2`).
        if member.version.is_none() {
            member.state = MemberState::Up;
            member.failures = 0;
        }
        Ok(self.take_healthy())
    }

    /// This node is ready for the protocols of 2.x, or not; the others hear it with its reports.
    pub fn set_ready(&mut self, now: Millis, ready: bool) {
        let own = self.own.clone();
        self.entry(&own, now).ready = Some(ready);
    }

    /// Changes what is known of a member. Whoever turns on what members can do hears of it when
    /// something changed that is more than a time (`MemberUtil.isBasicInfoChanged`).
    fn change(&mut self, now: Millis, id: &MemberId, change: impl FnOnce(&mut Member)) -> Turn {
        let basics = |member: &Member| (member.state, member.version.clone(), member.ready);
        let member = self.entry(id, now);
        let before = basics(member);
        change(member);
        let touched = (basics(member) != before).then(|| id.clone());
        Turn { touched: touched.into_iter().collect(), ..self.take_healthy() }
    }

    /// What this node says of itself.
    pub fn card(&self) -> MemberCard {
        let own = self.member(&self.own);
        MemberCard {
            id: self.own.clone(),
            ready: own.and_then(|own| own.ready),
            refreshed: own.map_or(Millis(0), |own| own.heard),
            members: self.listed.clone(),
        }
    }

    /// Members follow the list at once.
    pub(super) fn follow_list(&mut self, now: Millis) {
        for member in self.listed.clone() {
            self.entry(&member, now);
        }
        let listed = self.listed.clone();
        self.heard.retain(|member| listed.contains(&member.id));
    }

    /// One turn: report to the next of the others.
    pub(super) fn ask_next(&mut self, now: Millis) -> Turn {
        self.next_turn = now + TURN_MS;
        let own = self.own.clone();
        let others: Vec<MemberId> =
            self.listed.iter().filter(|member| **member != own).cloned().collect();
        let mut turn = Turn::default();
        if others.is_empty() {
            return turn;
        }
        self.cursor = (self.cursor + 1) % others.len();
        let to = others[self.cursor].clone();
        turn.effects.push(self.call(&to, PeerCall::Report(self.card())));
        for to in others {
            // One that never named its version may be of 1.x and understand only this.
            if self.member(&to).is_some_and(|member| member.version.is_none()) {
                let call = PeerCall::ServerStatus { from: own.clone(), at: now, weight: 1 };
                let effect = self.call(&to, call);
                // Nobody is judged by how it takes that.
                self.calls.pop_last();
                turn.effects.push(effect);
            }
        }
        turn
    }

    pub(super) fn judge(
        &mut self,
        now: Millis,
        member: &MemberId,
        outcome: &Result<PeerAnswer, PeerFailure>,
    ) -> Turn {
        if !self.is_listed(member) {
            return Turn::default();
        }
        self.change(now, member, |member| match outcome {
            Ok(_) => {
                member.state = MemberState::Up;
                member.failures = 0;
            }
            Err(PeerFailure::Status { status: 404 | 501, .. }) => {
                member.version = None;
                member.ready = None;
            }
            Err(failure) => {
                member.failures += 1;
                let gone = *failure == PeerFailure::Refused || member.failures > FORGIVEN_FAILURES;
                member.state = if gone { MemberState::Down } else { MemberState::Suspicious };
            }
        })
    }
}
