//! All names of 1.x, as `allDomNames` and the pages of raft walk them.

use super::ServiceKeyed;
use crate::model::java;

impl ServiceKeyed {
    /// Grouped names by namespace, in the order of hash maps.
    pub fn names_by_namespace(&self) -> Vec<(String, Vec<String>)> {
        let mut all: Vec<(String, Vec<String>)> = self
            .index
            .iter()
            .map(|(namespace, names)| {
                let mut names: Vec<String> = names.keys().map(|name| name.to_string()).collect();
                names.sort_unstable();
                java::sort_by_hash_order(&mut names, |name| name);
                (namespace.to_string(), names)
            })
            .collect();
        all.sort_unstable();
        java::sort_by_hash_order(&mut all, |(namespace, _)| namespace);
        all
    }
}
