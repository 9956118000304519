//! What a node counts, and its Prometheus text. Counting is one atomic addition.

use crate::node::{Node, Operation};
use crate::peers::upgrade::Core;
use crate::registry::Totals;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicU64, Ordering};

/// Statuses are counted by their hundreds.
const CLASSES: usize = 6;

/// The counters.
#[derive(Debug)]
pub struct Metrics {
    requests: [[AtomicU64; CLASSES]; Operation::ALL.len()],
    stray_acks: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        let row = |_| std::array::from_fn(|_| AtomicU64::new(0));
        Self { requests: std::array::from_fn(row), stray_acks: AtomicU64::new(0) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    node: usize,
    operation: &'static str,
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NodeLabels {
    node: usize,
}

impl Metrics {
    /// Counts an answered request.
    pub fn count_request(&self, operation: Operation, status: u16) {
        let class = usize::from(status / 100).min(CLASSES - 1);
        self.requests[operation as usize][class].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a push, its repetition or its ack.
    pub fn count_push(&self, operation: Operation) {
        self.requests[operation as usize][0].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an ack that nothing waits for, garbage included.
    pub fn count_stray_ack(&self) {
        self.stray_acks.fetch_add(1, Ordering::Relaxed);
    }

    fn value(&self, operation: Operation, class: usize) -> u64 {
        self.requests[operation as usize][class].load(Ordering::Relaxed)
    }
}

/// The metrics of all nodes in Prometheus text.
pub fn prometheus_text(nodes: &[std::sync::Arc<Node>]) -> String {
    let mut registry = Registry::with_prefix("facos");
    let requests = Family::<RequestLabels, Counter>::default();
    let pushes = Family::<RequestLabels, Counter>::default();
    let gauges: [(&str, &str, Family<NodeLabels, Gauge>); 9] = [
        ("services", "Services known", Family::default()),
        ("instances", "Instances registered", Family::default()),
        ("subscribers", "Subscribers over UDP", Family::default()),
        ("pushes_waiting", "Pushes that wait for their ack", Family::default()),
        ("journal_dropped", "Journal records overwritten", Family::default()),
        ("connections", "Connections registered", Family::default()),
        ("asks_waiting", "Requests on streams that wait for their answer", Family::default()),
        ("stream_dropped", "Messages dropped from full streams", Family::default()),
        ("polls_held", "Polls that wait for a configuration to change", Family::default()),
    ];
    let expired = Family::<NodeLabels, Counter>::default();
    let given_up = Family::<NodeLabels, Counter>::default();
    let stray = Family::<NodeLabels, Counter>::default();
    registry.register("requests", "Requests answered", requests.clone());
    registry.register("pushes", "Push datagrams sent, sent again and acked", pushes.clone());
    registry.register("expired_instances", "Removed without beats", expired.clone());
    registry.register("pushes_given_up", "Pushes without an ack", given_up.clone());
    registry.register("stray_acks", "Acks that nothing waits for", stray.clone());
    for (name, help, family) in &gauges {
        registry.register(*name, *help, family.clone());
    }
    for (number, node) in nodes.iter().enumerate() {
        count_requests(number, node, &requests, &pushes);
        let label = NodeLabels { node: number };
        let (totals, waiting) = node.read(|registry, _| (registry.totals(), registry.pushes().1));
        // What was counted stays counted when the other core answers.
        let removed = node.count_in_all(|registry| registry.expired());
        let failed = node.count_in_all(|registry| registry.pushes().0);
        expired.get_or_create(&label).inc_by(removed);
        given_up.get_or_create(&label).inc_by(failed);
        stray.get_or_create(&label).inc_by(node.metrics.stray_acks.load(Ordering::Relaxed));
        let dropped = usize::try_from(node.journal.dropped()).unwrap_or(usize::MAX);
        let (connections, asked) = node.read_in(Core::New, |registry, _| {
            (registry.connections().counts().0, registry.asks_waiting())
        });
        let lost = node.streams().map_or(0, |streams| streams.dropped());
        let lost = usize::try_from(lost).unwrap_or(usize::MAX);
        let Totals { services, instances, subscribers, .. } = totals;
        let held = [services, instances, subscribers];
        let polls = node.desk.read(|console| console.polls.len());
        let values = held.into_iter().chain([waiting, dropped, connections, asked, lost, polls]);
        for ((_, _, family), value) in gauges.iter().zip(values) {
            family.get_or_create(&label).set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
    let mut text = String::new();
    // Writing into a String can not fail.
    let _ = encode(&mut text, &registry);
    text
}

fn count_requests(
    number: usize,
    node: &Node,
    requests: &Family<RequestLabels, Counter>,
    pushes: &Family<RequestLabels, Counter>,
) {
    for operation in Operation::ALL {
        for class in 0..CLASSES {
            let value = node.metrics.value(operation, class);
            if value == 0 {
                continue;
            }
            let family = if class == 0 { pushes } else { requests };
            let labels = RequestLabels {
                node: number,
                operation: operation.name(),
                status: if class == 0 { String::new() } else { format!("{class}xx") },
            };
            family.get_or_create(&labels).inc_by(value);
        }
    }
}
