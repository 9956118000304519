//! What a node holds, as distro reads it.

use crate::model::{Datum, DatumKey, ServiceRef};
use crate::node::Node;
use crate::peers::upgrade::Core;
use crate::peers::view::{Choose, DistroData, NamespaceChecksums};

/// Reads the registry of a node.
pub(super) struct Held<'a>(pub(super) &'a Node);

impl DistroData for Held<'_> {
    fn keys(&mut self, choose: Choose<'_>) -> Vec<DatumKey> {
        self.0.read_in(Core::Old, |registry, _| registry.list_keys(choose))
    }

    fn checksum(&mut self, key: &DatumKey) -> Option<String> {
        let service = key.service()?;
        self.0.read_in(Core::Old, |registry, _| registry.list_checksum(service.as_ref()))
    }

    fn lists(&mut self, keys: &[DatumKey]) -> Vec<Datum> {
        let services = keys.iter().filter_map(DatumKey::service);
        self.0.read_in(Core::Old, |registry, _| {
            services.filter_map(|one| registry.list_datum(one)).collect()
        })
    }

    fn services(&mut self, choose: Choose<'_>, with_empty: bool) -> Vec<NamespaceChecksums> {
        self.0.read_in(Core::Old, |registry, _| registry.service_checksums(choose, with_empty))
    }

    fn service(&mut self, service: ServiceRef<'_>) -> Option<String> {
        self.0.read_in(Core::Old, |registry, _| registry.service_checksum(service).ok())
    }
}
