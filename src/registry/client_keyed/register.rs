//! POST `/instance` on 2.x: the client `ip:port` publishes the instance, replacing what it
//! published into that service before. Health is taken as given (`timing/register-again-health`),
//! and a record that began to expire applies again (`metadata/kept-after-deregister`).

use super::ClientKeyed;
use super::service::metadata_id;
use crate::model::{Instance, Refusal, Registration, ServiceKey};
use crate::registry::addresses::{InstanceId, Registered};
use crate::registry::scope::Scope;
use crate::registry::{Effect, StoreWrite};
use std::sync::Arc;

impl ClientKeyed {
    /// Registers an instance.
    pub fn register(
        &mut self,
        scope: &mut Scope<'_>,
        call: &Registration<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let slot = self.slot_for(call.service);
        let id = match call.named_as {
            None => InstanceId::Usual,
            Some(name) => {
                let Instance { port, cluster, .. } = &call.instance;
                InstanceId::Own(format!("{}#{port}#{cluster}#{name}", call.instance.ip()).into())
            }
        };
        self.publish(scope, slot, &call.instance, id)?;
        Ok(scope.take_effects())
    }

    /// Publishes an instance into a service, which exists from then on.
    pub(super) fn publish(
        &mut self,
        scope: &mut Scope<'_>,
        slot: usize,
        given: &Instance,
        id: InstanceId,
    ) -> Result<(), Refusal> {
        let now = scope.now;
        let (ip, port, ephemeral) = (given.ip(), given.port, given.ephemeral);
        if !ephemeral {
            self.may_hold(scope, slot, ephemeral)?;
            if !scope.decides(|| persistent(&self.services[slot].key, given, Some(given.clone()))) {
                self.release(slot);
                return Ok(());
            }
        }
        if ephemeral {
            self.clients.seen(now, ip, port, ephemeral);
        }
        self.create_for(scope, slot, ephemeral)?;
        let client = self.clients.seen(now, ip, port, ephemeral);
        if let Some(client) = self.clients.get_mut(client)
            && !client.published.contains(&slot)
        {
            client.published.push(slot);
        }
        let service = &mut self.services[slot];
        if let Some(singleton) = &mut service.singleton {
            singleton.updated = now;
        }
        if let Some(record) = service.records.get_mut(&*metadata_id(given)) {
            record.expiring = None;
        }
        let probe = match service.kind_mut(ephemeral).get(ip, port) {
            Some(known) => known.probe,
            None if ephemeral => 0,
            None => scope.probes.start(scope.timers, now, slot, &given.cluster, (ip, port)),
        };
        if !ephemeral {
            let write = persistent(&service.key, given, Some(given.clone()));
            scope.effects.push(Effect::Store(write));
        }
        let instance = Arc::new(given.clone());
        service.kind_mut(ephemeral).insert(Registered {
            instance,
            id,
            last_beat: now,
            probe,
            copied: false,
        });
        let shown = service.shown_kind();
        self.changed(scope, slot, shown);
        if ephemeral {
            self.check_client_by(scope, client, slot, (given.ip(), port));
            self.tell_changed(scope, client);
        }
        Ok(())
    }
}

/// The durable change of a persistent instance; `None` is its end.
pub(super) fn persistent(
    service: &ServiceKey,
    known: &Instance,
    instance: Option<Instance>,
) -> StoreWrite {
    StoreWrite::PersistentInstance {
        service: service.clone(),
        ip: known.ip().to_owned(),
        port: known.port,
        cluster: known.cluster.to_string(),
        instance,
    }
}
