//! Configurations for some: for clients of a tag, and for a list of addresses (beta).

use super::{VERSIONS, ask, on_each, send_to, told};
use facos::TestServer;
use facos::client::http::{Request, Response};
use facos::serve::ServeConfig;
use facos::{Profile, TestServer as Server};

const CONFIG: &str = "/v1/cs/configs?dataId=d&group=g";

/// Publishes for these addresses.
async fn publish_beta(server: &TestServer, content: &str, ips: &str) {
    let target = format!("/nacos{CONFIG}&content={content}&appName=app");
    let answer = send_to(server, Request::new("POST", target).header("betaIps", ips)).await;
    assert_eq!(answer.text(), "true");
}

/// Reads as a client of this address, with these further headers.
async fn read(server: &TestServer, ip: &str, headers: &[(&'static str, &str)]) -> Response {
    let request = Request::new("GET", format!("/nacos{CONFIG}")).header("X-Forwarded-For", ip);
    let add =
        |request: Request, (name, value): &(&'static str, &str)| request.header(*name, *value);
    send_to(server, headers.iter().fold(request, add)).await
}

#[test]
fn a_tagged_configuration_is_read_by_its_tag_and_by_clients_of_it() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, version| {
            told(server, "POST", &format!("{CONFIG}&content=a%3A+1&type=yaml")).await;
            let tagged = format!("{CONFIG}&tag=blue");
            assert_eq!(told(server, "GET", &tagged).await.0, 404);
            let published = told(server, "POST", &format!("{tagged}&content=a%3A+2")).await;
            assert_eq!(published, (200, "true".to_owned()));
            assert_eq!(told(server, "GET", CONFIG).await.1, "a: 1");
            let asked = ask(server, "GET", &tagged).await;
            assert_eq!((asked.header("Vipserver-Tag"), asked.text().as_str()), (None, "a: 2"));
            let own = read(server, "10.0.0.1", &[("Vipserver-Tag", "blue")]).await;
            assert_eq!(
                (own.header("Vipserver-Tag").as_deref(), own.text().as_str()),
                (Some("blue"), "a: 2")
            );
            assert_eq!(
                own.header("Content-MD5").as_deref(),
                Some("9de2a49d06deb9c0194660123ef188d8")
            );
            // The type is that of the configuration for everybody.
            let kind = (version != "1.1.4").then_some("yaml");
            assert_eq!(own.header("Config-Type").as_deref(), kind);
            let other = read(server, "10.0.0.1", &[("Vipserver-Tag", "red")]).await;
            assert_eq!(other.text(), "a: 1");
            assert_eq!(told(server, "DELETE", &tagged).await.1, "true");
            assert_eq!(told(server, "GET", &tagged).await.0, 404);
            assert_eq!(told(server, "GET", CONFIG).await.1, "a: 1");
        },
    );
}

#[test]
fn a_beta_configuration_is_read_by_its_addresses_shown_and_stopped() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, version| {
            told(server, "POST", &format!("{CONFIG}&content=all")).await;
            let beta = format!("{CONFIG}&beta=true");
            let nothing = r#"{"code":200,"message":"stop beta ok","data":null}"#;
            assert_eq!(told(server, "GET", &beta).await.1, nothing);
            publish_beta(server, "beta", "10.0.0.1,10.0.0.2").await;
            let tester = read(server, "10.0.0.2, 10.9.9.9", &[]).await;
            assert_eq!(
                (tester.header("isBeta").as_deref(), tester.text().as_str()),
                (Some("true"), "beta")
            );
            let other = read(server, "10.0.0.3", &[]).await;
            assert_eq!((other.header("isBeta"), other.text().as_str()), (None, "all"));
            let real = Request::new("GET", format!("/nacos{CONFIG}"));
            let real = send_to(server, real.header("X-Real-IP", "10.0.0.1")).await;
            assert_eq!(real.text(), "beta");
            let (id, kind) = match version {
                "1.1.4" => ("1", ""),
                "1.2.1" => ("1", r#""type":null,"#),
                _ => (r#""1""#, r#""type":null,"#),
            };
            let row = format!(
                "{}{id}{}{kind}{}",
                r#"{"code":200,"message":"stop beta ok","data":{"id":"#,
                r#","dataId":"d","group":"g","content":"beta","md5":null,"tenant":"","appName":"app","#,
                r#""betaIps":"10.0.0.1,10.0.0.2"}}"#
            );
            assert_eq!(told(server, "GET", &beta).await.1, row);
            let stopped = r#"{"code":200,"message":"stop beta ok","data":true}"#;
            assert_eq!(told(server, "DELETE", &beta).await.1, stopped);
            assert_eq!(told(server, "DELETE", &beta).await.1, stopped, "whether or not it was");
            assert_eq!(read(server, "10.0.0.2", &[]).await.text(), "all");
            assert_eq!(told(server, "GET", &beta).await.1, nothing);
        },
    );
}

#[test]
fn who_polls_is_told_by_the_digest_of_what_it_would_read() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, _| {
            told(server, "POST", &format!("{CONFIG}&content=v1")).await;
            told(server, "POST", &format!("{CONFIG}&tag=blue&content=v2")).await;
            publish_beta(server, "v3", "10.0.0.1").await;
            let digests = [
                "6654c734ccab8f440ff0825eb443dc7f",
                "1b267619c4812cc46ee281747884ca50",
                "43a03299a3c3fed3d8ce7b820f3aca81",
            ];
            for (ip, tag, has) in [
                ("10.0.0.9", "", 0),
                ("10.0.0.9", "red", 0),
                ("10.0.0.9", "blue", 1),
                ("10.0.0.1", "blue", 2),
            ] {
                for (number, digest) in digests.iter().enumerate() {
                    let poll = Request::new("POST", "/nacos/v1/cs/configs/listener")
                        .form(format!("Listening-Configs=d%02g%02{digest}%01"))
                        .header("Long-Pulling-Timeout", "30000")
                        .header("Long-Pulling-Timeout-No-Hangup", "true")
                        .header("X-Forwarded-For", ip)
                        .header("Vipserver-Tag", tag);
                    let changed = send_to(server, poll).await.text() == "d%02g%01\n";
                    assert_eq!(changed, number != has, "{ip} of {tag:?} has {digest}");
                }
            }
        },
    );
}

