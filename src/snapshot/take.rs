//! Takes a snapshot: all nodes are read side by side and merged.
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::file::{FORMAT, InstancePart, NodePart, RegisteredBy, ServicePart, Snapshot, VERSION};
use super::survey::{Holding, HostId, ServiceId, survey};
use crate::client::fleet::{AskError, Asker, Identity, Listed, Node, Sharding, responsible};
use crate::client::http::HttpError;

/// How a snapshot is taken.
#[derive(Clone, Debug)]
pub struct Options {
    /// The nodes, each once.
    pub nodes: Vec<Node>,
    /// Namespaces beside those that the nodes tell.
    pub namespaces: Vec<String>,
    /// How long all of it may take.
    pub timeout: Duration,
    /// How long one answer may take.
    pub answer_timeout: Duration,
    /// Questions to one node at a time.
    pub concurrency: usize,
    /// The time, in milliseconds since 1970.
    pub now_ms: u64,
}

/// Is told how far it is: services of a node, by its place in the options.
pub type Progress<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// A snapshot, and what people should know of it.
#[derive(Debug)]
pub struct Taken {
    /// What was found.
    pub snapshot: Snapshot,
    /// Nodes that gave no answer at all.
    pub unreachable: Vec<(String, String)>,
    /// Differences of the nodes that make the snapshot doubtful, one line each.
    pub warnings: Vec<String>,
}

/// An instance on each node that lists it, by the node's place.
type Sightings<'a> = BTreeMap<&'a HostId, Vec<(usize, &'a Listed)>>;

struct Read {
    node: Node,
    identity: Result<Identity, AskError>,
    holding: Holding,
    /// Why the holding is not everything.
    cut: Option<AskError>,
}

/// Reads all nodes.
pub async fn take(options: &Options, progress: &Progress<'_>) -> Taken {
    let reads = options.nodes.iter().enumerate().map(|(place, node)| async move {
        let asker = Asker::new(node.clone(), options.concurrency, options.answer_timeout);
        read(node, &asker, options, &|services| progress(place, services)).await
    });
    let reads = join_all(reads).await;
    let mut warnings = differing_namespaces(&reads);
    warnings.extend(differing_members(&reads));
    let unreachable = reads.iter().filter_map(|read| {
        let error = read.identity.as_ref().err()?;
        Some((read.node.address.clone(), error.to_string()))
    });
    Taken { unreachable: unreachable.collect(), warnings, snapshot: merge(&reads, options.now_ms) }
}

async fn read(
    node: &Node,
    asker: &Asker,
    options: &Options,
    seen: &(dyn Fn(usize) + Sync),
) -> Read {
    let mut holding = Holding::default();
    let identity = Identity::ask(asker).await;
    let mut cut = None;
    if identity.is_ok() {
        let whole = survey(asker, &options.namespaces, options.concurrency, seen, &mut holding);
        cut = match tokio::time::timeout(options.timeout, whole).await {
            Ok(read) => read.err(),
            Err(_) => Some(HttpError::TimedOut(options.timeout).into()),
        };
    }
    Read { node: node.clone(), identity, holding, cut }
}

/// Namespaces that only some of the nodes know.
fn differing_namespaces(reads: &[Read]) -> Vec<String> {
    let whole = || reads.iter().filter(|read| read.cut.is_none() && read.identity.is_ok());
    let all: std::collections::BTreeSet<&String> =
        whole().flat_map(|read| &read.holding.namespaces).collect();
    let lacking = all.into_iter().filter_map(|namespace| {
        let lack = whole().filter(|read| !read.holding.namespaces.contains(namespace));
        let lack: Vec<&str> = lack.map(|read| read.node.address.as_str()).collect();
        (!lack.is_empty()).then(|| {
            format!("the nodes disagree: {} without namespace {namespace}", lack.join(", "))
        })
    });
    lacking.collect()
}

/// Members that the nodes disagree about: who is responsible is then not to be told.
fn differing_members(reads: &[Read]) -> Option<String> {
    let mut told = reads.iter().filter_map(|read| {
        let identity = read.identity.as_ref().ok()?;
        (!identity.members.is_empty()).then_some((&read.node.address, &identity.members))
    });
    let (first, members) = told.next()?;
    let (other, others) = told.find(|(_, others)| *others != members)?;
    Some(format!(
        "the nodes disagree about their members: {first} sees {}, {other} sees {}",
        members.join(", "),
        others.join(", ")
    ))
}

fn merge(reads: &[Read], now_ms: u64) -> Snapshot {
    let first = reads.iter().find_map(|read| read.identity.as_ref().ok());
    let members = first.map(|identity| identity.members.clone()).unwrap_or_default();
    let sharding = first.map(|identity| identity.sharding).unwrap_or_default();
    let mut found: BTreeMap<&ServiceId, Sightings<'_>> = BTreeMap::new();
    for (place, read) in reads.iter().enumerate() {
        for (service, hosts) in &read.holding.services {
            let merged = found.entry(service).or_default();
            for (host, listed) in hosts {
                merged.entry(host).or_default().push((place, listed));
            }
        }
    }
    let owners = Owners { members: &members, sharding, reads };
    let services = found.into_iter().map(|(service, hosts)| owners.service(service, hosts));
    Snapshot {
        format: FORMAT.to_owned(),
        version: VERSION,
        complete: reads.iter().all(|read| read.identity.is_ok() && read.cut.is_none()),
        taken_at_ms: now_ms,
        sharding,
        services: services.collect(),
        nodes: reads.iter().map(node_part).collect(),
        members,
    }
}

fn node_part(read: &Read) -> NodePart {
    let identity = read.identity.as_ref().ok();
    let error = read.identity.as_ref().err().or(read.cut.as_ref());
    NodePart {
        node: read.node.address.clone(),
        own_address: identity.and_then(|identity| identity.own_address.clone()),
        server_version: identity.and_then(|identity| identity.version.clone()),
        complete: error.is_none(),
        error: error.map(ToString::to_string),
        services: read.holding.services.len(),
        instances: read.holding.instances(),
    }
}

/// Who answers for what.
struct Owners<'a> {
    members: &'a [String],
    sharding: Sharding,
    reads: &'a [Read],
}

