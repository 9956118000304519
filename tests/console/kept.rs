//! What `--data` keeps: namespaces, configurations, users, roles, permissions. An answer is sent
//! when the change is durable.

use super::{VERSIONS, log_in, on_each, send_to, told};
use facos::client::http::Request;
use facos::serve::ServeConfig;
use facos::{Profile, TestServer};
use std::time::Duration;

/// A server of this version with what the directory keeps.
fn on(directory: &tempfile::TempDir, version: &str, test: impl AsyncFn(&TestServer)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let profile = Profile::nacos(version).unwrap();
    let data = Some(directory.path().to_owned());
    let config = ServeConfig { data, ..ServeConfig::new(profile) };
    runtime.block_on(async {
        let server = TestServer::start_with(config).await.unwrap();
        test(&server).await;
    });
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    on(&directory, "1.2.1", async |server| {
        for (method, target) in [
            ("POST", "/v1/console/namespaces?customNamespaceId=b&namespaceName=B"),
            ("POST", "/v1/console/namespaces?customNamespaceId=a&namespaceName=A"),
            ("POST", "/v1/console/namespaces?customNamespaceId=x&namespaceName=X"),
            ("DELETE", "/v1/console/namespaces?namespaceId=x"),
            ("POST", "/v1/cs/configs?dataId=d&group=g&tenant=a&content=kept&type=yaml"),
            ("POST", "/v1/cs/configs?dataId=gone&group=g&content=x"),
            ("DELETE", "/v1/cs/configs?dataId=gone&group=g"),
            ("POST", "/v1/auth/users?username=u&password=p"),
            ("PUT", "/v1/auth/users?username=nacos&newPassword=changed"),
            ("POST", "/v1/auth/roles?username=u&role=R"),
            ("POST", "/v1/auth/permissions?role=R&resource=a:*:*&action=r"),
        ] {
            assert_eq!(told(server, method, target).await.0, 200, "{target}");
            server.advance(Duration::from_millis(1)).await;
        }
    });
    // A later version finds what an earlier one kept.
    on(&directory, "2.0.2", async |server| {
        let (_, namespaces) = told(server, "GET", "/v1/console/namespaces").await;
        let names: Vec<_> = namespaces.matches(r#""namespace":""#).collect();
        assert_eq!(names.len(), 3, "{namespaces}");
        assert!(namespaces.find("\"B\"") < namespaces.find("\"A\""), "{namespaces}");
        assert!(namespaces.contains(r#""namespaceShowName":"A","quota":200,"configCount":1"#));
        let read = "/v1/cs/configs?dataId=d&group=g&tenant=a";
        assert_eq!(told(server, "GET", read).await, (200, "kept".to_owned()));
        assert_eq!(told(server, "GET", "/v1/cs/configs?dataId=gone&group=g").await.0, 404);
        log_in(server, "nacos", "changed").await;
        log_in(server, "u", "p").await;
        let permissions =
            told(server, "GET", "/v1/auth/permissions?pageNo=1&pageSize=9&role=R").await;
        assert!(permissions.1.contains(r#""resource":"a:*:*","action":"r""#), "{permissions:?}");
    });
}

#[test]
fn a_reset_forgets_what_was_kept_and_knows_the_first_user_again() {
    on_each(
        &VERSIONS,
        |_| {},
        async |server, version| {
            let config = "/v1/cs/configs?dataId=d&group=g";
            told(server, "POST", &format!("{config}&content=v")).await;
            if version != "1.1.4" {
                told(server, "PUT", "/v1/auth/users?username=nacos&newPassword=changed").await;
            }
            let admin = facos::client::http::address_of(&server.admin_url()).unwrap();
            let reset = Request::new("POST", "/__admin/reset?scope=console");
            let answer = facos::client::http::send(&admin, &reset).await.unwrap();
            assert_eq!(answer.status, 200);
            assert_eq!(told(server, "GET", config).await.0, 404);
            let form = "username=nacos&password=nacos";
            let login = Request::new("POST", "/nacos/v1/auth/login").form(form);
            assert!(send_to(server, login).await.text().contains("eyJhbGciOiJIUzI1NiJ9."));
        },
    );
}
