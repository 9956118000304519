//! What a page of ten thousand services costs from the parsed request to the answer's bytes: the
//! service list and the catalog, as a console or a migration script asks for them. At most 5 ms.
//!
//! `cargo bench --bench pages`. Each page is asked for again and again, and once behind a service
//! that came: then the names must be put in order anew.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use facos::edge::http::{Answer, Handler, Headers, Request};
use facos::edge::nacos::NacosHandler;
use facos::model::{AuthSettings, Instance, Metadata, Registration, ServiceRef};
use facos::node::store::NoStore;
use facos::node::{Clock, Node, NodeConfig};
use facos::profile::Profile;
use facos::registry::ServerOptions;
use facos::serve::DEFAULT_CONTEXT_PATH;
use facos::wire::v1::render::Renderer;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;

const PROFILES: [&str; 2] = ["1.2.1", "2.0.2"];
const SERVICES: usize = 10_000;
/// Instances of each service.
const EACH: usize = 10;
/// What is asked for: path and query.
const PAGES: [(&str, &str, &str); 8] = [
    ("list, first page", "/nacos/v1/ns/service/list", "pageNo=1&pageSize=10"),
    ("list, last page of 1000", "/nacos/v1/ns/service/list", "pageNo=10&pageSize=1000"),
    ("names", "/nacos/v1/ns/service/names", "namespaceId=public&expr=e-0012"),
    ("catalog, first page", "/nacos/v1/ns/catalog/services", "pageNo=1&pageSize=10"),
    ("catalog, last page", "/nacos/v1/ns/catalog/services", "pageNo=1000&pageSize=10"),
    (
        "catalog, by name, with instances only",
        "/nacos/v1/ns/catalog/services",
        "pageNo=1&pageSize=10&serviceNameParam=e-0012&hasIpCount=true",
    ),
    (
        "catalog, of services that have instances",
        "/nacos/v1/ns/catalog/services",
        "hasIpCount=true&pageNo=1&pageSize=1&namespaceId=public",
    ),
    (
        "catalog, with hosts",
        "/nacos/v1/ns/catalog/services",
        "pageNo=1&pageSize=10&withInstances=true",
    ),
];

fn registration(service: &str, instance: usize) -> Registration<'_> {
    let given = Instance {
        ip: Some(format!("10.0.{}.{}", instance / 250, instance % 250).into()),
        port: 8080,
        cluster: "DEFAULT".into(),
        weight: 1.0,
        healthy: true,
        enabled: true,
        ephemeral: true,
        metadata: Some(Metadata::new()),
        app: "unknown".into(),
    };
    let service = ServiceRef { namespace: "public", name: service };
    Registration { service, named_as: None, instance: given }
}

fn register(node: &Node, service: usize) {
    let name = format!("DEFAULT_GROUP@@orders-service-{service:05}");
    for instance in 0..EACH {
        let call = registration(&name, instance);
        node.change(|registry, now| Ok(((), registry.register(now, &call)?)))
            .expect("the instance is valid");
    }
}

fn filled(profile: &str) -> Arc<Node> {
    let node = Node::new(NodeConfig {
        profile: Profile::nacos(profile).expect("the profile is built in"),
        address: SocketAddr::from(([127, 0, 0, 1], 8848)),
        options: ServerOptions::default(),
        clock: Arc::new(Clock::manual()),
        render: Renderer::shared,
        store: Arc::new(NoStore),
        journal_capacity: 0,
        auth: AuthSettings::default(),
        peering: None,
        desk: None,
    });
    let node = node.expect("nothing is stored");
    (0..SERVICES).for_each(|service| register(&node, service));
    node
}

fn ask(handler: &NacosHandler, path: &str, query: &str) {
    let here = SocketAddr::from(([127, 0, 0, 1], 8848));
    let request = Request {
        method: "GET",
        target: path,
        path,
        query: Some(query),
        http_10: false,
        headers: Headers::new(&[]),
        body: b"",
        peer: here,
        local: here,
    };
    match handler.handle(&request) {
        Answer::Now(response) => assert_eq!(black_box(response).status, 200),
        Answer::Later(_) => unreachable!("nobody waits for a page"),
    }
}

fn pages(criterion: &mut Criterion) {
    for profile in PROFILES {
        let node = filled(profile);
        let handler = NacosHandler::new(node.clone(), DEFAULT_CONTEXT_PATH);
        let mut group = criterion.benchmark_group(format!("{SERVICES} services"));
        for (name, path, query) in PAGES {
            group.bench_function(BenchmarkId::new(name, profile), |bencher| {
                bencher.iter(|| ask(&handler, path, query));
            });
        }
        let mut next = SERVICES;
        let (_, path, query) = PAGES[3];
        group.bench_function(
            BenchmarkId::new("catalog behind a new service", profile),
            |bencher| {
                bencher.iter(|| {
                    register(&node, next);
                    next += 1;
                    ask(&handler, path, query);
                });
            },
        );
        group.finish();
    }
}

criterion_group!(all, pages);
criterion_main!(all);
