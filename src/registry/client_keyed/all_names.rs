//! All names and kinds of 2.x, as the page about an upgrade counts them.

use super::ClientKeyed;
use crate::model::java;
use crate::registry::Totals;

impl ClientKeyed {
    /// Grouped names of the services that exist, by namespace.
    pub fn names_by_namespace(&self) -> Vec<(String, Vec<String>)> {
        let mut all: Vec<(String, Vec<String>)> = Vec::new();
        for (namespace, names) in &self.index {
            let exists = |slot: &usize| self.services[*slot].exists();
            let found = names.iter().filter(|(_, slot)| exists(slot));
            let mut found: Vec<String> = found.map(|(name, _)| name.to_string()).collect();
            if found.is_empty() {
                continue;
            }
            found.sort_unstable();
            java::sort_by_hash_order(&mut found, |name| name);
            all.push((namespace.to_string(), found));
        }
        all.sort_unstable();
        java::sort_by_hash_order(&mut all, |(namespace, _)| namespace);
        all
    }

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
