//! What it costs to read the JSON of one request: beats as real clients send them, metadata in its
//! three forms, and what falls off the short way.
//!
//! `cargo bench --bench parse`. A plain beat must stay far below a microsecond: a server reads
//! tens of thousands a second.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use facos::profile::JsonDialect;
use facos::wire::json;
use std::hint::black_box;

const DIALECTS: [JsonDialect; 2] = [JsonDialect::Fastjson, JsonDialect::Jackson];

/// Beats by who sends them, and two that are read slowly.
const BEATS: [(&str, &str); 5] = [
    (
        "java",
        "{\"cluster\":\"DEFAULT\",\"ip\":\"10.24.7.131\",\"metadata\":{},\"period\":5000,\
         \"port\":8080,\"scheduled\":false,\"serviceName\":\"DEFAULT_GROUP@@orders\",\
         \"stopped\":false,\"weight\":1.0}",
    ),
    (
        "java-metadata",
        "{\"port\":8080,\"ip\":\"10.24.7.131\",\"weight\":1.0,\
         \"serviceName\":\"DEFAULT_GROUP@@orders\",\"metadata\":{\"zone\":\"a\",\
         \"version\":\"4.2.1\",\"preserved.register.source\":\"SPRING_CLOUD\"},\
         \"scheduled\":false,\"period\":5000,\"stopped\":false}",
    ),
    (
        "python",
        "{\"serviceName\": \"DEFAULT_GROUP@@orders\", \"ip\": \"10.24.7.131\", \"port\": 8080, \
         \"weight\": 1.0, \"ephemeral\": true, \"cluster\": \"DEFAULT\", \
         \"metadata\": {\"role\": \"first\"}}",
    ),
    (
        "escaped",
        "{\"cluster\":\"DEFAULT\",\"ip\":\"10.24.7.131\",\"metadata\":{\"path\":\"a\\\\b\"},\
         \"period\":5000,\"port\":8080,\"serviceName\":\"DEFAULT_GROUP@@orders\",\"weight\":1.0}",
    ),
    ("refused", "{\"ip\":\"10.24.7.131\",\"port\":\"http\"}"),
];

const METADATA: [(&str, &str); 3] = [
    ("json", "{\"zone\":\"a\",\"version\":\"4.2.1\",\"source\":\"SPRING_CLOUD\"}"),
    ("numbers", "{\"zone\":1,\"version\":4.20,\"source\":null}"),
    ("pairs", "zone=a,version=4.2.1,source=SPRING_CLOUD"),
];

fn beats(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse/beat");
    for (name, text) in BEATS {
        group.throughput(Throughput::Bytes(text.len() as u64));
        for dialect in DIALECTS {
            group.bench_function(BenchmarkId::new(name, format!("{dialect:?}")), |bencher| {
                bencher.iter(|| json::beat(dialect, black_box(text)));
            });
        }
    }
    group.finish();
}

fn metadata(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse/metadata");
    for (name, text) in METADATA {
        group.throughput(Throughput::Bytes(text.len() as u64));
        for dialect in DIALECTS {
            group.bench_function(BenchmarkId::new(name, format!("{dialect:?}")), |bencher| {
                bencher.iter(|| json::metadata(dialect, black_box(text)));
            });
        }
    }
    group.finish();
}

/// Two megabytes of the costliest kinds, which must take time in proportion.
fn hostile(criterion: &mut Criterion) {
    const SIZE: usize = 2_000_000;
    let keys: Vec<String> = (0..SIZE / 12).map(|index| format!("\"k{index}\":1")).collect();
    let texts = [
        ("escapes", format!("{{\"ip\":\"{}\"}}", "\\\"".repeat(SIZE / 2))),
        ("keys", format!("{{\"metadata\":{{{}}}}}", keys.join(","))),
        ("digits", format!("{{\"port\":{}}}", "9".repeat(SIZE))),
        ("brackets", "[".repeat(SIZE)),
    ];
    let mut group = criterion.benchmark_group("parse/two-megabytes");
    group.sample_size(10);
    for (name, text) in &texts {
        group.throughput(Throughput::Bytes(text.len() as u64));
        for dialect in DIALECTS {
            group.bench_function(BenchmarkId::new(*name, format!("{dialect:?}")), |bencher| {
                bencher.iter(|| json::beat(dialect, black_box(text)));
            });
        }
    }
    group.finish();
}

criterion_group!(parse, beats, metadata, hostile);
criterion_main!(parse);
