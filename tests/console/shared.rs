//! The nodes of one process share their console, as real servers share a database: what one is told
//! all know at once, and clients that wait at another node hear of it.

use super::VERSIONS;
use facos::client::http::{Request, Response, address_of, send};
use facos::serve::{Nodes, ServeConfig};
use facos::{Profile, TestCluster};
use std::path::PathBuf;

const CONFIG: &str = "/nacos/v1/cs/configs?dataId=d&group=g";

async fn two_nodes(version: &str, data: Option<PathBuf>) -> TestCluster {
    let config = ServeConfig::new(Profile::nacos(version).unwrap());
    let config = ServeConfig { nodes: Nodes::Count(2), data, ..config };
    TestCluster::start_with(config).await.unwrap()
}

async fn ask(cluster: &TestCluster, node: usize, request: Request) -> Response {
    send(&address_of(&cluster.url(node)).unwrap(), &request).await.unwrap()
}

async fn told(cluster: &TestCluster, node: usize, method: &str, target: &str) -> (u16, String) {
    let answer = ask(cluster, node, Request::new(method, target)).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn what_one_node_is_told_all_know() {
    for version in VERSIONS {
        let cluster = two_nodes(version, None).await;
        let publish = format!("{CONFIG}&content=v");
        assert_eq!(told(&cluster, 0, "POST", &publish).await, (200, "true".to_owned()));
        assert_eq!(told(&cluster, 1, "GET", CONFIG).await, (200, "v".to_owned()), "{version}");
        // On 1.1.4 only who is logged in may look at namespaces.
        if version != "1.1.4" {
            let namespace = "/nacos/v1/console/namespaces";
            let create = format!("{namespace}?customNamespaceId=a&namespaceName=A");
            assert_eq!(told(&cluster, 1, "POST", &create).await.0, 200);
            assert!(told(&cluster, 0, "GET", namespace).await.1.contains("\"A\""), "{version}");
        }
        // The database lives on when a server does not.
        assert!(cluster.kill(0));
        assert_eq!(told(&cluster, 1, "GET", CONFIG).await, (200, "v".to_owned()), "{version}");
        assert!(cluster.start_again(0, None).unwrap());
        assert_eq!(told(&cluster, 0, "GET", CONFIG).await, (200, "v".to_owned()), "{version}");
    }
}

#[tokio::test]
async fn who_waits_at_one_node_hears_of_a_change_at_another() {
    for version in VERSIONS {
        let cluster = two_nodes(version, None).await;
        let poll = Request::new("POST", "/nacos/v1/cs/configs/listener")
            .form("Listening-Configs=d%02g%02%01")
            .header("Long-Pulling-Timeout", "30000");
        let waits = ask(&cluster, 1, poll);
        let publish = async {
            let held = || cluster.node(1).desk.read(|console| console.polls.len());
            while held() == 0 {
                tokio::task::yield_now().await;
            }
            told(&cluster, 0, "POST", &format!("{CONFIG}&content=v")).await
        };
        let (heard, published) = tokio::join!(waits, publish);
        assert_eq!(published.0, 200);
        assert_eq!(heard.text(), "d%02g%01\n", "{version}");
    }
}

#[tokio::test]
async fn what_the_nodes_share_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let data = || Some(directory.path().to_owned());
    let cluster = two_nodes("2.0.2", data()).await;
    assert_eq!(told(&cluster, 1, "POST", &format!("{CONFIG}&content=v")).await.0, 200);
    drop(cluster);
    let cluster = two_nodes("2.0.2", data()).await;
    assert_eq!(told(&cluster, 0, "GET", CONFIG).await, (200, "v".to_owned()));
}
