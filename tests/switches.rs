//! The operator's switches beside what transcripts show: what survives a restart, what a mistake
//! leads to, and how far the gate reaches.

use facos::client::http::{Request, address_of, send};
use facos::serve::{ServeConfig, start};
use facos::{Profile, TestServer};
use std::path::Path;
use std::time::Duration;

const VERSIONS: [&str; 3] = ["1.1.4", "1.2.1", "2.0.2"];

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// Status and body.
async fn ask(url: &str, method: &str, target: &str) -> (u16, String) {
    let request = Request::new(method, format!("/nacos/v1/ns{target}"));
    let response = send(&address_of(url).unwrap(), &request).await.unwrap();
    (response.status, response.text())
}

async fn switch(url: &str, entry: &str, value: &str, debug: bool) {
    let target = format!("/operator/switches?entry={entry}&value={value}&debug={debug}");
    assert_eq!(ask(url, "PUT", &target).await, (200, "ok".to_owned()), "{target}");
}

async fn shown(url: &str, name: &str) -> String {
    let (_, body) = ask(url, "GET", "/operator/switches").await;
    let switches: serde_json::Value = serde_json::from_str(&body).unwrap();
    switches[name].to_string()
}

/// A server with durable state in `data`, as long as `test` takes.
fn with_data(version: &str, data: &Path, test: impl AsyncFn(&str)) {
    let config = ServeConfig {
        port: 0,
        admin_port: 0,
        data: Some(data.to_owned()),
        ..ServeConfig::new(Profile::nacos(version).unwrap())
    };
    let running = start(config).unwrap();
    run(test(&running.ready().nodes[0].http));
    running.stop();
}

#[test]
fn a_stored_switch_survives_a_restart_and_a_debug_one_does_not() {
    for version in VERSIONS {
        let data = tempfile::tempdir().unwrap();
        with_data(version, data.path(), async |url| {
            switch(url, "clientBeatInterval", "6000", false).await;
            switch(url, "overriddenServerStatus", "READ_ONLY", false).await;
            switch(url, "healthCheckTimes", "9", true).await;
        });
        with_data(version, data.path(), async |url| {
            assert_eq!(shown(url, "clientBeatInterval").await, "6000", "{version}");
            assert_eq!(shown(url, "checkTimes").await, "3", "{version}");
            let register = "/instance?serviceName=s&ip=10.0.0.1&port=80";
            assert_eq!(ask(url, "POST", register).await.0, 503, "{version}: the status came back");
        });
    }
}

#[test]
fn a_status_that_does_not_exist_freezes_the_one_there_is() {
    run(async {
        for version in VERSIONS {
            let server = TestServer::start(Profile::nacos(version).unwrap()).await.unwrap();
            let url = server.url();
            switch(&url, "overriddenServerStatus", "SLEEPING", false).await;
            server.advance(Duration::from_secs(5)).await;
            switch(&url, "overriddenServerStatus", "DOWN", false).await;
            server.advance(Duration::from_secs(11)).await;
            assert_eq!(ask(&url, "GET", "/operator/metrics").await.0, 200, "{version}");
            assert_eq!(shown(&url, "overriddenServerStatus").await, "\"DOWN\"", "{version}");
        }
    });
}

#[test]
fn a_status_counts_from_the_next_turn_of_its_timer_on() {
    run(async {
        for version in VERSIONS {
            let server = TestServer::start(Profile::nacos(version).unwrap()).await.unwrap();
            let url = server.url();
            server.advance(Duration::from_millis(1_000)).await;
            switch(&url, "overriddenServerStatus", "WRITE_ONLY", false).await;
            server.advance(Duration::from_millis(3_999)).await;
            assert_eq!(ask(&url, "GET", "/instance/list?serviceName=s").await.0, 200, "{version}");
            server.advance(Duration::from_millis(1)).await;
            assert_eq!(ask(&url, "GET", "/instance/list?serviceName=s").await.0, 503, "{version}");
            let register = "/instance?serviceName=s&ip=10.0.0.1&port=80";
            assert_eq!(ask(&url, "POST", register).await.0, 200, "{version}: writes pass");
        }
    });
}

#[test]
fn a_limit_is_compared_with_path_and_query_as_they_were_sent() {
    run(async {
        for version in VERSIONS {
            let server = TestServer::start(Profile::nacos(version).unwrap()).await.unwrap();
            let url = server.url();
            let limit = "/nacos/v1/ns/instance/list?serviceName=a%26:429,/nacos/v1/ns/zzz:418";
            let limit = limit.replace('%', "%25").replace('?', "%3F").replace('&', "%26");
            switch(&url, "limitedUrlMap", &limit, false).await;
            for (target, status) in [
                ("/instance/list?serviceName=a%26b", 429),
                ("/instance/list?serviceName=a", 200),
                ("/instance/list?x=1&serviceName=a%26b", 200),
                ("/zzz", 418),
            ] {
                let (answered, body) = ask(&url, "GET", target).await;
                assert_eq!(answered, status, "{version} {target}");
                assert!(status == 200 || body.is_empty(), "{version} {target}: {body}");
            }
        }
    });
}
