//! `facos diff` against several servers that hold what a test gives them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use facos::TestServer;
use facos::diff::{Difference, Options, Outcome, minority, watch};

use crate::deployment::{call, nodes_of, register, server};

async fn three(version: &str) -> Vec<Arc<TestServer>> {
    let mut servers = Vec::new();
    for _ in 0..3 {
        let server = server(version).await;
        for number in 0..5 {
            let parameters = format!("serviceName=s{number}&ip=10.0.0.1&port=80");
            register(&server, &parameters).await;
        }
        server.advance(Duration::from_secs(1)).await;
        servers.push(Arc::new(server));
    }
    servers
}

async fn compared(servers: &[Arc<TestServer>], settle: Duration) -> Outcome {
    let urls: Vec<String> = servers.iter().map(|server| server.url()).collect();
    let options = Options {
        nodes: nodes_of(&urls),
        namespaces: Vec::new(),
        settle,
        timeout: Duration::from_secs(60),
        answer_timeout: Duration::from_secs(20),
        concurrency: 8,
    };
    watch(&options, &|_| ()).await.unwrap()
}

fn told(differences: &[Difference]) -> Vec<String> {
    let line = |difference: &Difference| {
        let subject = &difference.subject;
        let (instance, field) = (subject.instance.as_deref(), subject.field);
        let lacks: Vec<usize> = (0..difference.values.len())
            .filter(|place| difference.values[*place].is_none())
            .collect();
        format!(
            "{} {} {} {lacks:?}",
            subject.service,
            instance.unwrap_or("*"),
            field.unwrap_or("*")
        )
    };
    differences.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_hold_the_same_are_told_so_at_once() {
    for version in ["1.1.4", "2.0.2"] {
        let servers = three(version).await;
        let outcome = compared(&servers, Duration::from_secs(30)).await;
        assert_eq!((outcome.differences.len(), outcome.unsettled, outcome.polls), (0, 0, 1));
        assert_eq!((outcome.services, outcome.instances), (5, vec![5, 5, 5]), "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_one_node_lacks_is_told_and_that_node_to_be_restarted() {
    let servers = three("1.2.1").await;
    for server in [&servers[0], &servers[2]] {
        register(server, "serviceName=more&ip=10.0.0.9&port=80").await;
    }
    let outcome = compared(&servers, Duration::from_millis(600)).await;
    assert_eq!(told(&outcome.differences), ["DEFAULT_GROUP@@more * * [1]"]);
    assert_eq!(minority(&outcome.differences, 3), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_counts_with_other_members_are_told() {
    let servers = three("1.1.4").await;
    register(&servers[0], "serviceName=s1&ip=10.0.0.2&port=80").await;
    register(&servers[1], "serviceName=s1&ip=10.0.0.3&port=80").await;
    register(&servers[2], "serviceName=s1&ip=10.0.0.3&port=80").await;
    let outcome = compared(&servers, Duration::from_millis(600)).await;
    assert_eq!(outcome.instances, [6, 6, 6]);
    assert_eq!(
        told(&outcome.differences),
        [
            "DEFAULT_GROUP@@s1 10.0.0.2:80@DEFAULT * [1, 2]",
            "DEFAULT_GROUP@@s1 10.0.0.3:80@DEFAULT * [0]"
        ]
    );
    assert_eq!(minority(&outcome.differences, 3), [0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lag_of_two_seconds_stays_silent() {
    let servers = three("1.1.4").await;
    register(&servers[0], "serviceName=late&ip=10.0.0.2&port=80").await;
    let late = {
        let (one, two) = (Arc::clone(&servers[1]), Arc::clone(&servers[2]));
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            register(&one, "serviceName=late&ip=10.0.0.2&port=80").await;
            register(&two, "serviceName=late&ip=10.0.0.2&port=80").await;
        })
    };
    let outcome = compared(&servers, Duration::from_secs(5)).await;
    late.await.unwrap();
    assert_eq!((outcome.differences.len(), outcome.unsettled), (0, 0));
    assert!(outcome.polls > 1, "the difference was seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_instance_differs_in_one_field() {
    let servers = three("1.2.1").await;
    call(&servers[1], "PUT", "instance?serviceName=s2&ip=10.0.0.1&port=80&enabled=false").await;
    let began = Instant::now();
    let outcome = compared(&servers, Duration::from_millis(600)).await;
    assert_eq!(told(&outcome.differences), ["DEFAULT_GROUP@@s2 10.0.0.1:80@DEFAULT enabled []"]);
    assert!(began.elapsed() >= Duration::from_millis(600), "it was seen for that long");
}
