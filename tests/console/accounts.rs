//! Users, roles and permissions: what is answered where transcripts are silent, and that a crowd
//! that logs in holds nobody else up.

use super::{GUARDED, ask, log_in, on_each, send_to, told, with_auth};
use facos::client::http::{Request, address_of, send};
use std::time::{Duration, Instant};

#[test]
fn pages_show_what_there_is() {
    on_each(
        &GUARDED,
        |_| {},
        async |server, _| {
            ask(server, "POST", "/v1/auth/users?username=u&password=p").await;
            let (_, users) = told(server, "GET", "/v1/auth/users?pageNo=1&pageSize=1").await;
            assert!(
                users.starts_with(r#"{"totalCount":2,"pageNumber":1,"pagesAvailable":2,"#),
                "{users}"
            );
            assert!(users.contains(r#""username":"nacos","password":"$2a$10$"#), "{users}");
            let (_, roles) = told(server, "GET", "/v1/auth/roles?pageNo=1&pageSize=9").await;
            let admin = r#""pageItems":[{"role":"ROLE_ADMIN","username":"nacos"}]}"#;
            assert!(roles.ends_with(admin), "{roles}");
            let (status, text) = told(server, "GET", "/v1/auth/users?pageNo=0&pageSize=1").await;
            assert!(
                status == 400 && text.contains("pageNo and pageSize must be greater than zero")
            );
        },
    );
}

#[test]
fn what_can_not_be_is_refused_in_nacos_s_words() {
    on_each(
        &GUARDED,
        |_| {},
        async |server, version| {
            ask(server, "POST", "/v1/auth/users?username=u&password=p").await;
            for (method, target, words) in [
                ("POST", "users?username=u&password=p", "user 'u' already exist!"),
                ("PUT", "users?username=v&newPassword=p", "user v not exist!"),
                ("DELETE", "users?username=nacos", "cannot delete admin: nacos"),
                ("POST", "roles?username=v&role=R", "user 'v' not found!"),
                ("POST", "roles?username=u&role=ROLE_ADMIN", "role 'ROLE_ADMIN' is not permitted"),
                ("POST", "permissions?role=R&resource=*&action=r", "role R not found!"),
            ] {
                let (status, text) = told(server, method, &format!("/v1/auth/{target}")).await;
                assert!(
                    status == 400 && text.contains(words),
                    "{version} {target}: {status} {text}"
                );
            }
            // A role twice: the database of 1.2 refuses it, later ones take no notice.
            ask(server, "POST", "/v1/auth/roles?username=u&role=R").await;
            let (status, text) = told(server, "POST", "/v1/auth/roles?username=u&role=R").await;
            let refused = status == 500 && text.contains("DuplicateKeyException");
            assert!(if version == "2.0.2" { status == 200 } else { refused }, "{version}: {text}");
        },
    );
}

#[test]
fn since_2_x_users_change_their_own_password_and_nobody_else_s() {
    let fresh = |config: &mut facos::serve::ServeConfig| {
        with_auth(config);
        config.profile.set("auth.caching", "false").unwrap();
    };
    on_each(&["2.0.2"], fresh, async |server, _| {
        let admin = log_in(server, "nacos", "nacos").await;
        let create = "/v1/auth/users?username=u&password=p";
        ask(server, "POST", &format!("{create}&accessToken={admin}")).await;
        let token = log_in(server, "u", "p").await;
        let change = async |name: &str| {
            let target =
                format!("/v1/auth/users?username={name}&newPassword=q&accessToken={token}");
            ask(server, "PUT", &target).await.status
        };
        assert_eq!(change("nacos").await, 403);
        log_in(server, "nacos", "nacos").await;
        assert_eq!(change("u").await, 200);
        log_in(server, "u", "q").await;
        let list = format!("/v1/auth/users?pageNo=1&pageSize=9&accessToken={token}");
        assert_eq!(ask(server, "GET", &list).await.status, 403);
    });
}

#[test]
fn the_oldest_server_changes_the_password_of_who_is_logged_in() {
    on_each(
        &["1.1.4"],
        |_| {},
        async |server, _| {
            let form = "username=nacos&password=nacos";
            let login = Request::new("POST", "/nacos/v1/auth/login").form(form);
            let bearer = send_to(server, login.clone()).await.header("Authorization").unwrap();
            let change = |old: &str| {
                let target = format!("/nacos/v1/auth/password?oldPassword={old}&newPassword=new");
                Request::new("PUT", target)
            };
            assert_eq!(send_to(server, change("nacos")).await.status, 401);
            let wrong = send_to(server, change("x").header("Authorization", &*bearer)).await.text();
            assert_eq!(wrong, r#"{"code":401,"message":"Old password is invalid","data":null}"#);
            let done =
                send_to(server, change("nacos").header("Authorization", &*bearer)).await.text();
            assert_eq!(done, r#"{"code":200,"message":"Update password success","data":null}"#);
            assert!(send_to(server, login).await.text().contains("Login failed"));
        },
    );
}

/// A login takes some fifty milliseconds of a core and a beat some microseconds. If passwords were
/// computed on the workers, a beat among fifty logins would wait for a second and more.
#[test]
fn fifty_logins_at_once_hold_no_beat_up() {
    on_each(
        &["1.2.1"],
        |_| {},
        async |server, _| {
            let address = address_of(&server.url()).unwrap();
            let form = "username=nacos&password=nacos";
            let login = Request::new("POST", "/nacos/v1/auth/login").form(form);
            let logins: Vec<_> = (0..50)
                .map(|_| {
                    let (address, login) = (address.clone(), login.clone());
                    tokio::spawn(async move { send(&address, &login).await.unwrap().status })
                })
                .collect();
            let (mut beats, mut slowest) = (0, Duration::ZERO);
            while logins.iter().any(|login| !login.is_finished()) {
                let began = Instant::now();
                let beat = "/v1/ns/instance/beat?serviceName=s&ip=1.1.1.1&port=80";
                assert_eq!(ask(server, "PUT", beat).await.status, 200);
                slowest = slowest.max(began.elapsed());
                beats += 1;
            }
            for login in logins {
                assert_eq!(login.await.unwrap(), 200);
            }
            assert!(beats > 20, "{beats} beats while fifty logged in");
            assert!(slowest < Duration::from_secs(1), "a beat took {slowest:?}");
        },
    );
}
