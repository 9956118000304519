//! The page at `/nacos/`: it shows what is live, and nothing that a client sent becomes markup.

use facos::client::http::{Request, Response, address_of, send};
use facos::{Profile, TestServer};

/// The versions whose pages are looked at: one of each registry.
const VERSIONS: [&str; 2] = ["1.2.1", "2.0.2"];

fn run(test: impl AsyncFn(&TestServer)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for version in VERSIONS {
        runtime.block_on(async {
            let server = TestServer::start(Profile::nacos(version).unwrap()).await.unwrap();
            test(&server).await;
        });
    }
}

async fn ask(server: &TestServer, method: &str, target: &str) -> Response {
    let address = address_of(&server.url()).unwrap();
    send(&address, &Request::new(method, target)).await.unwrap()
}

async fn page(server: &TestServer) -> String {
    let response = ask(server, "GET", "/nacos/").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("Content-Type").as_deref(), Some("text/html;charset=UTF-8"));
    response.text()
}

#[test]
fn the_page_says_what_the_server_is_and_what_is_live() {
    run(async |server| {
        let empty = page(server).await;
        assert!(empty.contains("<strong>not</strong> a Nacos console"), "{empty}");
        assert!(empty.contains("Nobody has registered anything yet."), "{empty}");
        let instance = "serviceName=orders&groupName=shop&ip=10.0.0.1&port=80";
        ask(server, "POST", &format!("/nacos/v1/ns/instance?{instance}")).await;
        let switch = "entry=clientBeatInterval&value=6000";
        ask(server, "PUT", &format!("/nacos/v1/ns/operator/switches?{switch}")).await;
        let live = page(server).await;
        for shown in ["<td class=\"text\">orders</td>", "<td class=\"text\">10.0.0.1</td>"] {
            assert!(live.contains(shown), "{shown}: {live}");
        }
        assert!(live.contains("<td>clientBeatInterval</td><td class=\"text\">6000</td>"), "{live}");
    });
}

#[test]
fn texts_of_clients_stay_texts() {
    run(async |server| {
        let namespace = "namespaceId=%3Cscript%3Ealert(1)%3C%2Fscript%3E";
        let instance = format!("{namespace}&serviceName=a&ip=%22%3E%3Cb%3E&port=80");
        let answer = ask(server, "POST", &format!("/nacos/v1/ns/instance?{instance}")).await;
        assert_eq!(answer.status, 200);
        let text = page(server).await;
        assert!(text.contains("alert(1)"), "{text}");
        assert!(!text.contains("<script") && !text.contains("\"><b>"), "{text}");
    });
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    run(async |server| {
        let text = page(server).await;
        for outside in ["http://", "https://", "src=", "href=", "@import", "url("] {
            assert!(!text.contains(outside), "{outside}: {text}");
        }
    });
}
