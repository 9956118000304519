//! Answers of the core module of 2.x: members and raft operations (`console/core-cluster`).

use super::body::read;
use super::member::{MemberView, push_member};
use super::result;
use crate::model::{MemberId, Refusal};
use crate::wire::Reply;
use crate::wire::peer::Reported;
use crate::wire::text::json::push_text;
use serde::Deserialize;

/// The raft groups of a node that stands alone.
const RAFT_GROUPS: [&str; 3] =
    ["naming_instance_metadata", "naming_persistent_service_v2", "naming_service_metadata"];
const RAFT_COMMANDS: [&str; 6] =
    ["transferLeader", "restRaftCluster", "doSnapshot", "removePeer", "removePeers", "changePeers"];

/// GET `/core/cluster/self`.
pub fn this_member(member: Option<&MemberView<'_>>) -> Reply {
    let mut data = String::new();
    if let Some(member) = member {
        push_member(&mut data, member);
    }
    result::success(&data)
}

/// GET `/core/cluster/nodes`: the members whose addresses begin so.
pub fn members(members: &[MemberView<'_>], keyword: &str) -> Reply {
    let mut data = String::from("[");
    for member in members.iter().filter(|member| member.address.starts_with(keyword)) {
        if data.len() > 1 {
            data.push(',');
        }
        push_member(&mut data, member);
    }
    data.push(']');
    result::success(&data)
}

/// POST `/core/cluster/report`: the report; `None` when it does not say where its member is.
///
/// # Errors
/// The body is no JSON object.
pub fn report(body: &[u8]) -> Result<Option<Reported>, Refusal> {
    let report: Reported = read(body, "report(com.alibaba.nacos.core.cluster.Member)")?;
    Ok(report.is_whole().then_some(report))
}

/// The answer to a report that says too little.
pub fn illegal_report() -> Reply {
    result::failure(400, "Node information is illegal")
}

/// The answer to a report: whether the reporting member is known.
pub fn reported(known: bool) -> Reply {
    result::success(&result::quoted(&known.to_string()))
}

/// POST `/core/cluster/switch/lookup`: how members are found, which changes nothing for one alone.
pub fn switch_lookup(kind: &str) -> Reply {
    if matches!(kind, "file" | "address-server") {
        return result::success("null");
    }
    let message = format!(
        "The addressing mode exists : {kind}, just support : [[FILE_CONFIG, ADDRESS_SERVER]]"
    );
    result::failure(500, &message)
}

/// POST `/core/cluster/server/leave`: who leaves.
///
/// # Errors
/// The body is no list of addresses.
pub fn leaving(body: &[u8]) -> Result<Vec<MemberId>, Refusal> {
    let gone: Vec<String> = read(body, "leave(java.util.Collection<java.lang.String>)")?;
    Ok(gone.into_iter().map(MemberId::from).collect())
}

/// The answer to it, once the others were told.
pub fn left() -> Reply {
    result::success("\"ok\"")
}

/// What is to be done with a raft group, or with all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RaftOrder {
    #[serde(rename = "groupId")]
    group: Option<String>,
    command: Option<String>,
}

/// POST `/core/ops/raft`: nothing changes for one alone.
///
/// # Errors
/// The body is no JSON object.
pub fn raft(body: &[u8]) -> Result<Reply, Refusal> {
    let order: RaftOrder =
        read(body, "raftOps(java.util.Map<java.lang.String, java.lang.String>)")?;
    if let Some(group) = order.group.filter(|group| !RAFT_GROUPS.contains(&group.as_str())) {
        return Ok(result::failure(500, &format!("not this raft group : {group}")));
    }
    let command = order.command.unwrap_or_else(|| "null".to_owned());
    if !RAFT_COMMANDS.contains(&command.as_str()) {
        return Ok(result::failure(500, &format!("Not support command : {command}")));
    }
    Ok(result::success("null"))
}

/// GET `/core/cluster/simple/nodes`.
pub fn addresses<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Reply {
    let mut data = String::from("[");
    for address in addresses {
        if data.len() > 1 {
            data.push(',');
        }
        push_text(&mut data, address);
    }
    data.push(']');
    result::success(&data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ReplyBody;

    fn text(reply: Reply) -> String {
        match reply.body {
            ReplyBody::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_report_that_says_where_its_member_is_is_read() {
        let read = |body: &str| report(body.as_bytes()).unwrap();
        assert!(read("{}").is_none());
        let whole = r#"{"ip":"127.0.0.1","port":8848,"address":"127.0.0.1:8848","state":"UP",
            "extendInfo":{"version":"2.0.2","readyToUpgrade":true,"raftPort":"7848"}}"#;
        let known = read(whole).unwrap();
        assert_eq!(known.address.as_deref(), Some("127.0.0.1:8848"));
        assert_eq!(known.extended.version.as_deref(), Some("2.0.2"));
        assert_eq!(text(reported(true)), r#"{"code":200,"message":null,"data":"true"}"#);
        assert!(report(b"").is_err() && report(b"[1").is_err());
    }

    #[test]
    fn raft_orders_name_a_group_and_a_command_that_there_are() {
        let ordered = |body: &str| text(raft(body.as_bytes()).unwrap());
        assert!(ordered(r#"{"groupId":"x","command":"doSnapshot"}"#).contains("not this raft"));
        assert!(ordered(r#"{"command":"x"}"#).contains("Not support command : x"));
        assert!(ordered(r#"{"command":"doSnapshot"}"#).starts_with(r#"{"code":200"#));
    }
}