impl Owners<'_> {
    fn service(&self, (namespace, group, name): &ServiceId, hosts: Sightings<'_>) -> ServicePart {
        let grouped = format!("{group}@@{name}");
        let owner = responsible(&grouped, self.members).map(str::to_owned);
        let owner = owner.filter(|_| self.sharding == Sharding::Service);
        let instances = hosts
            .into_iter()
            .map(|(host, seen)| self.instance(&grouped, owner.as_deref(), host, &seen));
        ServicePart {
            namespace: namespace.clone(),
            group: group.clone(),
            service: name.clone(),
            instances: instances.collect(),
            responsible: owner.clone(),
        }
    }

    fn instance(
        &self,
        grouped: &str,
        of_service: Option<&str>,
        (ip, port, cluster, ephemeral): &HostId,
        seen: &[(usize, &Listed)],
    ) -> InstancePart {
        let address = format!("{ip}:{port}");
        let owner = match self.sharding {
            Sharding::Service => of_service,
            Sharding::Client => responsible(&address, self.members),
        };
        let own = |place: usize| {
            let identity = self.reads[place].identity.as_ref().ok();
            identity.and_then(|identity| identity.own_address.as_deref())
        };
        let by_owner = seen.iter().find(|(place, _)| owner.is_some() && own(*place) == owner);
        let (_, listed) = by_owner.unwrap_or(&seen[0]);
        InstancePart {
            ip: ip.clone(),
            port: *port,
            cluster: cluster.clone(),
            ephemeral: *ephemeral,
            enabled: listed.enabled,
            healthy: listed.healthy,
            weight: listed.weight,
            metadata: listed.metadata.clone(),
            last_beat_ms: listed.last_beat.filter(|last_beat| *last_beat > 0),
            registered_by: self.registered_by(grouped, &address, cluster, listed),
            responsible: owner.map(str::to_owned),
            seen_on: seen.iter().map(|(place, _)| *place).collect(),
        }
    }

    /// 2.x gives an id to what was registered over HTTP, and none to what a connection or a beat
    /// registered; a node without clients knows beats only.
    fn registered_by(
        &self,
        grouped: &str,
        address: &str,
        cluster: &str,
        listed: &Listed,
    ) -> RegisteredBy {
        let identities = || self.reads.iter().filter_map(|read| read.identity.as_ref().ok());
        if listed.last_beat.is_some() || !identities().any(|identity| identity.has_clients) {
            // A server like Nacos may serve connections without a sign of it.
            let tells = listed.last_beat.is_some() || identities().all(|i| i.version.is_some());
            return if tells { RegisteredBy::Beats } else { RegisteredBy::Unknown };
        }
        let usual = format!("{}#{}#{cluster}#{grouped}", listed.ip, listed.port);
        if listed.instance_id.as_deref() == Some(usual.as_str()) {
            return RegisteredBy::Beats;
        }
        // A member that was not asked may hold the connection.
        let everybody = self.members.len() <= self.reads.len();
        let connected: Option<Vec<&String>> = identities()
            .map(|identity| identity.connected_ips.as_ref())
            .try_fold(Vec::new(), |mut all, ips| {
                all.extend(ips?);
                Some(all)
            });
        let ip = address.rsplit_once(':').map_or(address, |(ip, _)| ip);
        match connected.filter(|_| everybody) {
            Some(ips) if ips.is_empty() => RegisteredBy::Beats,
            Some(ips) if ips.iter().any(|connected| *connected == ip) => RegisteredBy::Connection,
            _ => RegisteredBy::Unknown,
        }
    }
}
