//! Configuration over gRPC where something is amiss: notices that nobody takes, and configurations
//! that are meant for some clients only.

use crate::{address, client, client_of, config, message, server, text};
use facos::TestServer;
use facos::client::grpc::{AUTO, Link};
use std::sync::Arc;
use std::time::Duration;

const NOTICE: &str = "ConfigChangeNotifyRequest";

/// A client that listens to a configuration and takes no notice by itself.
async fn deaf(server: &TestServer) -> Link {
    let auto = AUTO.iter().filter(|kind| **kind != NOTICE).map(|kind| (*kind).to_owned());
    let link = Link::open(address(server), None, auto.collect(), Arc::default()).await.unwrap();
    let link = client_of(link).await;
    let listen = format!(r#"{{"listen":true,"configListenContexts":[{}]}}"#, config(""));
    text(&link, "ConfigBatchListenRequest", &listen).await;
    link
}

/// The `requestId` of the notice that comes within this time of the server's.
async fn noticed(server: &TestServer, link: &Link, within_ms: u64) -> Option<String> {
    for _ in 0..within_ms / 500 {
        if let Some(arrival) = link.take(NOTICE) {
            let text = arrival.payload.text().into_owned();
            let id = text.split_once(r#""requestId":""#).unwrap().1;
            return Some(id.split_once('"').unwrap().0.to_owned());
        }
        server.advance(Duration::from_millis(500)).await;
        link.changed(Duration::from_millis(5)).await;
    }
    None
}

#[tokio::test]
async fn a_notice_that_is_not_taken_is_repeated_until_it_is() {
    let server = server().await;
    let publisher = client(&server).await;
    let mut listener = deaf(&server).await;
    text(&publisher, "ConfigPublishRequest", &config(r#","content":"a: 1""#)).await;
    let first = noticed(&server, &listener, 2_000).await.expect("a change is told");
    // Silence is waited out for 3 s and then rested for 2 s.
    assert_eq!(noticed(&server, &listener, 4_000).await, None);
    let second = noticed(&server, &listener, 2_500).await.expect("silence brings another");
    assert_ne!(first, second);
    let refusal = format!(r#"{{"resultCode":500,"errorCode":1,"requestId":"{second}"}}"#);
    listener.send(Some(message("ConfigChangeNotifyResponse", &refusal))).await.unwrap();
    // A refusal is not waited out, only rested after, and longer than before.
    let third = noticed(&server, &listener, 5_500).await.expect("so does a refusal");
    let taken = format!(r#"{{"resultCode":200,"requestId":"{third}"}}"#);
    listener.send(Some(message("ConfigChangeNotifyResponse", &taken))).await.unwrap();
    text(&listener, "HealthCheckRequest", "{}").await;
    assert_eq!(noticed(&server, &listener, 15_000).await, None);
}

#[tokio::test]
async fn a_configuration_for_some_clients_is_not_published_to_all() {
    let server = server().await;
    let client = client(&server).await;
    for some in [r#""tag":"blue""#, r#""betaIps":"10.0.0.1""#] {
        let more = format!(r#","content":"a: 1","additionMap":{{{some}}}"#);
        let refused = text(&client, "ConfigPublishRequest", &config(&more)).await;
        assert!(refused.contains(r#""success":false"#), "{refused}");
        let found = text(&client, "ConfigQueryRequest", &config("")).await;
        assert!(found.contains("config data not exist"), "{found}");
    }
    text(&client, "ConfigPublishRequest", &config(r#","content":"a: 1""#)).await;
    let tagged = text(&client, "ConfigQueryRequest", &config(r#","tag":"blue""#)).await;
    assert!(tagged.contains("config data not exist"), "{tagged}");
}
