//! What a store kept is put back when a node starts.

use crate::model::{Millis, Refusal, Registration, ServiceKey};
use crate::registry::face::{Core, on_core};
use crate::registry::scope::Scope;
use crate::registry::{Effect, Registry, StoreWrite};

impl Registry {
    /// Puts back what a store kept.
    pub fn restore(&mut self, now: Millis, kept: Vec<StoreWrite>) {
        for write in kept {
            self.note_writes(&[Effect::Store(write.clone())]);
            let outcome = self.restore_one(now, write);
            debug_assert!(outcome.is_ok(), "a store holds only what was accepted: {outcome:?}");
        }
    }

    fn restore_one(&mut self, now: Millis, write: StoreWrite) -> Result<(), Refusal> {
        match write {
            StoreWrite::Switches(switches) => self.restore_switches(*switches),
            StoreWrite::Service { service, settings: Some(settings) } => {
                let service: &ServiceKey = &service;
                on_core!(self, now, |core, scope| {
                    core.restore_service(scope, service.as_ref(), settings)
                })?;
            }
            StoreWrite::PersistentInstance { service, instance: Some(instance), .. } => {
                let call = Registration { service: service.as_ref(), named_as: None, instance };
                self.register(now, &call)?;
            }
            StoreWrite::InstanceRecord { service, metadata_id, record: Some(record) } => {
                if let Core::ClientKeyed(core) = &mut self.core {
                    core.restore_record(service.as_ref(), &metadata_id, record);
                }
            }
            StoreWrite::Service { .. }
            | StoreWrite::PersistentInstance { .. }
            | StoreWrite::InstanceRecord { .. }
            | StoreWrite::Raft { .. }
            | StoreWrite::Upgraded(_)
            | StoreWrite::Console(_) => {}
        }
        Ok(())
    }
}
