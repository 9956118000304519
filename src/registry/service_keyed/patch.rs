//! PATCH `/instance`, from 1.2.0: changes what is given on the living instance, health included,
//! and counts as a beat (`instance/patch`, `metadata/patch-healthy`). A weight out of range is
//! refused after it was set (`instance/patch-errors`).

use super::ServiceKeyed;
use crate::model::{BatchMetadata, InstanceCall, PatchCall, Refusal};
use crate::registry::Effect;
use crate::registry::scope::Scope;
use std::sync::Arc;

impl ServiceKeyed {
    /// Whether there is something to patch; asked before the other parameters are read.
    pub fn patch_target(
        &self,
        _scope: &mut Scope<'_>,
        target: &InstanceCall<'_>,
    ) -> Result<(), Refusal> {
        self.find(target.service)
            .and_then(|service| service.cluster(target.cluster))
            .and_then(|cluster| cluster.at(target.ip, target.port))
            .map(|_| ())
            .ok_or_else(|| Refusal::illegal("instance not found"))
    }

    /// Patches an instance.
    pub fn patch(
        &mut self,
        scope: &mut Scope<'_>,
        call: &PatchCall<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        self.patch_target(scope, &call.target)?;
        let Some(slot) = self.slot(call.target.service) else { return Ok(Vec::new()) };
        let service = &mut self.services[slot];
        let Some(entry) = service
            .cluster_mut(call.target.cluster)
            .and_then(|cluster| cluster.at_mut(call.target.ip, call.target.port))
        else {
            return Ok(Vec::new());
        };
        entry.last_beat = scope.now;
        let instance = Arc::make_mut(&mut entry.instance);
        if let Some(metadata) = &call.metadata {
            instance.metadata = Some(metadata.clone());
        }
        if let Some(app) = call.app {
            instance.app = app.into();
        }
        if let Some(weight) = call.weight {
            instance.weight = weight;
        }
        if let Some(healthy) = call.healthy {
            instance.healthy = healthy;
        }
        if let Some(enabled) = call.enabled {
            instance.enabled = enabled;
        }
        let patched = instance.clone();
        self.services[slot].forget_renderings();
        if !(0.0..=10_000.0).contains(&patched.weight) && !patched.weight.is_nan() {
            return Err(Refusal::weight_out_of_range());
        }
        self.put_instance(scope, slot, &patched)?;
        Ok(scope.take_effects())
    }

    /// The metadata batch came with 2.x; no route leads here.
    pub fn batch_metadata(
        &self,
        _scope: &mut Scope<'_>,
        _call: &BatchMetadata<'_>,
    ) -> Result<(Vec<String>, Vec<Effect>), Refusal> {
        Ok((Vec::new(), Vec::new()))
    }
}
