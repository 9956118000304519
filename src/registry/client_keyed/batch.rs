//! PUT and DELETE `/instance/metadata/batch`, from 2.0.2: writes or removes keys of the records of
//! several instances (`instance/metadata-batch`, `metadata/batch-put`). Registered keys survive a
//! DELETE; a new record resets weight and enabled.

use super::ClientKeyed;
use crate::model::{BatchMetadata, InstanceCall, Refusal};
use crate::registry::Effect;
use crate::registry::scope::Scope;

impl ClientKeyed {
    /// Changes the records and says which instances they are, as shown.
    pub fn batch_metadata(
        &mut self,
        scope: &mut Scope<'_>,
        call: &BatchMetadata<'_>,
    ) -> Result<(Vec<String>, Vec<Effect>), Refusal> {
        let targets = self.batch_targets(scope, call);
        let mut updated = Vec::with_capacity(targets.len());
        for (ip, port, cluster, ephemeral) in targets {
            let slot = self.slot_for(call.service);
            let id = format!("{ip}:{port}:{cluster}");
            let mut record = self.record(slot, &id);
            if call.remove {
                record.metadata.remove_all(&call.metadata);
            } else {
                record.metadata.merge(&call.metadata);
            }
            self.write_record(scope, slot, (&ip, port, &cluster), record);
            let kind = if ephemeral { "ephemeral" } else { "persist" };
            updated.push(format!("{ip}:{port}:unknown:{cluster}:{kind}"));
        }
        Ok((updated, scope.take_effects()))
    }

    /// The instances meant: those named that lists show, or all of them.
    fn batch_targets(
        &mut self,
        scope: &mut Scope<'_>,
        call: &BatchMetadata<'_>,
    ) -> Vec<(String, i32, String, bool)> {
        let Some(named) = call.targets.as_ref().filter(|named| !named.is_empty()) else {
            let Some(snapshot) = self.snapshot(call.service, !call.persistent) else {
                return Vec::new();
            };
            let kind = snapshot.ephemeral;
            let hosts = snapshot.hosts.iter().map(|host| &host.instance);
            return hosts
                .map(|i| (i.ip().to_owned(), i.port, i.cluster.to_string(), kind))
                .collect();
        };
        let mut found = Vec::new();
        for target in named {
            let (ip, port, cluster) = (&*target.ip, target.port, &*target.cluster);
            let asked = InstanceCall { service: call.service, ip, port, cluster };
            if self.instance(scope, &asked).is_ok() {
                found.push((ip.to_owned(), port, cluster.to_owned(), target.ephemeral));
            }
        }
        found
    }
}
