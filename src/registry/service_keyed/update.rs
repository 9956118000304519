//! PUT `/instance` on 1.x: one more registration. From Java clients of 1.0.0 and later the instance
//! must exist (`instance/update-java-agent`); everybody else may create it with PUT
//! (`instance/update-other-agent`).

use super::ServiceKeyed;
use crate::model::{Agent, AgentFamily, AgentVersion, Instance, Refusal, Registration};
use crate::registry::Effect;
use crate::registry::scope::Scope;

impl ServiceKeyed {
    /// Updates an instance.
    pub fn update(
        &mut self,
        scope: &mut Scope<'_>,
        call: &Registration<'_>,
        agent: &Agent,
    ) -> Result<Vec<Effect>, Refusal> {
        if !must_exist(agent)? {
            return self.register(scope, call);
        }
        let Some(slot) = self.slot(call.service) else {
            let (namespace, service) = (call.service.namespace, call.service.name);
            return Err(Refusal::nacos(
                400,
                format!("service not found, namespace: {namespace}, service: {service}"),
            ));
        };
        let known = self.services[slot]
            .clusters
            .iter()
            .flat_map(|cluster| cluster.kind(call.instance.ephemeral).iter())
            .any(|entry| same_address(&entry.instance, &call.instance));
        if !known {
            return Err(Refusal::nacos(
                400,
                format!("instance not exist: {}", super::statistics::described(&call.instance)),
            ));
        }
        self.put_instance(scope, slot, &call.instance)?;
        Ok(scope.take_effects())
    }
}

/// Whether the agent is a Java client that knows update and register apart.
fn must_exist(agent: &Agent) -> Result<bool, Refusal> {
    if agent.family != AgentFamily::Java {
        return Ok(false);
    }
    agent.version.at_least(AgentVersion::Parsed(1, 0, 0)).ok_or_else(Refusal::null_pointer)
}

/// `Instance.equals`: port 0 stands for any.
fn same_address(known: &Instance, asked: &Instance) -> bool {
    known.ip == asked.ip && (known.port == asked.port || asked.port == 0 || known.port == 0)
}
