//! The nodes of one process that agree on durable changes, as real 2.0.x members do by JRaft: what
//! one of them proposes all of them do, in one order, before it is answered. Nodes of other
//! processes and real servers have no part in it (COVERAGE.md).

use crate::model::{
    Datum, DatumKey, DatumValue, JavaException, MemberId, Millis, Refusal, ServiceKey,
};
use crate::node::Node;
use crate::node::peering::Network;
use crate::node::store::Receipt;
use crate::peers::Group;
use crate::peers::group::{Change, Disagreement};
use crate::peers::upgrade::Core;
use crate::registry::{Effect, Registry, StoreWrite};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// What a durable change is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A persistent instance.
    Persistent(ServiceKey, String, i32),
    /// Settings of a service.
    Service(ServiceKey),
    /// An operator's record.
    Record(ServiceKey, String),
    /// The switches.
    Switches,
    /// What the core of 1.x keeps under a key.
    Datum(DatumKey),
    /// Something that no two nodes share.
    Own,
}

/// Something for the members to agree on.
#[derive(Debug, Clone)]
pub enum Proposal {
    /// A change of the core of 2.x.
    Write(StoreWrite),
    /// What the core of 1.x keeps under a key, or with no value that it keeps nothing: on a member
    /// of 2.0.x whose old raft has stopped.
    Datum(DatumKey, Option<Arc<DatumValue>>),
}

impl Proposal {
    /// The core that it changes.
    fn core(&self) -> Core {
        match self {
            Self::Write(_) => Core::New,
            Self::Datum(..) => Core::Old,
        }
    }

    /// Changes that core.
    fn take(&self, now: Millis, registry: &mut Registry) -> Vec<Effect> {
        match self {
            Self::Write(write) => registry.agreed(now, write),
            Self::Datum(key, Some(value)) => {
                let stamp = registry.datum_stamp(key).unwrap_or_default() + 1;
                let datum = Datum { key: key.clone(), stamp, value: value.clone() };
                registry.take_datum(now, &datum)
            }
            Self::Datum(key, None) => registry.forget_datum(now, key),
        }
    }
}

impl Change for Proposal {
    type Key = Subject;

    fn key(&self) -> Subject {
        let write = match self {
            Self::Write(write) => write,
            Self::Datum(key, _) => return Subject::Datum(key.clone()),
        };
        match write {
            StoreWrite::PersistentInstance { service, ip, port, .. } => {
                Subject::Persistent(service.clone(), ip.clone(), *port)
            }
            StoreWrite::Service { service, .. } => Subject::Service(service.clone()),
            StoreWrite::InstanceRecord { service, metadata_id, .. } => {
                Subject::Record(service.clone(), metadata_id.clone())
            }
            StoreWrite::Switches(_) => Subject::Switches,
            StoreWrite::Console(_) | StoreWrite::Raft { .. } | StoreWrite::Upgraded(_) => {
                Subject::Own
            }
        }
    }

    fn is_removal(&self) -> bool {
        matches!(
            self,
            Self::Write(
                StoreWrite::PersistentInstance { instance: None, .. }
                    | StoreWrite::Service { settings: None, .. }
                    | StoreWrite::InstanceRecord { record: None, .. }
            ) | Self::Datum(_, None)
        )
    }
}

/// The nodes that agree.
#[derive(Debug)]
pub struct Agreement {
    group: Mutex<Group<Proposal>>,
    network: Arc<Network>,
    nodes: Mutex<BTreeMap<MemberId, Weak<Node>>>,
}

/// What a node's own part of an agreement brought.
type Done = (Arc<Node>, Vec<Effect>, Option<Receipt>);

impl Agreement {
    /// An agreement of these members, of whom none runs yet.
    pub fn new(members: &[MemberId], network: Arc<Network>) -> Self {
        Self { group: Mutex::new(Group::new(members)), network, nodes: Mutex::default() }
    }

