//! A node beside a member that only listens, led through what real servers were recorded with
//! (`fixtures/transcripts/peer-wire`): it must answer as the real one did, and send what the real
//! one sent: method, path, parameters, headers, body, period.

mod peer;

use facos::client::http::{Request, Response, send};
use facos::model::MemberId;
use facos::node::peering::MemberSource;
use facos::serve::{Nodes, ServeConfig};
use facos::{Profile, TestCluster};
use peer::{Answers, Heard, Peer};
use serde::Deserialize;
use std::time::Duration;

/// The addresses of the recording.
const OWN: [&str; 4] = ["127.0.0.2:37150", "127.0.0.2:37250", "127.0.0.2:27350", "127.0.0.2:27360"];
const PEER: [&str; 3] = ["127.0.0.2:37160", "127.0.0.2:37260", "127.0.0.2:27370"];

#[derive(Deserialize)]
struct Recording {
    #[serde(deserialize_with = "over_http")]
    requests: Vec<Sent>,
    calls: Vec<Call>,
}

impl Recording {
    fn read(version: &str) -> Self {
        let root = env!("CARGO_MANIFEST_DIR");
        let path = format!("{root}/fixtures/transcripts/peer-wire/{version}.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// What the peer answered.
    fn answers(&self) -> Answers {
        let kind = |sent: &Sent| (sent.method.clone(), sent.path.clone());
        self.requests.iter().map(|sent| (kind(sent), sent.answered.body.clone())).collect()
    }
}

/// Those of 2.0.2 sent calls of gRPC and of JRaft, too.
fn over_http<'de, D: serde::Deserializer<'de>>(requests: D) -> Result<Vec<Sent>, D::Error> {
    let all = Vec::<serde_json::Value>::deserialize(requests)?;
    let http = all.into_iter().filter(|one| one.get("path").is_some());
    http.map(|one| serde_json::from_value(one).map_err(serde::de::Error::custom)).collect()
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
    answered: Answered,
}

#[derive(Deserialize)]
struct Answered {
    body: String,
}

#[derive(Deserialize)]
struct Call {
    at_ms: u64,
    method: String,
    path: String,
    query: String,
    body: Option<String>,
    answer: Answer,
    note: String,
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    body: String,
}

/// A node and its silent peer.
struct Scene {
    cluster: TestCluster,
    peer: Peer,
    own: String,
    passed_ms: u64,
}

impl Scene {
    async fn start(version: &str, answers: Answers) -> Self {
        let config = ServeConfig::new(Profile::nacos(version).unwrap());
        let members = Some(MemberSource::Given(vec!["127.0.0.1:1".into()]));
        let config = ServeConfig { nodes: Nodes::Count(1), members, ..config };
        let cluster = TestCluster::start_with(config).await.unwrap();
        let node = cluster.node(0);
        let own = node.address().to_string();
        let peer = Peer::after(&own, answers);
        peer.follow(node.clock().clone());
        let listed: Vec<MemberId> = vec![own.as_str().into(), peer.address.as_str().into()];
        // The clock waits for calls to it, too.
        node.peering().unwrap().network().add_own(peer.address.as_str().into());
        node.set_members(MemberSource::Given(listed));
        Self { cluster, peer, own, passed_ms: 0 }
    }

    /// Lets time pass; the peer says each two seconds that it is alive.
    async fn pass_to(&mut self, moment_ms: u64) {
        while self.passed_ms < moment_ms {
            let next = (self.passed_ms / 2_000 + 1) * 2_000;
            let next = next.min(moment_ms);
            self.cluster.advance(Duration::from_millis(next - self.passed_ms)).await;
            self.passed_ms = next;
            if next.is_multiple_of(2_000) {
                let status = format!("unknown%23{}%23{next}%231%0D%0A", self.peer.address);
                let target = format!("/nacos/v1/ns/operator/server/status?serverStatus={status}");
                assert_eq!(self.ask(&Request::new("GET", target)).await.text(), "ok");
            }
        }
        self.cluster.advance(Duration::ZERO).await;
    }

    async fn ask(&self, request: &Request) -> Response {
        send(&self.own, request).await.unwrap()
    }

    /// The recorded text with our addresses.
    fn here(&self, text: &str) -> String {
        let text = OWN.iter().fold(text.to_owned(), |text, own| text.replace(own, &self.own));
        PEER.iter().fold(text, |text, peer| text.replace(peer, &self.peer.address))
    }

    /// A text with our addresses as the recording names them, and without what chance decides.
    fn masked(&self, text: &str) -> String {
        let text = form_urlencoded::parse(text.replace('=', "%3D").replace('&', "%26").as_bytes())
            .map(|(text, _)| text.into_owned())
            .collect::<String>();
        let text = [(&self.own, "OWN"), (&self.peer.address, "PEER")]
            .iter()
            .fold(text, |text, (from, to)| text.replace(from.as_str(), to));
        let text = OWN.iter().fold(text, |text, own| text.replace(own, "OWN"));
        without_chance(&PEER.iter().fold(text, |text, peer| text.replace(peer, "PEER")))
    }
}

/// Masks times, which have thirteen digits, and what is drawn at random.
fn without_chance(text: &str) -> String {
    let mut masked = String::new();
    let mut digits = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let drawn = ["DueMs\":", "DueMs\\\":"].iter().any(|end| masked.ends_with(end));
        masked.push_str(if digits.len() >= 13 || drawn { "N" } else { &digits });
        digits.clear();
        masked.push(character);
    }
    masked.trim_end().to_owned()
}

/// What the listening peer leads with: the beat of the recording, which is written down as packed
/// only; its note says what it named.
fn beat(peer: &str) -> Vec<u8> {
    let key = "meta.public##DEFAULT_GROUP@@wire.fromleader";
    let packet = serde_json::json!({
        "peer": {
            "heartbeatDueMs": 5000, "ip": peer, "leaderDueMs": 15_000, "state": "LEADER",
            "term": 1_000, "voteFor": peer,
        },
        "datums": [{"key": key, "timestamp": 5}],
    });
    serde_json::json!({ "beat": packet.to_string() }).to_string().into_bytes()
}

/// Leads a node through the recording from where it registers an instance of its own; what is
/// before is about start-up and forwarding (`tests/forwarding.rs`). The node has run so long by
/// then, ms: its first report of health, after a minute, comes where the recorded one does.
async fn replay(version: &str, running_ms: u64) -> (Scene, Recording) {
    let recording = Recording::read(version);
    let mut scene = Scene::start(version, recording.answers()).await;
    let begins_ms = recording.calls.iter().find(|call| call.note == "register own").unwrap().at_ms;
    for call in recording.calls.iter().filter(|call| call.at_ms >= begins_ms) {
        scene.pass_to(running_ms + call.at_ms - begins_ms).await;
        let query = scene.here(&call.query);
        let mut request = Request::new(call.method.as_str(), format!("{}?{query}", call.path));
        if let Some(body) = &call.body {
            request = request.header("Content-Type", "application/json; charset=UTF-8");
            request.body = match body.as_str() {
                "<gzip>" => Some(beat(&scene.peer.address).into()),
                body => Some(scene.here(body).into()),
            };
        }
        let response = scene.ask(&request).await;
        let expected = scene.masked(&call.answer.body);
        let got = scene.masked(&response.text());
        assert_eq!((response.status, got), (call.answer.status, expected), "{}", call.note);
    }
    scene.cluster.advance(Duration::ZERO).await;
    (scene, recording)
}

/// Kinds of which every request must be like the recorded one in its turn.
const IN_TURN: [(&str, &str); 10] = [
    ("GET", "/nacos/v1/ns/api/distroStatus"),
    ("GET", "/nacos/v1/ns/distro/datums"),
    ("PUT", "/nacos/v1/ns/distro/datum"),
    ("GET", "/nacos/v1/ns/distro/datum"),
    ("GET", "/nacos/v1/ns/instance/statuses"),
    ("POST", "/nacos/v1/ns/raft/datum/commit"),
    ("DELETE", "/nacos/v1/ns/raft/datum/commit"),
    ("GET", "/nacos/v1/ns/raft/datum"),
    ("POST", "/nacos/v1/ns/raft/datum"),
    ("DELETE", "/nacos/v1/ns/raft/datum"),
];

/// Kinds that come again and again: one must be like the recorded first, and all keep the period,
/// ms.
const PERIODIC: [(&str, &str, u64); 4] = [
    ("GET", "/nacos/v1/ns/operator/server/status", 2_000),
    ("POST", "/nacos/v1/ns/raft/beat", 5_000),
    ("PUT", "/nacos/v1/ns/distro/checksum", 5_000),
    ("POST", "/nacos/v1/ns/service/status", 5_000),
];

fn kind(heard: &Heard) -> (&str, &str) {
    (&heard.kind.0, &heard.kind.1)
}

/// A request as text: query, headers in order without those of this machine, body.
fn shown(scene: &Scene, query: &str, headers: &[(String, String)], body: &str) -> String {
    let mut text = format!("?{}", scene.masked(query));
    for (name, value) in headers {
        let value = match name.as_str() {
            "Host" | "Content-Length" => "-",
            _ => value,
        };
        text.push_str(&format!("\n{name}: {}", scene.masked(value)));
    }
    text.push_str("\n\n");
    text.push_str(&scene.masked(body));
    text
}

fn compare(scene: &Scene, recording: &Recording) {
    let heard = scene.peer.heard();
    let of_kind = |wanted: (&str, &str)| {
        let heard: Vec<&Heard> = heard.iter().filter(|heard| kind(heard) == wanted).collect();
        heard
    };
    let recorded = |wanted: (&str, &str)| {
        let sent =
            recording.requests.iter().filter(move |sent| (&*sent.method, &*sent.path) == wanted);
        sent.map(|sent| shown(scene, &sent.query, &sent.headers, &sent.body)).collect::<Vec<_>>()
    };
    let ours = |heard: &Heard| shown(scene, &heard.query, &heard.headers, &heard.body);
    for wanted in IN_TURN {
        let sent: Vec<String> = of_kind(wanted).into_iter().map(ours).collect();
        let recorded = recorded(wanted);
        for (sent, recorded) in sent.iter().zip(&recorded) {
            assert_eq!(sent, recorded, "{wanted:?}");
        }
        assert_eq!(sent.len(), recorded.len(), "{wanted:?}");
    }
    for (method, path, period_ms) in PERIODIC {
        let sent = of_kind((method, path));
        let first = &recorded((method, path))[0];
        let same = sent.iter().any(|heard| ours(heard) == *first);
        assert!(same, "{method} {path}: {}\nwas never\n{first}", ours(sent[0]));
        for pair in sent.windows(2).take(6) {
            assert_eq!(pair[1].at_ms - pair[0].at_ms, period_ms, "{method} {path}");
        }
    }
    let vote = ("POST", "/nacos/v1/ns/raft/vote");
    assert_eq!(Some(&ours(of_kind(vote)[0])), recorded(vote).first());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_1_1_4_answers_and_sends_what_the_real_one_did() {
    let (scene, recording) = replay("1.1.4", 56_500).await;
    compare(&scene, &recording);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_1_2_1_answers_and_sends_what_the_real_one_did() {
    let (scene, recording) = replay("1.2.1", 58_000).await;
    compare(&scene, &recording);
}

/// Beside a member of 1.x, 2.0.2 speaks the protocols of 1.x, in headers of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_2_0_2_sends_a_member_of_1_x_what_the_real_one_did() {
    let recording = Recording::read("2.0.2");
    let mut scene = Scene::start("2.0.2", recording.answers()).await;
    scene.pass_to(20_000).await;
    // Services of both members that are left empty.
    for number in 0..8 {
        let instance = format!("/nacos/v1/ns/instance?serviceName=s{number}&ip=10.1.1.1&port=80");
        for method in ["POST", "DELETE"] {
            let answer = scene.ask(&Request::new(method, instance.as_str())).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    scene.pass_to(120_000).await;
    let heard = scene.peer.heard();
    for (method, path, period_ms) in [
        ("GET", "/nacos/v1/ns/distro/datums", None),
        ("POST", "/nacos/v1/ns/raft/vote", None),
        ("POST", "/nacos/v1/ns/raft/beat", Some(5_000)),
        ("POST", "/nacos/v1/ns/service/status", Some(5_000)),
        ("GET", "/nacos/v1/ns/operator/server/status", Some(2_000)),
    ] {
        let sent: Vec<&Heard> = heard.iter().filter(|one| kind(one) == (method, path)).collect();
        let recorded = recording.requests.iter().find(|sent| sent.path == path).unwrap();
        let recorded = shown(&scene, &recorded.query, &recorded.headers, &recorded.body);
        let ours = |one: &Heard| shown(&scene, &one.query, &one.headers, &one.body);
        let first = sent.first().unwrap_or_else(|| panic!("{method} {path} was never sent"));
        let same = sent.iter().any(|one| ours(one) == recorded);
        assert!(same, "{method} {path}: {}\nwas never\n{recorded}", ours(first));
        for pair in sent.windows(2).take(6) {
            let passed = pair[1].at_ms - pair[0].at_ms;
            assert!(period_ms.is_none_or(|period| passed == period), "{path}: {passed} ms");
        }
    }
}
