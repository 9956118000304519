//! The upgrade of a member of 2.0.x: what its engine (`peers::upgrade`) wants is done here, to both
//! of its cores, and what happens in them the engine is told.

use super::Node;
use super::agreement::Proposal;
use super::peering::Peering;
use crate::model::{Datum, MemberId, Millis, Refusal, ServiceKey, ServicePart, ServiceRef};
use crate::peers::upgrade::double_write::Copying;
use crate::peers::upgrade::{BothCores, Core, Counts, Fellow, Upgrade, UpgradeEffect};
use crate::profile::Generation;
use crate::registry::{Effect, Held, StoreWrite};
use std::collections::BTreeMap;

/// Both cores of a node as the engine looks at them.
struct Both<'a> {
    node: &'a Node,
    /// What 1.x and 2.x hold, read once for all that differs.
    held: Option<[BTreeMap<ServiceKey, Held>; 2]>,
}

impl Both<'_> {
    fn held(&mut self) -> &[BTreeMap<ServiceKey, Held>; 2] {
        let node = self.node;
        let held = |core| node.read_in(core, |registry, _| registry.held());
        self.held.get_or_insert_with(|| [Core::Old, Core::New].map(held))
    }
}

impl BothCores for Both<'_> {
    fn counts(&mut self, core: Core) -> Counts {
        let totals = self.node.read_in(core, |registry, _| registry.totals());
        Counts { services: totals.services, instances: totals.instances }
    }

    fn has_old(&mut self, service: &ServiceKey) -> bool {
        self.node.read_in(Core::Old, |registry, _| registry.contains(service.as_ref()))
    }

    fn differing(&mut self) -> Vec<(ServiceKey, bool)> {
        let [old, new] = self.held();
        let differs = |service: &ServiceKey, instances| {
            new.get(service).copied().unwrap_or_default().instances != instances
        };
        old.iter()
            .filter(|(service, held)| differs(service, held.instances))
            .map(|(service, held)| (service.clone(), !held.has_persistent))
            .collect()
    }

    fn only_new(&mut self) -> Vec<(ServiceKey, bool)> {
        let [old, new] = self.held();
        new.iter()
            .filter(|(service, _)| !old.contains_key(*service))
            .map(|(service, held)| (service.clone(), held.ephemeral))
            .collect()
    }
}

impl Node {
    /// Looks at the upgrade; `None` on a node that goes through none.
    pub fn upgrade<T>(&self, look: impl FnOnce(&Upgrade) -> T) -> Option<T> {
        self.cores.beside().map(|beside| look(&beside.engine.lock()))
    }

    /// Whether it answers as 2.x does; `None` on a node that goes through no upgrade.
    pub fn is_upgraded(&self) -> Option<bool> {
        self.cores.beside().map(|_| self.serves() == Core::New)
    }

    /// What runs of 1.x follows what the engine began with.
    pub(super) fn begin_upgrade(&self) {
        let Some(peering) = &self.peering else { return };
        let Some(stopped) = self.upgrade(Upgrade::has_stopped_old_raft) else { return };
        peering.follow_core(self.serves());
        if stopped {
            peering.stop_raft();
        }
    }

    /// Something of a service changed in the core that answers.
    pub(super) fn service_changed(&self, service: &ServiceKey, ephemeral: bool, part: ServicePart) {
        let Some(beside) = self.cores.beside() else { return };
        let mut engine = beside.engine.lock();
        let core = engine.serves();
        engine.changed(self.now(), core, service, ephemeral, part);
        let deadline = engine.next_deadline();
        drop(engine);
        self.wake_before(Some(deadline));
    }

    /// The state, version or readiness of members changed.
    pub(super) fn members_touched(&self, peering: &Peering, touched: &[MemberId]) {
        let Some(beside) = self.cores.beside() else { return };
        for id in touched {
            let generation = peering.members(|members| {
                Generation::of(members.member(id).and_then(|known| known.version.as_deref()))
            });
            let effects = beside.engine.lock().member_changed(generation);
            self.follow_upgrade(effects);
        }
    }

    /// Does what is due of the upgrade.
    pub(super) fn tick_upgrade(&self, now: Millis) {
        let Some(beside) = self.cores.beside() else { return };
        if beside.engine.lock().next_deadline() > now {
            return;
        }
        let Some(peering) = &self.peering else { return };
        let fellows = peering.members(Fellow::all);
        let double_write = self.read(|registry, _| registry.switches().double_write_enabled);
        let mut cores = Both { node: self, held: None };
        let effects = beside.engine.lock().tick(now, &mut cores, &fellows, double_write);
        self.follow_upgrade(effects);
    }

