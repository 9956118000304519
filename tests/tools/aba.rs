//! Three nodes of 1.1.4, one of which is killed and returns, so that responsibility moves from A
//! to B and back (`cluster/timelines/kill-and-return`): what a consumer that polls all nodes does
//! not find, with and without compensation.
//!
//! Sockets are real and the clock is the cluster's: clients, consumer and the planner of
//! `facos compensate` all live by it, so that nothing depends on the machine.

use std::collections::BTreeMap;
use std::time::Duration;

use facos::client::fleet::{Asker, Sharding, members, own_address};
use facos::client::http::{Connection, Request, Response, address_of};
use facos::compensate::{
    Answer, Heads, InstanceReport, Job, NodeView, Planner, Reader, Settings, State, Views,
    instances, subjects, write,
};
use facos::snapshot::{Options, take};
use facos::{Profile, TestCluster};

use crate::deployment::nodes_of;

const NODES: usize = 3;
/// The numbers of the services. Of three members these answer for aba.0 to aba.10:
/// 0 2 1 0 2 1 0 2 1 0 1, and of two: 1 0 1 0 1 0 1 0 1 0 0.
const SERVICES: [usize; 9] = [0, 2, 3, 4, 5, 6, 7, 9, 10];
/// The step of time, as often as the consumer polls.
const STEP_MS: u64 = 200;
/// Clients beat each five seconds.
const PERIOD_MS: u64 = 5_000;
const LIMIT: Duration = Duration::from_secs(20);

/// When what happens, in milliseconds from the start of the story. The node is away for longer
/// than an instance may go without a beat, so that the copies of those who stay grow old.
const KILLED_MS: u64 = 10_000;
const RETURNED_MS: u64 = 60_000;
const END_MS: u64 = 90_000;

/// Services whose clients end, and how.
const DIES: (usize, u64) = (7, 8_000);
const LEAVES_EARLY: (usize, u64) = (5, 8_000);
const LEAVES_LATE: (usize, u64) = (9, 61_400);
/// A service whose instance an operator has put offline; its client beats on. It does not move:
/// where 1.1.4 deletes such an instance, its own client's next beat brings it back online.
const OFFLINE: usize = 3;

/// The deployment with a kept connection to each node.
struct Deployment {
    cluster: TestCluster,
    connections: Vec<Option<Connection>>,
    at_ms: u64,
}

impl Deployment {
    async fn start() -> Self {
        let cluster = TestCluster::start(NODES, Profile::nacos("1.1.4").unwrap()).await.unwrap();
        let connections = (0..NODES).map(|_| None).collect();
        let mut deployment = Self { cluster, connections, at_ms: 0 };
        deployment.cluster.advance(Duration::from_secs(30)).await;
        for service in SERVICES {
            let enabled = service != OFFLINE;
            let target = format!(
                "instance?serviceName=aba.{service}&ip=10.60.0.{service}&port=80&enabled={enabled}"
            );
            let registered = deployment.call(service % NODES, "POST", &target).await.unwrap();
            assert_eq!(registered.text(), "ok");
        }
        // Long enough for the copies of those who do not answer for a service to be old.
        for _ in 0..8 {
            for service in SERVICES {
                deployment.beat(service).await;
            }
            deployment.cluster.advance(Duration::from_millis(PERIOD_MS)).await;
        }
        deployment
    }

    /// The cluster's time, in milliseconds since 1970.
    fn now_ms(&self) -> u64 {
        self.cluster.node(0).now().0
    }

    async fn call(&mut self, node: usize, method: &str, target: &str) -> Option<Response> {
        let request = Request::new(method, format!("/nacos/v1/ns/{target}"));
        let address = address_of(&self.cluster.url(node)).unwrap();
        self.exchange(node, &request.to_bytes(&address).unwrap()).await
    }

    /// One request on the kept connection, or on a new one when that has ended meanwhile.
    async fn exchange(&mut self, node: usize, request: &[u8]) -> Option<Response> {
        if let Some(mut kept) = self.connections[node].take()
            && let Ok(answer) = kept.exchange_bytes(request, false, LIMIT).await
        {
            self.connections[node] = kept.is_reusable().then_some(kept);
            return Some(answer);
        }
        let address = address_of(&self.cluster.url(node)).unwrap();
        let mut fresh = Connection::open(&address, LIMIT).await.ok()?;
        let answer = fresh.exchange_bytes(request, false, LIMIT).await.ok()?;
        self.connections[node] = fresh.is_reusable().then_some(fresh);
        Some(answer)
    }

    /// The clients whose beat is due try one node after the other, with the beat in the query.
    async fn beats_of_clients(&mut self, story_ms: u64) {
        for service in SERVICES {
            let ended = [DIES, LEAVES_EARLY, LEAVES_LATE]
                .iter()
                .any(|(s, at)| *s == service && story_ms >= *at);
            let due = (self.at_ms + STEP_MS * 3 * service as u64).is_multiple_of(PERIOD_MS);
            if ended || !due {
                continue;
            }
            self.beat(service).await;
        }
    }

