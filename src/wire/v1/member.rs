//! A member of a deployment as 2.x shows it: `/operator/servers` and the pages of
//! `/v1/core/cluster` (`operator/servers`).

use crate::model::Millis;
use crate::wire::text::json::JsonText;
use std::net::SocketAddr;

/// From a node's HTTP port down to the one its raft listens on.
const RAFT_PORT_BELOW: u16 = 1_000;
/// The raft groups of a node that stands alone, in the order shown.
const GROUPS: [&str; 3] =
    ["naming_instance_metadata", "naming_persistent_service_v2", "naming_service_metadata"];

/// A member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemberView<'a> {
    /// Where it answers HTTP.
    pub address: SocketAddr,
    /// What it calls its version.
    pub version: &'a str,
    /// When it last changed.
    pub refreshed: Millis,
}

/// Appends a member that is up and leads every group, because it stands alone.
pub fn push_member(out: &mut String, member: &MemberView<'_>) {
    let (ip, port) = (member.address.ip().to_string(), member.address.port());
    let raft_port = port.saturating_sub(RAFT_PORT_BELOW);
    let mut json = JsonText::object();
    json.text("ip", &ip);
    json.number("port", port.into());
    json.text("state", "UP");
    let mut extended = JsonText::object();
    let refreshed = i64::try_from(member.refreshed.0).unwrap_or(i64::MAX);
    extended.number("lastRefreshTime", refreshed);
    extended.raw("raftMetaData", &raft_meta_data(&format!("{ip}:{raft_port}")));
    extended.text("raftPort", &raft_port.to_string());
    extended.text("version", member.version);
    json.raw("extendInfo", &extended.finish());
    json.text("address", &format!("{ip}:{port}"));
    json.number("failAccessCnt", 0);
    json.raw(
        "abilities",
        "{\"remoteAbility\":{\"supportRemoteConnection\":true},\
         \"configAbility\":{\"supportRemoteMetrics\":false},\
         \"namingAbility\":{\"supportJraft\":true}}",
    );
    out.push_str(&json.finish());
}

fn raft_meta_data(leader: &str) -> String {
    let mut groups = JsonText::object();
    for group in GROUPS {
        let mut json = JsonText::object();
        json.text("leader", leader);
        json.texts("raftGroupMember", [leader]);
        json.number("term", 1);
        groups.raw(group, &json.finish());
    }
    let mut json = JsonText::object();
    json.raw("metaDataMap", &groups.finish());
    json.finish()
}
