//! What hostile clients do is written down or counted, is bounded, and costs nobody else anything.

use crate::{PATIENCE, UNARY, address, client, instance, link, message, server, text};
use bytes::Bytes;
use facos::client::grpc::{AUTO, Link, Reply};
use facos::client::http::{Request, address_of, send};
use facos::node::Operation;
use facos::serve::ServeConfig;
use facos::wire::grpc::balance::read_limit_rule;
use facos::wire::grpc::{Headers, Payload, frame};
use facos::{Profile, TestServer};
use std::sync::Arc;

/// How many records there are of an operation with a status.
fn journalled(server: &TestServer, operation: Operation, status: u16) -> usize {
    let journal = server.journal();
    let same = |operation_of, status_of| operation_of == operation && status_of == status;
    journal.iter().filter(|record| same(record.operation, record.status)).count()
}

/// The value of the metric whose line begins so; 0 when there is none.
async fn counted(server: &TestServer, beginning: &str) -> u32 {
    let admin = address_of(&server.admin_url()).unwrap();
    let metrics = send(&admin, &Request::new("GET", "/__admin/metrics")).await.unwrap().text();
    let line = metrics.lines().find(|line| line.starts_with(beginning));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// A client that was there before and one that comes now are served.
async fn others_live(server: &TestServer, before: &Link) {
    for link in [before, &client(server).await] {
        let answer = text(link, "InstanceRequest", &instance("s", "registerInstance")).await;
        assert!(answer.starts_with("InstanceResponse"), "{answer}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_and_messages_that_are_too_large_are_journalled() {
    let server = server().await;
    let good = client(&server).await;
    let bad = client(&server).await;
    for _ in 0..3 {
        bad.call(UNARY, frame(&[0xff; 64]), PATIENCE).await;
    }
    let huge = [[0_u8, 0x7f, 0xff, 0xff, 0xff].as_slice(), &[0; 1_000]].concat();
    let reply = bad.call(UNARY, Bytes::from(huge.clone()), PATIENCE).await;
    assert!(matches!(&reply, Reply::Failed(status) if status.code == "CANCELLED"), "{reply:?}");
    let mut streaming = client(&server).await;
    streaming.send(Some(Bytes::from(huge))).await.unwrap();
    while streaming.end().is_none() {
        streaming.changed(PATIENCE).await;
    }
    let noisy = {
        let mut link = client(&server).await;
        link.send(Some(frame(&[0xff; 64]))).await.unwrap();
        while link.end().is_none() {
            link.changed(PATIENCE).await;
        }
        link
    };
    assert_eq!(journalled(&server, Operation::Other, 400), 4);
    assert_eq!(journalled(&server, Operation::Other, 413), 2);
    // All three connections are as good as before.
    for link in [&bad, &streaming, &noisy] {
        assert!(text(link, "HealthCheckRequest", "{}").await.starts_with("HealthCheckResponse"));
    }
    others_live(&server, &good).await;
}

#[tokio::test]
async fn types_that_are_none_and_bad_json_are_journalled() {
    let server = server().await;
    let good = client(&server).await;
    let mut bad = client(&server).await;
    for kind in ["", "instanceRequest", "NoSuch", "java.lang.Runtime"] {
        text(&bad, kind, "{}").await;
    }
    assert_eq!(journalled(&server, Operation::Other, 302), 4);
    let before = server.journal().len();
    for body in ["{", "[]", "null", "", r#"{"namespace":{}}"#] {
        let answer = text(&bad, "InstanceRequest", body).await;
        assert!(answer.starts_with("ErrorResponse"), "{body}: {answer}");
    }
    let bad_ones = server.journal().split_off(before);
    assert_eq!(bad_ones.len(), 5);
    assert!(bad_ones.iter().all(|record| record.status >= 400), "{bad_ones:?}");
    bad.send(Some(message("InstanceRequest", "{}"))).await.unwrap();
    let mut setup = link(&server).await;
    setup.send(Some(message("ConnectionSetupRequest", "{"))).await.unwrap();
    while journalled(&server, Operation::Connect, 400) == 0
        || journalled(&server, Operation::Other, 400) == 0
    {
        tokio::task::yield_now().await;
    }
    others_live(&server, &good).await;
}

#[tokio::test]
async fn acks_that_never_were_are_counted_and_so_are_setups_that_come_again() {
    let server = server().await;
    let good = client(&server).await;
    let mut bad = client(&server).await;
    for id in 0..100 {
        let body = format!(r#"{{"resultCode":200,"requestId":"{id}00000"}}"#);
        bad.send(Some(message("NotifySubscriberResponse", &body))).await.unwrap();
    }
    bad.send(Some(message("NotifySubscriberResponse", "{"))).await.unwrap();
    for _ in 0..1_000 {
        bad.send(Some(message("ConnectionSetupRequest", "{}"))).await.unwrap();
    }
    let repeated = r#"facos_requests_total{node="0",operation="connect",status="4xx"}"#;
    while counted(&server, repeated).await < 1_000 {}
    assert_eq!(counted(&server, r#"facos_stray_acks_total{node="0"}"#).await, 101);
    assert_eq!(journalled(&server, Operation::Connect, 0), 2, "one for each connection");
    assert_eq!(journalled(&server, Operation::Ack, 0), 0);
    others_live(&server, &good).await;
}

#[tokio::test]
async fn a_flood_of_connections_that_set_up_is_journalled_and_passes() {
    let server = server().await;
    let good = client(&server).await;
    for _ in 0..20 {
        let wave: Vec<_> = [(); 10].iter().map(|()| client(&server)).collect();
        for client in wave {
            client.await.reset().await.unwrap();
        }
    }
    while journalled(&server, Operation::Disconnect, 0) < 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(journalled(&server, Operation::Connect, 0), 201);
    let info = text(&good, "ServerLoaderInfoRequest", "{}").await;
    assert!(info.contains(r#""conCount":"1""#), "{info}");
    others_live(&server, &good).await;
}

/// A client that says to have this address.
async fn from(server: &TestServer, ip: &str) -> Link {
    let auto = AUTO.map(str::to_owned).to_vec();
    let mut link = Link::open(address(server), None, auto, Arc::default()).await.unwrap();
    let setup = r#"{"labels":{"source":"sdk","module":"naming"}}"#;
    let (kind, body) = ("ConnectionSetupRequest".to_owned(), Bytes::from_static(setup.as_bytes()));
    let setup = Payload { kind, client_ip: ip.to_owned(), headers: Headers::new(), body };
    link.send(Some(setup.encode())).await.unwrap();
    link
}

#[tokio::test]
async fn more_connections_than_the_rule_allows_are_refused_and_journalled() {
    let rule = r#"{"countLimitPerClientIp":{"10.77.0.1":2},"countLimitPerClientIpDefault":50}"#;
    let limit_rule = read_limit_rule(rule).unwrap();
    let config = ServeConfig { limit_rule, ..ServeConfig::new(Profile::nacos("2.0.2").unwrap()) };
    let server = TestServer::start_with(config).await.unwrap();
    let good = client(&server).await;
    let mut taken = Vec::new();
    for _ in 0..2 {
        let link = from(&server, "10.77.0.1").await;
        while !text(&link, "HealthCheckRequest", "{}").await.starts_with("HealthCheckResponse") {}
        taken.push(link);
    }
    let refused = from(&server, "10.77.0.1").await;
    while journalled(&server, Operation::Refuse, 0) == 0 {
        tokio::task::yield_now().await;
    }
    let answer = text(&refused, "HealthCheckRequest", "{}").await;
    assert!(answer.contains("Connection is unregistered."), "{answer}");
    let info = text(&good, "ServerLoaderInfoRequest", "{}").await;
    assert!(info.contains(r#""conCount":"3""#), "{info}");
    assert!(info.contains(r#"\"countLimitPerClientIp\":{\"10.77.0.1\":2}"#), "{info}");
    // Who goes makes room.
    taken.pop().unwrap().close().await;
    while journalled(&server, Operation::Disconnect, 0) == 0 {
        tokio::task::yield_now().await;
    }
    let next = from(&server, "10.77.0.1").await;
    while !text(&next, "HealthCheckRequest", "{}").await.starts_with("HealthCheckResponse") {}
    others_live(&server, &good).await;
}