    /// One beat of a service's client.
    async fn beat(&mut self, service: usize) {
        let beat = format!(
            "%7B%22ip%22:%2210.60.0.{service}%22,%22port%22:80,%22cluster%22:%22DEFAULT%22,\
             %22weight%22:1.0,%22metadata%22:%7B%7D,\
             %22serviceName%22:%22DEFAULT_GROUP@@aba.{service}%22%7D"
        );
        let target = format!("instance/beat?serviceName=aba.{service}&beat={beat}");
        for node in 0..NODES {
            let node = (service + node) % NODES;
            let answer = self.call(node, "PUT", &target).await;
            if answer.is_some_and(|answer| answer.status == 200) {
                break;
            }
        }
    }

    /// Whether a node lists the service's instance; none where it does not answer at all.
    async fn lists(&mut self, node: usize, service: usize) -> Option<bool> {
        let target = format!("instance/list?serviceName=aba.{service}");
        let answer = self.call(node, "GET", &target).await?;
        Some(answer.status == 200 && answer.text().contains(&format!("\"10.60.0.{service}\"")))
    }
}

/// `facos compensate` with its clock, its threads and its sockets taken from it.
struct Compensation {
    planner: Planner,
    askers: Vec<Asker>,
    views: Views,
    heads: Vec<Heads>,
    reader: Reader,
}

impl Compensation {
    async fn of(deployment: &Deployment) -> Self {
        let urls: Vec<String> = (0..NODES).map(|node| deployment.cluster.url(node)).collect();
        let options = Options {
            nodes: nodes_of(&urls),
            namespaces: Vec::new(),
            timeout: Duration::from_secs(60),
            answer_timeout: LIMIT,
            concurrency: 4,
            now_ms: deployment.now_ms(),
        };
        let snapshot = take(&options, &|_, _| ()).await.snapshot;
        assert_eq!(snapshot.instances().count(), SERVICES.len());
        let period = Duration::from_millis(PERIOD_MS);
        let settings = Settings { max_age: Duration::from_secs(30), period };
        let subjects = subjects(&snapshot, period);
        assert_eq!(subjects.skipped.disabled, 1);
        let askers: Vec<Asker> =
            options.nodes.iter().map(|node| Asker::new(node.clone(), 2, LIMIT)).collect();
        let none = vec![NodeView::default(); NODES];
        let views = seen(&askers, &Views { sharding: Sharding::Service, nodes: none }).await;
        let mut planner = Planner::new(subjects, settings, views.clone(), deployment.now_ms());
        (0..NODES).for_each(|node| planner.clock(node, 0));
        let heads = options.nodes.iter().map(|node| Heads::new(&node.address)).collect();
        Self { planner, askers, views, heads, reader: Reader::default() }
    }

    /// Looks after the nodes, and sends what is due.
    async fn act(&mut self, deployment: &mut Deployment) {
        self.views = seen(&self.askers, &self.views).await;
        self.planner.see(self.views.clone(), deployment.now_ms());
        while let Some(job) = self.planner.next(deployment.now_ms()) {
            let (Job::Look { node, .. } | Job::Beat { node, .. }) = job;
            let mut request = Vec::new();
            write(&self.planner, &job, &self.heads[node], &mut request);
            let now = deployment.now_ms();
            let answer = match deployment.exchange(node, &request).await {
                Some(answer) => self.reader.answer(&job, answer.status, &answer.body),
                None => Answer::Nothing,
            };
            self.planner.answered(job, &answer, now, now);
        }
    }
}

/// What the nodes say of their members.
async fn seen(askers: &[Asker], before: &Views) -> Views {
    let mut nodes = Vec::new();
    for (asker, known) in askers.iter().zip(&before.nodes) {
        let own = match &known.own_address {
            Some(own) => Some(own.clone()),
            None => own_address(asker).await.ok().flatten(),
        };
        nodes.push(match members(asker).await {
            Ok(members) => NodeView { answers: true, own_address: own, members },
            Err(_) => NodeView { answers: false, own_address: own, members: Vec::new() },
        });
    }
    Views { sharding: before.sharding, nodes }
}

/// What the consumer did not find at nodes that answered and had been loaded.
#[derive(Debug, Default)]
struct Missed {
    polls: usize,
    /// How often each service went missing at a node.
    windows: BTreeMap<usize, usize>,
}

impl Missed {
    fn services(&self) -> usize {
        self.windows.values().filter(|windows| **windows > 0).count()
    }
}

struct Told {
    missed: Missed,
    deployment: Deployment,
    /// What became of each kept instance.
    kept: Vec<InstanceReport>,
}

