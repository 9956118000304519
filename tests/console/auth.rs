//! Authentication, switched on: what becomes of tokens with time and with another key, and who
//! may go past it.

use super::{GUARDED, ask, log_in, on_each, send_to, told, with_auth};
use facos::client::http::Request;
use facos::serve::ServeConfig;
use facos::{Profile, TestServer};
use std::time::Duration;

const LIST: &str = "/v1/ns/instance/list?serviceName=s";

/// What the error page says.
async fn refused(server: &TestServer, method: &str, target: &str) -> String {
    let (status, text) = told(server, method, target).await;
    assert_eq!(status, 403, "{text}");
    let page: serde_json::Value = serde_json::from_str(&text).unwrap();
    page["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_expires_on_the_server_s_clock() {
    let short = |config: &mut ServeConfig| {
        with_auth(config);
        config.auth.token_seconds = 60;
    };
    on_each(&GUARDED, short, async |server, _| {
        let token = log_in(server, "nacos", "nacos").await;
        let target = format!("{LIST}&accessToken={token}");
        server.advance(Duration::from_secs(58)).await;
        assert_eq!(ask(server, "GET", &target).await.status, 200);
        server.advance(Duration::from_secs(3)).await;
        assert_eq!(refused(server, "GET", &target).await, "token expired!");
        // With the blank token of an empty header nobody is found.
        let request =
            Request::new("GET", format!("/nacos{LIST}")).header("Authorization", "Bearer ");
        let text = send_to(server, request).await.text();
        assert!(text.contains("unknown user!") || text.contains("user not found!"), "{text}");
    });
}

#[test]
fn a_token_of_another_key_is_no_token() {
    let other = |config: &mut ServeConfig| {
        with_auth(config);
        config.auth.token_key = "QnV0IGFub3RoZXIga2V5IHRoYXQgaXMgbG9uZyBlbm91Z2g=".to_owned();
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stolen = runtime.block_on(async {
        let config = ServeConfig::new(Profile::nacos("2.0.2").unwrap());
        let elsewhere = TestServer::start_with(config).await.unwrap();
        log_in(&elsewhere, "nacos", "nacos").await
    });
    on_each(&GUARDED, other, async |server, _| {
        let target = format!("{LIST}&accessToken={stolen}");
        assert_eq!(refused(server, "GET", &target).await, "token invalid!");
        let mine = log_in(server, "nacos", "nacos").await;
        assert_eq!(ask(server, "GET", &format!("{LIST}&accessToken={mine}")).await.status, 200);
    });
}

#[test]
fn a_name_and_a_password_do_for_any_call_wherever_they_stand() {
    on_each(&GUARDED, with_auth, async |server, _| {
        let register = |password: &str| {
            let form =
                format!("serviceName=s&ip=1.1.1.1&port=80&username=nacos&password={password}");
            Request::new("POST", "/nacos/v1/ns/instance").form(form)
        };
        assert_eq!(send_to(server, register("nacos")).await.text(), "ok");
        assert_eq!(send_to(server, register("Nacos")).await.status, 403);
        // A call that is refused for another reason is told that one.
        let form = "serviceName=s&ip=1.1.1.1&port=x&username=nacos&password=nacos";
        let request = Request::new("POST", "/nacos/v1/ns/instance").form(form);
        let answer = send_to(server, request).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("For input string: \"x\""));
    });
}

#[test]
fn the_journal_knows_no_password_and_no_token() {
    on_each(&GUARDED, with_auth, async |server, _| {
        let token = log_in(server, "nacos", "nacos").await;
        ask(server, "GET", &format!("{LIST}&accessToken={token}")).await;
        let create = "/v1/auth/users?username=u&password=hunter2&accessToken=";
        ask(server, "POST", &format!("{create}{token}")).await;
        let journal = format!("{:?}", server.journal());
        assert!(journal.contains("Login") && journal.contains("List"), "{journal}");
        assert!(!journal.contains("hunter2") && !journal.contains(&token), "{journal}");
    });
}

#[test]
fn the_identity_is_a_secret_that_can_be_chosen_or_taken_away() {
    let chosen = |config: &mut ServeConfig| {
        with_auth(config);
        config.auth.identity_header = "X-Peer".to_owned();
        config.auth.identity_value = "s3cret".to_owned();
    };
    let as_peer = |header: &str, value: &str| {
        Request::new("GET", format!("/nacos{LIST}")).header(header, value)
    };
    on_each(&["2.0.2"], chosen, async |server, _| {
        assert_eq!(send_to(server, as_peer("x-peer", "s3cret")).await.status, 200);
        for wrong in ["s3cre", "s3cretx", "", "S3cret"] {
            assert_eq!(send_to(server, as_peer("X-Peer", wrong)).await.status, 403, "{wrong}");
        }
        assert_eq!(send_to(server, as_peer("serverIdentity", "security")).await.status, 403);
    });
    let without = |config: &mut ServeConfig| {
        with_auth(config);
        config.auth.identity_value = String::new();
    };
    on_each(&["2.0.2"], without, async |server, _| {
        // Without it nothing is answered but a hint, not even what needs no login.
        let told = refused(server, "GET", "/v1/console/server/state").await;
        assert!(told.starts_with("Invalid server identity key or value"), "{told}");
    });
}

#[test]
fn without_authentication_nobody_is_asked() {
    on_each(
        &GUARDED,
        |_| {},
        async |server, _| {
            let target = format!("{LIST}&accessToken=nonsense&username=x&password=y");
            assert_eq!(ask(server, "GET", &target).await.status, 200);
            assert_eq!(ask(server, "GET", "/v1/auth/users?pageNo=1&pageSize=9").await.status, 200);
        },
    );
}
