//! What engines see of the rest of the node: who owns what, and what the registry holds.

pub use crate::model::NamespaceChecksums;
use crate::model::{Datum, DatumKey, MemberId, Responsibility, ServiceRef};

/// Who is responsible for a service, as this node sees its members.
pub trait Ownership: Responsibility {
    /// Who is; `None` when nobody is healthy.
    fn owner(&self, service: &str) -> Option<MemberId>;
}

/// Chooses services by their grouped name.
pub type Choose<'a> = &'a dyn Fn(&str) -> bool;

/// What the registry holds, as distro reads it.
pub trait DistroData {
    /// The keys of the lists of ephemeral instances of the chosen services.
    fn keys(&mut self, choose: Choose<'_>) -> Vec<DatumKey>;
    /// The checksum of a list; `None` when there is no list.
    fn checksum(&mut self, key: &DatumKey) -> Option<String>;
    /// The lists that there are.
    fn lists(&mut self, keys: &[DatumKey]) -> Vec<Datum>;
    /// Every service as it looks now, by namespace; empty ones may be left out.
    fn services(&mut self, choose: Choose<'_>, with_empty: bool) -> Vec<NamespaceChecksums>;
    /// How a service looks now; `None` when there is none.
    fn service(&mut self, service: ServiceRef<'_>) -> Option<String>;
}

/// What an engine is given for one turn.
pub struct Turn<'a> {
    /// The node's time.
    pub now: crate::model::Millis,
    /// Who owns what.
    pub owners: &'a dyn Ownership,
    /// What the registry holds.
    pub data: &'a mut dyn DistroData,
}
