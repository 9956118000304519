//! Clients of 2.x: against our own server, through a line that is cut, and against a script.
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use facos::bench::document::Document;
use facos::bench::run::Options;
use facos::bench::sdk::Sdk;
use facos::client::http as client;
use facos::serve::ServeConfig;
use facos::{Profile, TestServer};

use crate::scripted_grpc::{Act, start};
use crate::{options, run, workload};

async fn server() -> TestServer {
    let config = ServeConfig::new(Profile::nacos("2.0.2").unwrap());
    TestServer::start_with(config).await.unwrap()
}

fn of(agent: &str, url: &str, text: &str) -> Options {
    let mut options = options(url, workload(text));
    options.sdk = Sdk::named(agent).unwrap();
    options
}

/// Runs while the server's clock keeps pace with ours.
async fn ran(server: &TestServer, options: Options) -> Document {
    const STEP: Duration = Duration::from_millis(20);
    let run = tokio::task::spawn_blocking(|| run(options));
    let time = async {
        loop {
            tokio::time::sleep(STEP).await;
            server.advance(STEP).await;
        }
    };
    tokio::select! {
        document = run => document.unwrap(),
        () = time => panic!("it has no end"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_agent_registers_queries_subscribes_and_leaves() {
    let server = server().await;
    let text = "services = 2\ninstances = 3\nbeating = true\nchurners = 2\n\
                churn_interval = \"50ms\"\nsubscribers = 4\n[[stream]]\noperation = \"list\"\n\
                pacing = { constant = { rate = \"50/s\" } }\n[[stream]]\n\
                operation = \"register\"\npacing = \"closed\"";
    for agent in ["java-2.0.2", "java-2.0.4", "go-2", "python-2"] {
        let mut options = of(agent, &server.url(), text);
        options.duration = Duration::from_millis(800);
        let document = ran(&server, options).await;
        for (name, one) in &document.operations {
            assert_eq!(one.errors, 0, "{agent} {name}: {:?}", document.failures);
        }
        let names: Vec<&str> = document.operations.keys().map(String::as_str).collect();
        assert_eq!(names, ["deregister", "list", "register"], "{agent}");
        let tallies = document.correctness;
        assert_eq!((tallies.expected_instances, tallies.found_instances), (6, 6), "{agent}");
        assert_eq!((tallies.lost, tallies.re_registrations), (0, 0), "{agent}");
        assert_eq!((tallies.full_beats, tallies.light_beats), (0, 0), "{agent}");
    }
    // Servers of 2.x list a change late.
    server.advance(Duration::from_secs(1)).await;
    for number in 0..2 {
        let path = format!(
            "/nacos/v1/ns/instance/list?serviceName=DEFAULT_GROUP@@facos.bench.00000007.{number:04}"
        );
        let host = server.url().trim_start_matches("http://").to_owned();
        let list = client::send(&host, &client::Request::new("GET", &path)).await.unwrap();
        assert!(list.text().contains("\"hosts\":[]"), "{}", list.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_are_seen_on_the_stream_and_acknowledged() {
    let server = server().await;
    let text = "services = 2\ninstances = 1\nbeating = true\nsubscribers = 6\neditors = 2\n\
                edit_interval = \"1500ms\"";
    let mut options = of("java-2.0.2", &server.url(), text);
    options.duration = Duration::from_secs(3);
    let document = ran(&server, options).await;
    let push = document.push.unwrap();
    assert_eq!(push.counts.expected, 12, "{push:?}");
    assert_eq!((push.counts.seen, push.lost, push.counts.malformed), (12, 0, 0), "{push:?}");
    // Servers of 2.x push half a second after the change.
    assert!((450e3..1500e3).contains(&push.latency_us.p50), "{:?}", push.latency_us);
}

/// A line to the server that is cut once; returns the address of HTTP beside it.
fn cut_line(server: &TestServer, after: Duration) -> String {
    let http: SocketAddr = server.url().trim_start_matches("http://").parse().unwrap();
    let target = SocketAddr::new(http.ip(), http.port() + 1000);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lines: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    let open = lines.clone();
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(target).unwrap());
            let pairs = [(&near, &far), (&far, &near)];
            for (from, to) in pairs.map(|(from, to)| (from.try_clone(), to.try_clone())) {
                let (from, to) = (from.unwrap(), to.unwrap());
                std::thread::spawn(move || pass(from, to));
            }
            open.lock().unwrap().extend([near, far]);
        }
    });
    std::thread::spawn(move || {
        std::thread::sleep(after);
        for line in lines.lock().unwrap().drain(..) {
            // Either end may be closed already.
            let _ = line.shutdown(Shutdown::Both);
        }
    });
    format!("http://127.0.0.1:{}", port - 1000)
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_made_again_and_everything_on_it_is_done_again() {
    let server = server().await;
    let url = cut_line(&server, Duration::from_millis(1500));
    let text = "services = 3\ninstances = 2\nbeating = true\nsubscribers = 3";
    let mut options = of("java-2.0.2", &url, text);
    options.duration = Duration::from_secs(4);
    let document = ran(&server, options).await;
    let tallies = document.correctness;
    assert_eq!((tallies.false_expiries, tallies.re_registrations), (6, 6), "{document:?}");
    assert_eq!((tallies.lost, tallies.found_instances), (0, 6));
    assert_eq!(document.operations["connect"].good, 4);
    assert_eq!(document.operations["subscribe"].good, 3);
    let told: Vec<&str> = document.events.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(told, ["connections are lost and made again"]);
}

#[test]
fn a_stall_shows_in_the_response_time_of_those_who_waited() {
    let url = start(|asked, at| match asked.kind.as_str() {
        // Of three seconds, one is silence; a call takes 5 ms otherwise.
        "ServiceQueryRequest" if (1000..2000).contains(&at.as_millis()) => {
            Act::After(Duration::from_millis(2000) - at)
        }
        "ServiceQueryRequest" => Act::After(Duration::from_millis(5)),
        _ => Act::After(Duration::ZERO),
    });
    let text = "services = 1\ninstances = 1\narrive = \"never\"\n[[stream]]\n\
                operation = \"list\"\npacing = { constant = { rate = \"100/s\" } }";
    let mut options = of("go-2", &url, text);
    options.duration = Duration::from_secs(3);
    let document = run(options);
    let list = &document.operations["list"];
    // A machine that is busy at the very end leaves some unsent, and says so.
    assert_eq!((list.requests + document.correctness.unsent, list.errors), (300, 0));
    assert!(list.service_us.p90 < 200e3, "{:?}", list.service_us);
    assert!(list.service_us.p50 >= 5e3, "{:?}", list.service_us);
    assert!(list.response_us.p90 > 300e3, "{:?}", list.response_us);
    assert!(list.response_us.max < 2000e3, "{:?}", list.response_us);
}

#[test]
fn every_way_to_fail_is_an_error_of_its_kind() {
    let failures = |act: Act| {
        let url = start(move |asked, _| match asked.kind.as_str() {
            "ServiceQueryRequest" => act,
            _ => Act::After(Duration::ZERO),
        });
        let text = "services = 1\ninstances = 1\narrive = \"never\"\n[[stream]]\n\
                    operation = \"list\"\npacing = { constant = { rate = \"20/s\" } }";
        let mut options = of("java-2.0.2", &url, text);
        options.duration = Duration::from_millis(500);
        options.timeout = Duration::from_millis(300);
        let document = run(options);
        let list = &document.operations["list"];
        assert!(list.requests >= 4 && list.good == 0, "{act:?}: {list:?}");
        list.failures.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(failures(Act::Status(14)), ["status"]);
    assert_eq!(failures(Act::Refuse(500)), ["status"]);
    assert_eq!(failures(Act::Reset), ["closed"]);
    assert_eq!(failures(Act::After(Duration::from_secs(60))), ["timeout"]);
    assert!(failures(Act::Goodbye).contains(&"closed".to_owned()));
    // A server that does not know a connection makes its client connect anew.
    assert!(failures(Act::Refuse(301)).contains(&"status".to_owned()));
}
