//! An audit between clients and a server: what it sees, and that it changes nothing.

use bytes::Bytes;
use facos::Profile;
use facos::audit::{Audit, Gravity, Options};
use facos::client::grpc::{AUTO, Link, Reply};
use facos::client::http::{Request, Response, send};
use facos::client::udp::Subscriber;
use facos::serve::{ClockKind, Running, ServeConfig};
use facos::wire::grpc::{Headers, Payload};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

const NAMED: &str = "serviceName=DEFAULT_GROUP%40%40orders&ip=127.0.0.1&port=80&ephemeral=true";
const JSON: &str =
    "%7B%22ip%22%3A%22127.0.0.1%22%2C%22port%22%3A80%2C%22cluster%22%3A%22DEFAULT%22%7D";

fn serve(version: &str) -> (Running, String) {
    let config = ServeConfig {
        port: 0,
        admin_port: 0,
        clock: ClockKind::Manual,
        ..ServeConfig::new(Profile::nacos(version).unwrap())
    };
    let running = facos::serve::start(config).unwrap();
    let address = running.ready().nodes[0].http.strip_prefix("http://").unwrap().to_owned();
    (running, address)
}

/// An audit in front of a server, on a port whose gRPC neighbour is free.
fn audit(node: &str, against: &str) -> (Audit, String) {
    let free = |port| TcpListener::bind(("127.0.0.1", port)).ok();
    let port = loop {
        let one = free(0).unwrap();
        let port = one.local_addr().unwrap().port();
        if port.checked_add(1_000).and_then(free).is_some() {
            break port;
        }
    };
    let options = Options {
        listen: vec![SocketAddr::from(([127, 0, 0, 1], port))],
        wait: Duration::from_secs(5),
        nodes: vec![node.to_owned()],
        against: Profile::nacos(against).unwrap(),
    };
    let audit = facos::audit::start(options).unwrap();
    let address = audit.addresses()[0].to_string();
    (audit, address)
}

async fn ask(to: &str, method: &str, target: &str, agent: &str, form: &str) -> Response {
    let mut request = Request::new(method, target).header("User-Agent", agent);
    if !form.is_empty() {
        request = request.form(form.to_owned());
    }
    send(to, &request).await.unwrap()
}

#[tokio::test]
async fn each_client_is_told_by_where_its_beats_stand() {
    let (_server, node) = serve("1.2.1");
    let (audit, address) = audit(&node, "1.1.4");
    let beat = |more: &str| format!("/nacos/v1/ns/instance/beat?{NAMED}{more}");
    let form = format!("beat={JSON}");
    let query = format!("&beat={JSON}");
    let java = "Nacos-Java-Client:v1.4.2";
    for (agent, target, form) in [
        (java, beat(""), form.as_str()),
        (java, beat(""), ""),
        ("Nacos-Java-Client:v1.1.4", beat(&query), &form),
        ("Nacos-Python-Client:1.0.0", beat(&query), ""),
        ("Nacos-Go-Client:v1.1.6", beat(""), &form),
    ] {
        let there = ask(&node, "PUT", &target, agent, form).await;
        let through = ask(&address, "PUT", &target, agent, form).await;
        assert_eq!((there.status, &there.body), (through.status, &through.body), "{agent}");
    }
    let report = audit.report();
    let told = |client: &facos::audit::report::ClientReport| {
        let beats = client.beats;
        let worst = client.findings.first().map(|finding| finding.gravity);
        (client.agent.clone(), [beats.query, beats.body, beats.both, beats.absent], worst)
    };
    let told: Vec<_> = report.clients.iter().map(told).collect();
    let row = |agent: &str, beats, worst| (agent.to_owned(), beats, worst);
    assert_eq!(
        told,
        [
            row("Nacos-Go-Client:v1.1.6", [0, 1, 0, 0], Some(Gravity::AtRisk)),
            row("Nacos-Java-Client:v1.1.4", [0, 0, 1, 0], None),
            row(java, [0, 1, 0, 1], Some(Gravity::Breaks)),
            row("Nacos-Python-Client:1.0.0", [1, 0, 0, 0], None),
        ]
    );
    assert_eq!((report.breaking, report.at_risk), (1, 1));
}

