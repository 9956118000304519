//! How services look, each 5 s: the responsible member tells every listed one, also those that are
//! down, and who sees a service differently asks for the health of its instances
//! (`ServiceManager.ServiceReporter`, `cluster/service-status-call`).

use super::{Distro, Pending};
use crate::model::{PeerCall, ServiceChecksums, ServiceKey};
use crate::peers::Deed;
use crate::peers::view::Turn;
use std::sync::Arc;

/// From the start to the first report, ms.
pub(super) const FIRST_STATUS_MS: u64 = 60_000;

impl Distro {
    pub(super) fn send_statuses(&mut self, turn: &mut Turn<'_>, effects: &mut Vec<Deed>) {
        if self.others.listed.is_empty() {
            return;
        }
        let owners = turn.owners;
        let mine = |service: &str| owners.is_mine(service);
        for (namespace, checksums) in turn.data.services(&mine, self.rules.reports_empty) {
            let from = self.me.clone();
            let status = Arc::new(ServiceChecksums { from, namespace, checksums });
            for to in self.others.listed.clone() {
                let call = PeerCall::ServiceStatus(status.clone());
                self.call(to, call, Pending::Told, effects);
            }
        }
    }

    /// POST `/service/status` of another member.
    pub fn statuses_came(&mut self, turn: &mut Turn<'_>, status: &ServiceChecksums) -> Vec<Deed> {
        let mut effects = Vec::new();
        for (name, checksum) in &status.checksums {
            let service = ServiceKey { namespace: status.namespace.clone(), name: name.clone() };
            let differs = turn.data.service(service.as_ref()).is_some_and(|own| own != *checksum);
            if differs && self.asking.insert(service.clone()) {
                let pending = Pending::Statuses(service.clone());
                self.call(status.from.clone(), PeerCall::Statuses(service), pending, &mut effects);
            }
        }
        effects
    }
}
