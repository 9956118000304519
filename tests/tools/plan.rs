//! `facos plan` against moves that really happen: a member of three leaves and returns, and each
//! node is asked who it sends ten thousand names to.

use std::collections::BTreeSet;
use std::time::Duration;

use facos::client::fleet::Sharding;
use facos::client::http::{Request, address_of, send};
use facos::plan::{Moves, moves};
use facos::{Profile, TestCluster};

const NAMES: usize = 10_000;

fn tags(sharding: Sharding) -> BTreeSet<String> {
    let tag = |number: usize| match sharding {
        Sharding::Service => format!("DEFAULT_GROUP@@service-{number}"),
        Sharding::Client => format!("10.{}.{}.7:{}", number / 256, number % 256, 8000 + number % 9),
    };
    (0..NAMES).map(tag).collect()
}

fn address(cluster: &TestCluster, node: usize) -> String {
    address_of(&cluster.url(node)).unwrap()
}

/// Who answers for each name in the eyes of a node: this is what it forwards by.
fn owners(cluster: &TestCluster, node: usize, tags: &BTreeSet<String>) -> Vec<String> {
    let node = cluster.node(node);
    let mapper = node.peering().unwrap().responsible().now();
    tags.iter().map(|tag| mapper.responsible(tag).to_string()).collect()
}

/// Holds what moved in the eyes of all these nodes against what was predicted.
#[track_caller]
fn happened(
    predicted: &Moves,
    tags: &BTreeSet<String>,
    [before, after]: [&Vec<String>; 2],
    what: &str,
) {
    assert_eq!(predicted.of, NAMES);
    let moved = tags.iter().zip(before.iter().zip(after)).filter(|(_, (from, to))| from != to);
    let moved: Vec<(&str, &str, &str)> =
        moved.map(|(tag, (from, to))| (tag.as_str(), from.as_str(), to.as_str())).collect();
    let planned: Vec<(&str, &str, &str)> = predicted
        .moves
        .iter()
        .map(|planned| (planned.tag.as_str(), planned.from.as_str(), planned.to.as_str()))
        .collect();
    assert!(planned == moved, "{what}: {} planned, {} moved", planned.len(), moved.len());
    assert!((6_500..6_850).contains(&moved.len()), "{what}: two thirds, not {}", moved.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_planned_is_what_moves_when_a_member_leaves_and_returns() {
    for (version, sharding) in [("1.1.4", Sharding::Service), ("2.0.2", Sharding::Client)] {
        let tags = tags(sharding);
        let cluster = TestCluster::start(3, Profile::nacos(version).unwrap()).await.unwrap();
        cluster.advance(Duration::from_secs(30)).await;
        let three: Vec<String> = (0..3).map(|node| address(&cluster, node)).collect();
        let two = three[..2].to_vec();
        let of_three = owners(&cluster, 0, &tags);

        assert!(cluster.kill(2));
        cluster.advance(Duration::from_secs(30)).await;
        let of_two = owners(&cluster, 0, &tags);
        assert_eq!(owners(&cluster, 1, &tags), of_two, "{version}: both agree");
        let shrinks = moves(&tags, &three, &two);
        happened(&shrinks, &tags, [&of_three, &of_two], &format!("{version} shrinks"));

        assert!(cluster.start_again(2, None).unwrap());
        cluster.advance(Duration::from_secs(30)).await;
        for node in 0..3 {
            let grown = owners(&cluster, node, &tags);
            let grows = moves(&tags, &two, &three);
            happened(&grows, &tags, [&of_two, &grown], &format!("{version} grows, node {node}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_a_name_that_moved_arrives_where_the_plan_says() {
    let cluster = TestCluster::start(3, Profile::nacos("1.1.4").unwrap()).await.unwrap();
    cluster.advance(Duration::from_secs(30)).await;
    let three: Vec<String> = (0..3).map(|node| address(&cluster, node)).collect();
    let tags: BTreeSet<String> = tags(Sharding::Service).into_iter().take(60).collect();
    assert!(cluster.kill(2));
    cluster.advance(Duration::from_secs(30)).await;
    let planned = moves(&tags, &three, &three[..2]).moves;
    assert!(planned.len() > 20, "{}", planned.len());
    for moved in &planned {
        let target = format!("/nacos/v1/ns/instance?serviceName={}&ip=10.0.0.1&port=80", moved.tag);
        let answer = send(&three[0], &Request::new("POST", target)).await.unwrap();
        assert_eq!(answer.text(), "ok", "{moved:?}");
        let arrived: Vec<usize> = (0..2)
            .filter(|node| {
                let records = cluster.journal(*node);
                records.iter().any(|record| record.service == moved.tag && record.status == 200)
            })
            .collect();
        let heir = three.iter().position(|member| *member == moved.to).unwrap();
        assert!(arrived.contains(&heir), "{moved:?} arrived at {arrived:?}");
    }
}
