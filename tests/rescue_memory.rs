//! What the book of a rescue takes: a million distinct instances must fit into 400 MB. A fifth of
//! them is measured, in bytes allocated. A test of its own, because the allocator is global.

use facos::rescue::book::{Book, Key, Shape};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const SERVICES: u32 = 2_000;
const EACH: u32 = 100;
/// A fifth of 400 MB.
const LIMIT_BYTES: usize = 80_000_000;

#[test]
fn a_million_instances_fit_into_four_hundred_megabytes() {
    let book = Book::default();
    let before = Region::new(ALLOCATOR);
    for n in 0..SERVICES {
        let service = format!("DEFAULT_GROUP@@com.example.orders.api.OrderService-{n}");
        for k in 0..EACH {
            let ip = format!("10.{}.{}.{k}", n / 250, n % 250);
            let key = Key {
                namespace: "9b2cf1a1-1f6d-4c2b-9a51-6d5a6a3f9c11",
                service: &service,
                cluster: "DEFAULT",
                ip: &ip,
                port: 8080,
                agent: "Nacos-Java-Client:v1.4.2",
            };
            book.beat(Some(&key), Shape::Light, true);
        }
    }
    let used = before.change();
    let kept = used.bytes_allocated - used.bytes_deallocated;
    let kept = kept.saturating_add_signed(used.bytes_reallocated);
    assert_eq!(book.totals().seen(), SERVICES * EACH);
    assert!(kept <= LIMIT_BYTES, "{kept} bytes, {} an instance", kept / 200_000);
}
