//! Any write that the registry can make comes back from the durable store as it was.

use facos::model::{HealthChecker, Instance, Metadata, Selector, ServiceKey, Switches};
use facos::node::store::{DiskStore, Store};
use facos::registry::{ClusterSettings, InstanceRecord, ServiceSettings, StoreWrite};
use proptest::prelude::*;

fn any_metadata() -> impl Strategy<Value = Metadata> {
    prop::collection::vec((any::<String>(), any::<Option<String>>()), 0..4)
        .prop_map(|entries| entries.into_iter().collect())
}

fn any_checker() -> impl Strategy<Value = HealthChecker> {
    prop_oneof![
        Just(HealthChecker::Tcp),
        Just(HealthChecker::None),
        any::<(String, String, i32)>().prop_map(|(path, headers, expected_response_code)| {
            HealthChecker::Http { path, headers, expected_response_code }
        }),
        any::<(Option<String>, Option<String>, Option<String>)>()
            .prop_map(|(user, pwd, cmd)| HealthChecker::Mysql { user, pwd, cmd }),
    ]
}

prop_compose! {
    fn any_instance()(
        (ip, port, cluster, weight) in any::<(Option<String>, i32, String, f64)>(),
        (healthy, enabled, ephemeral, app) in any::<(bool, bool, bool, String)>(),
        metadata in prop::option::of(any_metadata()),
    ) -> Instance {
        Instance {
            ip: ip.map(Into::into), port, cluster: cluster.into(), weight, healthy, enabled,
            ephemeral, metadata, app: app.into(),
        }
    }
}

prop_compose! {
    fn any_cluster()(
        checker in any_checker(),
        (check_port, use_instance_port) in any::<(i32, bool)>(),
        metadata in any_metadata(),
    ) -> ClusterSettings {
        ClusterSettings { checker, check_port, use_instance_port, metadata }
    }
}

fn any_selector() -> impl Strategy<Value = Selector> {
    prop_oneof![
        Just(Selector::None),
        any::<(Option<String>, Vec<String>)>()
            .prop_map(|(expression, labels)| Selector::Label { expression, labels }),
    ]
}

prop_compose! {
    fn any_settings()(
        protect_threshold in any::<f32>(),
        metadata in any_metadata(),
        (selector, ephemeral) in (any_selector(), any::<bool>()),
        clusters in prop::collection::vec((any::<String>(), any_cluster()), 0..3),
    ) -> ServiceSettings {
        ServiceSettings { protect_threshold, metadata, selector, ephemeral, clusters }
    }
}

fn any_service() -> impl Strategy<Value = ServiceKey> {
    any::<(String, String)>()
        .prop_map(|(namespace, name)| ServiceKey { namespace: namespace.into(), name: name.into() })
}

fn any_write() -> impl Strategy<Value = StoreWrite> {
    let instance = (any_service(), any_instance()).prop_map(|(service, instance)| {
        StoreWrite::PersistentInstance {
            service,
            ip: instance.ip().to_owned(),
            port: instance.port,
            cluster: instance.cluster.to_string(),
            instance: Some(instance),
        }
    });
    let settings = (any_service(), any_settings())
        .prop_map(|(service, settings)| StoreWrite::Service { service, settings: Some(settings) });
    let record = (any_service(), any::<(String, f64, bool)>(), any_metadata()).prop_map(
        |(service, (metadata_id, weight, enabled), metadata)| {
            let record = Some(InstanceRecord { weight, enabled, metadata });
            StoreWrite::InstanceRecord { service, metadata_id, record }
        },
    );
    let switches = any::<(Option<Vec<String>>, f32, i64, Vec<(String, i32)>)>().prop_map(
        |(masters, distro_threshold, push_cache_millis, limited_url_map)| {
            StoreWrite::Switches(Box::new(Switches {
                masters,
                distro_threshold,
                push_cache_millis,
                limited_url_map,
                ..Switches::default()
            }))
        },
    );
    prop_oneof![instance, settings, record, switches]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_write_comes_back_as_it_was(write in any_write()) {
        let dir = tempfile::tempdir().unwrap();
        DiskStore::open(dir.path()).unwrap().apply(std::slice::from_ref(&write)).unwrap();
        let stored = DiskStore::open(dir.path()).unwrap().load().unwrap();
        prop_assert_eq!(stored, vec![write]);
    }
}
