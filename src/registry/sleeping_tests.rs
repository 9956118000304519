//! A core that sleeps looks at nobody, and does nothing in order not to; when it wakes it looks.

use crate::model::{Instance, Metadata, Millis, Registration, ServiceRef};
use crate::registry::silent_tests::silent;
use crate::registry::{Place, Registry};

const START: Millis = Millis(1_600_000_000_000);

/// How many timers fall due until then.
fn pass(registry: &mut Registry, until: Millis) -> usize {
    let mut passed = 0;
    while let Some(due) = registry.next_deadline().filter(|due| *due <= until) {
        registry.tick(due, 1);
        passed += 1;
    }
    passed
}

fn asleep(profile: &str, instances: i32) -> Registry {
    let mut registry = silent(profile, START);
    for port in 1..=instances {
        let instance = Instance {
            ip: Some("10.0.0.1".into()),
            port,
            cluster: "DEFAULT".into(),
            weight: 1.0,
            healthy: true,
            enabled: true,
            ephemeral: true,
            metadata: Some(Metadata::new()),
            app: "".into(),
        };
        let service = ServiceRef { namespace: "public", name: "DEFAULT_GROUP@@orders" };
        let call = Registration { service, named_as: None, instance };
        registry.register(START, &call).unwrap();
    }
    registry.set_place(START + 1_000, Place::Asleep);
    // What was set while it was awake still falls due.
    pass(&mut registry, START + 30_000);
    registry
}

fn instances(registry: &Registry) -> usize {
    registry.held().values().map(|held| held.instances).sum()
}

#[test]
fn a_core_that_sleeps_has_nothing_to_do_for_what_it_holds() {
    for profile in ["1.1.4", "2.0.2"] {
        let [mut empty, mut full] = [0, 20].map(|instances| asleep(profile, instances));
        let until = START + 300_000;
        assert_eq!(pass(&mut full, until), pass(&mut empty, until), "{profile}");
        assert_eq!(instances(&full), 20, "{profile}: nobody expires");
    }
}

#[test]
fn a_core_that_wakes_looks_at_everybody_within_a_period() {
    for profile in ["1.1.4", "2.0.2"] {
        let mut registry = asleep(profile, 20);
        registry.set_place(START + 60_000, Place::Awake);
        pass(&mut registry, START + 60_000);
        assert_eq!(instances(&registry), 20, "{profile}");
        pass(&mut registry, START + 65_100);
        assert_eq!(instances(&registry), 0, "{profile}: nobody has beaten for a minute");
    }
}
