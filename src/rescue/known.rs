//! Instances that a snapshot names: who is expected to come, and what lists show meanwhile.

use crate::model::{Instance, Metadata};
use crate::snapshot::Snapshot;
use crate::snapshot::file::{InstancePart, RegisteredBy, ServicePart};

/// An instance that is known from before.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// `namespaceId`.
    pub namespace: String,
    /// Grouped name of its service.
    pub service: String,
    /// Cluster.
    pub cluster: String,
    /// Address.
    pub ip: String,
    /// Port.
    pub port: i32,
    /// Relative weight.
    pub weight: f64,
    /// Whether it was healthy.
    pub healthy: bool,
    /// Whether lists showed it.
    pub enabled: bool,
    /// Whether it lives by beats: nobody else can be freed, and nobody else is expected.
    pub beats: bool,
    /// Metadata.
    pub metadata: Vec<(String, String)>,
}

impl Known {
    /// Everything that a snapshot names.
    pub fn all_of(snapshot: &Snapshot) -> Vec<Self> {
        snapshot.instances().map(|(service, instance)| Self::of(service, instance)).collect()
    }

    fn of(service: &ServicePart, instance: &InstancePart) -> Self {
        let pair = |(key, value): (&String, &String)| (key.clone(), value.clone());
        Self {
            namespace: service.namespace.clone(),
            service: service.grouped(),
            cluster: instance.cluster.clone(),
            ip: instance.ip.clone(),
            port: i32::try_from(instance.port).unwrap_or_default(),
            weight: instance.weight,
            healthy: instance.healthy,
            enabled: instance.enabled,
            // Of whom it is unknown how it was registered beats more often than not.
            beats: instance.ephemeral && instance.registered_by != RegisteredBy::Connection,
            metadata: instance.metadata.iter().map(pair).collect(),
        }
    }

    /// An instance that beats, with everything else as it is by default.
    pub fn beating(namespace: &str, service: &str, ip: &str, port: i32) -> Self {
        Self {
            namespace: namespace.to_owned(),
            service: service.to_owned(),
            cluster: crate::model::names::DEFAULT_CLUSTER.to_owned(),
            ip: ip.to_owned(),
            port,
            weight: 1.0,
            healthy: true,
            enabled: true,
            beats: true,
            metadata: Vec::new(),
        }
    }

    /// As it was registered.
    pub fn instance(&self) -> Instance {
        let mut metadata = Metadata::new();
        for (key, value) in &self.metadata {
            metadata.insert(key, Some(value));
        }
        Instance {
            ip: Some(self.ip.as_str().into()),
            port: self.port,
            cluster: self.cluster.as_str().into(),
            weight: self.weight,
            healthy: self.healthy,
            enabled: self.enabled,
            // Nobody probes here, and a list shows both kinds.
            ephemeral: true,
            metadata: Some(metadata),
            app: "".into(),
        }
    }
}
