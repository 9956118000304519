//! Who answers for a service or a client: the rule of Nacos, written down once more, because what
//! judges a server must not be told by it (`cluster/owners`, measured without an exception).
use crate::model::java;

/// `DistroMapper.distroHash`: the absolute remainder of Java's hash.
pub fn distro_hash(tag: &str) -> u32 {
    (java::string_hash(tag) % i32::MAX).unsigned_abs()
}

/// The member that answers for a tag: a grouped service name on 1.x, `ip:port` on 2.x. `members`
/// are the healthy ones, sorted as texts; none answers when there are none.
pub fn responsible<'a>(tag: &str, members: &'a [String]) -> Option<&'a str> {
    let count = u32::try_from(members.len()).ok().filter(|count| *count > 0)?;
    members.get((distro_hash(tag) % count) as usize).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_measured_owner_is_found() {
        let text = include_str!("../../../fixtures/transcripts/cluster/owners.json");
        let owners: Value = serde_json::from_str(text).unwrap();
        let mut checked = 0;
        for (_, rows) in owners.as_object().unwrap() {
            for row in rows.as_array().into_iter().flatten() {
                let count = row["n"].as_u64().unwrap();
                let members: Vec<String> = (0..count).map(|n| n.to_string()).collect();
                let tag = row["key"].as_str().unwrap();
                let owner = row["owner"].as_u64().unwrap().to_string();
                assert_eq!(responsible(tag, &members), Some(owner.as_str()), "{row}");
                checked += 1;
            }
        }
        assert!(checked > 3000, "{checked}");
    }

    #[test]
    fn the_ends_of_the_hash_stay_inside_the_list() {
        assert_eq!(distro_hash("DEFAULT_GROUP@@a"), 1_325_396_480);
        assert_eq!(distro_hash("g@@svc"), 1_285_038_503);
        assert_eq!(responsible("x", &[]), None);
    }
}
