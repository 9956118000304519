//! Services and instances of 2.x counted: by kind, as the page about an upgrade shows them, and
//! service by service.

use super::ClientKeyed;
use crate::model::ServiceRef;
use crate::registry::{Tally, Totals};

impl ClientKeyed {
    /// Services that exist and their instances by the kind shown: ephemeral, then persistent.
    pub fn kinds(&self) -> [Totals; 2] {
        let mut kinds = [Totals::default(); 2];
        for (_, service) in self.services.iter().filter(|(_, service)| service.exists()) {
            let kind = &mut kinds[usize::from(!service.shown_kind())];
            kind.services += 1;
            kind.instances += service.count();
        }
        kinds
    }

    /// Counts each service that exists.
    pub fn tallies(&self, look: &mut dyn FnMut(ServiceRef<'_>, Tally)) {
        for (_, service) in self.services.iter().filter(|(_, service)| service.exists()) {
            let mut tally = Tally { subscribers: service.subscribers.len(), ..Tally::default() };
            tally.add(&service.ephemeral, &service.persistent);
            look(service.key.as_ref(), tally);
        }
    }
}
