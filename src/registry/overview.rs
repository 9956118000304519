//! What operators and peers ask of the whole registry: pushes, names, counts, and what raft and
//! distro of 1.x keep.

use crate::model::{
    ClientCounts, DatumKey, InstanceDatum, Millis, PushCounts, ServiceDatum, ServiceRef, Switches,
};
use crate::profile::PushStateShape;
use crate::registry::addresses::Addresses;
use crate::registry::face::Core;
use crate::registry::{Datagram, Effect, Registry, Totals};

/// How much one service holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Instances of both kinds.
    pub instances: usize,
    /// Those that are healthy.
    pub healthy: usize,
    /// Those that are persistent.
    pub persistent: usize,
    /// Subscribers.
    pub subscribers: usize,
}

impl Tally {
    /// Adds two tables of instances.
    pub(super) fn add(&mut self, ephemeral: &Addresses, persistent: &Addresses) {
        let healthy = |table: &Addresses| table.iter().filter(|e| e.instance.healthy).count();
        self.instances += ephemeral.len() + persistent.len();
        self.healthy += healthy(ephemeral) + healthy(persistent);
        self.persistent += persistent.len();
    }
}

impl Registry {
    /// Counts each service, in no order that means anything.
    pub fn tallies(&self, look: &mut dyn FnMut(ServiceRef<'_>, Tally)) {
        match &self.core {
            Core::ServiceKeyed(core) => core.tallies(look),
            Core::ClientKeyed(core) => core.tallies(look),
        }
    }

    /// The clients of a 2.x node.
    pub fn client_counts(&self) -> ClientCounts {
        match &self.core {
            Core::ServiceKeyed(_) => ClientCounts::default(),
            Core::ClientKeyed(core) => {
                let connections = self.connections.iter().filter(|known| known.meta.is_naming());
                ClientCounts { connected: connections.count(), ..core.client_counts() }
            }
        }
    }

    /// Pushes given up since the start, and those that wait for their ack.
    pub fn pushes(&self) -> (u64, usize) {
        (self.acks.failed, self.acks.waiting())
    }

    /// GET `/operator/push/state`: what became of the pushes of this day.
    pub fn push_counts(&mut self, now: Millis) -> PushCounts {
        self.acks.counts.roll(now);
        self.acks.counts
    }

    /// The datagrams that wait for an ack.
    pub fn unacked(&self) -> impl Iterator<Item = &Datagram> {
        self.acks.unacked()
    }

    /// `reset` of `/operator/push/state`.
    pub fn reset_pushes(&mut self) {
        match self.quirks.operator.push_state {
            PushStateShape::Sent => self.acks.forget_unacked(),
            PushStateShape::Acked => self.acks.counts.reset(),
        }
    }

    /// The node calls it with what follows from every operation.
    pub fn note_writes(&mut self, effects: &[Effect]) {
        if matches!(self.core, Core::ServiceKeyed(_)) {
            self.raft_log.note(effects);
        }
    }

    /// The term of the raft of 1.x.
    pub fn raft_term(&self) -> i64 {
        self.raft_log.term()
    }

    /// How often a key of raft was written; `None` when raft does not know it.
    pub fn datum_stamp(&self, key: &DatumKey) -> Option<u64> {
        self.raft_log.stamp(key)
    }

    /// The switches that raft keeps, if somebody wrote them.
    pub fn stored_switches(&self) -> Option<&Switches> {
        self.stored_switches.as_ref()
    }

    /// A service that raft of 1.x knows.
    pub fn service_datum(&self, service: ServiceRef<'_>) -> Option<ServiceDatum<'_>> {
        match &self.core {
            Core::ServiceKeyed(core) => core.service_datum(service),
            Core::ClientKeyed(_) => None,
        }
    }

    /// What 1.x servers keep under the key of a list of instances; `None` when there is no such
    /// key here.
    pub fn instance_datum(
        &self,
        service: ServiceRef<'_>,
        ephemeral: bool,
    ) -> Option<Vec<InstanceDatum<'_>>> {
        match &self.core {
            Core::ServiceKeyed(core) => core.instance_datum(service, ephemeral),
            Core::ClientKeyed(_) => None,
        }
    }

    /// Grouped names of all services, by namespace, in the order of the server's maps. On 2.x a
    /// namespace without a service is not shown.
    pub fn names_by_namespace(&mut self) -> Vec<(String, Vec<String>)> {
        let keeps_empty = matches!(self.core, Core::ServiceKeyed(_));
        let mut all = Vec::new();
        for namespace in self.namespaces() {
            let listing = self.listing(&namespace).unwrap_or_else(|| [].into());
            if keeps_empty || !listing.is_empty() {
                let names = listing.iter().map(|name| name.to_string()).collect();
                all.push((namespace.to_string(), names));
            }
        }
        all
    }

    /// Services and their instances by the kind shown: ephemeral first.
    pub fn kinds(&self) -> [Totals; 2] {
        match &self.core {
            Core::ServiceKeyed(core) => [core.totals(), Totals::default()],
            Core::ClientKeyed(core) => core.kinds(),
        }
    }
}
