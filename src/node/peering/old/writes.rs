//! What is written through raft, and who waits for it: one thing after the other, up to the first
//! that fails.

use super::{OldProtocols, alone};
use crate::model::{DatumKey, DatumValue, JavaException, Refusal};
use crate::node::Node;
use crate::node::agreement::Proposal;
use crate::node::store::Receipt;
use crate::peers::{Raft, Ticket, WriteFailure};
use crate::registry::Effect;
use crate::wire::peer::datum::java_text;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Something for raft to write.
#[derive(Debug, Clone)]
enum Publication {
    Put(DatumKey, Arc<DatumValue>),
    Remove(DatumKey),
}

/// Writes under way.
#[derive(Debug, Default)]
pub(super) struct Writes {
    last: u64,
    waiting: FxHashMap<Ticket, Waiting>,
}

/// Somebody who waits for one write after the other.
#[derive(Debug)]
struct Waiting {
    now: Publication,
    rest: VecDeque<Publication>,
    receipts: Vec<Receipt>,
    tell: oneshot::Sender<Result<Vec<Receipt>, Refusal>>,
}

impl Node {
    /// A follower has this node write something, or with no value remove it.
    ///
    /// # Errors
    /// The node has no raft.
    pub fn publish(&self, key: DatumKey, value: Option<DatumValue>) -> Result<Receipt, Refusal> {
        self.old().ok_or_else(alone)?;
        let publication = match value {
            Some(value) => Publication::Put(key, Arc::new(value)),
            None => Publication::Remove(key),
        };
        self.write_all(VecDeque::from([publication])).ok_or_else(alone)
    }

    /// Has raft write what an operation wants written, one after the other; `None` when it wants
    /// nothing.
    ///
    /// # Errors
    /// The switches can not be written here (`timelines/no-quorum`).
    pub(in crate::node) fn publish_effects(
        &self,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Receipt>, Refusal> {
        let mut wanted = VecDeque::new();
        let is_for_raft =
            |effect: &mut Effect| matches!(effect, Effect::Publish(..) | Effect::Unpublish(_));
        for effect in effects.extract_if(.., is_for_raft) {
            match effect {
                Effect::Publish(key, value) => {
                    wanted.push_back(Publication::Put(key, Arc::new(value)));
                }
                Effect::Unpublish(key) => wanted.push_back(Publication::Remove(key)),
                _ => {}
            }
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        if self.old().is_some_and(|(_, old)| !old.raft_runs()) {
            return self.agree_on_lists(wanted.into());
        }
        let switches = |one: &Publication| matches!(one, Publication::Put(DatumKey::Switches, _));
        if wanted.iter().any(switches) && self.raft(Raft::has_misread_switches) == Some(true) {
            return Err(misread());
        }
        Ok(self.write_all(wanted))
    }

    /// The same for what nobody waits for.
    pub(in crate::node) fn publish_later(&self, effects: &mut Vec<Effect>) {
        match self.publish_effects(effects) {
            Ok(receipt) => drop(receipt),
            Err(refusal) => tracing::warn!(%refusal, "a change was not written"),
        }
    }

    /// The old raft has stopped: members of 2.0.x write what the core of 1.x wants written through
    /// the one that followed it.
    fn agree_on_lists(&self, wanted: Vec<Publication>) -> Result<Option<Receipt>, Refusal> {
        let proposal = |one| match one {
            Publication::Put(key, value) => Proposal::Datum(key, Some(value)),
            Publication::Remove(key) => Proposal::Datum(key, None),
        };
        self.propose(wanted.into_iter().map(proposal).collect())
    }

    fn write_all(&self, mut wanted: VecDeque<Publication>) -> Option<Receipt> {
        let (_, old) = self.old()?;
        let now = wanted.pop_front()?;
        let (tell, told) = oneshot::channel();
        let ticket = {
            let mut writes = old.writes.lock();
            writes.last += 1;
            let ticket = Ticket(writes.last);
            let waiting = Waiting { now: now.clone(), rest: wanted, receipts: Vec::new(), tell };
            writes.waiting.insert(ticket, waiting);
            ticket
        };
        self.write(old, ticket, now);
        Some(Receipt::of_members(told))
    }

    fn write(&self, old: &OldProtocols, ticket: Ticket, publication: Publication) {
        let now = self.now();
        let ((), mut left) = self.raft_turn(old, |raft| {
            let deeds = match publication {
                Publication::Put(key, value) => raft.publish(now, key, value, ticket),
                Publication::Remove(key) => raft.remove(key, ticket),
            };
            ((), deeds)
        });
        if let Some(waiting) = old.writes.lock().waiting.get_mut(&ticket) {
            waiting.receipts.append(&mut left.receipts);
        }
        self.finish(old, left);
    }

    pub(super) fn written(
        &self,
        old: &OldProtocols,
        ticket: Ticket,
        outcome: Result<(), WriteFailure>,
    ) {
        let Some(mut waiting) = old.writes.lock().waiting.remove(&ticket) else { return };
        if let Err(failure) = outcome {
            let refusal = self.refusal(&failure, &waiting.now);
            // Whoever waited may have gone away.
            let _ = waiting.tell.send(Err(refusal));
            return;
        }
        let Some(next) = waiting.rest.pop_front() else {
            let _ = waiting.tell.send(Ok(waiting.receipts));
            return;
        };
        waiting.now = next.clone();
        old.writes.lock().waiting.insert(ticket, waiting);
        self.write(old, ticket, next);
    }

    /// What whoever waited reads.
    fn refusal(&self, failure: &WriteFailure, publication: &Publication) -> Refusal {
        let text = match (failure, publication) {
            (WriteFailure::Put(key), Publication::Put(_, value)) => {
                let (key, value) = (key.text(), java_text(key, value, &self.quirks()));
                format!("Raft put failed, key:{key}, value:{value}")
            }
            (WriteFailure::Put(key) | WriteFailure::Remove(key), _) => {
                format!("Raft remove failed, key:{}", key.text())
            }
        };
        Refusal::nacos(500, text)
    }
}

/// Switches that a beat brought were taken for a service.
fn misread() -> Refusal {
    const SERVICE: &str = "com.alibaba.nacos.naming.core.Service";
    const SWITCHES: &str = "com.alibaba.nacos.naming.misc.SwitchDomain";
    let text = format!(
        "class {SERVICE} cannot be cast to class {SWITCHES} ({SERVICE} and {SWITCHES} are in \
         unnamed module of loader org.springframework.boot.loader.LaunchedURLClassLoader)"
    );
    Refusal::new(JavaException::ClassCast, text)
}
