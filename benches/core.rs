//! What the pure core costs without sockets: one full beat, one registration, one list, and the
//! timers, among a thousand to a hundred thousand instances of both cores.
//!
//! `cargo bench --bench core`. A beat among many may cost a few misses of the processor's caches
//! more than one among few; anything beyond that looks at instances that it was not asked about.

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use facos::model::{
    Agent, BeatCall, FullBeat, InfoHead, Instance, ListCall, Metadata, Millis, Registration,
    Render, RenderedList, ServiceRef, ServiceView,
};
use facos::profile::Profile;
use facos::registry::{Registry, ServerOptions};
use std::hint::black_box;
use std::sync::Arc;

const PROFILES: [&str; 2] = ["1.2.1", "2.0.2"];
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Instances of each service.
const EACH: usize = 10;
const STARTED: Millis = Millis(1_700_000_000_000);
/// A minute and more: every instance that stopped beating is gone, of every version.
const SILENCE_MS: u64 = 90_000;
/// As many timers as a node runs under one hold of its lock.
const TIMERS_AT_ONCE: usize = 64;

/// Writes nothing: what a list costs to write is measured in `parse`.
struct NoBytes;

impl Render for NoBytes {
    fn list(&self, _view: &ServiceView<'_>) -> RenderedList {
        RenderedList { head: Bytes::new(), tail: Some(Bytes::new()) }
    }

    fn datagram(&self, _view: &ServiceView<'_>, _last_ref_nanos: u64) -> Bytes {
        Bytes::new()
    }

    fn service_info(&self, _head: &InfoHead<'_>, _view: &ServiceView<'_>) -> RenderedList {
        RenderedList { head: Bytes::new(), tail: Some(Bytes::new()) }
    }
}

/// One address of the registry.
struct Address {
    service: String,
    ip: String,
}

impl Address {
    fn service(&self) -> ServiceRef<'_> {
        ServiceRef { namespace: "public", name: &self.service }
    }

    fn registration(&self) -> Registration<'_> {
        let instance = Instance {
            ip: Some(self.ip.as_str().into()),
            port: 8080,
            cluster: "DEFAULT".into(),
            weight: 1.0,
            healthy: true,
            enabled: true,
            ephemeral: true,
            metadata: Some(Metadata::new()),
            app: "unknown".into(),
        };
        Registration { service: self.service(), named_as: None, instance }
    }

    fn beat(&self) -> BeatCall<'_> {
        let beat = FullBeat {
            ip: Some(self.ip.as_str().into()),
            port: 8080,
            cluster: Some("DEFAULT".into()),
            service_name: Some(self.service.as_str().into()),
            weight: 1.0,
            ephemeral: true,
            metadata: Some(Metadata::new()),
        };
        let (ip, cluster) = (self.ip.as_str(), "DEFAULT");
        BeatCall { service: self.service(), ip, port: 8080, cluster, beat: Some(beat) }
    }
}

/// Addresses so ordered that neighbours belong to different services, as requests come in.
fn addresses(count: usize) -> Vec<Address> {
    let services = count / EACH;
    let address = |n: usize| {
        let (service, instance) = (n % services, n / services);
        Address {
            service: format!("DEFAULT_GROUP@@service-{service:05}"),
            ip: format!("10.{}.{}.{}", service / 250, service % 250, instance + 1),
        }
    };
    (0..count).map(address).collect()
}

fn filled(profile: &str, addresses: &[Address]) -> Registry {
    let quirks = Profile::nacos(profile).expect("the profile is built in").quirks;
    let mut registry = Registry::new(quirks, ServerOptions::default(), Arc::new(NoBytes), STARTED);
    for address in addresses {
        registry.register(STARTED, &address.registration()).expect("the instance is valid");
    }
    registry
}

/// Repeats one operation over every address in turn.
fn each(
    criterion: &mut Criterion,
    name: &str,
    operation: impl Fn(&mut Registry, &Address, &Agent),
) {
    let agent = Agent::parse("Nacos-Java-Client:v1.2.1");
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    for profile in PROFILES {
        for size in SIZES {
            let addresses = addresses(size);
            let mut registry = filled(profile, &addresses);
            let mut next = addresses.iter().cycle();
            group.bench_function(BenchmarkId::new(profile, size), |bencher| {
                bencher.iter(|| {
                    let address = next.next().expect("a cycle has no end");
                    operation(&mut registry, address, &agent);
                });
            });
        }
    }
    group.finish();
}

fn beat(criterion: &mut Criterion) {
    each(criterion, "beat", |registry, address, _| {
        black_box(registry.beat(STARTED, &address.beat())).expect("the beat is valid");
    });
}

fn register(criterion: &mut Criterion) {
    each(criterion, "register again", |registry, address, _| {
        let call = address.registration();
        black_box(registry.register(STARTED, &call)).expect("the instance is valid");
    });
}

fn list(criterion: &mut Criterion) {
    each(criterion, "list", |registry, address, agent| {
        let call = ListCall {
            service: address.service(),
            clusters: "",
            healthy_only: false,
            env: "",
            is_check: false,
            app: "unknown",
            agent,
            client_ip: "10.0.0.1",
            udp: None,
            udp_unresolvable: false,
        };
        black_box(registry.list(STARTED, &call)).expect("the service exists");
    });
}

/// Everything that falls due until all are gone, as the node's driver does it.
fn expire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("expire all");
    group.sample_size(10);
    for profile in PROFILES {
        for size in SIZES {
            let addresses = addresses(size);
            group.throughput(Throughput::Elements(size as u64));
            group.bench_function(BenchmarkId::new(profile, size), |bencher| {
                let fresh = || filled(profile, &addresses);
                bencher.iter_batched(fresh, run_until_silent, BatchSize::PerIteration);
            });
        }
    }
    group.finish();
}

/// Returns the registry, so that its drop is not measured.
fn run_until_silent(mut registry: Registry) -> Registry {
    let end = STARTED + SILENCE_MS;
    while let Some(due) = registry.next_deadline().filter(|due| *due <= end) {
        black_box(registry.tick(due, TIMERS_AT_ONCE));
    }
    assert_eq!(registry.totals().instances, 0, "all instances have expired");
    registry
}

criterion_group!(core, beat, register, list, expire);
criterion_main!(core);
