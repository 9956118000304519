//! Three nodes of 2.0.2 that agree on durable changes, without a socket between them.

use facos::Profile;
use facos::model::{AuthSettings, Instance, MemberId, Metadata, Millis, Registration, ServiceRef};
use facos::node::peering::{Direction, Network};
use facos::node::store::NoStore;
use facos::node::{Agreement, Clock, Node, NodeConfig, Process};
use facos::registry::ServerOptions;
use facos::wire::v1::render::Renderer;
use std::sync::Arc;

const SERVICE: ServiceRef<'static> =
    ServiceRef { namespace: "public", name: "DEFAULT_GROUP@@orders" };

fn member(number: u16) -> MemberId {
    format!("127.0.0.1:{number}").into()
}

fn node(clock: &Arc<Clock>, number: u16) -> Arc<Node> {
    Node::new(NodeConfig {
        profile: Profile::nacos("2.0.2").unwrap(),
        options: ServerOptions::default(),
        clock: clock.clone(),
        render: Renderer::shared,
        store: Arc::new(NoStore),
        journal_capacity: 0,
        address: ([127, 0, 0, 1], number).into(),
        auth: AuthSettings::default(),
        peering: None,
        desk: None,
    })
    .unwrap()
}

struct Cluster {
    process: Process,
    agreement: Arc<Agreement>,
}

fn cluster() -> Cluster {
    let clock = Arc::new(Clock::manual());
    let numbers = [1, 2, 3];
    let network = Arc::new(Network::default());
    let agreement = Arc::new(Agreement::new(&numbers.map(member), network.clone()));
    let nodes: Vec<Arc<Node>> = numbers.map(|number| node(&clock, number)).into();
    for (node, number) in nodes.iter().zip(numbers) {
        node.agree(&member(number), &agreement);
    }
    Cluster { process: Process::new(nodes, clock, network), agreement }
}

impl Cluster {
    /// Registers a persistent instance at a node: what a client would read that is refused.
    fn register(&self, node: usize, port: i32) -> Result<(), String> {
        let instance = Instance {
            ip: Some("10.0.0.1".into()),
            port,
            cluster: "DEFAULT".into(),
            weight: 1.0,
            healthy: true,
            enabled: true,
            ephemeral: false,
            metadata: Some(Metadata::new()),
            app: "".into(),
        };
        let call = Registration { service: SERVICE, named_as: None, instance };
        let done = self.process.nodes()[node]
            .change(|registry, now| registry.register(now, &call).map(|effects| ((), effects)));
        done.map(drop).map_err(|refusal| {
            let cause = refusal.cause.unwrap_or_default();
            format!("{} / {cause}", refusal.message)
        })
    }

    fn instances(&self) -> Vec<usize> {
        let nodes = self.process.nodes();
        nodes.iter().map(|node| node.read(|registry, _| registry.totals().instances)).collect()
    }

    fn now(&self) -> Millis {
        self.process.clock.now()
    }
}

#[tokio::test]
async fn what_one_node_changes_every_node_has_when_the_caller_is_answered() {
    let cluster = cluster();
    for (node, port) in [(0, 80), (1, 81), (2, 82)] {
        cluster.register(node, port).unwrap();
    }
    assert_eq!(cluster.instances(), [3, 3, 3]);
}

#[tokio::test]
async fn without_its_leader_nothing_changes_until_another_is_chosen() {
    let cluster = cluster();
    cluster.register(0, 80).unwrap();
    cluster.agreement.leave(cluster.now(), &member(1));
    let exception = "com.alibaba.nacos.consistency.exception.ConsistencyException: \
                     io.grpc.StatusRuntimeException: UNAVAILABLE: io exception";
    let refused = format!("java.util.concurrent.ExecutionException: {exception} / {exception}");
    assert_eq!(cluster.register(1, 81), Err(refused));
    assert_eq!(cluster.instances(), [1, 1, 1]);
    cluster.process.advance(6_000).await.unwrap();
    assert_eq!(cluster.agreement.leader(), (Some(member(2)), 2));
    cluster.register(2, 81).unwrap();
    // The first node is gone, and returns without anything.
    assert_eq!(cluster.instances(), [1, 2, 2]);
    let back = node(&cluster.process.clock, 1);
    back.agree(&member(1), &cluster.agreement);
    assert_eq!(back.read(|registry, _| registry.totals().instances), 2);
}

#[tokio::test]
async fn a_node_that_is_cut_off_takes_what_it_missed_when_it_is_back() {
    let cluster = cluster();
    cluster.process.network.isolate(&member(3), Direction::Both);
    cluster.register(0, 80).unwrap();
    assert!(cluster.register(2, 81).is_err());
    assert_eq!(cluster.instances(), [1, 1, 0]);
    cluster.process.network.heal(&member(3));
    cluster.process.advance(10_000).await.unwrap();
    assert_eq!(cluster.instances(), [1, 1, 1]);
    cluster.process.nodes().iter().for_each(|node| node.reset().unwrap());
    assert_eq!(cluster.instances(), [0, 0, 0]);
    cluster.register(2, 82).unwrap();
    assert_eq!(cluster.instances(), [1, 1, 1]);
}
