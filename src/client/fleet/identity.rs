//! What a node says of itself: its version, its own address, the members that it holds for
//! healthy, and what decides who is responsible.
//!
//! Every page may be missing: 1.x has no `/v1/core/cluster`, 2.x ends the old raft's pages, and
//! servers like Nacos have few of them. What is missing is `None`, never an error.
use serde::{Deserialize, Serialize};

use super::asker::{AskError, Asker};

/// What decides which member is responsible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharding {
    /// The grouped name of the service: 1.x, and 2.x while it is not upgraded.
    #[default]
    Service,
    /// The client, `ip:port`: an upgraded 2.x.
    Client,
}

/// A node, as it sees itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The version that its console tells.
    pub version: Option<String>,
    /// `ip:port` by which its members know it.
    pub own_address: Option<String>,
    /// The members that it holds for healthy, `ip:port`, sorted as texts; empty when it does not
    /// tell.
    pub members: Vec<String>,
    /// What decides who is responsible.
    pub sharding: Sharding,
    /// Whether it has the pages of an upgrade, and with them clients that hold connections.
    pub has_clients: bool,
    /// Addresses of the SDKs that hold a connection to it, `None` when it does not tell.
    pub connected_ips: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
}

/// `{"code":200,"data":…}` of 2.x.
#[derive(Deserialize)]
struct Result2x<T> {
    data: T,
}

#[derive(Deserialize)]
struct Addressed {
    address: String,
}

#[derive(Deserialize)]
struct Peer {
    ip: String,
}

#[derive(Deserialize)]
struct Servers {
    servers: Vec<Server>,
}

/// A member as 1.x (`key`) or 2.x (`address`, `state`) shows it.
#[derive(Deserialize)]
struct Server {
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    state: Option<String>,
}

#[derive(Deserialize)]
struct Upgrade {
    upgraded: bool,
}

impl Identity {
    /// Asks a node.
    ///
    /// # Errors
    /// It does not answer at all.
    pub async fn ask(asker: &Asker) -> Result<Self, AskError> {
        let state: Option<State> = asker.optional("/nacos/v1/console/server/state").await?;
        let version = state.and_then(|state| state.version);
        let upgrade: Option<Upgrade> =
            asker.optional("/nacos/v1/ns/upgrade/ops/metrics?json=true").await?;
        let upgraded = upgrade.as_ref().is_some_and(|upgrade| upgrade.upgraded);
        let members = members(asker).await?;
        let mut own_address = own_address(asker).await?;
        if own_address.is_none() && members.len() == 1 {
            // Whoever sees one healthy member sees itself.
            own_address = members.first().cloned();
        }
        Ok(Self {
            version,
            own_address,
            members,
            sharding: if upgraded { Sharding::Client } else { Sharding::Service },
            has_clients: upgrade.is_some(),
            connected_ips: if upgraded { connected_ips(asker).await? } else { None },
        })
    }
}

/// The members that a node holds for healthy, sorted; empty when it does not tell.
///
/// # Errors
/// It does not answer at all.
pub async fn members(asker: &Asker) -> Result<Vec<String>, AskError> {
    let servers: Option<Servers> =
        asker.optional("/nacos/v1/ns/operator/servers?healthy=true").await?;
    let servers = servers.map_or_else(Vec::new, |servers| servers.servers);
    let healthy = |server: &Server| match &server.state {
        Some(state) => ["UP", "SUSPICIOUS"].contains(&state.as_str()),
        None => true,
    };
    let mut members: Vec<String> =
        servers.into_iter().filter(healthy).filter_map(|s| s.key.or(s.address)).collect();
    members.sort();
    members.dedup();
    Ok(members)
}

/// `ip:port` by which a node's members know it, once it tells.
///
/// # Errors
/// It does not answer at all.
pub async fn own_address(asker: &Asker) -> Result<Option<String>, AskError> {
    let of_2x: Option<Result2x<Addressed>> = asker.optional("/nacos/v1/core/cluster/self").await?;
    if let Some(found) = of_2x {
        return Ok(Some(found.data.address));
    }
    let of_1x: Option<Peer> = asker.optional("/nacos/v1/ns/operator/cluster/state").await?;
    Ok(of_1x.map(|peer| peer.ip))
}

/// The addresses of SDKs with a connection, from the page that moves them between nodes.
async fn connected_ips(asker: &Asker) -> Result<Option<Vec<String>>, AskError> {
    let page: Option<serde_json::Map<String, serde_json::Value>> =
        asker.optional("/nacos/v2/core/loader/current").await?;
    let Some(page) = page else { return Ok(None) };
    let ips = page.values().filter_map(|connection| {
        let meta = connection.get("metaInfo").unwrap_or(connection);
        let source = meta.pointer("/labels/source").and_then(|source| source.as_str());
        let ip = meta.get("clientIp").and_then(|ip| ip.as_str());
        ip.filter(|_| source != Some("cluster")).map(str::to_owned)
    });
    Ok(Some(ips.collect()))
}
