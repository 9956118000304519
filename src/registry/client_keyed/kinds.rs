//! Services and instances of 2.x by kind, as the page about an upgrade counts them.

use super::ClientKeyed;
use crate::registry::Totals;

impl ClientKeyed {
    /// Services that exist and their instances by the kind shown: ephemeral, then persistent.
    pub fn kinds(&self) -> [Totals; 2] {
        let mut kinds = [Totals::default(); 2];
        for (_, service) in self.services.iter().filter(|(_, service)| service.exists()) {
            let kind = &mut kinds[usize::from(!service.shown_kind())];
            kind.services += 1;
            kind.instances += service.ephemeral.len() + service.persistent.len();
        }
        kinds
    }
}
