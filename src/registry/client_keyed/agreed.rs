//! What the members agreed on about services and operators' records, done as whoever proposed it
//! would have done it alone.

use super::ClientKeyed;
use crate::model::ServiceRef;
use crate::registry::scope::Scope;
use crate::registry::{InstanceRecord, ServiceSettings};

impl ClientKeyed {
    /// Settings of a service, which exists from then on; `None` ends both.
    pub fn agreed_settings(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        settings: Option<&ServiceSettings>,
    ) {
        match settings {
            Some(settings) => {
                let slot = self.slot_for(service);
                self.create(slot, scope.now, settings.ephemeral);
                self.store_settings(scope, slot, settings.clone());
            }
            None => {
                let Some(slot) = self.slot(service) else { return };
                self.drop_service(scope, slot);
                self.release(slot);
            }
        }
    }

    /// An operator's record over an instance; `None` ends it.
    pub fn agreed_record(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        id: &str,
        record: Option<&InstanceRecord>,
    ) {
        let slot = self.slot_for(service);
        match (record, parts_of(id)) {
            (Some(record), Some(parts)) => self.write_record(scope, slot, parts, record.clone()),
            (Some(_), None) => {}
            (None, _) => self.drop_record(scope, slot, id),
        }
        self.release(slot);
    }
}

/// Address, port and cluster of `ip:port:cluster`: the port is the first number between colons.
/// Where the address has such numbers itself the parts are others, and the name they make is not.
fn parts_of(id: &str) -> Option<(&str, i32, &str)> {
    let ends = id.match_indices(':').map(|(at, _)| at);
    ends.clone().find_map(|at| {
        let (port, cluster) = id[at + 1..].split_once(':')?;
        Some((&id[..at], port.parse().ok()?, cluster))
    })
}
