//! What a node tells of its upgrade: its counters, the members that it sees, the old raft's leader,
//! and the switches. 1.x has no counters and no member states; an upgraded 2.x has no old raft.
use serde::Deserialize;
use serde_json::Value;

use crate::client::fleet::{AskError, Asker};

/// `/upgrade/ops/metrics`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metrics {
    /// Whether the 2.x core answers.
    pub upgraded: bool,
    /// Whether the node holds every member for a 2.x.
    #[serde(rename = "isAll20XVersion")]
    pub all_new: bool,
    /// The switch of the double write.
    #[serde(rename = "isDoubleWriteEnabled")]
    pub double_write: bool,
    /// Double writes that wait.
    pub double_write_delay_task_count: i64,
    /// Services of the 1.x data.
    pub service_count_v1: i64,
    /// Instances of the 1.x data.
    pub instance_count_v1: i64,
    /// Services of the 2.x data.
    pub service_count_v2: i64,
    /// Instances of the 2.x data.
    pub instance_count_v2: i64,
    /// `namespace##group@@service`, one a line, that only the 1.x data hold.
    #[serde(rename = "service.V1.not.in.V2")]
    pub only_old: String,
    /// The same of the 2.x data.
    #[serde(rename = "service.V2.not.in.V1")]
    pub only_new: String,
}

/// A member as another one sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenMember {
    /// `ip:port`.
    pub address: String,
    /// `UP`, `DOWN` and so on; none on 1.x, which lists the healthy ones only.
    pub state: Option<String>,
    /// The version that it reported; a node that is not a 2.x has none.
    pub version: Option<String>,
    /// `readyToUpgrade`, absent after a restart.
    pub ready: Option<bool>,
}

/// Who leads the old raft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RaftLeader {
    /// The page says so.
    Known(String),
    /// There is none.
    Nobody,
    /// The old raft has ended, or the server never had it.
    #[default]
    Ended,
}

/// One look at a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodePoll {
    /// Why it did not answer.
    pub silent: Option<String>,
    /// The version that it tells.
    pub version: Option<String>,
    /// `ip:port` by which its members know it.
    pub own_address: Option<String>,
    /// Its counters; none on 1.x.
    pub metrics: Option<Metrics>,
    /// The members that it sees, sorted.
    pub members: Vec<SeenMember>,
    /// The old raft's leader.
    pub leader: RaftLeader,
    /// The switch `healthCheckEnabled`: while it is off nothing expires.
    pub checks: Option<bool>,
}

/// Looks at a node.
pub async fn poll(asker: &Asker) -> NodePoll {
    match ask(asker).await {
        Ok(poll) => poll,
        Err(error) => NodePoll { silent: Some(error.to_string()), ..NodePoll::default() },
    }
}

async fn ask(asker: &Asker) -> Result<NodePoll, AskError> {
    let state: Option<Value> = asker.optional("/nacos/v1/console/server/state").await?;
    let metrics: Option<Value> =
        asker.optional("/nacos/v1/ns/upgrade/ops/metrics?json=true").await?;
    let metrics = metrics.and_then(|metrics| serde_json::from_value(metrics).ok());
    let nodes: Option<Value> = asker.optional("/nacos/v1/core/cluster/nodes").await?;
    let mut members = nodes.as_ref().map_or_else(Vec::new, states);
    let mut own: Option<Value> = asker.optional("/nacos/v1/core/cluster/self").await?;
    if members.is_empty() {
        let servers: Option<Value> =
            asker.optional("/nacos/v1/ns/operator/servers?healthy=true").await?;
        members = servers.as_ref().map_or_else(Vec::new, healthy);
    }
    if own.is_none() {
        own = asker.optional("/nacos/v1/ns/operator/cluster/state").await?;
    }
    members.sort_by(|one, other| one.address.cmp(&other.address));
    let switches: Option<Value> = asker.optional("/nacos/v1/ns/operator/switches").await?;
    let raft: Option<Value> = asker.optional("/nacos/v1/ns/raft/leader").await?;
    Ok(NodePoll {
        silent: None,
        version: state.as_ref().and_then(|state| text(state, "/version")),
        own_address: own.and_then(|own| text(&own, "/data/address").or(text(&own, "/ip"))),
        metrics,
        members,
        leader: raft.map_or(RaftLeader::Ended, |raft| leader(&raft)),
        checks: switches.and_then(|all| all.get("healthCheckEnabled")?.as_bool()),
    })
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

/// Members with their states, of 2.x.
fn states(page: &Value) -> Vec<SeenMember> {
    let nodes = page.get("data").and_then(Value::as_array);
    let seen = nodes.into_iter().flatten().filter_map(|node| {
        Some(SeenMember {
            address: text(node, "/address")?,
            state: text(node, "/state"),
            version: text(node, "/extendInfo/version"),
            ready: node.pointer("/extendInfo/readyToUpgrade").and_then(Value::as_bool),
        })
    });
    seen.collect()
}

/// Healthy members, of 1.x.
fn healthy(page: &Value) -> Vec<SeenMember> {
    let servers = page.get("servers").and_then(Value::as_array);
    let seen = servers.into_iter().flatten().filter_map(|server| {
        let address = text(server, "/key").or(text(server, "/address"))?;
        Some(SeenMember { address, state: None, version: None, ready: None })
    });
    seen.collect()
}

/// The leader stands as JSON in a text, `"null"` while there is none.
fn leader(page: &Value) -> RaftLeader {
    let inner = text(page, "/leader").and_then(|inner| serde_json::from_str::<Value>(&inner).ok());
    match inner.and_then(|leader| text(&leader, "/ip")) {
        Some(ip) => RaftLeader::Known(ip),
        None => RaftLeader::Nobody,
    }
}