async fn story(compensated: bool) -> Told {
    let mut deployment = Deployment::start().await;
    let mut compensation = match compensated {
        true => Some(Compensation::of(&deployment).await),
        false => None,
    };
    let mut consumer = Consumer::default();
    for story_ms in (0..END_MS).step_by(usize::try_from(STEP_MS).unwrap()) {
        match story_ms {
            KILLED_MS => assert!(deployment.cluster.kill(2)),
            RETURNED_MS => {
                assert!(deployment.cluster.start_again(2, None).unwrap());
                consumer.loaded = false;
            }
            _ => {}
        }
        for (service, at_ms) in [LEAVES_EARLY, LEAVES_LATE] {
            if at_ms == story_ms {
                let target =
                    format!("instance?serviceName=aba.{service}&ip=10.60.0.{service}&port=80");
                let left = deployment.call(0, "DELETE", &target).await.unwrap();
                assert_eq!(left.text(), "ok");
            }
        }
        deployment.beats_of_clients(story_ms).await;
        if let Some(compensation) = &mut compensation {
            compensation.act(&mut deployment).await;
        }
        consumer.poll(&mut deployment).await;
        deployment.cluster.advance(Duration::from_millis(STEP_MS)).await;
        deployment.at_ms += STEP_MS;
    }
    let kept = compensation.map_or(Vec::new(), |ended| instances(&ended.planner));
    Told { missed: consumer.missed(), deployment, kept }
}

/// Polls every node for every service whose client lives on.
struct Consumer {
    polls: usize,
    /// By service and node: whether the last poll found it, and the windows in which none did.
    seen: BTreeMap<usize, [(bool, usize); NODES]>,
    /// Whether the node that returns has been given what the others hold.
    loaded: bool,
}

impl Default for Consumer {
    fn default() -> Self {
        let seen = SERVICES.map(|service| (service, [(true, 0); NODES])).into();
        Self { polls: 0, seen, loaded: true }
    }
}

impl Consumer {
    async fn poll(&mut self, deployment: &mut Deployment) {
        let lives =
            |service: &usize| ![DIES.0, LEAVES_EARLY.0, LEAVES_LATE.0, OFFLINE].contains(service);
        let mut all_there = true;
        for service in SERVICES.into_iter().filter(lives) {
            for node in 0..NODES {
                let Some(found) = deployment.lists(node, service).await else { continue };
                // A node that has just started is empty whatever anybody does.
                if node == 2 && !self.loaded {
                    all_there &= found;
                    continue;
                }
                let Some(seen) = self.seen.get_mut(&service) else { continue };
                let (before, windows) = &mut seen[node];
                self.polls += usize::from(!found);
                *windows += usize::from(*before && !found);
                *before = found;
            }
        }
        self.loaded |= all_there;
    }

    fn missed(&self) -> Missed {
        let all = |nodes: &[(bool, usize); NODES]| nodes.iter().map(|(_, count)| count).sum();
        let windows = self.seen.iter().map(|(service, nodes)| (*service, all(nodes)));
        Missed { polls: self.polls, windows: windows.collect() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_returns_costs_a_fraction_of_what_it_costs_alone() {
    let (alone, compensated) = tokio::join!(tokio::spawn(story(false)), tokio::spawn(story(true)));
    let alone = alone.unwrap().missed;
    assert!(alone.services() >= 2, "1.1.4 loses what moves there and back: {alone:?}");

    let Told { missed, mut deployment, kept } = compensated.unwrap();
    eprintln!("alone {alone:?}\ncompensated {missed:?}");
    // A member deletes what it was given in the same moment in which it becomes responsible for it:
    // there no beat can be earlier, and the next one brings the instance back.
    assert!(missed.polls * 5 <= alone.polls, "{missed:?} of {alone:?}");
    assert!(missed.services() < alone.services(), "{missed:?} of {alone:?}");

    let state = |service: usize| {
        let named = format!("10.60.0.{service}:80@DEFAULT");
        kept.iter().find(|one| one.instance == named).map(|one| one.state)
    };
    assert_eq!(state(DIES.0), Some(State::Silent), "a killed provider is let go");
    // Who leaves while the member starts is seen to leave, whomever that one has heard of by then.
    assert_eq!(state(LEAVES_LATE.0), Some(State::Deregistered), "{kept:?}");
    assert_eq!(state(OFFLINE), None, "who is offline gets no beat");
    for node in 0..NODES {
        for service in [DIES.0, LEAVES_EARLY.0, LEAVES_LATE.0] {
            let listed = deployment.lists(node, service).await;
            assert_eq!(listed, Some(false), "aba.{service} at node {node}");
        }
        let offline = deployment.lists(node, OFFLINE).await;
        assert_eq!(offline, Some(false), "what is offline stays so at node {node}");
    }
}
