//! Nacos's own properties, on running servers.

use super::{ask, on_each, told};
use facos::serve::ServeConfig;
use facos::serve::properties::{Property, apply};
use std::time::Duration;

fn set(config: &mut ServeConfig, properties: &[&str]) {
    let read = |text: &&str| Property::assignment(text, "test").unwrap();
    let properties: Vec<Property> = properties.iter().map(read).collect();
    apply(config, &properties, &|_| None).unwrap();
}

const SERVICE: &str = "/v1/ns/service?serviceName=s";

fn create() -> String {
    format!("{SERVICE}&protectThreshold=0")
}

#[test]
fn an_application_under_another_path_answers_there_only() {
    let moved = |config: &mut ServeConfig| set(config, &["server.servlet.contextPath=/registry"]);
    on_each(&["1.1.4", "2.0.2"], moved, async |server, _| {
        let moved =
            super::send_to(server, super::Request::new("GET", "/registry/v1/console/server/state"));
        assert_eq!(moved.await.status, 200);
        assert_eq!(ask(server, "GET", "/v1/console/server/state").await.status, 404);
        let bare = super::send_to(server, super::Request::new("GET", "/registry?a=b")).await;
        let location = bare.header("Location").unwrap();
        assert!(bare.status == 302 && location.ends_with("/registry/?a=b"), "{location}");
    });
}

#[test]
fn services_that_stay_empty_go_where_the_version_cleans_up() {
    let cleaned = |config: &mut ServeConfig| {
        set(config, &["nacos.naming.empty-service.auto-clean=true"]);
    };
    on_each(&["1.1.4", "1.2.1"], cleaned, async |server, version| {
        assert_eq!(told(server, "POST", &create()).await, (200, "ok".to_owned()));
        // The first look comes after a minute, and four that found it empty go before the last.
        server.advance(Duration::from_millis(60_000 + 4 * 20_000 - 1)).await;
        assert_eq!(ask(server, "GET", SERVICE).await.status, 200);
        server.advance(Duration::from_millis(1)).await;
        let kept = ask(server, "GET", SERVICE).await.status == 200;
        assert_eq!(kept, version == "1.1.4", "{version}");
    });
    on_each(
        &["1.2.1"],
        |_| {},
        async |server, _| {
            told(server, "POST", &create()).await;
            server.advance(Duration::from_secs(600)).await;
            assert_eq!(ask(server, "GET", SERVICE).await.status, 200, "off unless switched on");
        },
    );
}

#[test]
fn a_record_outlives_its_instance_as_long_as_it_is_told_to() {
    let short = |config: &mut ServeConfig| {
        set(config, &["nacos.naming.clean.expired-metadata.expired-time=1000"]);
    };
    let long = |config: &mut ServeConfig| {
        set(config, &["nacos.naming.clean.expired-metadata.expired-time=600000"]);
    };
    const INSTANCE: &str = "/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80";
    for (adjust, weight) in [(short as fn(&mut ServeConfig), "1.0"), (long, "7.0")] {
        on_each(&["2.0.2"], adjust, async |server, _| {
            told(server, "POST", INSTANCE).await;
            told(server, "PUT", &format!("{INSTANCE}&weight=7")).await;
            told(server, "DELETE", INSTANCE).await;
            server.advance(Duration::from_secs(20)).await;
            told(server, "POST", INSTANCE).await;
            server.advance(Duration::from_secs(2)).await;
            let (_, list) = told(server, "GET", "/v1/ns/instance/list?serviceName=s").await;
            assert!(list.contains(&format!("\"weight\":{weight}")), "{weight}: {list}");
        });
    }
}
