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

/// A client of this tag at `10.0.0.9` that listens.
async fn tagged(server: &TestServer, tag: &str) -> Link {
    let auto = AUTO.map(str::to_owned).to_vec();
    let mut link = Link::open(address(server), None, auto, Arc::default()).await.unwrap();
    let setup = format!(r#"{{"labels":{{"source":"sdk","Vipserver-Tag":"{tag}"}}}}"#);
    link.send(Some(message("ConnectionSetupRequest", &setup))).await.unwrap();
    while !text(&link, "HealthCheckRequest", "{}").await.starts_with("HealthCheckResponse") {}
    let listen = format!(r#"{{"listen":true,"configListenContexts":[{}]}}"#, config(""));
    text(&link, "ConfigBatchListenRequest", &listen).await;
    link
}

/// What is asked as a client of this tag.
fn with_tag(tag: &str) -> String {
    config(&format!(r#","headers":{{"Vipserver-Tag":"{tag}"}}"#))
}

async fn publish(link: &Link, content: &str, more: &str) {
    let more = format!(r#","content":"{content}","additionMap":{{{more}}}"#);
    let done = text(link, "ConfigPublishRequest", &config(&more)).await;
    assert!(done.contains(r#""success":true"#), "{done}");
}

#[tokio::test]
async fn a_configuration_for_a_tag_or_an_address_is_found_by_whom_it_is_for() {
    let server = server().await;
    let client = client(&server).await;
    publish(&client, "blue", r#""tag":"blue""#).await;
    let found = text(&client, "ConfigQueryRequest", &config("")).await;
    let nothing = r#""message":"config data not exist","contentType":"text""#;
    assert!(found.contains(nothing), "{found}");
    publish(&client, "all", r#""type":"yaml""#).await;
    let found = async |body: &str| text(&client, "ConfigQueryRequest", body).await;
    let all = found(&config("")).await;
    assert!(all.contains(r#""content":"all","contentType":"yaml""#), "{all}");
    assert!(all.contains(r#""beta":false,"success":true"#), "{all}");
    let asked = found(&config(r#","tag":"blue""#)).await;
    assert!(asked.contains(r#""content":"blue","contentType":"yaml""#), "{asked}");
    let own = found(&with_tag("blue")).await;
    assert!(own.contains(r#""content":"blue""#) && own.contains(r#""tag":"blue""#), "{own}");
    assert!(found(&with_tag("red")).await.contains(r#""content":"all""#));
    publish(&client, "beta", r#""betaIps":"10.0.0.9","tag":"blue""#).await;
    let beta = found(&with_tag("blue")).await;
    assert!(beta.contains(r#""content":"beta""#) && beta.contains(r#""beta":true"#), "{beta}");
    text(&client, "ConfigRemoveRequest", &config(r#","tag":"blue""#)).await;
    let url = facos::client::http::address_of(&server.url()).unwrap();
    for (target, status) in [("&tag=blue", 404), ("", 200)] {
        let target = format!("/nacos/v1/cs/configs?dataId=app.yaml&group=G{target}");
        let read = facos::client::http::Request::new("GET", target);
        assert_eq!(facos::client::http::send(&url, &read).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn a_change_for_a_tag_is_told_to_clients_of_it_alone() {
    let server = server().await;
    let publisher = client(&server).await;
    let (blue, red) = (tagged(&server, "blue").await, tagged(&server, "red").await);
    publish(&publisher, "blue", r#""tag":"blue""#).await;
    noticed(&server, &blue, 2_000).await.expect("its tag");
    assert_eq!(noticed(&server, &red, 1_000).await, None);
    let changed = format!(
        r#"{{"listen":true,"headers":{{"Vipserver-Tag":"blue"}},"configListenContexts":[{}]}}"#,
        config(r#","md5":"""#)
    );
    let changed = text(&blue, "ConfigBatchListenRequest", &changed).await;
    assert!(changed.contains(r#""dataId":"app.yaml""#), "{changed}");
    publish(&publisher, "all", "").await;
    noticed(&server, &red, 2_000).await.expect("everybody's");
    publish(&publisher, "beta", r#""betaIps":"10.0.0.9""#).await;
    noticed(&server, &red, 2_000).await.expect("its address");
    publish(&publisher, "other", r#""betaIps":"10.0.0.8""#).await;
    while blue.take(NOTICE).is_some() {}
}

#[tokio::test]
async fn what_is_published_over_something_else_is_refused_for_each_scope_and_over_nothing_is_not() {
    let server = server().await;
    let client = client(&server).await;
    let scopes = [
        ("", "Cas publish fail"),
        (r#""tag":"blue""#, "Cas publish tag config fail"),
        (r#""betaIps":"10.0.0.1""#, "Cas publish beta config fail"),
    ];
    for (scope, refusal) in scopes {
        let over = |content: &str, md5: &str| {
            let more =
                format!(r#""content":"{content}","casMd5":"{md5}","additionMap":{{{scope}}}"#);
            config(&format!(",{more}"))
        };
        let first = text(&client, "ConfigPublishRequest", &over("v1", "nothing")).await;
        assert!(first.contains(r#""success":true"#), "{scope}: {first}");
        let wrong = text(&client, "ConfigPublishRequest", &over("v2", "nothing")).await;
        assert!(wrong.contains(refusal), "{scope}: {wrong}");
        let digest = "6654c734ccab8f440ff0825eb443dc7f";
        let right = text(&client, "ConfigPublishRequest", &over("v2", digest)).await;
        assert!(right.contains(r#""success":true"#), "{scope}: {right}");
    }
}
