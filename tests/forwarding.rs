//! What a client reads when the responsible server is another one: against an owner that is only a
//! socket and answers what the test says (`peer-wire.md` §2.2, §3). And what other members say of
//! their subscribers.

use facos::client::http::{Request, Response, send};
use facos::model::MemberId;
use facos::node::peering::MemberSource;
use facos::serve::{Nodes, ServeConfig};
use facos::{Profile, TestCluster};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the owner does with a request.
#[derive(Debug, Clone, Copy)]
enum Does {
    Answers(&'static str),
    Hangs,
    Breaks,
}

/// An owner that is only a socket.
struct Owner {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    gone: Arc<AtomicBool>,
}

impl Owner {
    fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let gone = Arc::new(AtomicBool::new(false));
        let (heard, leaves) = (asked.clone(), gone.clone());
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                if leaves.load(Ordering::SeqCst) {
                    return;
                }
                let request = head_of(&mut stream);
                // What members say to each other is no request of a client.
                if AMONG_MEMBERS.iter().any(|path| request.contains(path)) {
                    let _ = stream.write_all(OK.as_bytes());
                    continue;
                }
                heard.lock().unwrap().push(request);
                match does {
                    Does::Answers(answer) => drop(stream.write_all(answer.as_bytes())),
                    Does::Hangs => held.push(stream),
                    Does::Breaks => drop(stream),
                }
            }
        });
        Self { address, asked, gone }
    }

    /// Nobody listens there any more.
    fn leave(&self) {
        self.gone.store(true, Ordering::SeqCst);
        let mut closing = TcpStream::connect(&self.address).unwrap();
        // Ends when the thread has dropped the connection, and the listener with it.
        let _ = closing.read(&mut [0]);
        while TcpStream::connect(&self.address).is_ok() {
            std::thread::yield_now();
        }
    }
}

const AMONG_MEMBERS: [&str; 5] =
    ["/operator/server/status", "/cluster/report", "/raft/", "/distro/", "/service/status"];
const OK: &str = "HTTP/1.1 200\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

