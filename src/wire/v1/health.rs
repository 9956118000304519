//! PUT `/health` and the greeting of `/health/server` (`health/refused`, `health/server`).

use super::instance::integer;
use super::service_name::{self, NamedService};
use crate::model::names::DEFAULT_CLUSTER;
use crate::model::{InstanceCall, Refusal, java};
use crate::profile::{CoreModel, ListShape, Quirks};
use crate::wire::Params;
use crate::wire::text::json::JsonText;
use std::borrow::Cow;

/// PUT `/health`.
#[derive(Debug)]
pub struct HealthWrite<'a> {
    service: NamedService<'a>,
    cluster: Cow<'a, str>,
    ip: Cow<'a, str>,
    port: i32,
    /// What the health shall be.
    pub healthy: bool,
}

impl<'a> HealthWrite<'a> {
    /// Reads the parameters: 2.x looks at the health first, 1.x last.
    ///
    /// # Errors
    /// One is missing, or is no number.
    pub fn read(params: &'a Params<'_>, quirks: &Quirks) -> Result<Self, Refusal> {
        let healthy = || {
            let text = params.optional("healthy").or_else(|| params.optional("valid"));
            let text = text.ok_or_else(|| Refusal::param_required("healthy"))?;
            Ok(java::to_boolean(&text))
        };
        let first = match quirks.core.model {
            CoreModel::ServiceKeyed => None,
            CoreModel::ClientKeyed => Some(healthy()?),
        };
        let service = service_name::unchecked(params)?;
        let cluster = params.or("clusterName", DEFAULT_CLUSTER);
        let ip = params.required("ip")?;
        let port = integer(&params.required("port")?)?;
        let healthy = first.map_or_else(healthy, Ok)?;
        Ok(Self { service, cluster, ip, port, healthy })
    }

    /// The instance meant.
    pub fn call(&self) -> InstanceCall<'_> {
        InstanceCall {
            service: self.service.as_ref(),
            ip: &self.ip,
            port: self.port,
            cluster: &self.cluster,
        }
    }
}

/// GET `/health/server`.
pub fn server(services: usize, port: u16, quirks: &Quirks) -> String {
    let kept = if quirks.list.shape == ListShape::Dom { "raft " } else { "" };
    let mut json = JsonText::object();
    json.text(
        "msg",
        &format!(
            "Hello! I am Nacos-Naming and healthy! total services: {kept}{services}, local \
             port:{port}"
        ),
    );
    json.finish()
}
