//! `registerInstance`: nothing of the instance is checked (`grpc/register-unchecked`), its kind is
//! always ephemeral (`grpc/ephemeral-false`), and a second one replaces the first of the same
//! connection. The service exists afterwards even where the connection may not publish.

use super::super::ClientKeyed;
use super::super::service::metadata_id;
use crate::model::{ConnectionMeta, Instance, Refusal, ServiceRef};
use crate::registry::Effect;
use crate::registry::addresses::{InstanceId, Registered};
use crate::registry::scope::Scope;
use std::sync::Arc;

impl ClientKeyed {
    /// Publishes a connection's instance; `None` is a request that carried none.
    pub fn register_connected(
        &mut self,
        scope: &mut Scope<'_>,
        by: &ConnectionMeta,
        service: ServiceRef<'_>,
        given: Option<(Instance, InstanceId)>,
    ) -> Result<Vec<Effect>, Refusal> {
        let now = scope.now;
        let slot = self.slot_for(service);
        self.create_for(scope, slot, true)?;
        let (Some((given, id)), true) = (given, by.is_naming()) else {
            return Err(Refusal::null_pointer());
        };
        let client = self.clients.seen_connected(now, by);
        if let Some(client) = self.clients.get_mut(client)
            && !client.published.contains(&slot)
        {
            client.published.push(slot);
        }
        let found = &mut self.services[slot];
        if let Some(singleton) = &mut found.singleton {
            singleton.updated = now;
        }
        if let Some(record) = found.records.get_mut(&*metadata_id(&given)) {
            record.expiring = None;
        }
        let instance = Arc::new(Instance { ephemeral: true, ..given });
        found
            .connected
            .insert(client, Registered { instance, id, last_beat: now, probe: 0, copied: false });
        let shown = found.shown_kind();
        self.changed(scope, slot, shown);
        self.tell_changed(scope, client);
        Ok(scope.take_effects())
    }
}