#[test]
fn what_is_for_some_is_kept_and_served_again_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for began_anew in [false, true] {
        let data = Some(directory.path().to_owned());
        let config = ServeConfig { data, ..ServeConfig::new(Profile::nacos("2.0.2").unwrap()) };
        runtime.block_on(async {
            let server = Server::start_with(config).await.unwrap();
            if !began_anew {
                told(&server, "POST", &format!("{CONFIG}&content=all")).await;
                told(&server, "POST", &format!("{CONFIG}&tag=blue&content=blue")).await;
                told(&server, "POST", &format!("{CONFIG}&tag=red&content=red")).await;
                told(&server, "DELETE", &format!("{CONFIG}&tag=red")).await;
                publish_beta(&server, "beta", "10.0.0.1").await;
                told(&server, "DELETE", CONFIG).await;
                // The table keeps what the cache has thrown away.
                assert_eq!(read(&server, "10.0.0.1", &[]).await.status, 404);
                let (_, row) = told(&server, "GET", &format!("{CONFIG}&beta=true")).await;
                assert!(row.contains(r#""content":"beta""#), "{row}");
                return;
            }
            assert_eq!(told(&server, "GET", CONFIG).await.0, 404);
            assert_eq!(told(&server, "GET", &format!("{CONFIG}&tag=blue")).await.1, "blue");
            assert_eq!(told(&server, "GET", &format!("{CONFIG}&tag=red")).await.0, 404);
            assert_eq!(read(&server, "10.0.0.1", &[]).await.text(), "beta");
        });
    }
}

#[test]
fn a_tag_that_does_not_fit_is_refused() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, version| {
            let named = if version == "2.0.2" { "invalid tag : a/b" } else { "invalid tag" };
            for (method, more) in [("GET", ""), ("POST", "&content=x"), ("DELETE", "")] {
                let (status, text) = told(server, method, &format!("{CONFIG}&tag=a/b{more}")).await;
                assert!(status >= 400 && text.contains(named), "{method}: {status} {text}");
            }
            let long = format!("{CONFIG}&content=x&tag={}", "t".repeat(17));
            let (_, text) = told(server, "POST", &long).await;
            assert!(text.contains("too long tag, over 16"), "{text}");
        },
    );
}
