//! Services and clusters as objects of their own on 1.x: POST, PUT, GET, DELETE `/service`, GET
//! `/service/list` and PUT `/cluster`. What is set here is durable; a service that only a
//! registration created is not.

use super::{Cluster, Service, ServiceKeyed};
use crate::model::names::group_of;
use crate::model::{HealthChecker, Metadata, Refusal, ServiceRef, java, names, validate};
use crate::registry::scope::Scope;
use crate::registry::{ClusterSettings, Effect, ServiceDetail, ServiceSettings, StoreWrite};

impl Service {
    /// What is durable about it.
    pub fn settings(&self) -> ServiceSettings {
        let cluster = |cluster: &Cluster| (cluster.name.to_string(), cluster.settings.clone());
        ServiceSettings {
            protect_threshold: self.protect_threshold,
            metadata: self.metadata.clone(),
            clusters: self.clusters.iter().map(cluster).collect(),
        }
    }
}

impl ServiceKeyed {
    /// POST `/service`.
    pub fn create_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        protect_threshold: f64,
        metadata: Metadata,
    ) -> Result<Vec<Effect>, Refusal> {
        if self.contains(service) {
            let name = service.name;
            return Err(Refusal::illegal(format!(
                "specified service already exists, serviceName : {name}"
            )));
        }
        let slot = self.find_or_create(scope, service)?;
        let created = &mut self.services[slot];
        created.protect_threshold = protect_threshold;
        created.metadata = metadata;
        self.store(scope, slot);
        Ok(scope.take_effects())
    }

    /// PUT `/service`: replaces threshold and metadata.
    pub fn update_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        protect_threshold: f64,
        metadata: Metadata,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.slot(service) else {
            return Err(Refusal::nacos(400, format!("service {} not found!", service.name)));
        };
        let found = &mut self.services[slot];
        found.protect_threshold = protect_threshold;
        found.metadata = metadata;
        self.store(scope, slot);
        self.changed(scope, slot);
        Ok(scope.take_effects())
    }

    /// DELETE `/service`.
    pub fn delete_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let name = service.name;
        let Some(slot) = self.slot(service) else {
            return Err(Refusal::illegal(format!(
                "specified service not exist, serviceName : {name}"
            )));
        };
        if scope.quirks.service.delete_needs_empty && !self.services[slot].is_empty() {
            return Err(Refusal::illegal(format!(
                "specified service has instances, serviceName : {name}"
            )));
        }
        self.drop_service(scope, slot);
        let service = service.to_key();
        scope.effects.push(Effect::Store(StoreWrite::Service { service, settings: None }));
        Ok(scope.take_effects())
    }

    /// GET `/service`.
    pub fn service(&self, service: ServiceRef<'_>) -> Result<ServiceDetail, Refusal> {
        let Some(found) = self.find(service) else {
            return Err(Refusal::nacos(404, format!("service {} is not found!", service.name)));
        };
        let clusters = found.clusters_in_order();
        let cluster = |c: &&Cluster| (c.name.to_string(), c.settings.clone());
        Ok(ServiceDetail {
            protect_threshold: found.protect_threshold,
            metadata: found.metadata.clone(),
            clusters: clusters.iter().map(cluster).collect(),
        })
    }

    /// Names (without group) of a group's services in the order of the server's map.
    pub fn service_names(&self, namespace: &str, group: &str) -> Vec<String> {
        let Some(names) = self.index.get(namespace) else { return Vec::new() };
        let mut found: Vec<&str> = names.keys().map(|name| &**name).collect();
        found.sort_unstable();
        java::sort_by_hash_order(&mut found, |name| name);
        let in_group = found.into_iter().filter(|name| group_of(name) == group);
        in_group.map(|name| names::service_of(name).to_owned()).collect()
    }

    /// PUT `/cluster`: creates the cluster when absent.
    pub fn update_cluster(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        cluster: &str,
        settings: ClusterSettings,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.slot(service) else {
            return Err(Refusal::nacos(400, format!("service not found:{}", service.name)));
        };
        let found = &mut self.services[slot];
        if found.cluster(cluster).is_none() {
            validate::cluster_name(cluster)?;
            found.add_cluster(cluster);
        }
        if let Some(cluster) = found.cluster_mut(cluster) {
            cluster.settings = settings;
        }
        found.forget_renderings();
        self.store(scope, slot);
        Ok(scope.take_effects())
    }

    /// Makes a service's settings durable.
    fn store(&mut self, scope: &mut Scope<'_>, slot: usize) {
        let service = &mut self.services[slot];
        service.durable = true;
        scope.effects.push(Effect::Store(StoreWrite::Service {
            service: service.key.clone(),
            settings: Some(service.settings()),
        }));
    }

    /// Restores a service from durable state.
    pub fn restore_service(
        &mut self,
        scope: &mut Scope<'_>,
        service: ServiceRef<'_>,
        settings: ServiceSettings,
    ) -> Result<(), Refusal> {
        let slot = self.find_or_create(scope, service)?;
        let found = &mut self.services[slot];
        found.durable = true;
        found.protect_threshold = settings.protect_threshold;
        found.metadata = settings.metadata;
        for (name, settings) in settings.clusters {
            if found.cluster(&name).is_none() {
                found.add_cluster(&name);
            }
            if let Some(cluster) = found.cluster_mut(&name) {
                cluster.settings = settings;
            }
        }
        Ok(())
    }
}

/// The JSON of a checker as fastjson writes it.
pub(super) fn checker_text(checker: &HealthChecker) -> String {
    match checker {
        HealthChecker::Tcp => r#"{"type":"TCP"}"#.to_owned(),
        HealthChecker::None => r#"{"type":"NONE"}"#.to_owned(),
        HealthChecker::Http { path, headers, expected_response_code } => format!(
            r#"{{"expectedResponseCode":{expected_response_code},"headers":"{headers}","path":"{path}","type":"HTTP"}}"#
        ),
        HealthChecker::Mysql { user, pwd, cmd } => {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let (cmd, pwd, user) = (text(cmd), text(pwd), text(user));
            format!(r#"{{"cmd":"{cmd}","pwd":"{pwd}","type":"MYSQL","user":"{user}"}}"#)
        }
    }
}