fn head_of(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        text.push(byte[0]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A node of two members, the other of which is `other`.
async fn beside(version: &str, other: &str) -> TestCluster {
    let config = ServeConfig::new(Profile::nacos(version).unwrap());
    let listed = vec![MemberId::from(other)];
    let members = Some(MemberSource::Given(listed));
    let config = ServeConfig { nodes: Nodes::Count(1), members, ..config };
    let cluster = TestCluster::start_with(config).await.unwrap();
    let node = cluster.node(0);
    let own = MemberId::from(node.address().to_string());
    // The clock waits for calls to it, too.
    node.peering().unwrap().network().add_own(other.into());
    node.set_members(MemberSource::Given(vec![own, other.into()]));
    cluster.advance(Duration::from_secs(3)).await;
    let status = format!("unknown%23{other}%231%231%0D%0A");
    let path = format!("/nacos/v1/ns/operator/server/status?serverStatus={status}");
    ask(&cluster, "GET", &path, &[]).await;
    cluster.advance(Duration::from_secs(3)).await;
    cluster
}

async fn ask(
    cluster: &TestCluster,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Response {
    let mut request = Request::new(method, target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(cluster.url(0).trim_start_matches("http://"), &request).await.unwrap()
}

/// Something that belongs to the other of the two.
fn elsewhere(cluster: &TestCluster, other: &str) -> String {
    let node = cluster.node(0);
    let mapper = node.peering().unwrap().responsible().now();
    assert_eq!(mapper.healthy().len(), 2, "{:?}", mapper.healthy());
    let by_client = mapper_is_by_client(cluster);
    let found = (1..1000).find(|number| {
        let tag = match by_client {
            true => format!("10.0.0.1:{number}"),
            false => format!("DEFAULT_GROUP@@s{number}"),
        };
        **mapper.responsible(&tag) == *other
    });
    let number = found.unwrap();
    format!("/nacos/v1/ns/instance?serviceName=s{number}&ip=10.0.0.1&port={number}")
}

fn mapper_is_by_client(cluster: &TestCluster) -> bool {
    cluster.node(0).quirks().grpc.port
}

async fn relayed(version: &str, does: Does) -> (u16, String, Option<String>) {
    let owner = Owner::start(does);
    let cluster = beside(version, &owner.address).await;
    let target = elsewhere(&cluster, &owner.address);
    let answer = ask(&cluster, "POST", &target, &[("User-Agent", "test")]).await;
    assert_eq!(owner.asked.lock().unwrap().len(), 1, "{version} {does:?}");
    (answer.status, answer.text(), answer.header("Content-Type"))
}

const EMPTY_500: Does = Does::Answers("HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n");
const NOT_MODIFIED: Does = Does::Answers("HTTP/1.1 304\r\n\r\n");
const REFUSED: Does =
    Does::Answers("HTTP/1.1 404\r\nContent-Type: text/x\r\nContent-Length: 8\r\n\r\nno such\n");
const EMPTY: Does = Does::Answers("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n");
const NULL: &str = "java.lang.NullPointerException";

#[tokio::test]
async fn what_the_owner_answers_comes_back_as_each_version_passes_it_on() {
    let json = Some("application/json;charset=UTF-8".to_owned());
    let text = |status: u16, body: &str| (status, body.to_owned(), None);
    let typed = |status: u16, body: &str| (status, body.to_owned(), json.clone());
    let examples = [
        ("1.1.4", REFUSED, text(404, "no such\n")),
        ("1.1.4", EMPTY_500, text(500, NULL)),
        ("1.1.4", NOT_MODIFIED, text(500, NULL)),
        ("1.1.4", EMPTY, text(200, "")),
        ("1.2.1", REFUSED, text(404, "no such\n")),
        ("1.2.1", EMPTY_500, text(500, "")),
        ("1.2.1", NOT_MODIFIED, text(304, "")),
        ("2.0.2", REFUSED, typed(404, "no such\n")),
        ("2.0.2", NOT_MODIFIED, typed(500, NULL)),
    ];
    for (version, does, expected) in examples {
        assert_eq!(relayed(version, does).await, expected, "{version} {does:?}");
    }
}

#[tokio::test]
async fn an_owner_that_ends_or_is_not_there_is_an_exception_of_the_client_inside() {
    let broken = relayed("1.1.4", Does::Breaks).await;
    assert_eq!(broken.0, 500);
    assert_eq!(broken.1, "java.net.SocketException: Unexpected end of file from server");
    for version in ["1.2.1", "2.0.2"] {
        let owner = Owner::start(Does::Answers(OK));
        let cluster = beside(version, &owner.address).await;
        let target = elsewhere(&cluster, &owner.address);
        owner.leave();
        let expected = match version {
            "1.2.1" => "java.net.ConnectException: Connection refused".to_owned(),
            _ => format!(
                "org.apache.http.conn.HttpHostConnectException: Connect to {} [/127.0.0.1] \
                 failed: Connection refused",
                owner.address
            ),
        };
        let answer = ask(&cluster, "POST", &target, &[("User-Agent", "test")]).await;
        assert_eq!((answer.status, answer.text()), (500, expected));
    }
}

#[tokio::test]
async fn a_silent_owner_is_given_up_after_more_than_two_seconds() {
    let begun = std::time::Instant::now();
    let (status, body, _) = relayed("1.1.4", Does::Hangs).await;
    assert_eq!(status, 500);
    assert_eq!(body, "java.net.SocketTimeoutException: Read timed out");
    let waited = begun.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_secs(8)).contains(&waited), "{waited:?}");
}

/// Beats of sixteen clients at once, for which the other of the two answers.
async fn beats_at_once(does: Does) -> (Vec<(u16, String)>, usize) {
    let owner = Owner::start(does);
    let cluster = beside("1.2.1", &owner.address).await;
    let beat = elsewhere(&cluster, &owner.address).replace("instance?", "instance/beat?");
    let agent = [("User-Agent", "test")];
    let beats = (0..16).map(|_| ask(&cluster, "PUT", &beat, &agent));
    let answers = futures_util::future::join_all(beats).await;
    let heard = owner.asked.lock().unwrap().len();
    (answers.into_iter().map(|answer| (answer.status, answer.text())).collect(), heard)
}

#[tokio::test]
async fn beats_that_travel_together_are_all_answered_where_each_connection_carries_one() {
    let (answers, heard) = beats_at_once(Does::Answers(OK)).await;
    assert!(answers.iter().all(|answer| *answer == (200, "ok".to_owned())), "{answers:?}");
    assert!(heard >= answers.len(), "{heard}");
}

#[tokio::test]
async fn beats_that_travel_together_are_given_up_together() {
    let begun = std::time::Instant::now();
    let (answers, _) = beats_at_once(Does::Hangs).await;
    let expected = (500, "java.net.SocketTimeoutException: Read timed out".to_owned());
    assert!(answers.iter().all(|answer| *answer == expected), "{answers:?}");
    let waited = begun.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_secs(8)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn a_server_s_own_request_is_not_passed_on() {
    let owner = Owner::start(Does::Answers(OK));
    let cluster = beside("1.2.1", &owner.address).await;
    let target = elsewhere(&cluster, &owner.address);
    let answer = ask(&cluster, "POST", &target, &[("User-Agent", "Nacos-Server:1.1.4")]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("receive invalid redirect request from peer 127.0.0.1"));
    assert!(owner.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_node_before_its_first_turn_sends_requests_to_itself() {
    let config = ServeConfig::new(Profile::nacos("1.1.4").unwrap());
    let config = ServeConfig { nodes: Nodes::Count(2), cold_start: true, ..config };
    let cluster = TestCluster::start_with(config).await.unwrap();
    let target = "/nacos/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=1";
    let without_agent = ask(&cluster, "POST", target, &[]).await;
    assert_eq!((without_agent.status, without_agent.text().as_str()), (500, NULL));
    let agent = [("User-Agent", "test")];
    let with_agent = ask(&cluster, "POST", target, &agent);
    let time_passes = async {
        while !cluster.node(0).peering().unwrap().is_holding() {
            tokio::task::yield_now().await;
        }
        cluster.advance(Duration::from_secs(6)).await;
    };
    let (with_agent, ()) = tokio::join!(with_agent, time_passes);
    assert_eq!(with_agent.text(), "java.net.SocketTimeoutException: Read timed out");
    assert_eq!(ask(&cluster, "POST", target, &[("User-Agent", "test")]).await.status, 200);
}

/// A subscriber of the service `s` at one node, by UDP.
async fn subscribe(cluster: &TestCluster, node: usize, port: u16) {
    let target =
        format!("/nacos/v1/ns/instance/list?serviceName=s&clientIP=127.0.0.1&udpPort={port}");
    let request = Request::new("GET", target).header("User-Agent", "Nacos-Java-Client:v1.1.4");
    send(cluster.url(node).trim_start_matches("http://"), &request).await.unwrap();
}

/// The ports of the subscribers that a node shows, its own and those of others.
async fn shown(cluster: &TestCluster, node: usize) -> Vec<String> {
    let target = "/nacos/v1/ns/service/subscribers?serviceName=s&pageNo=1&pageSize=9";
    let address = cluster.url(node);
    let answer = send(address.trim_start_matches("http://"), &Request::new("GET", target)).await;
    let answer: serde_json::Value = serde_json::from_str(&answer.unwrap().text()).unwrap();
    let rows = answer["subscribers"].as_array().unwrap();
    assert_eq!(answer["count"], rows.len());
    let address = |row: &serde_json::Value| row["addrStr"].as_str().unwrap().to_owned();
    rows.iter().map(address).collect()
}

async fn of_versions(versions: &[&str]) -> TestCluster {
    let profiles: Vec<_> =
        versions.iter().map(|version| Profile::nacos(version).unwrap()).collect();
    let config = ServeConfig::new(profiles[0].clone());
    let config = ServeConfig { nodes: Nodes::Profiles(profiles), ..config };
    let cluster = TestCluster::start_with(config).await.unwrap();
    let register = "/nacos/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=1";
    assert_eq!(ask(&cluster, "POST", register, &[("User-Agent", "test")]).await.status, 200);
    cluster.advance(Duration::from_secs(4)).await;
    cluster
}

#[tokio::test]
async fn subscribers_of_other_members_are_shown_as_far_as_the_versions_understand_each_other() {
    let (first, second) = ("127.0.0.1:4001", "127.0.0.1:4002");
    let examples: [(&[&str], &[&str], &[&str]); 4] = [
        // Nobody names a page, and nobody answers without.
        (&["1.1.4", "1.1.4"], &[first], &[second]),
        (&["1.2.1", "1.2.1"], &[first], &[second]),
        // Both answer and neither can read it.
        (&["2.0.2", "2.0.2"], &[], &[]),
        (&["2.0.4", "2.0.4"], &[first, second], &[second, first]),
    ];
    for (versions, at_first, at_second) in examples {
        let cluster = of_versions(versions).await;
        subscribe(&cluster, 0, 4001).await;
        subscribe(&cluster, 1, 4002).await;
        assert_eq!(shown(&cluster, 0).await, at_first, "{versions:?}");
        assert_eq!(shown(&cluster, 1).await, at_second, "{versions:?}");
        cluster.kill(1);
        assert_eq!(shown(&cluster, 0).await, [first], "{versions:?}: who does not answer has none");
    }
}