#[tokio::test]
async fn answers_come_through_as_they_are_and_pushes_go_past() {
    let (server, node) = serve("1.2.1");
    let (audit, address) = audit(&node, "1.1.4");
    let subscriber = Subscriber::bind().await.unwrap();
    let list = format!(
        "/nacos/v1/ns/instance/list?serviceName=DEFAULT_GROUP%40%40orders&clientIP=127.0.0.1\
         &udpPort={}",
        subscriber.port()
    );
    let agent = "Nacos-Java-Client:v1.2.1";
    let register = format!("/nacos/v1/ns/instance?{NAMED}");
    assert_eq!(ask(&address, "POST", &register, agent, "").await.text(), "ok");
    assert_eq!(ask(&address, "GET", &list, agent, "").await.status, 200);
    let other = register.replace("port=80", "port=81");
    assert_eq!(ask(&address, "POST", &other, agent, "").await.text(), "ok");
    server.process().advance(2_000).await.unwrap();
    let push = subscriber.receive(Duration::from_secs(10)).await.unwrap().expect("a push");
    subscriber.ack(&push).await.unwrap();
    server.process().advance(60_000).await.unwrap();
    let again = subscriber.receive(Duration::from_millis(1)).await.unwrap();
    assert_eq!(again.map(|datagram| datagram.packet["type"].clone()), None, "the ack came home");

    for target in ["/nacos/v1/ns/instance?serviceName=x", "/nacos/none", "/nacos/v1/ns/none"] {
        let (there, through) =
            (ask(&node, "GET", target, "a", "").await, ask(&address, "GET", target, "a", "").await);
        let seen = |answer: &Response| {
            let text = answer.text();
            let text = text.split("\"timestamp\"").next().unwrap_or_default().to_owned();
            (answer.status, answer.header("Content-Type"), text)
        };
        assert_eq!(seen(&there), seen(&through), "{target}");
    }
    let calls = &audit.report().clients[0].calls;
    use facos::audit::Call;
    assert_eq!(calls, &[Call::Register, Call::Subscribe]);
}

#[tokio::test]
async fn clients_of_grpc_pass_and_are_known_by_what_they_say_first() {
    let (_server, node) = serve("2.0.2");
    let (audit, address) = audit(&node, "1.2.1");
    let http: SocketAddr = address.parse().unwrap();
    let grpc = SocketAddr::new(http.ip(), http.port() + 1_000);
    let auto = AUTO.map(str::to_owned).to_vec();
    let mut link = Link::open(grpc, None, auto, Arc::default()).await.unwrap();
    let message = |kind: &str, body: &str| {
        let (kind, body) = (kind.to_owned(), Bytes::from(body.to_owned()));
        Payload { kind, client_ip: "10.0.0.9".to_owned(), headers: Headers::new(), body }.encode()
    };
    let setup = r#"{"clientVersion":"Nacos-Java-Client:v2.0.2","labels":{"source":"sdk"}}"#;
    link.send(Some(message("ConnectionSetupRequest", setup))).await.unwrap();
    let patience = Duration::from_secs(10);
    loop {
        let reply = link.call("/Request/request", message("HealthCheckRequest", "{}"), patience);
        match reply.await {
            Reply::Message(payload) if payload.kind == "HealthCheckResponse" => break,
            Reply::Message(_) => {}
            Reply::Failed(status) => panic!("{status:?}"),
        }
    }
    let report = audit.report();
    assert_eq!(report.clients[0].version.as_deref(), Some("2.0.2"));
    assert_eq!(report.clients[0].findings[0].quirk, "grpc.port");
}

