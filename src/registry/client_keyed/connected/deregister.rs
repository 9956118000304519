//! `deregisterInstance`: whatever instance the request names, the one that the connection publishes
//! goes (`grpc/one-instance-per-connection`); an unknown service is fine (`grpc/register-bad`).

use super::super::ClientKeyed;
use super::super::service::metadata_id;
use crate::model::{ConnectionMeta, Refusal, ServiceRef};
use crate::registry::Effect;
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Withdraws what a connection publishes into a service.
    pub fn deregister_connected(
        &mut self,
        scope: &mut Scope<'_>,
        by: &ConnectionMeta,
        service: ServiceRef<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let Some(slot) = self.existing(service) else { return Ok(Vec::new()) };
        if !by.is_naming() {
            return Err(Refusal::null_pointer());
        }
        if let Some(client) = self.clients.find_connected(by.id)
            && self.withdraw_connected(scope, client, slot)
        {
            self.tell_changed(scope, client);
        }
        Ok(scope.take_effects())
    }

    /// Takes a client's instance out of a service; the operator's record begins to expire.
    pub(in super::super) fn withdraw_connected(
        &mut self,
        scope: &mut Scope<'_>,
        client: usize,
        slot: usize,
    ) -> bool {
        let service = &mut self.services[slot];
        let Some(gone) = service.connected.remove(&client) else { return false };
        if let Some(record) = service.records.get_mut(&*metadata_id(&gone.instance)) {
            record.expiring = Some(scope.now);
        }
        self.unpublished(scope, client, slot, scope.now);
        true
    }
}
