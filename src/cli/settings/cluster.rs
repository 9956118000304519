//! How nodes and members are written: `--nodes 3`, `--nodes 1.1.4,1.1.4,2.0.2`,
//! `--members 127.0.0.1:8848,127.0.0.1:8858`.

use crate::config::Value;
use crate::node::peering::parse;

/// So many nodes may a process have; their ports follow each other.
const MAX_NODES: u8 = 64;

/// The nodes of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeList {
    /// So many, all of `--profile`.
    Count(u8),
    /// One of each profile.
    Profiles(Vec<String>),
}

impl Value for NodeList {
    fn read(text: &str) -> Option<Self> {
        if let Ok(count) = text.parse::<u64>() {
            let count = u8::try_from(count).ok().filter(|count| (1..=MAX_NODES).contains(count));
            return count.map(Self::Count);
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        // A number with a sign or a fraction is a mistake and no profile's name.
        let is_name = |name: &String| !name.is_empty() && name.parse::<f64>().is_err();
        let fine = names.iter().all(is_name) && names.len() <= usize::from(MAX_NODES);
        fine.then_some(Self::Profiles(names))
    }
    fn valid() -> String {
        format!("a number from 1 to {MAX_NODES}, or profiles, such as 1.1.4,1.1.4,2.0.2")
    }
    fn text(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Profiles(names) => names.join(","),
        }
    }
    fn json(&self) -> serde_json::Value {
        match self {
            Self::Count(count) => serde_json::json!(count),
            Self::Profiles(names) => serde_json::json!(names.join(",")),
        }
    }
}

/// The members of a deployment, each `ip:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberList(pub Vec<crate::model::MemberId>);

impl Value for MemberList {
    fn read(text: &str) -> Option<Self> {
        let members = parse(text, 0);
        let has_port = |member: &crate::model::MemberId| {
            member.rsplit_once(':').is_some_and(|(ip, port)| {
                !ip.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
            })
        };
        (!members.is_empty() && members.iter().all(has_port)).then_some(Self(members))
    }
    fn valid() -> String {
        "addresses between commas, such as 127.0.0.1:8848,127.0.0.1:8858".to_owned()
    }
    fn text(&self) -> String {
        self.0.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_a_number_or_profiles() {
        assert_eq!(NodeList::read("3"), Some(NodeList::Count(3)));
        let mixed = NodeList::read("1.1.4, 2.0.2").unwrap();
        assert_eq!(mixed.text(), "1.1.4,2.0.2");
        for wrong in ["", "0", "65", "-1", "1.5", "1.1.4,,2.0.2"] {
            assert_eq!(NodeList::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn members_are_addresses_with_ports() {
        assert_eq!(MemberList::read("a:1, b:2").unwrap().text(), "a:1,b:2");
        for wrong in ["", "a", "a:0", ":1", "a:x"] {
            assert_eq!(MemberList::read(wrong), None, "{wrong}");
        }
    }
}
