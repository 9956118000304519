//! Whole servers under hostile or unlucky 2.x clients: whatever one connection does, the others are
//! served, and what goes wrong is bounded and written down.

mod abuse;
mod configs;
mod versions;

use bytes::Bytes;
use facos::client::grpc::{AUTO, Link, Reply};
use facos::client::http::{Request, address_of, send};
use facos::serve::ServeConfig;
use facos::wire::grpc::{Headers, Payload, frame};
use facos::{Profile, TestServer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const UNARY: &str = "/Request/request";
const PATIENCE: Duration = Duration::from_secs(10);

async fn server() -> TestServer {
    let config = ServeConfig::new(Profile::nacos("2.0.2").unwrap());
    TestServer::start_with(config).await.unwrap()
}

fn address(server: &TestServer) -> SocketAddr {
    let http: SocketAddr = server.url().trim_start_matches("http://").parse().unwrap();
    SocketAddr::new(http.ip(), http.port() + 1_000)
}

fn message(kind: &str, body: &str) -> Bytes {
    let (kind, body) = (kind.to_owned(), Bytes::from(body.to_owned()));
    Payload { kind, client_ip: "10.0.0.9".to_owned(), headers: Headers::new(), body }.encode()
}

async fn link(server: &TestServer) -> Link {
    let auto = AUTO.map(str::to_owned).to_vec();
    Link::open(address(server), None, auto, Arc::default()).await.unwrap()
}

async fn text(link: &Link, kind: &str, body: &str) -> String {
    match link.call(UNARY, message(kind, body), PATIENCE).await {
        Reply::Message(payload) => format!("{} {}", payload.kind, payload.text()),
        Reply::Failed(status) => status.code.to_owned(),
    }
}

/// A connection that is set up.
async fn client(server: &TestServer) -> Link {
    client_of(link(server).await).await
}

async fn client_of(mut link: Link) -> Link {
    let setup = r#"{"clientVersion":"test","labels":{"source":"sdk","module":"naming"}}"#;
    link.send(Some(message("ConnectionSetupRequest", setup))).await.unwrap();
    while !text(&link, "HealthCheckRequest", "{}").await.starts_with("HealthCheckResponse") {}
    link
}

fn instance(service: &str, action: &str) -> String {
    format!(
        r#"{{"namespace":"public","groupName":"G","serviceName":"{service}","type":"{action}",
            "instance":{{"ip":"10.0.0.1","port":80}}}}"#
    )
}

