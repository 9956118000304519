//! `facos snapshot` against servers of every version, and against nodes that die or disagree.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use facos::client::http::{Connection, Request, address_of};
use facos::snapshot::file::{InstancePart, RegisteredBy};
use facos::snapshot::{Options, Snapshot, Taken, take};

use crate::deployment::{Scripted, call, nodes_of, register, server};

fn options(urls: &[String]) -> Options {
    Options {
        nodes: nodes_of(urls),
        namespaces: Vec::new(),
        timeout: Duration::from_secs(60),
        answer_timeout: Duration::from_secs(20),
        concurrency: 8,
        now_ms: 1_700_000_000_000,
    }
}

async fn taken(urls: &[String]) -> Taken {
    take(&options(urls), &|_, _| ()).await
}

fn instance<'a>(snapshot: &'a Snapshot, service: &str, ip: &str) -> &'a InstancePart {
    let mut all = snapshot.instances();
    let found = all.find(|(part, instance)| part.service == service && instance.ip == ip);
    found.unwrap_or_else(|| panic!("no {service} {ip}: {}", snapshot.to_json())).1
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_is_written_down_with_all_that_it_knows() {
    for version in ["1.1.4", "1.2.1", "2.0.2"] {
        let server = server(version).await;
        register(&server, "serviceName=a&ip=10.0.0.1&port=80&weight=0.5&metadata=zone=x").await;
        register(&server, "serviceName=a&ip=10.0.0.2&port=80&enabled=false").await;
        register(&server, "serviceName=a&ip=10.0.0.3&port=80&clusterName=OTHER").await;
        register(&server, "serviceName=b&groupName=g&ip=10.0.0.4&port=80&namespaceId=n").await;
        register(&server, "serviceName=p&ip=10.0.0.5&port=80&ephemeral=false").await;
        server.advance(Duration::from_secs(1)).await;

        let Taken { snapshot, unreachable, warnings } = taken(&[server.url()]).await;
        assert!(unreachable.is_empty() && warnings.is_empty(), "{warnings:?}");
        assert!(snapshot.complete);
        assert_eq!(snapshot.instances().count(), 5, "{version}: {}", snapshot.to_json());
        let first = instance(&snapshot, "a", "10.0.0.1");
        assert_eq!((first.weight, first.metadata["zone"].as_str()), (0.5, "x"), "{version}");
        assert!(!instance(&snapshot, "a", "10.0.0.2").enabled, "{version}");
        assert_eq!(instance(&snapshot, "a", "10.0.0.3").cluster, "OTHER", "{version}");
        let (service, _) = snapshot.instances().find(|(s, _)| s.service == "b").unwrap();
        assert_eq!((service.namespace.as_str(), service.group.as_str()), ("n", "g"), "{version}");
        // 2.x tells the kind of the service, which was first registered as persistent.
        assert!(!instance(&snapshot, "p", "10.0.0.5").ephemeral, "{version}");
        assert_eq!(first.registered_by, RegisteredBy::Beats, "{version}");
        assert_eq!(first.last_beat_ms.is_some(), version != "2.0.2", "{version}");
        assert_eq!(snapshot.nodes[0].server_version.as_deref(), Some(version));
        let owner = snapshot.nodes[0].own_address.clone();
        assert!(owner.is_some() && first.responsible == owner, "{version}: {owner:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_an_id_may_be_a_connections_only_while_one_is_there() {
    let server = server("2.0.2").await;
    let beat =
        "%7B%22ip%22:%2210.0.0.1%22,%22port%22:80,%22serviceName%22:%22DEFAULT_GROUP@@a%22%7D";
    call(&server, "PUT", &format!("instance/beat?serviceName=a&beat={beat}")).await;
    server.advance(Duration::from_secs(1)).await;
    let Taken { snapshot, .. } = taken(&[server.url()]).await;
    assert_eq!(instance(&snapshot, "a", "10.0.0.1").registered_by, RegisteredBy::Beats);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_merged_and_each_instance_names_those_that_list_it() {
    let (one, two) = (server("1.1.4").await, server("1.1.4").await);
    register(&one, "serviceName=a&ip=10.0.0.1&port=80").await;
    register(&two, "serviceName=a&ip=10.0.0.1&port=80").await;
    register(&two, "serviceName=a&ip=10.0.0.2&port=80").await;
    let Taken { snapshot, .. } = taken(&[one.url(), two.url()]).await;
    assert_eq!(instance(&snapshot, "a", "10.0.0.1").seen_on, [0, 1]);
    assert_eq!(instance(&snapshot, "a", "10.0.0.2").seen_on, [1]);
    let held: Vec<usize> = snapshot.nodes.iter().map(|node| node.instances).collect();
    assert_eq!(held, [1, 2]);
}

/// Clients that come and go, each in one service after the other.
const COMING_AND_GOING: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_stands_at_most_once_while_a_thousand_a_second_come_and_go() {
    let server = Arc::new(server("1.1.4").await);
    for number in 0..600 {
        register(&server, &format!("serviceName=s{number}&ip=10.1.0.1&port={}", number + 1)).await;
    }
    let (stop, changes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let storm: Vec<_> = (0..COMING_AND_GOING)
        .map(|client| {
            tokio::spawn(come_and_go(server.url(), client, Arc::clone(&stop), Arc::clone(&changes)))
        })
        .collect();
    let (mut snapshots, began) = (0, Instant::now());
    // At a thousand a second this is over after three seconds; a busy machine takes longer.
    while changes.load(Ordering::Relaxed) < 3_000 || snapshots < 3 {
        let before = changes.load(Ordering::Relaxed);
        let Taken { snapshot, .. } = taken(&[server.url()]).await;
        snapshots += 1;
        assert!(snapshot.complete);
        assert!(changes.load(Ordering::Relaxed) > before, "nothing came and went meanwhile");
        let mut keys = BTreeSet::new();
        for (service, found) in snapshot.instances() {
            let key = (service.grouped(), found.address(), found.cluster.clone());
            assert!(keys.insert(key.clone()), "{key:?} stands twice");
        }
        let lasting = keys.iter().filter(|(_, address, _)| address.starts_with("10.1.")).count();
        assert_eq!(lasting, 600, "what did not move is there");
    }
    stop.store(true, Ordering::Relaxed);
    for client in storm {
        client.await.unwrap();
    }
    let rate = changes.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    eprintln!("{snapshots} snapshots while {rate:.0} instances a second came and went");
}

/// Registers and deregisters on one connection, as fast as it is answered.
async fn come_and_go(url: String, client: usize, stop: Arc<AtomicBool>, changes: Arc<AtomicUsize>) {
    let mut connection =
        Connection::open(&address_of(&url).unwrap(), Duration::from_secs(30)).await.unwrap();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let place = number % 700;
        let instance = format!("serviceName=s{place}&ip=10.2.0.{client}&port=80");
        for method in ["POST", "DELETE"] {
            let target = format!("/nacos/v1/ns/instance?{instance}");
            let answer = connection.exchange(&Request::new(method, target)).await.unwrap();
            assert_eq!(answer.text(), "ok");
            changes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The parameter of a target.
fn parameter(target: &str, name: &str) -> usize {
    let query = target.split_once('?').unwrap().1;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).unwrap().1.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_move_between_pages_stand_once_and_none_is_missed() {
    const SERVICES: usize = 1_200;
    // Between the first page and the second one service goes from the front, so that the first of
    // the second page is missed; from then on one comes to the front with each page, so that each
    // page begins with the last of the one before.
    let asked = Arc::new(AtomicUsize::new(0));
    let pages = Arc::clone(&asked);
    let moving = Scripted::start(move |target| {
        if !target.contains("/catalog/services") {
            return Some((200, page(SERVICES, target)?));
        }
        let new = match pages.fetch_add(1, Ordering::Relaxed) {
            0 => 0,
            1 => -1,
            more => i64::try_from(more).unwrap(),
        };
        let (number, size) = (parameter(target, "pageNo"), parameter(target, "pageSize"));
        let first = i64::try_from((number - 1) * size).unwrap() - new;
        let last = (first + i64::try_from(size).unwrap()).min(SERVICES as i64);
        let row = |number: i64| {
            let name = if number < 0 { format!("new{}", -number) } else { format!("s{number}") };
            format!(r#"{{"name":"{name}","groupName":"g","clusterCount":1,"ipCount":1}}"#)
        };
        let rows: Vec<String> = (first..last).map(row).collect();
        let (list, count) = (rows.join(","), SERVICES as i64 + new);
        Some((200, format!(r#"{{"serviceList":[{list}],"count":{count}}}"#)))
    });
    let Taken { snapshot, .. } = taken(std::slice::from_ref(&moving.url)).await;
    let names = snapshot.services.iter().map(|service| service.service.clone());
    let names: Vec<String> = names.filter(|name| name.starts_with('s')).collect();
    let all: BTreeSet<String> = (0..SERVICES).map(|number| format!("s{number}")).collect();
    assert_eq!(names.len(), SERVICES, "each once");
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), all);
    assert!(asked.load(Ordering::Relaxed) > 3, "the pages were walked again for the missing one");
}

/// A node with so many services of one instance each, which dies after so many questions.
fn dying(services: usize, after: usize) -> Scripted {
    let asked = AtomicUsize::new(0);
    Scripted::start(move |target| {
        if asked.fetch_add(1, Ordering::Relaxed) >= after {
            return None;
        }
        Some((200, page(services, target)?))
    })
}

/// What a small server says: names, one page of services, one instance each.
fn page(services: usize, target: &str) -> Option<String> {
    let all = 0..services;
    if target.contains("/service/names") {
        let names: Vec<String> = all.map(|number| format!("\"s{number}\"")).collect();
        return Some(format!(r#"{{"count":1,"services":{{"public":[{}]}}}}"#, names.join(",")));
    }
    if target.contains("/catalog/services") {
        let row = |number| {
            format!(r#"{{"name":"s{number}","groupName":"g","clusterCount":1,"ipCount":1}}"#)
        };
        let rows: Vec<String> = all.map(row).collect();
        return Some(format!(r#"{{"serviceList":[{}],"count":{services}}}"#, rows.join(",")));
    }
    if target.contains("/catalog/instances") {
        let host = r#"{"ip":"10.0.0.1","port":80,"clusterName":"DEFAULT","metadata":null}"#;
        return Some(format!(r#"{{"count":1,"list":[{host}]}}"#));
    }
    Some("{}".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_half_way_leaves_what_it_told_and_a_word_about_it() {
    let (whole, dies) = (dying(20, usize::MAX), dying(200, 60));
    let Taken { snapshot, unreachable, .. } = taken(&[whole.url.clone(), dies.url.clone()]).await;
    assert!(unreachable.is_empty() && !snapshot.complete);
    let [whole, cut] = &snapshot.nodes[..] else { panic!("{:?}", snapshot.nodes) };
    assert!(whole.complete && whole.instances == 20, "{whole:?}");
    assert!(!cut.complete && cut.error.is_some(), "{cut:?}");
    assert!((1..200).contains(&cut.instances), "{cut:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_never_answers_is_told_and_ends_in_time() {
    let alive = server("1.2.1").await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut options = options(&[alive.url(), url]);
    options.answer_timeout = Duration::from_millis(200);
    let Taken { snapshot, unreachable, .. } = take(&options, &|_, _| ()).await;
    assert_eq!(unreachable.len(), 1);
    assert_eq!(unreachable[0].1, "no answer within 200 ms");
    assert!(!snapshot.complete && snapshot.nodes[0].complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_disagree_about_namespaces_are_told() {
    let (one, two) = (server("1.2.1").await, server("1.2.1").await);
    register(&one, "serviceName=a&ip=10.0.0.1&port=80&namespaceId=only-here").await;
    let Taken { warnings, .. } = taken(&[one.url(), two.url()]).await;
    let address = two.url().replace("http://", "");
    let expected = format!("the nodes disagree: {address} without namespace only-here");
    assert_eq!(warnings.first(), Some(&expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_few_pages_is_read_as_far_as_it_goes() {
    // As r-nacos: no names, no clusters, no members; instances only by cluster.
    let few = Scripted::start(|target| {
        let known = ["/catalog/services", "/catalog/instances"];
        match known.iter().any(|path| target.contains(path)) {
            true => Some((200, page(3, target)?)),
            false => Some((404, String::new())),
        }
    });
    let Taken { snapshot, .. } = taken(std::slice::from_ref(&few.url)).await;
    assert!(snapshot.complete);
    assert_eq!(snapshot.instances().count(), 3);
    assert!(snapshot.members.is_empty());
    let (service, found) = snapshot.instances().next().unwrap();
    assert_eq!((service.responsible.as_deref(), found.responsible.as_deref()), (None, None));
    assert_eq!(found.registered_by, RegisteredBy::Unknown);
}
