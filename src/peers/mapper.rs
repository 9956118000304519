//! Which member is responsible for what: a tag, hashed as Java hashes it, picks one of the healthy
//! members in the order of their texts (`cluster/owners`, 197 names and 216 addresses without an
//! exception). The tag is a service's grouped name on 1.x and a client's `ip:port` on 2.x.

use crate::model::{MemberId, Responsibility, java};
use crate::peers::view::Ownership;
use std::sync::Arc;

/// A node's view of who is responsible; a new one is made when the members change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapper {
    own: MemberId,
    healthy: Vec<MemberId>,
    /// The switch `distroEnabled`.
    enabled: bool,
}

impl Mapper {
    /// The view of `own` when these members are healthy.
    pub fn new(own: MemberId, mut healthy: Vec<MemberId>, enabled: bool) -> Self {
        healthy.sort();
        healthy.dedup();
        Self { own, healthy, enabled }
    }

    /// This node.
    pub fn own(&self) -> &MemberId {
        &self.own
    }

    /// The healthy members in their order.
    pub fn healthy(&self) -> &[MemberId] {
        &self.healthy
    }

    /// The same view with the switch turned.
    pub fn with_switch(&self, enabled: bool) -> Option<Self> {
        (enabled != self.enabled).then(|| Self { enabled, ..self.clone() })
    }

    /// Whether the node answers for everything, whatever the tag.
    pub fn takes_all(&self) -> bool {
        !self.enabled || (!self.healthy.is_empty() && !self.healthy.contains(&self.own))
    }

    /// Where a request about the tag belongs. A node that knows of no healthy member, not even of
    /// itself, sends everything to itself.
    pub fn responsible(&self, tag: &str) -> &MemberId {
        if !self.enabled {
            return &self.own;
        }
        self.healthy.get(self.target(tag)).unwrap_or(&self.own)
    }

    fn target(&self, tag: &str) -> usize {
        let hash = usize::try_from(distro_hash(tag)).unwrap_or(0);
        hash.checked_rem(self.healthy.len()).unwrap_or(0)
    }
}

impl Responsibility for Mapper {
    fn is_mine(&self, tag: &str) -> bool {
        if !self.enabled {
            return true;
        }
        if self.healthy.is_empty() {
            return false;
        }
        // A node that the others do not see answers for everything that it is sent.
        match self.healthy.iter().position(|member| *member == self.own) {
            Some(own) => self.target(tag) == own,
            None => true,
        }
    }
}

impl Ownership for Mapper {
    fn owner(&self, service: &str) -> Option<MemberId> {
        Some(self.responsible(service).clone())
    }
}

/// `abs(hash % Integer.MAX_VALUE)`.
pub fn distro_hash(tag: &str) -> i32 {
    (java::string_hash(tag) % i32::MAX).abs()
}

/// An identity from its text.
pub fn member(text: &str) -> MemberId {
    Arc::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapper(own: &str, healthy: &[&str]) -> Mapper {
        Mapper::new(member(own), healthy.iter().map(|text| member(text)).collect(), true)
    }

    #[test]
    fn hashes_are_those_of_java() {
        assert_eq!(distro_hash("DEFAULT_GROUP@@a"), 1_325_396_480);
        assert_eq!(distro_hash("DEFAULT_GROUP@@nacos.test.3"), 301_437_166);
        assert_eq!(distro_hash("g@@svc"), 1_285_038_503);
        assert_eq!((i32::MIN % i32::MAX).abs(), 1);
    }

    #[test]
    fn members_are_ordered_as_texts() {
        let mapper = mapper("h:9", &["h:9", "h:10", "h:11"]);
        let order: Vec<&str> = mapper.healthy().iter().map(|member| &**member).collect();
        assert_eq!(order, ["h:10", "h:11", "h:9"]);
    }

    #[test]
    fn without_healthy_members_nothing_is_mine_and_all_is_sent_to_myself() {
        let mapper = mapper("h:1", &[]);
        assert!(!mapper.is_mine("a"));
        assert_eq!(&**mapper.responsible("a"), "h:1");
    }

    #[test]
    fn a_node_that_is_not_healthy_itself_takes_everything() {
        let mapper = mapper("h:3", &["h:1", "h:2"]);
        assert!(mapper.is_mine("a") && mapper.is_mine("b"));
    }

    #[test]
    fn with_the_switch_off_every_node_takes_everything() {
        let on = mapper("h:1", &["h:1", "h:2"]);
        let off = on.with_switch(false).unwrap();
        assert!((0..50).any(|n| !on.is_mine(&n.to_string())));
        assert!((0..50).all(|n| off.is_mine(&n.to_string())));
        assert_eq!(off.with_switch(false), None);
    }

    /// A row of `owners.json`.
    #[derive(serde::Deserialize)]
    struct Row {
        key: String,
        n: usize,
        owner: usize,
    }

    #[test]
    fn every_owner_that_was_measured_on_real_servers_is_found() {
        let text = include_str!("../../fixtures/transcripts/cluster/owners.json");
        let recorded: serde_json::Value = serde_json::from_str(text).unwrap();
        for version in ["1.1.4", "1.2.1", "2.0.2"] {
            let rows: Vec<Row> = serde_json::from_value(recorded[version].clone()).unwrap();
            assert!(rows.len() > 400, "{version}: {}", rows.len());
            for Row { key, n, owner } in rows {
                let members: Vec<String> = (0..n).map(|node| format!("h:{node}")).collect();
                let members: Vec<&str> = members.iter().map(String::as_str).collect();
                let mapper = mapper(members[owner], &members);
                assert_eq!(&**mapper.responsible(&key), members[owner], "{version} {key} {n}");
                assert!(mapper.is_mine(&key), "{version} {key} {n}");
            }
        }
    }
}