    /// A node runs: it takes what the others have agreed on.
    pub fn enter(&self, id: &MemberId, node: &Arc<Node>) {
        let done = {
            let mut group = self.group.lock();
            self.nodes.lock().insert(id.clone(), Arc::downgrade(node));
            group.started(id);
            self.spread(&mut group)
        };
        finish(done, None);
    }

    /// A node is gone.
    pub fn leave(&self, now: Millis, id: &MemberId) {
        self.nodes.lock().remove(id);
        self.group.lock().stopped(now, id);
        self.wake();
    }

    /// A node of another kind stands in its place: it has no part in this any more.
    pub fn exclude(&self, now: Millis, id: &MemberId) {
        self.nodes.lock().remove(id);
        self.group.lock().unlisted(now, id);
        self.wake();
    }

    /// Nodes may have been cut off from the others, or no longer be.
    fn look_at_network(&self, now: Millis, group: &mut Group<Proposal>) {
        let members: Vec<MemberId> = group.members().cloned().collect();
        for id in members {
            group.cut_off(now, &id, self.network.state(&id).0.is_some());
        }
    }

    /// Who leads, and since which term.
    pub fn leader(&self) -> (Option<MemberId>, i64) {
        let group = self.group.lock();
        let (leader, term) = group.leader();
        (leader.cloned(), term)
    }

    /// When an election is due.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.group.lock().next_deadline()
    }

    /// Holds the election that is due, and tells nodes that were cut off what they missed.
    pub fn tick(&self, now: Millis) {
        let done = {
            let mut group = self.group.lock();
            self.look_at_network(now, &mut group);
            group.tick(now);
            self.spread(&mut group)
        };
        finish(done, None);
    }

    /// Has every node do what one of them proposes; the receipt is that node's own.
    ///
    /// # Errors
    /// There is nobody to agree with.
    pub fn propose(
        &self,
        now: Millis,
        from: &MemberId,
        proposals: Vec<Proposal>,
    ) -> Result<Option<Receipt>, Refusal> {
        let Some(first) = proposals.first().cloned() else { return Ok(None) };
        let done = {
            let mut group = self.group.lock();
            self.look_at_network(now, &mut group);
            group.propose(from, proposals).map_err(|why| refusal(&first, why))?;
            self.spread(&mut group)
        };
        Ok(finish(done, Some(from)))
    }

    /// Has every node take what it has not taken yet. The group stays locked meanwhile, so that all
    /// of them see one order; what follows waits until it is not.
    fn spread(&self, group: &mut Group<Proposal>) -> Vec<(MemberId, Done)> {
        let nodes: Vec<(MemberId, Arc<Node>)> = {
            let nodes = self.nodes.lock();
            let running = nodes.iter().filter_map(|(id, node)| Some((id.clone(), node.upgrade()?)));
            running.collect()
        };
        let mut done = Vec::with_capacity(nodes.len());
        for (id, node) in nodes {
            let writes = group.take(&id);
            if !writes.is_empty() {
                let (effects, receipt) = node.take_agreed(&writes);
                done.push((id, (node, effects, receipt)));
            }
        }
        done
    }

    /// Forgets what was agreed on: every node is reset.
    pub fn forget(&self) {
        self.group.lock().forget();
    }

    fn wake(&self) {
        let due = self.next_deadline();
        let nodes: Vec<Arc<Node>> = self.nodes.lock().values().filter_map(Weak::upgrade).collect();
        nodes.iter().for_each(|node| node.wake_before(due));
    }
}

/// Lets follow what follows on each node, and finds the receipt of one.
fn finish(done: Vec<(MemberId, Done)>, own: Option<&MemberId>) -> Option<Receipt> {
    let mut found = None;
    for (id, (node, effects, receipt)) in done {
        node.run(effects);
        if own == Some(&id) {
            found = receipt;
        }
    }
    found
}

