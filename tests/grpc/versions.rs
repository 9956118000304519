//! What a 2.x client sees to differ between the versions that speak gRPC.

use crate::{client, config, instance, service, text};
use facos::client::grpc::Reply;
use facos::client::http::{Request, address_of, send};
use facos::serve::{Nodes, ServeConfig};
use facos::wire::grpc::{Headers, Payload};
use facos::{Profile, TestServer};

async fn server(version: &str) -> TestServer {
    let config = ServeConfig::new(Profile::nacos(version).unwrap());
    TestServer::start_with(config).await.unwrap()
}

fn part<'t>(text: &'t str, from: &str) -> &'t str {
    let at = text.find(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    &text[at..]
}

fn subscribe() -> String {
    service("s", r#","subscribe":true,"clusters":"""#)
}

async fn over_http(server: &TestServer, target: &str) -> String {
    let address = address_of(&server.url()).unwrap();
    send(&address, &Request::new("GET", target)).await.unwrap().text()
}

#[tokio::test]
async fn a_page_of_services_and_its_count_differ_as_the_versions_do() {
    for (version, first, past_end) in [
        ("2.0.0", r#""count":1,"#, r#""count":2,"serviceNames":["G@@"#),
        ("2.0.2", r#""count":1,"#, r#""count":0,"serviceNames":[]"#),
        ("2.0.4", r#""count":2,"#, r#""count":2,"serviceNames":[]"#),
    ] {
        let server = server(version).await;
        let client = client(&server).await;
        for name in ["a", "b"] {
            text(&client, "InstanceRequest", &instance(name, "registerInstance")).await;
        }
        let page = |page: u8| service("", &format!(r#","pageNo":{page},"pageSize":1"#));
        let answer = text(&client, "ServiceListRequest", &page(1)).await;
        assert!(part(&answer, r#""count""#).starts_with(first), "{version}: {answer}");
        let answer = text(&client, "ServiceListRequest", &page(9)).await;
        assert!(part(&answer, r#""count""#).starts_with(past_end), "{version}: {answer}");
        let path = "/nacos/v1/ns/service/list?pageNo=9&pageSize=1&groupName=G";
        let listed = over_http(&server, path).await;
        let shows_all = listed.contains(r#""G@@a""#) && listed.contains(r#""G@@b""#);
        assert_eq!(shows_all, version == "2.0.0", "{version}: {listed}");
    }
}

#[tokio::test]
async fn only_2_0_4_answers_a_subscription_to_all_clusters_by_the_protect_threshold() {
    for version in ["2.0.0", "2.0.2", "2.0.4"] {
        let server = server(version).await;
        let client = client(&server).await;
        let sick = instance("s", "registerInstance").replace(":80", r#":80,"healthy":false"#);
        text(&client, "InstanceRequest", &sick).await;
        let target = "/nacos/v1/ns/service?serviceName=G@@s&protectThreshold=0.9";
        let address = address_of(&server.url()).unwrap();
        let updated = send(&address, &Request::new("PUT", target)).await.unwrap();
        assert_eq!(updated.text(), "ok", "{version}");
        let answer = text(&client, "SubscribeServiceRequest", &subscribe()).await;
        let protected = answer.contains(r#""reachProtectionThreshold":true"#);
        assert_eq!(protected, version == "2.0.4", "{version}: {answer}");
        assert_eq!(answer.contains(r#""healthy":true"#), version == "2.0.4", "{version}: {answer}");
    }
}

#[tokio::test]
async fn a_subscriber_s_application_is_known_from_2_0_2_on() {
    for (version, shown) in [("2.0.0", "unknown"), ("2.0.2", "shop"), ("2.0.4", "shop")] {
        let server = server(version).await;
        let client = client(&server).await;
        let headers = Headers::from_iter([("app".into(), "shop".into())]);
        let body = subscribe().into();
        let kind = "SubscribeServiceRequest".to_owned();
        let asked = Payload { kind, client_ip: "10.0.0.9".to_owned(), headers, body };
        let reply = client.call(crate::UNARY, asked.encode(), crate::PATIENCE).await;
        assert!(matches!(reply, Reply::Message(_)), "{reply:?}");
        let path = "/nacos/v1/ns/service/subscribers?serviceName=G@@s&aggregation=false";
        let subscribers = over_http(&server, path).await;
        assert!(subscribers.contains(&format!(r#""app":"{shown}""#)), "{version}: {subscribers}");
    }
}

#[tokio::test]
async fn what_is_not_published_has_an_error_code_from_2_0_2_on() {
    for (version, code) in [("2.0.0", 0), ("2.0.2", 500), ("2.0.4", 500)] {
        let server = server(version).await;
        let client = client(&server).await;
        text(&client, "ConfigPublishRequest", &config(r#","content":"a: 1""#)).await;
        let over = config(r#","content":"a: 2","casMd5":"nothing""#);
        let refused = text(&client, "ConfigPublishRequest", &over).await;
        let said = format!(r#""resultCode":500,"errorCode":{code},"#);
        assert!(refused.contains(&said), "{version}: {refused}");
    }
}

#[tokio::test]
async fn naming_is_refused_from_2_0_1_on_as_long_as_the_deployment_answers_as_1_x() {
    for (version, refused) in [("2.0.0", false), ("2.0.2", true), ("2.0.4", true)] {
        let profile = |version: &str| Profile::nacos(version).unwrap();
        let nodes = Nodes::Profiles(vec![profile(version), profile("1.1.4")]);
        let config = ServeConfig { nodes, ..ServeConfig::new(profile(version)) };
        let server = TestServer::start_with(config).await.unwrap();
        let client = client(&server).await;
        for (kind, body) in [
            ("InstanceRequest", instance("a", "registerInstance")),
            ("ServiceQueryRequest", service("a", "")),
            ("SubscribeServiceRequest", subscribe()),
            ("ServiceListRequest", service("", r#","pageNo":1,"pageSize":1"#)),
        ] {
            let answer = text(&client, kind, &body).await;
            let said = answer.contains("Nacos cluster is running with 1.X mode");
            assert_eq!(said, refused, "{version} {kind}: {answer}");
            assert_eq!(answer.contains(r#""errorCode":500"#), refused, "{version} {kind}");
        }
        let answer = text(&client, "HealthCheckRequest", "{}").await;
        assert!(answer.contains(r#""success":true"#), "others are answered: {answer}");
    }
}
