//! The registry's face for the other members on 1.x: the lists, records and health that it takes
//! over from them, and those that it tells them. On 2.x clients travel instead (`copies`).

use crate::model::{
    Datum, DatumKey, DatumValue, Millis, NamespaceChecksums, ServiceKey, ServiceRef,
};
use crate::registry::face::{Core, on_core};
use crate::registry::scope::Scope;
use crate::registry::{Effect, Registry, StoreWrite};
use std::sync::Arc;

impl Registry {
    /// Holds from now on what a member says.
    pub fn take_datum(&mut self, now: Millis, datum: &Datum) -> Vec<Effect> {
        let mut effects = self.take_value(now, datum);
        if !matches!(datum.key, DatumKey::Ephemeral(_)) {
            effects.push(kept(&datum.key, Some(datum.stamp)));
        }
        effects
    }

    fn take_value(&mut self, now: Millis, datum: &Datum) -> Vec<Effect> {
        match (&datum.key, &*datum.value) {
            (DatumKey::Switches, DatumValue::Switches(all)) => self.take_switches(now, all),
            (DatumKey::Ephemeral(service), DatumValue::Instances(list)) => self
                .on_lists(now, |core, scope| core.take_list(scope, service.as_ref(), true, list)),
            (DatumKey::Persistent(service), DatumValue::Instances(list)) => self
                .on_lists(now, |core, scope| core.take_list(scope, service.as_ref(), false, list)),
            (DatumKey::Service(service), DatumValue::Service(record)) => {
                self.on_lists(now, |core, scope| core.take_record(scope, service.as_ref(), record))
            }
            // A value of another kind than its key's: no member sends one.
            _ => Vec::new(),
        }
    }

    /// Raft forgot a key. Only a service's record takes something with it.
    pub fn forget_datum(&mut self, now: Millis, key: &DatumKey) -> Vec<Effect> {
        let mut effects = match key {
            DatumKey::Service(service) => {
                self.on_lists(now, |core, scope| core.forget_record(scope, service.as_ref()))
            }
            _ => Vec::new(),
        };
        effects.push(kept(key, None));
        effects
    }

    /// Forgets that there is a list of ephemeral instances; the instances stay.
    pub fn forget_list(&mut self, service: ServiceRef<'_>) {
        if let Core::ServiceKeyed(core) = &mut self.core {
            core.forget_list(service);
        }
    }

    /// Sets the health of a service's instances as the member says that answers for it.
    pub fn set_statuses(
        &mut self,
        now: Millis,
        service: &ServiceKey,
        statuses: &[(String, bool)],
    ) -> Vec<Effect> {
        self.on_lists(now, |core, scope| core.set_statuses(scope, service.as_ref(), statuses))
    }

    /// The keys of the lists of ephemeral instances of the chosen services.
    pub fn list_keys(&self, choose: &dyn Fn(&str) -> bool) -> Vec<DatumKey> {
        let Core::ServiceKeyed(core) = &self.core else { return Vec::new() };
        core.listed(choose).into_iter().map(|one| DatumKey::Ephemeral(one.to_key())).collect()
    }

    /// The checksum of a list; `None` when there is no list.
    pub fn list_checksum(&mut self, service: ServiceRef<'_>) -> Option<String> {
        let Core::ServiceKeyed(core) = &mut self.core else { return None };
        core.list_checksum(service).map(str::to_owned)
    }

    /// A list of ephemeral instances as it travels.
    pub fn list_datum(&self, service: &ServiceKey) -> Option<Datum> {
        let Core::ServiceKeyed(core) = &self.core else { return None };
        let value = DatumValue::Instances(core.kept_list(service.as_ref(), true)?);
        // Each write makes a new datum, which is written once.
        Some(Datum { key: DatumKey::Ephemeral(service.clone()), stamp: 1, value: Arc::new(value) })
    }

    /// Every chosen service with its checksum, by namespace.
    pub fn service_checksums(
        &mut self,
        choose: &dyn Fn(&str) -> bool,
        with_empty: bool,
    ) -> Vec<NamespaceChecksums> {
        match &mut self.core {
            Core::ServiceKeyed(core) => core.service_checksums(choose, with_empty),
            Core::ClientKeyed(_) => Vec::new(),
        }
    }

    /// What raft begins with: everything durable, as often written as it was.
    pub fn raft_datums(&mut self) -> Vec<Datum> {
        let Core::ServiceKeyed(core) = &mut self.core else { return Vec::new() };
        let mut values = Vec::new();
        for service in core.keys() {
            let Some(record) = core.kept_record(service.as_ref()) else { continue };
            let list = core.kept_list(service.as_ref(), false).unwrap_or_default();
            values
                .push((DatumKey::Service(service.clone()), DatumValue::Service(Box::new(record))));
            values.push((DatumKey::Persistent(service), DatumValue::Instances(list)));
        }
        if let Some(switches) = &self.stored_switches {
            values.push((DatumKey::Switches, DatumValue::Switches(Box::new(switches.clone()))));
        }
        let datum = |(key, value): (DatumKey, DatumValue)| {
            let stamp = self.raft_log.stamp(&key)?;
            Some(Datum { key, stamp, value: Arc::new(value) })
        };
        values.into_iter().filter_map(datum).collect()
    }

    fn on_lists(
        &mut self,
        now: Millis,
        run: impl FnOnce(&mut super::service_keyed::ServiceKeyed, &mut Scope<'_>),
    ) -> Vec<Effect> {
        on_core!(self, now, |core, scope| {
            if let Some(core) = core.lists() {
                run(core, scope);
            }
            scope.take_effects()
        })
    }
}

/// What is kept of a key of raft: how often it was written.
fn kept(key: &DatumKey, stamp: Option<u64>) -> Effect {
    let number = stamp.map(|stamp| i64::try_from(stamp).unwrap_or(i64::MAX));
    Effect::Store(StoreWrite::Raft { key: Some(key.clone()), number })
}
