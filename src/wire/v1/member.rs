//! A member of a deployment as 2.x shows it: `/operator/servers` and the pages of
//! `/v1/core/cluster` (`operator/servers`, `cluster/members`).

use crate::model::{MemberId, Millis};
use crate::wire::text::json::JsonText;

/// From a node's HTTP port down to the one its raft listens on.
const RAFT_PORT_BELOW: u16 = 1_000;
/// The raft groups of a node that stands alone, in the order shown.
const GROUPS_ALONE: [&str; 3] =
    ["naming_instance_metadata", "naming_persistent_service_v2", "naming_service_metadata"];
/// Those of a member of a deployment, which keeps configurations in them, too.
const GROUPS: [&str; 5] = [
    "nacos_config",
    "naming_instance_metadata",
    "naming_persistent_service",
    "naming_persistent_service_v2",
    "naming_service_metadata",
];

/// A member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemberView<'a> {
    /// `ip:port` of its HTTP.
    pub address: &'a str,
    /// How it is.
    pub state: &'a str,
    /// What it calls its version; `None` when it never said so.
    pub version: Option<&'a str>,
    /// Whether it says that it is ready for the protocols of 2.x.
    pub ready: Option<bool>,
    /// When it last changed.
    pub refreshed: Option<Millis>,
    /// Failures in a row.
    pub failures: u32,
    /// The raft groups that it is in, when it has said so.
    pub groups: Option<&'a RaftGroups>,
    /// The weight that a member of 1.x names.
    pub weight: Option<i32>,
}

/// Who is in the raft groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaftGroups {
    names: &'static [&'static str],
    leader: String,
    members: Vec<String>,
}

impl RaftGroups {
    /// The groups of a node that stands alone and leads them all.
    pub fn alone(member: &str) -> Self {
        let raft = raft_address(member);
        Self { names: &GROUPS_ALONE, leader: raft.clone(), members: vec![raft] }
    }

    /// The groups of a deployment, led by the first of its members.
    pub fn of(members: &[MemberId]) -> Self {
        let mut members: Vec<String> = members.iter().map(|member| raft_address(member)).collect();
        members.sort();
        let leader = members.first().cloned().unwrap_or_default();
        Self { names: &GROUPS, leader, members }
    }

    fn text(&self) -> String {
        let mut groups = JsonText::object();
        for group in self.names {
            let mut json = JsonText::object();
            json.text("leader", &self.leader);
            json.texts("raftGroupMember", self.members.iter().map(String::as_str));
            json.number("term", 1);
            groups.raw(group, &json.finish());
        }
        let mut json = JsonText::object();
        json.raw("metaDataMap", &groups.finish());
        json.finish()
    }
}

fn parts(member: &str) -> (&str, u16) {
    let (ip, port) = member.rsplit_once(':').unwrap_or((member, ""));
    (ip, port.parse().unwrap_or(0))
}

fn raft_address(member: &str) -> String {
    let (ip, port) = parts(member);
    format!("{ip}:{}", port.saturating_sub(RAFT_PORT_BELOW))
}

/// Appends a member.
pub fn push_member(out: &mut String, member: &MemberView<'_>) {
    let (ip, port) = parts(member.address);
    let mut json = JsonText::object();
    json.text("ip", ip);
    json.number("port", port.into());
    json.text("state", member.state);
    json.raw("extendInfo", &extended(member, port));
    json.text("address", member.address);
    json.number("failAccessCnt", member.failures.into());
    json.raw(
        "abilities",
        if member.version.is_some() {
            "{\"remoteAbility\":{\"supportRemoteConnection\":true},\
             \"configAbility\":{\"supportRemoteMetrics\":false},\
             \"namingAbility\":{\"supportJraft\":true}}"
        } else {
            "{\"remoteAbility\":{\"supportRemoteConnection\":false},\
             \"configAbility\":{\"supportRemoteMetrics\":false},\
             \"namingAbility\":{\"supportJraft\":false}}"
        },
    );
    out.push_str(&json.finish());
}

fn extended(member: &MemberView<'_>, port: u16) -> String {
    let mut extended = JsonText::object();
    if let Some(refreshed) = member.refreshed {
        extended.number("lastRefreshTime", i64::try_from(refreshed.0).unwrap_or(i64::MAX));
    }
    if let Some(groups) = member.groups {
        extended.raw("raftMetaData", &groups.text());
    }
    extended.text("raftPort", &port.saturating_sub(RAFT_PORT_BELOW).to_string());
    if let Some(ready) = member.ready {
        extended.raw("readyToUpgrade", if ready { "true" } else { "false" });
    }
    if let Some(weight) = member.weight {
        extended.text("site", "unknown");
        extended.text("weight", &weight.to_string());
    }
    if let Some(version) = member.version {
        extended.text("version", version);
    }
    extended.finish()
}