    fn follow_upgrade(&self, effects: Vec<UpgradeEffect>) {
        let Some(peering) = &self.peering else { return };
        let own = peering.own();
        for effect in effects {
            match effect {
                UpgradeEffect::Serve(core) => {
                    tracing::info!(node = %own, ?core, "another core answers from now on");
                    self.cores.serve(self.now(), core);
                    peering.follow_core(core);
                }
                UpgradeEffect::Keep(upgraded) => {
                    // Nobody waits for it.
                    drop(self.config.store.begin(&[StoreWrite::Upgraded(upgraded)]));
                }
                UpgradeEffect::Ready(ready) => {
                    tracing::info!(node = %own, ready, "looked whether it can be upgraded");
                    peering.set_ready(self.now(), ready);
                }
                UpgradeEffect::RefreshLists => {
                    self.read_in(Core::New, |registry, _| registry.refresh_lists());
                }
                UpgradeEffect::StopOldRaft => self.hand_over_raft(peering),
                UpgradeEffect::BeginOldRaft => self.begin_raft(),
                UpgradeEffect::DropOld => self.drop_core_of_1x(),
                UpgradeEffect::Copy(copying) => self.copy(copying),
                UpgradeEffect::MakeOld(service) => self.make_in_1x(&service),
            }
        }
    }

    /// The old raft stops. What it kept is from now on for the members of 2.0.x to agree on, so
    /// that one that joins them later has it, too.
    fn hand_over_raft(&self, peering: &Peering) {
        peering.stop_raft();
        let kept = self.read_in(Core::Old, |registry, _| registry.raft_datums());
        let proposal = |datum: Datum| Proposal::Datum(datum.key, Some(datum.value));
        if let Err(refusal) = self.propose(kept.into_iter().map(proposal).collect()) {
            tracing::warn!(%refusal, "what raft kept was not handed over");
        }
    }

    /// Forgets what the core of 1.x holds. What is durable stays: it is that of the other core.
    fn drop_core_of_1x(&self) {
        let now = self.now();
        let fresh = super::Cores::fresh(&self.config, self.quirks(), Core::Old, now);
        let switches = self.read_in(Core::New, |registry, _| registry.shared_switches());
        self.read_in(Core::Old, |registry, _| {
            registry.start_anew(now, fresh);
            registry.share_switches(now, switches);
        });
        self.forget_raft();
    }

    fn make_in_1x(&self, service: &ServiceKey) {
        let made = self.change_copy(Core::Old, |registry, now| {
            registry.copy_service_to_1x(now, service.as_ref())
        });
        if let Err(refusal) = made {
            tracing::warn!(service = %service.name, %refusal, "a service was not made in 1.x");
        }
    }

    fn copy(&self, copying: Copying) {
        let copied = match copying.to {
            Core::New => self.copy_to_2x(&copying),
            Core::Old => self.copy_to_1x(&copying),
        };
        let (Err(refusal), Some(beside)) = (copied, self.cores.beside()) else { return };
        tracing::warn!(service = %copying.service.name, %refusal, "a service was not copied");
        beside.engine.lock().copy_failed(self.now(), copying);
    }

    fn copy_to_2x(&self, copying: &Copying) -> Result<(), Refusal> {
        let service = copying.service.as_ref();
        if copying.what == ServicePart::Removal {
            return self.change_copy(Core::New, |registry, now| {
                Ok(registry.copy_removal_to_2x(now, service))
            });
        }
        let (settings, instances) = self.read_in(Core::Old, |registry, _| {
            let instances = registry.instances_of_1x(service, copying.ephemeral);
            (registry.settings_of(service), instances)
        });
        if let (true, Some(settings)) = (has_settings(copying), settings) {
            self.change_copy(Core::New, |registry, now| {
                Ok(registry.copy_settings_to_2x(now, service, copying.ephemeral, settings))
            })?;
        }
        match instances {
            Some(list) if has_instances(copying) => self.change_copy(Core::New, |registry, now| {
                registry.copy_instances_to_2x(now, service, copying.ephemeral, &list)
            }),
            _ => Ok(()),
        }
    }

    fn copy_to_1x(&self, copying: &Copying) -> Result<(), Refusal> {
        let service: ServiceRef<'_> = copying.service.as_ref();
        if copying.what == ServicePart::Removal {
            return self.change_copy(Core::Old, |registry, now| {
                Ok(registry.copy_removal_to_1x(now, service))
            });
        }
        let (settings, list) = self.read_in(Core::New, |registry, _| {
            (registry.settings_of(service), registry.instances_of_2x(service))
        });
        if let (true, Some(settings)) = (has_settings(copying), settings) {
            self.change_copy(Core::Old, |registry, now| {
                Ok(registry.copy_settings_to_1x(now, service, settings))
            })?;
        }
        if !has_instances(copying) {
            return Ok(());
        }
        self.change_copy(Core::Old, |registry, now| {
            registry.copy_instances_to_1x(now, service, copying.ephemeral, list)
        })
    }

    /// Changes one core as the other is; nobody waits until it is durable.
    fn change_copy(
        &self,
        core: Core,
        change: impl FnOnce(&mut crate::registry::Registry, Millis) -> Result<Vec<Effect>, Refusal>,
    ) -> Result<(), Refusal> {
        self.change_in(core, |registry, now| Ok(((), change(registry, now)?))).map(|_| ())
    }
}

fn has_instances(copying: &Copying) -> bool {
    matches!(copying.what, ServicePart::Instances | ServicePart::All)
}

fn has_settings(copying: &Copying) -> bool {
    matches!(copying.what, ServicePart::Settings | ServicePart::All)
}