#[tokio::test]
async fn the_journal_of_a_facos_gives_the_same_answer() {
    let (server, node) = serve("1.2.1");
    let beat = format!("/nacos/v1/ns/instance/beat?{NAMED}");
    ask(&node, "PUT", &beat, "Nacos-Java-Client:v1.4.2", &format!("beat={JSON}")).await;
    ask(&node, "PUT", &beat, "Nacos-Java-Client:v1.4.2", "").await;
    let admin = server.ready().admin.strip_prefix("http://").unwrap();
    let clients = facos::audit::Clients::default();
    facos::audit::from_admin(admin, &clients).await.unwrap();
    let against = Profile::nacos("1.1.4").unwrap();
    let report = facos::audit::report::Report::of(&clients, &against, 0.0);
    assert_eq!((report.breaking, report.clients.len()), (1, 1));
    assert_eq!((report.clients[0].beats.body, report.clients[0].beats.absent), (1, 1));
}

#[tokio::test]
async fn when_the_server_is_away_clients_are_refused_and_not_misled() {
    let (server, node) = serve("1.2.1");
    let (_audit, address) = audit(&node, "1.1.4");
    server.stop();
    let list = "/nacos/v1/ns/instance/list?serviceName=a";
    let answer = ask(&address, "GET", list, "a", "").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().starts_with("no registry answers behind this one; the last, "));
}

#[tokio::test]
async fn who_uses_names_that_the_version_refuses_is_told_and_it_does_refuse_them() {
    let (_server, node) = serve("2.0.2");
    let (_older, older) = serve("1.1.4");
    let (audit, address) = audit(&node, "1.1.4");
    let registration = |service: &str, cluster: &str, namespace: &str| {
        format!(
            "/nacos/v1/ns/instance?serviceName=DEFAULT_GROUP%40%40{service}&clusterName={cluster}\
             &ip=127.0.0.1&port=80&namespaceId={namespace}"
        )
    };
    let of = |agent: &'static str, service, cluster, namespace, quirk, named| {
        (agent, registration(service, cluster, namespace), quirk, named)
    };
    let cases = [
        of(
            "a",
            "orders%2Fnew",
            "DEFAULT",
            "public",
            "names.validation",
            "DEFAULT_GROUP@@orders/new",
        ),
        of("b", "orders", "zone_a", "public", "names.validation", "zone_a"),
        of("c", "orders", "DEFAULT", "a%2Fb", "namespace.check", "a/b"),
    ];
    for (agent, target, ..) in &cases {
        assert_eq!(ask(&address, "POST", target, agent, "").await.text(), "ok", "{agent}");
        assert!(ask(&older, "POST", target, agent, "").await.status >= 400, "{agent}");
    }
    let plain = registration("orders", "zone-a", "public");
    assert_eq!(ask(&older, "POST", &plain, "d", "").await.text(), "ok");
    ask(&address, "POST", &plain, "d", "").await;
    // Who only reads such a service is answered by both.
    let list = "/nacos/v1/ns/instance/list?serviceName=DEFAULT_GROUP%40%40orders%2Fnew";
    assert_eq!(ask(&older, "GET", list, "e", "").await.status, 200);
    ask(&address, "GET", list, "e", "").await;

    let report = audit.report();
    let findings = |agent: &str| {
        let client = report.clients.iter().find(|client| client.agent == agent).unwrap();
        let told = |finding: &facos::audit::Finding| (finding.quirk, finding.names.clone());
        client.findings.iter().map(told).collect::<Vec<_>>()
    };
    for (agent, _, quirk, named) in cases {
        assert_eq!(findings(agent), [(quirk, vec![named.to_owned()])], "{agent}");
    }
    assert_eq!((findings("d"), findings("e")), (Vec::new(), Vec::new()));
    let text = report.text();
    assert!(text.contains("BREAKS names.validation (DEFAULT_GROUP@@orders/new)"), "{text}");
    assert!(text.ends_with("3 of 5 clients break on 1.1.4, 0 are at risk\n"), "{text}");
}
