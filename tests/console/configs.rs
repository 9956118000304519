//! Configurations: held polls, and what keeps to which namespace.

use super::{VERSIONS, ask, on_each, send_to, told};
use facos::TestServer;
use facos::client::http::{Request, address_of, send};
use std::time::Duration;

const CONFIG: &str = "/v1/cs/configs?dataId=d&group=g";

/// Asks for a change of `d` in `g`, which the client has with this digest.
fn poll(md5: &str, timeout_ms: &str) -> Request {
    let form = format!("Listening-Configs=d%02g%02{md5}%01");
    Request::new("POST", "/nacos/v1/cs/configs/listener")
        .form(form)
        .header("Long-Pulling-Timeout", timeout_ms)
}

/// Polls, lets `meanwhile` happen when the server holds the poll, and gives the answer.
async fn held(
    server: &TestServer,
    request: Request,
    meanwhile: impl Future<Output = ()>,
) -> String {
    let address = address_of(&server.url()).unwrap();
    let answer = tokio::spawn(async move { send(&address, &request).await.unwrap().text() });
    while held_polls(server).await == 0 {
        assert!(!answer.is_finished(), "answered at once");
        tokio::task::yield_now().await;
    }
    meanwhile.await;
    answer.await.unwrap()
}

async fn held_polls(server: &TestServer) -> u32 {
    let admin = address_of(&server.admin_url()).unwrap();
    let metrics = send(&admin, &Request::new("GET", "/__admin/metrics")).await.unwrap().text();
    let line = metrics.lines().find(|line| line.starts_with("facos_polls_held{")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_change_answers_who_waits_for_it_at_once() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, _| {
            let publish = async || {
                let answer = told(server, "POST", &format!("{CONFIG}&content=v1")).await;
                assert_eq!(answer, (200, "true".to_owned()));
            };
            let text = held(server, poll("", "30000"), publish()).await;
            assert_eq!(text, "d%02g%01\n");
            assert_eq!(held_polls(server).await, 0);
        },
    );
}

#[test]
fn a_poll_is_answered_half_a_second_before_its_time_on_the_server_s_clock() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, _| {
            let pass = async |millis| {
                server.advance(Duration::from_millis(millis)).await;
            };
            let text = held(server, poll("", "30000"), async {
                pass(29_499).await;
                assert_eq!(held_polls(server).await, 1);
                pass(1).await;
            });
            assert_eq!(text.await, "");
            // Nobody waits for less than ten seconds.
            let text = held(server, poll("", "1000"), async {
                pass(9_999).await;
                assert_eq!(held_polls(server).await, 1);
                pass(1).await;
            });
            assert_eq!(text.await, "");
        },
    );
}

#[test]
fn removing_what_somebody_waits_for_is_a_change() {
    on_each(
        &["2.0.2"],
        |_| {},
        async |server, _| {
            ask(server, "POST", &format!("{CONFIG}&content=v1")).await;
            let digest = "6654c734ccab8f440ff0825eb443dc7f";
            let remove = async { drop(ask(server, "DELETE", CONFIG).await) };
            assert_eq!(held(server, poll(digest, "30000"), remove).await, "d%02g%01\n");
            assert_eq!(told(server, "GET", CONFIG).await.0, 404);
        },
    );
}

#[test]
fn the_end_of_a_server_does_not_wait_for_who_waits() {
    let began = std::time::Instant::now();
    on_each(
        &["1.2.1"],
        |_| {},
        async |server, _| {
            let address = address_of(&server.url()).unwrap();
            let request = poll("", "30000");
            let answer = tokio::spawn(async move { send(&address, &request).await.is_ok() });
            while held_polls(server).await == 0 {
                tokio::task::yield_now().await;
            }
            answer.abort();
        },
    );
    assert!(began.elapsed() < Duration::from_secs(10), "29.5 s were waited for");
}

#[test]
fn a_namespace_has_configurations_of_its_own() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, version| {
            for (namespace, content) in
                [("", "none"), ("&tenant=ns", "ns"), ("&tenant=public", "p")]
            {
                let target = format!("{CONFIG}{namespace}&content={content}");
                assert_eq!(told(server, "POST", &target).await.1, "true");
            }
            let read = async |namespace: &str| {
                told(server, "GET", &format!("{CONFIG}{namespace}")).await.1
            };
            assert_eq!(read("&tenant=ns").await, "ns");
            // What was published to `public` can be read there in the oldest version only.
            let public = if version == "1.1.4" { "p" } else { "none" };
            assert_eq!(read("&tenant=public").await, public);
        },
    );
}

#[test]
fn what_is_said_about_a_body_s_encoding_does_not_count() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, _| {
            // Java clients of 1.3 say gzip of a plain body; older ones name a charset.
            let form = "dataId=d&group=g&content=gr%C3%BCn";
            let request = Request::new("POST", "/nacos/v1/cs/configs")
                .header("Content-Encoding", "gzip")
                .header("Content-Type", "application/x-www-form-urlencoded;charset=GBK")
                .header("Accept-Encoding", "gzip,deflate,sdch")
                .form(form);
            assert_eq!(send_to(server, request).await.text(), "true");
            let read = ask(server, "GET", CONFIG).await;
            assert_eq!(read.text(), "grün");
            assert_eq!(read.header("Content-Encoding"), None);
        },
    );
}

#[test]
fn what_is_no_configuration_is_not_taken_for_one() {
    on_each(
        &["2.0.2"],
        |_| {},
        async |server, _| {
            ask(server, "POST", &format!("{CONFIG}&content=v1")).await;
            let (status, text) = told(server, "POST", &format!("{CONFIG}&import=true")).await;
            assert!(status == 500 && text.contains("keeps configurations only"), "{text}");
            assert_eq!(told(server, "GET", CONFIG).await.1, "v1");
        },
    );
}
