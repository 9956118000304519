//! The console and the configuration centre of whole servers: what transcripts do not show,
//! because real servers are not restarted, hurried or lied to in them.

mod accounts;
mod auth;
mod configs;
mod kept;
mod properties;
mod scopes;
mod shared;

use facos::client::http::{Request, Response, address_of, send};
use facos::serve::ServeConfig;
use facos::{Profile, TestServer};

/// The versions that authentication can be switched on for.
const GUARDED: [&str; 2] = ["1.2.1", "2.0.2"];
/// One version of each kind of console.
const VERSIONS: [&str; 3] = ["1.1.4", "1.2.1", "2.0.2"];

/// Runs a test on a server of each version.
fn on_each(versions: &[&str], adjust: fn(&mut ServeConfig), test: impl AsyncFn(&TestServer, &str)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for version in versions {
        let mut config = ServeConfig::new(Profile::nacos(version).unwrap());
        adjust(&mut config);
        runtime.block_on(async {
            let server = TestServer::start_with(config).await.unwrap();
            test(&server, version).await;
        });
    }
}

/// Switches authentication on.
fn with_auth(config: &mut ServeConfig) {
    config.auth.enabled = true;
}

async fn send_to(server: &TestServer, request: Request) -> Response {
    send(&address_of(&server.url()).unwrap(), &request).await.unwrap()
}

async fn ask(server: &TestServer, method: &str, target: &str) -> Response {
    send_to(server, Request::new(method, format!("/nacos{target}"))).await
}

/// Status and text of an answer.
async fn told(server: &TestServer, method: &str, target: &str) -> (u16, String) {
    let response = ask(server, method, target).await;
    (response.status, response.text())
}

/// The token of a login.
async fn log_in(server: &TestServer, name: &str, password: &str) -> String {
    let form = format!("username={name}&password={password}");
    let request = Request::new("POST", "/nacos/v1/auth/login").form(form);
    let text = send_to(server, request).await.text();
    let answer: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no login: {text}"));
    answer["accessToken"].as_str().unwrap().to_owned()
}