fn service(service: &str, more: &str) -> String {
    format!(r#"{{"namespace":"public","groupName":"G","serviceName":"{service}"{more}}}"#)
}

async fn pushed(server: &TestServer, link: &Link) -> Option<String> {
    for _ in 0..40 {
        if let Some(arrival) = link.take("NotifySubscriberRequest") {
            return Some(arrival.payload.text().into_owned());
        }
        server.advance(Duration::from_millis(50)).await;
        link.changed(Duration::from_millis(2)).await;
    }
    None
}

#[tokio::test]
async fn noise_on_one_connection_leaves_the_others_alone() {
    let server = server().await;
    let good = client(&server).await;
    let mut bad = link(&server).await;
    bad.send(Some(message("ConnectionSetupRequest", "{"))).await.unwrap();
    for hex in [&[0xff_u8; 64][..], &[0x12, 0x7f], &[]] {
        bad.call(UNARY, frame(hex), PATIENCE).await;
    }
    let huge = [[0_u8, 0x7f, 0xff, 0xff, 0xff].as_slice(), &[0; 1_000]].concat();
    let reply = bad.call(UNARY, Bytes::from(huge), PATIENCE).await;
    assert!(matches!(&reply, Reply::Failed(status) if status.code == "CANCELLED"), "{reply:?}");
    for kind in ["", "instanceRequest", "NoSuch", "java.lang.Runtime"] {
        let answer = text(&bad, kind, "{}").await;
        assert!(answer.contains("RequestHandler Not Found"), "{kind}: {answer}");
    }
    let answer = text(&bad, "InstanceRequest", &instance("s", "registerInstance")).await;
    assert!(answer.contains("Connection is unregistered."), "{answer}");
    let answer = text(&good, "InstanceRequest", &instance("s", "registerInstance")).await;
    assert!(answer.starts_with("InstanceResponse"), "{answer}");
}

#[tokio::test]
async fn acks_that_never_were_settle_nothing() {
    let server = server().await;
    let mut client = client(&server).await;
    for id in [r#""1""#, r#""99999999999999999999""#, r#""-1""#, "null", "{}"] {
        let body = format!(r#"{{"resultCode":200,"requestId":{id}}}"#);
        client.send(Some(message("NotifySubscriberResponse", &body))).await.unwrap();
    }
    let wanted = service("s", r#","subscribe":true"#);
    assert!(text(&client, "SubscribeServiceRequest", &wanted).await.contains(r#""hosts":[]"#));
    let push = pushed(&server, &client).await.expect("a first subscription is pushed to");
    assert!(push.contains(r#""serviceInfo":{"name":"s","groupName":"G""#), "{push}");
}

#[tokio::test]
async fn a_subscription_in_no_namespace_hears_of_no_hosts_and_is_taken_once() {
    let server = server().await;
    let (first, second) = (client(&server).await, client(&server).await);
    text(&first, "InstanceRequest", &instance("s", "registerInstance")).await;
    let wanted = r#"{"namespace":null,"groupName":"G","serviceName":"s","subscribe":true}"#;
    for link in [&first, &second] {
        let answer = text(link, "SubscribeServiceRequest", wanted).await;
        assert!(answer.starts_with("SubscribeServiceResponse"), "{answer}");
        assert!(answer.contains(r#""resultCode":200"#) && answer.contains(r#""hosts":[]"#));
        let again = text(link, "SubscribeServiceRequest", wanted).await;
        assert!(again.starts_with("ErrorResponse"), "{again}");
    }
    let push = pushed(&server, &first).await.expect("the first one is pushed to");
    assert!(push.contains(r#""hosts":[]"#), "{push}");
    assert_eq!(pushed(&server, &second).await, None);
    let known = service("s", r#","subscribe":true"#);
    text(&second, "SubscribeServiceRequest", &known).await;
    let push = pushed(&server, &second).await.expect("a namespace is heard of");
    assert!(push.contains("10.0.0.1"), "{push}");
}

#[tokio::test]
async fn a_flood_of_setups_on_one_connection_is_one_client() {
    let server = server().await;
    let mut client = client(&server).await;
    for _ in 0..1_000 {
        let other = r#"{"labels":{"source":"cluster"}}"#;
        client.send(Some(message("ConnectionSetupRequest", other))).await.unwrap();
    }
    let answer = text(&client, "InstanceRequest", &instance("s", "registerInstance")).await;
    assert!(answer.starts_with("InstanceResponse"), "{answer}");
    let info = text(&client, "ServerLoaderInfoRequest", "{}").await;
    assert!(info.contains(r#""sdkConCount":"1""#) && info.contains(r#""conCount":"1""#), "{info}");
}

#[tokio::test]
async fn who_never_begins_or_never_introduces_himself_is_no_client_and_holds_up_nobody() {
    let server = server().await;
    let (mut half_open, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        half_open.push(tokio::net::TcpStream::connect(address(&server)).await.unwrap());
    }
    for _ in 0..50 {
        let mut link = link(&server).await;
        let answer = message("NotifySubscriberResponse", r#"{"requestId":"1"}"#);
        link.send(Some(answer)).await.unwrap();
        unknown.push(link);
    }
    let good = client(&server).await;
    let answer = text(&good, "InstanceRequest", &instance("s", "registerInstance")).await;
    assert!(answer.starts_with("InstanceResponse"), "{answer}");
    for link in &unknown {
        let answer = text(link, "InstanceRequest", &instance("s", "registerInstance")).await;
        assert!(answer.contains("Connection is unregistered."), "{answer}");
    }
    let url = address_of(&server.url()).unwrap();
    let current = send(&url, &Request::new("GET", "/nacos/v2/core/loader/current")).await.unwrap();
    let clients: serde_json::Value = serde_json::from_str(&current.text()).unwrap();
    assert_eq!(clients.as_object().map(|known| known.len()), Some(1), "{clients}");
}

#[tokio::test]
async fn a_subscriber_that_never_reads_holds_up_nobody() {
    let server = server().await;
    let (publisher, live) = (client(&server).await, client(&server).await);
    let stalled = {
        let mut link =
            Link::open(address(&server), None, Vec::new(), Arc::default()).await.unwrap();
        let setup = r#"{"labels":{"source":"sdk","module":"naming"}}"#;
        link.send(Some(message("ConnectionSetupRequest", setup))).await.unwrap();
        while !text(&link, "HealthCheckRequest", "{}").await.starts_with("HealthCheckResponse") {}
        link
    };
    for subscriber in [&live, &stalled] {
        let wanted = service("s", r#","subscribe":true"#);
        text(subscriber, "SubscribeServiceRequest", &wanted).await;
    }
    pushed(&server, &live).await.expect("the first push");
    for round in 0..10 {
        let action = if round % 2 == 0 { "registerInstance" } else { "deregisterInstance" };
        text(&publisher, "InstanceRequest", &instance("s", action)).await;
        let push = pushed(&server, &live).await.expect("a push for each change");
        assert_eq!(push.contains("10.0.0.1"), round % 2 == 0, "{push}");
    }
}

#[tokio::test]
async fn what_a_connection_published_goes_with_it_however_it_ends() {
    let server = server().await;
    let watcher = client(&server).await;
    for reset in [false, true] {
        let publisher = client(&server).await;
        text(&publisher, "InstanceRequest", &instance("s", "registerInstance")).await;
        server.advance(Duration::from_secs(1)).await;
        let listed = text(&watcher, "ServiceQueryRequest", &service("s", "")).await;
        assert!(listed.contains("10.0.0.1"), "{listed}");
        if reset {
            publisher.reset().await.unwrap();
        } else {
            publisher.close().await;
        }
        let mut left = listed;
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            server.advance(Duration::from_millis(600)).await;
            left = text(&watcher, "ServiceQueryRequest", &service("s", "")).await;
            if left.contains(r#""hosts":[]"#) {
                break;
            }
        }
        assert!(left.contains(r#""hosts":[]"#), "reset: {reset}, {left}");
    }
}

#[tokio::test]
async fn versions_of_1_x_open_no_port() {
    for version in ["1.1.4", "1.2.1"] {
        let config = ServeConfig::new(Profile::nacos(version).unwrap());
        let server = TestServer::start_with(config).await.unwrap();
        let refused = std::net::TcpStream::connect(address(&server));
        assert!(refused.is_err(), "{version}");
    }
}

fn config(more: &str) -> String {
    format!(r#"{{"dataId":"app.yaml","group":"G","tenant":""{more}}}"#)
}

#[tokio::test]
async fn a_configuration_is_the_same_over_grpc_and_http_and_its_listeners_are_told() {
    let server = server().await;
    let (publisher, listener) = (client(&server).await, client(&server).await);
    let wanted = config(r#","md5":"""#);
    let listen = format!(r#"{{"listen":true,"configListenContexts":[{wanted}]}}"#);
    let quiet = text(&listener, "ConfigBatchListenRequest", &listen).await;
    assert!(quiet.contains(r#""changedConfigs":[]"#), "{quiet}");
    let done = text(&publisher, "ConfigPublishRequest", &config(r#","content":"a: 1""#)).await;
    assert!(done.starts_with("ConfigPublishResponse") && done.contains("200"), "{done}");
    let mut told = None;
    for _ in 0..500 {
        listener.changed(Duration::from_millis(10)).await;
        told = told.or_else(|| listener.take("ConfigChangeNotifyRequest"));
        if told.is_some() {
            break;
        }
    }
    let told = told.expect("a listener is told").payload.text().into_owned();
    assert!(told.contains(r#""dataId":"app.yaml","group":"G","tenant":"""#), "{told}");
    let found = text(&listener, "ConfigQueryRequest", &config("")).await;
    assert!(found.contains(r#""content":"a: 1""#), "{found}");
    let changed = text(&listener, "ConfigBatchListenRequest", &listen).await;
    assert!(changed.contains(r#""changedConfigs":[{"group":"G","dataId":"app.yaml""#), "{changed}");
    let over = config(r#","content":"a: 2","casMd5":"nothing""#);
    let refused = text(&publisher, "ConfigPublishRequest", &over).await;
    assert!(refused.contains("Cas publish fail"), "{refused}");
    text(&publisher, "ConfigRemoveRequest", &config("")).await;
    let gone = text(&listener, "ConfigQueryRequest", &config("")).await;
    assert!(gone.contains("config data not exist"), "{gone}");
}

#[tokio::test]
async fn a_server_that_stops_resets_the_streams_so_that_clients_come_back() {
    let server = server().await;
    let client = client(&server).await;
    drop(server);
    while client.end().is_none() {
        client.changed(Duration::from_millis(5)).await;
    }
    assert_eq!(client.end().map(|end| end.status.code), Some("CANCELLED"));
}
