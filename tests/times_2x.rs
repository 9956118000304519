//! What happens when in a deployment of 2.0.2, on the manual clock, against the recorded time-lines
//! (`fixtures/transcripts/cluster/timelines`), within what those measured.

use facos::client::http::{Request, address_of, send};
use facos::model::MemberId;
use facos::node::peering::MemberSource;
use facos::peers::Members;
use facos::serve::{Nodes, ServeConfig};
use facos::{Profile, TestCluster};
use std::time::Duration;

/// Services of the time-lines, one instance each.
const SERVICES: usize = 24;

/// A deployment with clients that beat every five seconds at changing nodes, and at the next one
/// where that fails.
struct Deployment {
    cluster: TestCluster,
    /// The first so many nodes are used by clients.
    used: usize,
    seconds: usize,
}

/// What one node shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    listed: usize,
    healthy: usize,
}

const ALL: Counts = Counts { listed: SERVICES, healthy: SERVICES };

impl Deployment {
    async fn of_three() -> Self {
        let cluster = TestCluster::start(3, Profile::nacos("2.0.2").unwrap()).await.unwrap();
        let mut deployment = Self { cluster, used: 3, seconds: 0 };
        for service in 0..SERVICES {
            let registered = deployment.register(service % 3, service).await;
            assert_eq!(registered, (200, "ok".to_owned()));
        }
        deployment.live(10).await;
        for node in 0..3 {
            assert_eq!(deployment.counts(node).await, Some(ALL));
        }
        deployment
    }

    async fn call(&self, node: usize, method: &str, path: &str) -> Option<(u16, String)> {
        let address = address_of(&self.cluster.url(node)).unwrap();
        let request = Request::new(method, format!("/nacos/v1{path}"));
        let answer = send(&address, &request).await.ok()?;
        Some((answer.status, answer.text()))
    }

    async fn register(&self, node: usize, service: usize) -> (u16, String) {
        let path = format!("/ns/instance?serviceName=tl.{service:02}&ip=10.60.7.{service}&port=80");
        self.call(node, "POST", &path).await.unwrap()
    }

    /// Registers a persistent instance for which the node itself answers, so that nobody forwards.
    async fn persist(&self, node: usize) -> (u16, String) {
        let own = address_of(&self.cluster.url(node)).unwrap();
        let mut port = 80;
        loop {
            let path = format!("/ns/operator/distro/client?ip=10.60.8.1&port={port}");
            let (_, owner) = self.call(node, "GET", &path).await.unwrap();
            if owner.contains(&own) {
                return self.persist_at(node, port).await;
            }
            port += 1;
        }
    }

    async fn persist_at(&self, node: usize, port: usize) -> (u16, String) {
        let path = format!(
            "/ns/instance?serviceName=tl.p&groupName=p&ip=10.60.8.1&port={port}&ephemeral=false"
        );
        self.call(node, "POST", &path).await.unwrap()
    }

    /// One light beat, at the first node from `first` on that takes it.
    async fn beat(&self, first: usize, service: usize) {
        for node in (first..first + self.used).map(|node| node % self.used) {
            let path = format!(
                "/ns/instance/beat?serviceName=tl.{service:02}&ip=10.60.7.{service}&port=80"
            );
            let Some((200, text)) = self.call(node, "PUT", &path).await else { continue };
            if text.contains("20404") {
                self.register(node, service).await;
            }
            return;
        }
    }

    /// So many seconds of clients that beat.
    async fn live(&mut self, seconds: usize) {
        for _ in 0..seconds {
            for service in (0..SERVICES).filter(|service| service % 5 == self.seconds % 5) {
                self.beat(self.seconds + service, service).await;
            }
            self.cluster.advance(Duration::from_secs(1)).await;
            self.seconds += 1;
        }
    }

