//! DELETE `/instance` on 1.x: always `ok`; a wrong cluster, kind or port removes nothing
//! (`instance/deregister-misses`). The named cluster is created when absent, and the call is pushed
//! even when nothing was removed (`push/register-unchanged`).

use super::ServiceKeyed;
use crate::model::{Deregistration, Refusal, validate};
use crate::registry::scope::Scope;
use crate::registry::{Effect, StoreWrite};

impl ServiceKeyed {
    /// Deregisters an instance.
    pub fn deregister(
        &mut self,
        scope: &mut Scope<'_>,
        call: &Deregistration<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.slot(call.service) else { return Ok(Vec::new()) };
        let service = &mut self.services[slot];
        if service.cluster(call.cluster).is_none() {
            validate::cluster_name(call.cluster)?;
            service.add_cluster(call.cluster);
        }
        if call.ephemeral && service.poisoned {
            return Ok(Vec::new());
        }
        if !call.ephemeral && scope.proposes {
            self.publish_without(scope, slot, call);
            return Ok(scope.take_effects());
        }
        service.has_ephemeral_datum |= call.ephemeral;
        let key = service.key.clone();
        let gone = service
            .cluster_mut(call.cluster)
            .and_then(|cluster| cluster.kind_mut(call.ephemeral).remove(call.ip, call.port));
        if let (Some(gone), false) = (gone, call.ephemeral) {
            scope.probes.stop(gone.probe);
            scope.effects.push(Effect::Store(StoreWrite::PersistentInstance {
                service: key,
                ip: call.ip.to_owned(),
                port: call.port,
                cluster: call.cluster.to_owned(),
                instance: None,
            }));
        }
        if call.ephemeral {
            scope.list_changed(&self.services[slot].key);
        }
        self.changed(scope, slot);
        Ok(scope.take_effects())
    }
}
