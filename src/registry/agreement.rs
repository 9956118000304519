//! What the members of 2.x agree on: persistent instances, settings of services, operators'
//! records, switches. With neighbours, an operation only proposes such a change
//! ([`Effect::Propose`]); when the members have agreed it is done here, on each of them in the same
//! order. A node that stands alone does it at once.

use crate::model::{Deregistration, Millis, Refusal, Registration};
use crate::registry::face::{Core, on_core};
use crate::registry::scope::Scope;
use crate::registry::{Effect, Registry, StoreWrite};

impl Registry {
    /// From now on durable changes are for the members to agree on.
    pub fn propose_changes(&mut self) {
        self.proposes = true;
    }

    /// The members agreed on a change.
    pub fn agreed(&mut self, now: Millis, write: &StoreWrite) -> Vec<Effect> {
        let proposes = std::mem::replace(&mut self.proposes, false);
        // What was agreed on was checked when it was proposed; what no longer fits is passed over
        // on every member alike.
        let done = self.do_agreed(now, write).unwrap_or_default();
        self.proposes = proposes;
        done
    }

    fn do_agreed(&mut self, now: Millis, write: &StoreWrite) -> Result<Vec<Effect>, Refusal> {
        match write {
            StoreWrite::PersistentInstance { service, instance: Some(instance), .. } => {
                let (service, instance) = (service.as_ref(), instance.clone());
                self.register(now, &Registration { service, named_as: None, instance })
            }
            StoreWrite::PersistentInstance { service, ip, port, cluster, instance: None } => {
                let service = service.as_ref();
                let call = Deregistration { service, ip, port: *port, cluster, ephemeral: false };
                self.deregister(now, &call)
            }
            StoreWrite::Switches(switches) => Ok(self.take_switches(now, switches)),
            StoreWrite::Service { service, settings } => on_core!(self, now, |core, scope| {
                if let Some(core) = core.clients() {
                    core.agreed_settings(scope, service.as_ref(), settings.as_ref());
                }
                Ok(scope.take_effects())
            }),
            StoreWrite::InstanceRecord { service, metadata_id, record } => {
                on_core!(self, now, |core, scope| {
                    if let Some(core) = core.clients() {
                        core.agreed_record(scope, service.as_ref(), metadata_id, record.as_ref());
                    }
                    Ok(scope.take_effects())
                })
            }
            StoreWrite::Raft { .. } | StoreWrite::Upgraded(_) | StoreWrite::Console(_) => {
                Ok(Vec::new())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Agent, ClusterSettings, Instance, Metadata, NewService, ServiceExtras, ServiceRef,
        SwitchEdit,
    };
    use crate::registry::silent_tests::silent;

    const START: Millis = Millis(1_600_000_000_000);
    const SERVICE: ServiceRef<'static> =
        ServiceRef { namespace: "public", name: "DEFAULT_GROUP@@orders" };

    fn member() -> Registry {
        let mut registry = silent("2.0.2", START);
        registry.propose_changes();
        registry
    }

    fn registration(weight: f64, ephemeral: bool) -> Registration<'static> {
        let instance = Instance {
            ip: Some("10.0.0.1".into()),
            port: 80,
            cluster: "DEFAULT".into(),
            weight,
            healthy: true,
            enabled: true,
            ephemeral,
            metadata: Some(Metadata::new()),
            app: "".into(),
        };
        Registration { service: SERVICE, named_as: None, instance }
    }

    /// The only thing that follows is a proposal.
    fn proposed(effects: Vec<Effect>) -> StoreWrite {
        match <[Effect; 1]>::try_from(effects) {
            Ok([Effect::Propose(write)]) => write,
            other => panic!("no proposal: {other:?}"),
        }
    }

    /// What is to be kept afterwards.
    fn stored(effects: Vec<Effect>) -> Vec<StoreWrite> {
        let stored = effects.into_iter().map(|effect| match effect {
            Effect::Store(write) => write,
            other => panic!("not durable: {other:?}"),
        });
        stored.collect()
    }

    /// Has both members do what one of them proposed.
    fn agree(members: &mut [Registry; 2], write: &StoreWrite) {
        for member in members {
            assert_eq!(stored(member.agreed(START, write)), std::slice::from_ref(write));
        }
    }

    fn nothing_more(_: &mut ClusterSettings) -> Result<(), Refusal> {
        Ok(())
    }

    #[test]
    fn a_persistent_instance_is_there_when_the_members_agreed_and_not_before() {
        let mut members = [member(), member()];
        let call = registration(2.0, false);
        let write = proposed(members[0].register(START, &call).unwrap());
        assert_eq!(members[0].totals().instances, 0);
        agree(&mut members, &write);
        let call = Deregistration {
            service: SERVICE,
            ip: "10.0.0.1",
            port: 80,
            cluster: "DEFAULT",
            ephemeral: false,
        };
        assert_eq!(members.each_ref().map(|member| member.totals().instances), [1, 1]);
        let write = proposed(members[1].deregister(START, &call).unwrap());
        assert_eq!(members[1].totals().instances, 1);
        agree(&mut members, &write);
        assert_eq!(members.each_ref().map(|member| member.totals().instances), [0, 0]);
        assert_eq!(members[1].deregister(START, &call).unwrap(), []);
    }

    #[test]
    fn settings_of_a_service_are_agreed_on_and_a_second_creation_refused_everywhere() {
        let mut members = [member(), member()];
        let new = NewService { service: SERVICE, protect_threshold: 0.5, ephemeral: false };
        let extras = || Ok(ServiceExtras::default());
        let write = proposed(members[0].create_service(START, &new, &extras).unwrap());
        assert!(!members[0].contains(SERVICE));
        agree(&mut members, &write);
        assert!(members[1].create_service(START, &new, &extras).is_err());
        let write = proposed(members[1].update_service(START, SERVICE, 0.7, &extras).unwrap());
        agree(&mut members, &write);
        let detail = members[0].service(START, SERVICE, "orders").unwrap();
        assert!((detail.protect_threshold - 0.7).abs() < f32::EPSILON);
        let set = members[0].update_cluster(START, SERVICE, "c", &nothing_more).unwrap();
        agree(&mut members, &proposed(set));
        let write = proposed(members[0].delete_service(START, SERVICE).unwrap());
        assert!(members[0].contains(SERVICE));
        agree(&mut members, &write);
        assert!(members.iter().all(|member| !member.contains(SERVICE)));
    }

    #[test]
    fn an_operator_s_record_is_agreed_on_and_ends_everywhere() {
        let mut members = [member(), member()];
        for member in &mut members {
            member.register(START, &registration(1.0, true)).unwrap();
        }
        let call = registration(7.0, true);
        let agent = Agent::parse("curl");
        let write = proposed(members[0].update(START, &call, &agent).unwrap());
        agree(&mut members, &write);
        let StoreWrite::InstanceRecord { service, metadata_id, .. } = write else {
            panic!("a record")
        };
        let end = StoreWrite::InstanceRecord { service, metadata_id, record: None };
        agree(&mut members, &end);
        // It ended: nothing is left to end.
        assert_eq!(members[0].agreed(START, &end), []);
    }

    #[test]
    fn switches_are_agreed_on_but_for_those_of_a_look_at_one_node() {
        let mut members = [member(), member()];
        let off = || SwitchEdit::Entry(Box::new(|switches| switches.push_enabled = false));
        let write = proposed(members[0].change_switches(START, off(), false));
        assert!(members[0].switches().push_enabled);
        agree(&mut members, &write);
        assert!(members.iter().all(|member| !member.switches().push_enabled));
        assert_eq!(members[0].change_switches(START, off(), true), []);
    }

    #[test]
    fn ephemeral_instances_need_nobody_s_consent() {
        let mut member = member();
        assert_eq!(member.register(START, &registration(1.0, true)).unwrap(), []);
        assert_eq!(member.totals().instances, 1);
    }
}
