//! DELETE `/instance` on 2.x: always `ok`; the cluster does not matter, the kind does
//! (`instance/deregister-misses`). The operator's record begins to expire
//! (`metadata/dropped-after-a-minute`), except for persistent instances.

use super::ClientKeyed;
use super::register::persistent;
use super::service::metadata_id;
use crate::model::{Deregistration, Refusal};
use crate::registry::Effect;
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Deregisters an instance.
    pub fn deregister(
        &mut self,
        scope: &mut Scope<'_>,
        call: &Deregistration<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        if let Some(slot) = self.existing(call.service) {
            self.withdraw(scope, slot, call);
        }
        Ok(scope.take_effects())
    }

    fn withdraw(&mut self, scope: &mut Scope<'_>, slot: usize, call: &Deregistration<'_>) {
        let Some(client) = self.clients.find(call.ip, call.port, call.ephemeral) else { return };
        let service = &mut self.services[slot];
        if !call.ephemeral {
            let Some(known) = service.persistent.get(call.ip, call.port) else { return };
            if !scope.decides(|| persistent(&service.key, &known.instance, None)) {
                return;
            }
        }
        let Some(gone) = service.kind_mut(call.ephemeral).remove(call.ip, call.port) else {
            return;
        };
        if call.ephemeral {
            if let Some(record) = service.records.get_mut(&*metadata_id(&gone.instance)) {
                record.expiring = Some(scope.now);
            }
        } else {
            scope.probes.stop(gone.probe);
            let write = persistent(&service.key, &gone.instance, None);
            scope.effects.push(Effect::Store(write));
        }
        self.unpublished(scope, client, slot, gone.last_beat);
        self.tell_changed(scope, client);
    }

    /// What follows when a client no longer publishes into a service.
    pub(super) fn unpublished(
        &mut self,
        scope: &mut Scope<'_>,
        client: usize,
        slot: usize,
        last_beat: crate::model::Millis,
    ) {
        if let Some(known) = self.clients.get_mut(client) {
            known.published.retain(|published| *published != slot);
            known.last_seen = known.last_seen.max(last_beat);
            if known.is_persistent() && known.published.is_empty() {
                self.clients.remove(client);
            }
        }
        let service = &mut self.services[slot];
        if let Some(singleton) = &mut service.singleton {
            singleton.updated = scope.now;
        }
        let shown = service.shown_kind();
        self.changed(scope, slot, shown);
    }
}