/// What a client reads whose change was not agreed on (`kill-and-return-2.0.2`).
fn refusal(proposal: &Proposal, why: Disagreement) -> Refusal {
    const EXCEPTION: &str = "com.alibaba.nacos.consistency.exception.ConsistencyException";
    let write = match proposal {
        Proposal::Write(write) => Some(write),
        Proposal::Datum(..) => None,
    };
    let group = match write {
        Some(StoreWrite::PersistentInstance { .. }) => "naming_persistent_service_v2",
        Some(StoreWrite::Service { .. }) => "naming_service_metadata",
        Some(StoreWrite::InstanceRecord { .. }) => "naming_instance_metadata",
        _ => "naming_persistent_service",
    };
    let reason = match why {
        Disagreement::LeaderUnreachable => why.to_string(),
        Disagreement::NoMajority => format!(
            "com.alibaba.nacos.core.distributed.raft.exception.NoLeaderException: \
             The Raft Group [{group}] did not find the Leader node"
        ),
    };
    let thrown = format!("{EXCEPTION}: {reason}");
    match write {
        Some(StoreWrite::PersistentInstance { .. }) => Refusal {
            exception: JavaException::Plain,
            message: format!("java.util.concurrent.ExecutionException: {thrown}").into(),
            cause: Some(thrown),
        },
        Some(StoreWrite::Service { .. } | StoreWrite::InstanceRecord { .. }) => Refusal {
            exception: JavaException::NacosRuntime(500),
            message: "errCode: 500, errMsg: do metadata operation failed ".into(),
            cause: Some(thrown),
        },
        _ => Refusal::new(JavaException::Plain, thrown),
    }
}

impl Node {
    /// The node agrees with others on durable changes from now on; called once, before it answers.
    pub fn agree(self: &Arc<Self>, id: &MemberId, agreement: &Arc<Agreement>) {
        self.read_in(Core::New, |registry, _| registry.propose_changes());
        // A second call would be a mistake of the caller and changes nothing.
        let _ = self.agreement.set((id.clone(), agreement.clone()));
        agreement.enter(id, self);
    }

    /// Does what was agreed on; what follows is for the caller to run.
    fn take_agreed(&self, proposals: &[Proposal]) -> (Vec<Effect>, Option<Receipt>) {
        let (mut effects, mut receipt) = (Vec::new(), None);
        let now = self.now();
        for run in proposals.chunk_by(|one, next| one.core() == next.core()) {
            let mut done = self.told(run[0].core(), |registry| {
                run.iter().flat_map(|proposal| proposal.take(now, registry)).collect()
            });
            effects.append(&mut done.0);
            // One disk takes everything in order: what was queued last is durable last.
            receipt = done.1.or(receipt);
        }
        (effects, receipt)
    }

    /// Has the others agree on what an operation proposes. A node that agrees with nobody proposes
    /// nothing.
    pub(super) fn have_agreed(&self, effects: &[Effect]) -> Result<Option<Receipt>, Refusal> {
        if self.agreement.get().is_none() {
            return Ok(None);
        }
        let proposed = effects.iter().filter_map(|effect| match effect {
            Effect::Propose(write) => Some(Proposal::Write(write.clone())),
            _ => None,
        });
        self.propose(proposed.collect())
    }

    /// Has the others agree on something. A node that agrees with nobody does it alone.
    pub(super) fn propose(&self, proposals: Vec<Proposal>) -> Result<Option<Receipt>, Refusal> {
        match self.agreement.get() {
            Some((id, agreement)) => agreement.propose(self.now(), id, proposals),
            None => {
                let (effects, receipt) = self.take_agreed(&proposals);
                self.run(effects);
                Ok(receipt)
            }
        }
    }

    /// The same for what nobody waits for.
    pub(super) fn have_agreed_later(&self, effects: &[Effect]) {
        if let Err(refusal) = self.have_agreed(effects) {
            tracing::warn!(%refusal, "a change was not agreed on");
        }
    }
}
