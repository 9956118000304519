//! Services by name, and their names in the order in which the server's map of them iterates: pages
//! of the service list and the catalog are cut from it (`service/list-paging`,
//! `catalog/services-paging`).
//!
//! The order is put together when somebody asks for it and kept until a service comes or goes, so
//! that a page of ten thousand services costs no sorting. Java's maps grow and never shrink, so the
//! most services that a namespace ever held decide; what shares a bucket stands in order of names.

use crate::model::{ServiceKey, ServiceRef, java};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Grouped names of a namespace's services.
pub type Listing = Arc<[Arc<str>]>;

/// The services of one core.
#[derive(Debug)]
pub struct Index {
    namespaces: FxHashMap<Arc<str>, Namespace>,
    /// `hashCode` of what the server's map has as its key: of namespace and grouped name.
    hash: fn(&str, &str) -> i32,
    /// How many buckets the map has at first.
    first_buckets: u32,
}

#[derive(Debug, Default)]
struct Namespace {
    slots: FxHashMap<Arc<str>, usize>,
    /// How many of them are listed.
    listed: usize,
    /// The most that ever were at once.
    most: usize,
    /// Names of those listed in order; absent when stale.
    order: Option<Listing>,
}

impl Index {
    /// An empty index.
    pub fn new(hash: fn(&str, &str) -> i32, first_buckets: u32) -> Self {
        Self { namespaces: FxHashMap::default(), hash, first_buckets }
    }

    /// The slot of a name.
    pub fn slot(&self, service: ServiceRef<'_>) -> Option<usize> {
        self.namespaces.get(service.namespace)?.slots.get(service.name).copied()
    }

    /// An owned key that shares the namespace's text with its neighbours.
    pub fn key(&self, service: ServiceRef<'_>) -> ServiceKey {
        match self.namespaces.get_key_value(service.namespace) {
            Some((namespace, _)) => {
                ServiceKey { namespace: namespace.clone(), name: service.name.into() }
            }
            None => service.to_key(),
        }
    }

    /// Puts a name in; it is not listed yet.
    pub fn insert(&mut self, key: ServiceKey, slot: usize) {
        self.namespaces.entry(key.namespace).or_default().slots.insert(key.name, slot);
    }

    /// Takes a name out that is not listed. A namespace that ever had a service is remembered.
    pub fn remove(&mut self, key: &ServiceKey) {
        let Some(namespace) = self.namespaces.get_mut(&key.namespace) else { return };
        namespace.slots.remove(&key.name);
        if namespace.slots.is_empty() && namespace.most == 0 {
            self.namespaces.remove(&key.namespace);
        }
    }

    /// The service of a name that is in has come into being.
    pub fn list(&mut self, key: &ServiceKey) {
        if let Some(namespace) = self.namespaces.get_mut(&key.namespace) {
            namespace.listed += 1;
            namespace.most = namespace.most.max(namespace.listed);
            namespace.order = None;
        }
    }

    /// The service of a name is gone.
    pub fn unlist(&mut self, key: &ServiceKey) {
        if let Some(namespace) = self.namespaces.get_mut(&key.namespace) {
            namespace.listed -= 1;
            namespace.order = None;
        }
    }

    /// Namespaces that ever had a service, in the order of a Java map.
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        let known = self.namespaces.iter().filter(|(_, namespace)| namespace.most > 0);
        let mut names: Vec<Arc<str>> = known.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        java::sort_by_hash_order(&mut names, |name| name);
        names
    }

    /// Names of a namespace's services in order; `None` when it never had one. `is_listed` tells
    /// the slots of services from those of mere names.
    pub fn listing(
        &mut self,
        namespace: &str,
        is_listed: impl Fn(usize) -> bool,
    ) -> Option<Listing> {
        let (hash, first_buckets) = (self.hash, self.first_buckets);
        let known = self.namespaces.get_mut(namespace).filter(|known| known.most > 0)?;
        if let Some(order) = &known.order {
            return Some(order.clone());
        }
        let mask = concurrent_buckets(first_buckets, known.most) - 1;
        let names = known.slots.iter().filter(|(_, slot)| is_listed(**slot));
        let mut keyed: Vec<(u32, &Arc<str>)> =
            names.map(|(name, _)| (java::spread(hash(namespace, name)) & mask, name)).collect();
        keyed.sort_unstable();
        let order: Listing = keyed.into_iter().map(|(_, name)| name.clone()).collect();
        known.order = Some(order.clone());
        Some(order)
    }
}

/// Number of buckets of a `ConcurrentHashMap` that once held `most` entries: it grows when it is
/// three quarters full, one entry earlier than a `HashMap`.
fn concurrent_buckets(first: u32, most: usize) -> u32 {
    let mut buckets = first;
    while most as u64 >= u64::from(buckets) * 3 / 4 {
        buckets *= 2;
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(names: &[&str]) -> Index {
        let mut index = Index::new(|_, name| java::string_hash(name), 32);
        for (slot, name) in names.iter().enumerate() {
            let key = index.key(ServiceRef { namespace: "n", name });
            index.insert(key.clone(), slot);
            index.list(&key);
        }
        index
    }

    fn shown(listing: Option<Listing>) -> Vec<String> {
        listing.unwrap().iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn names_stand_in_the_order_of_a_java_map() {
        let mut index = index(&["g@@svc.1", "g@@svc.2", "g@@svc.3"]);
        let order = shown(index.listing("n", |_| true));
        let mut wanted = ["g@@svc.1", "g@@svc.2", "g@@svc.3"];
        java::sort_by_buckets(&mut wanted, 32, |name| name);
        assert_eq!(order, wanted);
    }

    #[test]
    fn a_service_that_goes_leaves_the_order_and_its_namespace_stays() {
        let mut index = index(&["g@@only"]);
        assert_eq!(shown(index.listing("n", |_| true)), ["g@@only"]);
        let key = ServiceRef { namespace: "n", name: "g@@only" }.to_key();
        index.unlist(&key);
        index.remove(&key);
        assert_eq!(shown(index.listing("n", |_| true)), [""; 0]);
        assert_eq!(index.namespaces(), ["n".into()]);
        assert_eq!(index.listing("other", |_| true), None);
    }

    #[test]
    fn a_mere_name_leaves_no_namespace_behind() {
        let mut index = Index::new(|_, name| java::string_hash(name), 16);
        let key = ServiceRef { namespace: "n", name: "g@@s" }.to_key();
        index.insert(key.clone(), 0);
        assert_eq!(index.listing("n", |_| false), None);
        index.remove(&key);
        assert!(index.namespaces().is_empty());
    }
}
