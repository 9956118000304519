//! Everything that one node holds.
//!
//! Pages move while services come and go: a walk over pages may meet a service twice, or miss one
//! that moved to a page already read. So what is found is kept by its key, and compared with the
//! names of the namespace, which come in one answer; while a name is missing the pages are walked
//! again, a few times at most.
use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::client::fleet::{AskError, Asker, Listed, ServiceRow};

/// Services of a page.
const SERVICE_PAGE: u64 = 500;
/// Instances of a page.
const HOST_PAGE: u64 = 5000;
/// How often the pages of a namespace are walked for a name that is missing.
const MAX_WALKS: usize = 3;
/// The most pages of one walk: 500 million services.
const MAX_PAGES: u64 = 1_000_000;
/// The cluster that is asked for first.
const DEFAULT_CLUSTER: &str = "DEFAULT";

/// A service: namespace, group, name.
pub type ServiceId = (String, String, String);
/// An instance of a service: address, port, cluster, and whether it is ephemeral.
pub type HostId = (String, i64, String, bool);
/// The instances of a service.
pub type Hosts = BTreeMap<HostId, Listed>;

/// What a node holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holding {
    /// The namespaces that it knows.
    pub namespaces: BTreeSet<String>,
    /// Its services with their instances.
    pub services: BTreeMap<ServiceId, Hosts>,
}

impl Holding {
    /// How many instances there are.
    pub fn instances(&self) -> usize {
        self.services.values().map(BTreeMap::len).sum()
    }
}

/// Reads what a node holds in its namespaces and those `also` named, into `holding`: what was read
/// before something failed stays there. `at_once` services are asked for at a time; `seen` is told
/// of each service that was read.
///
/// # Errors
/// The node stopped to answer.
pub async fn survey(
    asker: &Asker,
    also: &[String],
    at_once: usize,
    seen: &(dyn Fn(usize) + Sync),
    holding: &mut Holding,
) -> Result<(), AskError> {
    holding.namespaces = asker.namespaces().await?;
    let mut namespaces = holding.namespaces.clone();
    namespaces.extend(also.iter().cloned());
    for namespace in &namespaces {
        let rows = services(asker, namespace).await?;
        fill(asker, namespace, rows, at_once, holding, seen).await?;
    }
    Ok(())
}

/// The services of a namespace, each once.
async fn services(
    asker: &Asker,
    namespace: &str,
) -> Result<BTreeMap<(String, String), ServiceRow>, AskError> {
    let mut found = BTreeMap::new();
    for _ in 0..MAX_WALKS {
        walk(asker, namespace, &mut found).await?;
        let names = asker.names(namespace).await?;
        let missing = names.is_some_and(|names| {
            let known: BTreeSet<&str> =
                found.keys().map(|(_, name): &(String, String)| name.as_str()).collect();
            names.iter().any(|name| !known.contains(name.as_str()))
        });
        if !missing {
            break;
        }
    }
    Ok(found)
}

async fn walk(
    asker: &Asker,
    namespace: &str,
    found: &mut BTreeMap<(String, String), ServiceRow>,
) -> Result<(), AskError> {
    for number in 1..=MAX_PAGES {
        let page = asker.services(namespace, number, SERVICE_PAGE).await?;
        let read = page.services.len() as u64;
        for row in page.services {
            found.insert((row.group.clone(), row.name.clone()), row);
        }
        // A total below the page size is answered whole whatever page was asked.
        if read < SERVICE_PAGE || page.count <= number * SERVICE_PAGE {
            break;
        }
    }
    Ok(())
}

/// Reads the instances of services side by side.
async fn fill(
    asker: &Asker,
    namespace: &str,
    rows: BTreeMap<(String, String), ServiceRow>,
    at_once: usize,
    holding: &mut Holding,
    seen: &(dyn Fn(usize) + Sync),
) -> Result<(), AskError> {
    let mut rows = rows.into_values();
    let mut under_way = FuturesUnordered::new();
    let mut failed = None;
    loop {
        while failed.is_none() && under_way.len() < at_once {
            let Some(row) = rows.next() else { break };
            under_way.push(async move {
                let hosts = instances(asker, namespace, &row).await;
                (row, hosts)
            });
        }
        let Some((row, hosts)) = under_way.next().await else { break };
        match hosts {
            Ok(hosts) => {
                let id = (namespace.to_owned(), row.group, row.name);
                holding.services.insert(id, hosts);
                seen(1);
            }
            // What is under way may still bring something.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// The instances of a service. Most services have the one usual cluster: when it holds as many as
/// the service, the others need not be asked for.
async fn instances(asker: &Asker, namespace: &str, row: &ServiceRow) -> Result<Hosts, AskError> {
    let name = format!("{}@@{}", row.group, row.name);
    let mut hosts = Hosts::new();
    if row.instances == Some(0) {
        return Ok(hosts);
    }
    cluster(asker, namespace, &name, DEFAULT_CLUSTER, &mut hosts).await?;
    let whole = row.clusters.is_some_and(|clusters| clusters <= 1)
        && row.instances.is_some_and(|instances| instances == hosts.len() as u64);
    if whole {
        return Ok(hosts);
    }
    let clusters = asker.clusters(namespace, &name).await?;
    if clusters.is_empty() {
        // A server without that page: what consumers are told is better than nothing.
        if let Ok(list) = asker.list(namespace, &name).await {
            list.list.into_iter().for_each(|listed| keep(listed, DEFAULT_CLUSTER, &mut hosts));
        }
    }
    for name_of_cluster in clusters.iter().filter(|cluster| *cluster != DEFAULT_CLUSTER) {
        cluster(asker, namespace, &name, name_of_cluster, &mut hosts).await?;
    }
    Ok(hosts)
}

async fn cluster(
    asker: &Asker,
    namespace: &str,
    name: &str,
    cluster: &str,
    hosts: &mut Hosts,
) -> Result<(), AskError> {
    for number in 1..=MAX_PAGES {
        let page = asker.hosts(namespace, name, cluster, number, HOST_PAGE).await?;
        let read = page.list.len() as u64;
        page.list.into_iter().for_each(|listed| keep(listed, cluster, hosts));
        if read < HOST_PAGE || page.count <= number * HOST_PAGE {
            break;
        }
    }
    Ok(())
}

/// Keeps an instance under its key; one that is there already stays as it was first seen.
fn keep(listed: Listed, cluster: &str, hosts: &mut Hosts) {
    let named = listed.cluster_name.clone().filter(|name| !name.is_empty());
    let cluster = named.unwrap_or_else(|| cluster.to_owned());
    let id = (listed.ip.clone(), listed.port, cluster, listed.ephemeral);
    hosts.entry(id).or_insert(listed);
}