    async fn counts(&self, node: usize) -> Option<Counts> {
        let path = "/ns/catalog/services?pageNo=1&pageSize=100&groupNameParam=DEFAULT_GROUP";
        let (_, text) = self.call(node, "GET", path).await?;
        let shown: serde_json::Value = serde_json::from_str(&text).ok()?;
        let sum = |key: &str| {
            let rows = shown["serviceList"].as_array().into_iter().flatten();
            rows.filter_map(|row| row[key].as_u64()).sum::<u64>() as usize
        };
        Some(Counts { listed: sum("ipCount"), healthy: sum("healthyInstanceCount") })
    }

    /// The states of the members as one node sees them, in the order of the nodes.
    async fn states(&self, node: usize) -> Vec<String> {
        let (_, text) = self.call(node, "GET", "/core/cluster/nodes").await.unwrap();
        let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
        let members = shown["data"].as_array().unwrap();
        (0..3)
            .map(|node| {
                let address = address_of(&self.cluster.url(node)).unwrap();
                let member = members.iter().find(|member| member["address"] == address.as_str());
                member.unwrap()["state"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    /// Seconds until something holds, looked at each second.
    async fn seconds_until(&mut self, most: usize, holds: impl AsyncFn(&Self) -> bool) -> usize {
        for second in 0..=most {
            if holds(self).await {
                return second;
            }
            self.live(1).await;
        }
        panic!("not within {most} s")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_costs_nobody_an_instance_and_fills_up_when_it_returns() {
    let mut deployment = Deployment::of_three().await;
    assert_eq!(deployment.persist(2).await, (200, "ok".to_owned()));
    deployment.cluster.kill(0);
    // The leader is gone: nothing durable is written until another is chosen, 6.0 to 9.8 s later.
    let (status, text) = deployment.persist(2).await;
    assert_eq!(status, 500);
    assert!(
        text.starts_with(
            "caused: java.util.concurrent.ExecutionException: \
             com.alibaba.nacos.consistency.exception.ConsistencyException: \
             io.grpc.StatusRuntimeException: UNAVAILABLE: io exception;caused: com.alibaba.nacos"
        ),
        "{text}"
    );
    let down = async |now: &Deployment| now.states(1).await == ["DOWN", "UP", "UP"];
    let seconds = deployment.seconds_until(6, down).await;
    assert!((1..=5).contains(&seconds), "down after {seconds} s, measured 3.6");
    let written = async |now: &Deployment| now.persist(2).await.0 == 200;
    let seconds = seconds + deployment.seconds_until(10, written).await;
    assert!((6..=10).contains(&seconds), "written after {seconds} s, measured 6.3");
    for _ in 0..30 {
        deployment.live(2).await;
        for node in [1, 2] {
            assert_eq!(deployment.counts(node).await, Some(ALL), "{} s", deployment.seconds);
        }
    }
    assert!(deployment.cluster.start_again(0, None).unwrap());
    assert_eq!(deployment.counts(0).await, Some(Counts { listed: 0, healthy: 0 }));
    let full = async |now: &Deployment| now.counts(0).await == Some(ALL);
    let seconds = deployment.seconds_until(10, full).await;
    assert!((3..=8).contains(&seconds), "full after {seconds} s, measured 5.5");
    let up = async |now: &Deployment| now.states(1).await == ["UP", "UP", "UP"];
    assert!(deployment.seconds_until(5, up).await <= 4);
    for _ in 0..20 {
        deployment.live(2).await;
        for node in 0..3 {
            assert_eq!(deployment.counts(node).await, Some(ALL), "{} s", deployment.seconds);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_without_a_node_is_there_when_it_returns() {
    let mut deployment = Deployment::of_three().await;
    deployment.cluster.kill(2);
    assert_eq!(deployment.persist(0).await, (200, "ok".to_owned()));
    let path = "/ns/operator/switches?entry=defaultPushCacheMillis&value=20000";
    assert_eq!(deployment.call(1, "PUT", path).await.unwrap().0, 200);
    deployment.live(5).await;
    assert!(deployment.cluster.start_again(2, None).unwrap());
    let path = "/ns/instance/list?serviceName=tl.p&groupName=p";
    let (_, text) = deployment.call(2, "GET", path).await.unwrap();
    assert!(text.contains(r#""ip":"10.60.8.1""#), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_taken_from_the_list_and_still_runs_takes_instances_from_the_others() {
    let mut deployment = Deployment::of_three().await;
    let left: Vec<MemberId> = [0, 1]
        .map(|node| MemberId::from(address_of(&deployment.cluster.url(node)).unwrap()))
        .to_vec();
    for node in [0, 1] {
        deployment.cluster.node(node).set_members(MemberSource::Given(left.clone()));
    }
    deployment.used = 2;
    // It hears of no beats: unhealthy after 15 s, gone after 30 s, on the others 2 s later.
    deployment.live(12).await;
    assert_eq!(deployment.counts(2).await, Some(ALL));
    deployment.live(10).await;
    let sick = deployment.counts(2).await.unwrap();
    assert!((1..SERVICES).contains(&sick.healthy), "{sick:?}, measured 16 of 24");
    let mut least = SERVICES;
    for _ in 0..20 {
        deployment.live(1).await;
        least = least.min(deployment.counts(0).await.unwrap().listed);
    }
    assert!((8..SERVICES).contains(&least), "{least}, measured 16 of 24");
    deployment.cluster.kill(2);
    deployment.live(20).await;
    for node in [0, 1] {
        assert_eq!(deployment.counts(node).await, Some(ALL));
    }
}

/// An operator takes members off the list of one node.
async fn leave(address: &str, gone: &[&str]) -> String {
    let mut request = Request::new("POST", "/nacos/v1/core/cluster/server/leave")
        .header("Content-Type", "application/json");
    request.body = Some(serde_json::to_vec(gone).unwrap().into());
    send(address, &request).await.unwrap().text()
}

const LEFT: &str = r#"{"code":200,"message":null,"data":"ok"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_taken_off_the_list_of_one_node_is_off_those_of_all_that_stay() {
    let cluster = TestCluster::start(3, Profile::nacos("2.0.2").unwrap()).await.unwrap();
    let address = |node| address_of(&cluster.url(node)).unwrap();
    let listed = |node: usize| {
        cluster.node(node).peering().unwrap().members(|members| members.listed().len())
    };
    assert_eq!(leave(&address(1), &["127.0.0.1:1"]).await, LEFT, "who is not listed");
    assert_eq!(leave(&address(0), &[&address(2), &address(0)]).await, LEFT);
    cluster.advance(Duration::from_millis(1)).await;
    // Nobody leaves his own list, and who left is not told.
    assert_eq!((listed(0), listed(1), listed(2)), (2, 1, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_by_the_api_is_gone_from_the_file_of_members() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cluster.conf");
    std::fs::write(&path, "127.0.0.1:1\n127.0.0.1:2\n").unwrap();
    let config = ServeConfig::new(Profile::nacos("2.0.2").unwrap());
    let members = Some(MemberSource::File(path.clone()));
    let config = ServeConfig { nodes: Nodes::Count(1), members, ..config };
    let cluster = TestCluster::start_with(config).await.unwrap();
    let own = address_of(&cluster.url(0)).unwrap();
    assert_eq!(leave(&own, &["127.0.0.1:2"]).await, LEFT);
    let text = std::fs::read_to_string(&path).unwrap();
    let (comment, list) = text.split_once('\n').unwrap();
    assert!(comment.starts_with("#20"), "{text}");
    assert_eq!(list, format!("127.0.0.1:1\n{own}\n"));
    cluster.advance(Duration::from_millis(1)).await;
    let listed = |members: &Members| members.listed().to_vec();
    let listed = cluster.node(0).peering().unwrap().members(listed);
    assert_eq!(listed, ["127.0.0.1:1".into(), MemberId::from(own)]);
}
