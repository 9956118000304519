//! Namespaces, services and instances of a node, as its console's pages show them: those list what
//! is disabled and the real health, which `instance/list` hides.
//!
//! Differences that are read away here: 1.x writes `count` behind the list and groups separately;
//! a total below the page size returns everything whatever page is asked; `/service/names` counts
//! namespaces; 1.x leaves groups out of its names.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};

use super::asker::{AskError, Asker};
use super::encoded;

/// One service of a page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServiceRow {
    /// The name without its group.
    pub name: String,
    /// The group.
    #[serde(rename = "groupName")]
    pub group: String,
    /// Clusters with an instance; 0 on 2.x while the service was not asked for.
    #[serde(default, rename = "clusterCount")]
    pub clusters: Option<u64>,
    /// Instances of all clusters.
    #[serde(default, rename = "ipCount")]
    pub instances: Option<u64>,
}

/// A page of services.
#[derive(Debug, Deserialize)]
pub struct ServicePage {
    /// Services of the namespace.
    pub count: u64,
    /// Those of this page.
    #[serde(rename = "serviceList")]
    pub services: Vec<ServiceRow>,
}

/// An instance as a list shows it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// The address.
    pub ip: String,
    /// The port.
    pub port: i64,
    /// The cluster.
    #[serde(default)]
    pub cluster_name: Option<String>,
    /// The weight.
    #[serde(default = "one")]
    pub weight: f64,
    /// Whether the server trusts its beats.
    #[serde(default = "yes")]
    pub healthy: bool,
    /// Whether an operator lets it be used.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it lives by beats or a connection.
    #[serde(default = "yes")]
    pub ephemeral: bool,
    /// Its metadata; `null` is none.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
    /// When its last beat came, in milliseconds of the node's clock; newer servers do not tell.
    #[serde(default)]
    pub last_beat: Option<i64>,
    /// Its id; none when a connection or a beat registered it.
    #[serde(default)]
    pub instance_id: Option<String>,
}

/// A page of instances.
#[derive(Debug, Deserialize)]
pub struct HostPage {
    /// Instances of the cluster.
    #[serde(default)]
    pub count: u64,
    /// Those of this page.
    #[serde(alias = "hosts")]
    pub list: Vec<Listed>,
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// Metadata whose values may be `null`, which no beat can carry.
fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let map = Option::<BTreeMap<String, Option<String>>>::deserialize(from)?.unwrap_or_default();
    Ok(map.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
}

#[derive(Deserialize)]
struct Names {
    services: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Namespaces {
    data: Vec<Namespace>,
}

#[derive(Deserialize)]
struct Namespace {
    namespace: String,
}

#[derive(Deserialize)]
struct ServiceDetail {
    clusters: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Asker {
    /// Every namespace that the node knows: those with services, and those of its console, whose
    /// page 1.1 keeps behind a login.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn namespaces(&self) -> Result<BTreeSet<String>, AskError> {
        let mut found = BTreeSet::from(["public".to_owned()]);
        let names: Option<Names> = self.optional("/nacos/v1/ns/service/names").await?;
        found.extend(names.into_iter().flat_map(|names| names.services.into_keys()));
        let page: Option<Namespaces> = self.optional("/nacos/v1/console/namespaces").await?;
        let entries = page.into_iter().flat_map(|page| page.data);
        found.extend(entries.map(|entry| entry.namespace));
        found.remove("");
        Ok(found)
    }

    /// The names of a namespace's services without their groups, from one answer, and so of one
    /// moment; `None` when the server has no such page.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn names(&self, namespace: &str) -> Result<Option<BTreeSet<String>>, AskError> {
        let target = format!("/nacos/v1/ns/service/names?namespaceId={}", encoded(namespace));
        let Some(names) = self.optional::<Names>(&target).await? else { return Ok(None) };
        let bare = |name: String| match name.split_once("@@") {
            Some((_, bare)) => bare.to_owned(),
            None => name,
        };
        Ok(Some(names.services.into_values().flatten().map(bare).collect()))
    }

    /// A page of a namespace's services, the first is 1.
    ///
    /// # Errors
    /// The node does not answer, or has no such page.
    pub async fn services(
        &self,
        namespace: &str,
        page: u64,
        page_size: u64,
    ) -> Result<ServicePage, AskError> {
        let namespace = encoded(namespace);
        let target = format!(
            "/nacos/v1/ns/catalog/services?pageNo={page}&pageSize={page_size}\
             &namespaceId={namespace}&hasIpCount=false&withInstances=false\
             &serviceNameParam=&groupNameParam=",
        );
        self.json(&target).await
    }

    /// The clusters of a service; none when there is no such service any more.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn clusters(&self, namespace: &str, name: &str) -> Result<Vec<String>, AskError> {
        let target = format!(
            "/nacos/v1/ns/catalog/service?serviceName={}&namespaceId={}",
            encoded(name),
            encoded(namespace)
        );
        let detail: Option<ServiceDetail> = self.optional(&target).await?;
        let clusters = detail.into_iter().flat_map(|detail| detail.clusters);
        Ok(clusters.map(|cluster| cluster.name).collect())
    }

    /// A page of the instances of one cluster; an empty one when the service or the cluster is
    /// gone, and `None` when the server has no such page.
    ///
    /// # Errors
    /// The node does not answer, or oddly.
    pub async fn hosts(
        &self,
        namespace: &str,
        name: &str,
        cluster: &str,
        page: u64,
        page_size: u64,
    ) -> Result<HostPage, AskError> {
        let target = format!(
            "/nacos/v1/ns/catalog/instances?serviceName={}&namespaceId={}&clusterName={}\
             &pageNo={page}&pageSize={page_size}",
            encoded(name),
            encoded(namespace),
            encoded(cluster)
        );
        match self.json(&target).await {
            Err(AskError::Refused { .. }) => Ok(HostPage { count: 0, list: Vec::new() }),
            other => other,
        }
    }

    /// The list that consumers get, which leaves out what is disabled.
    ///
    /// # Errors
    /// The node does not answer, or oddly.
    pub async fn list(&self, namespace: &str, name: &str) -> Result<HostPage, AskError> {
        let target = format!(
            "/nacos/v1/ns/instance/list?serviceName={}&namespaceId={}",
            encoded(name),
            encoded(namespace)
        );
        self.json(&target).await
    }
}
