//! A deployment of three with 24 services of one instance each, whose clients beat every five
//! seconds at some node and, when that fails, at the next: as in the recordings.

use super::{STEP_MS, ms, profile};
use facos::TestCluster;
use facos::client::http::{Request, send};
use facos::model::MemberId;
use facos::node::peering::{MemberSource, Network};
use facos::peers::upgrade::Core;
use facos::serve::{Nodes, ServeConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Services, each with one instance.
const SERVICES: usize = 24;
/// From one beat of a client to the next, ms.
const BEAT_MS: u64 = 5_000;

/// How the clients beat.
#[derive(Debug, Clone, Copy)]
pub enum Habit {
    /// The whole beat in the query, as 1.1.4's client.
    Query,
    /// Nothing but who they are, as 1.2.1's client once it was told that this is enough.
    Light,
    /// The beat in the body, until an answer says that it is not needed: 1.2.1's client. An error
    /// changes nothing about that.
    Learns,
}

/// The deployment and its clients.
pub struct Scene {
    runtime: Runtime,
    cluster: TestCluster,
    /// How each client beats, and whether it was told that a light beat is enough.
    habits: Vec<(Habit, bool)>,
    /// How many light beats were refused so far.
    refused: usize,
    used: Vec<usize>,
    down: BTreeSet<usize>,
    passed_ms: u64,
    /// When each client beats next.
    due: Vec<u64>,
    dice: u64,
}

/// What was missing at some nodes while somebody looked.
#[derive(Debug, Default)]
pub struct Watched {
    /// Looks: when, which node, what was missing there, who was healthy.
    looks: Vec<Look>,
}

#[derive(Debug)]
struct Look {
    at: u64,
    node: usize,
    missing: BTreeSet<String>,
    healthy: Vec<usize>,
}

impl Scene {
    /// Three nodes and their clients, each of which has registered.
    pub fn start(version: &str, habit: Habit) -> Self {
        let runtime = Runtime::new().unwrap();
        let cluster = runtime.block_on(TestCluster::start(3, profile(version))).unwrap();
        let due = (0..SERVICES as u64).map(|client| client * BEAT_MS / SERVICES as u64).collect();
        let scene = Self {
            runtime,
            cluster,
            habits: vec![(habit, matches!(habit, Habit::Light)); SERVICES],
            refused: 0,
            used: vec![0, 1, 2],
            down: BTreeSet::new(),
            passed_ms: 0,
            due,
            dice: 7,
        };
        scene.register_again();
        scene
    }

    /// Three nodes that have just started, and nobody who uses them.
    pub fn start_cold(version: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let config = ServeConfig::new(profile(version));
        let config = ServeConfig { cold_start: true, nodes: Nodes::Count(3), ..config };
        let cluster = runtime.block_on(TestCluster::start_with(config)).unwrap();
        Self {
            runtime,
            cluster,
            habits: Vec::new(),
            refused: 0,
            used: vec![0, 1, 2],
            down: BTreeSet::new(),
            passed_ms: 0,
            due: Vec::new(),
            dice: 7,
        }
    }

    /// Whether each node is upgraded; `None` for one of 1.x.
    pub fn upgraded_all(&self) -> [Option<bool>; 3] {
        [0, 1, 2].map(|node| self.upgraded(node))
    }

    /// Whether a node is upgraded.
    pub fn upgraded(&self, node: usize) -> Option<bool> {
        self.cluster.node(node).is_upgraded()
    }

    /// How many healthy members each node sees.
    pub fn healthy_of_all(&self) -> [usize; 3] {
        [0, 1, 2].map(|node| self.healthy(node))
    }

    /// How many healthy members a node sees.
    pub fn healthy(&self, node: usize) -> usize {
        self.cluster.node(node).peering().unwrap().members(|members| members.healthy().len())
    }

    /// Services and instances of 1.x and of 2.x on a node.
    pub fn counts(&self, node: usize) -> [usize; 4] {
        let of = |core| self.cluster.node(node).read_in(core, |registry, _| registry.totals());
        let (old, new) = (of(Core::Old), of(Core::New));
        [old.services, old.instances, new.services, new.instances]
    }

    /// Sends a node a PUT; its status.
    pub fn put(&self, node: usize, target: &str) -> u16 {
        self.ask(node, "PUT", target).unwrap().0
    }

    /// Sends a node a POST; its status.
    pub fn post(&self, node: usize, target: &str) -> u16 {
        self.ask(node, "POST", target).unwrap().0
    }

    /// What a node lists of a service.
    pub fn list(&self, node: usize, service: &str) -> String {
        let target = format!("/nacos/v1/ns/instance/list?serviceName={service}");
        self.ask(node, "GET", &target).unwrap().1
    }

    /// Repairs double write on every node while it runs.
    pub fn repair_all(&self) {
        for node in 0..self.cluster.len() {
            self.cluster.node(node).set_quirk("upgrade.converts", "true").unwrap();
        }
    }

    /// The status of the old raft's page.
    pub fn ask_raft(&self, node: usize) -> u16 {
        self.ask(node, "GET", "/nacos/v1/ns/raft/leader").unwrap().0
    }

    /// Every client registers, each at a node.
    pub fn register_again(&self) {
        for service in 0..SERVICES {
            let target = format!("/nacos/v1/ns/instance?{}", identity(service));
            assert_eq!(self.ask(service % 3, "POST", &target), Some((200, "ok".to_owned())));
        }
    }

    /// Time since the beginning, ms.
    pub fn now(&self) -> u64 {
        self.passed_ms
    }

    /// Every second client is one that learns to beat lightly.
    pub fn mix_in_learners(&mut self) {
        for (habit, _) in self.habits.iter_mut().skip(1).step_by(2) {
            *habit = Habit::Learns;
        }
    }

    /// How many learners beat lightly by now.
    pub fn light(&self) -> usize {
        self.habits.iter().filter(|(habit, light)| matches!(habit, Habit::Learns) && *light).count()
    }

    /// How many light beats were refused since this was asked last.
    pub fn refused(&mut self) -> usize {
        std::mem::take(&mut self.refused)
    }

    /// Kills a node and starts it again as another version.
    pub fn restart_as(&mut self, node: usize, version: &str) {
        self.kill(node);
        self.run(3_000);
        assert!(self.cluster.start_again(node, Some(profile(version))).unwrap());
        self.down.remove(&node);
    }

    /// Clients use only these nodes from now on.
    pub fn use_nodes(&mut self, nodes: &[usize]) {
        self.used = nodes.to_vec();
    }

    /// Kills a node.
    pub fn kill(&mut self, node: usize) {
        assert!(self.cluster.kill(node));
        self.down.insert(node);
    }

    /// Starts a node again, with another list of members if one is given.
    pub fn start_again(&mut self, node: usize, members: Option<&[usize]>) {
        assert!(self.cluster.start_again(node, None).unwrap());
        if let Some(members) = members {
            self.list_members(node, members);
        }
        self.down.remove(&node);
    }

    /// Writes a node's list of members.
    pub fn list_members(&self, node: usize, members: &[usize]) {
        let members = members.iter().map(|member| self.address(*member)).collect();
        self.cluster.node(node).set_members(MemberSource::Given(members));
    }

    /// Adds members to every list.
    pub fn list_also(&self, strangers: &[&str]) {
        let nodes = (0..self.cluster.len()).map(|node| self.address(node));
        let strangers = strangers.iter().map(|stranger| MemberId::from(*stranger));
        let members: Vec<MemberId> = nodes.chain(strangers).collect();
        for node in 0..self.cluster.len() {
            self.cluster.node(node).set_members(MemberSource::Given(members.clone()));
        }
    }

    /// The network between the nodes, and a node's name in it.
    pub fn network(&self, node: usize) -> (Arc<Network>, MemberId) {
        (self.cluster.node(node).peering().unwrap().network().clone(), self.address(node))
    }

    /// How many calls of a node's engines wait for an answer.
    pub fn waiting(&self, node: usize) -> usize {
        self.cluster.node(node).peering().unwrap().waiting()
    }

    /// Sends a node something; its status.
    pub fn send(&self, node: usize, request: Request) -> u16 {
        let url = self.cluster.url(node);
        let answer = send(url.trim_start_matches("http://"), &request);
        self.runtime.block_on(answer).unwrap().status
    }

    /// Lets time pass in one leap, in which nobody beats.
    pub fn leap(&mut self, by_ms: u64) {
        self.runtime.block_on(self.cluster.advance(ms(by_ms)));
    }

    /// Whether every node lists everything.
    pub fn all_listed(&self) -> bool {
        (0..self.cluster.len()).all(|node| self.missing(node) == 0)
    }

    fn address(&self, node: usize) -> MemberId {
        MemberId::from(self.cluster.node(node).address().to_string())
    }

    /// Lets time pass.
    pub fn run(&mut self, for_ms: u64) {
        self.watch(for_ms, &[]);
    }

    /// Lets time pass and looks at nodes meanwhile.
    pub fn watch(&mut self, for_ms: u64, nodes: &[usize]) -> Watched {
        let mut watched = Watched::default();
        let end = self.passed_ms + for_ms;
        while self.passed_ms < end {
            let look =
                if nodes.is_empty() { end } else { (self.passed_ms / STEP_MS + 1) * STEP_MS };
            let next = self.due.iter().copied().min().unwrap_or(end).min(look).min(end);
            self.runtime.block_on(self.cluster.advance(ms(next - self.passed_ms)));
            self.passed_ms = next;
            self.beat_all();
            if next == look {
                watched.looks.extend(nodes.iter().map(|node| self.look(*node)));
            }
        }
        watched
    }

    fn beat_all(&mut self) {
        for service in 0..self.habits.len() {
            if self.due[service] > self.passed_ms {
                continue;
            }
            // A beat that found a node is the last for five seconds, whatever it was answered.
            self.due[service] = self.passed_ms + BEAT_MS;
            let (habit, light) = self.habits[service];
            let (target, form) = beat(service, habit, light);
            let first = self.roll();
            for node in 0..self.used.len() {
                let node = self.used[(first + node) % self.used.len()];
                let answer = self.ask_with(node, ("PUT", &target), form.as_deref());
                if let Some((200, answer)) = &answer {
                    self.habits[service].1 = answer.contains("\"lightBeatEnabled\":true");
                } else if light && answer.is_some() {
                    self.refused += 1;
                }
                match answer {
                    // Nobody knows it: it registers anew.
                    Some((200, answer)) if answer.contains("20404") => {
                        let target = format!("/nacos/v1/ns/instance?{}", identity(service));
                        self.ask(node, "POST", &target);
                        break;
                    }
                    Some((200, _)) => break,
                    _ => {}
                }
            }
        }
    }

    /// A node's number, as good as drawn.
    fn roll(&mut self) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
        usize::try_from(self.dice >> 33).unwrap() % self.used.len()
    }

    fn ask(&self, node: usize, method: &str, target: &str) -> Option<(u16, String)> {
        self.ask_with(node, (method, target), None)
    }

    fn ask_with(
        &self,
        node: usize,
        (method, target): (&str, &str),
        form: Option<&str>,
    ) -> Option<(u16, String)> {
        if self.down.contains(&node) {
            return None;
        }
        let request = Request::new(method, target).header("User-Agent", "Nacos-Java-Client:v1.1.4");
        let request = match form {
            Some(form) => request.form(form.to_owned()),
            None => request,
        };
        let url = self.cluster.url(node).trim_start_matches("http://").to_owned();
        let mut answer = self.runtime.spawn(async move { send(&url, &request).await });
        loop {
            let waited =
                self.runtime.block_on(async { tokio::time::timeout(ms(5), &mut answer).await });
            if let Ok(answer) = waited {
                return answer.unwrap().ok().map(|answer| (answer.status, answer.text()));
            }
            // On a slow or a cut way it waits for the nodes' clock.
            let holds = (0..self.cluster.len())
                .any(|node| self.cluster.node(node).peering().unwrap().is_holding());
            if holds {
                self.runtime.block_on(self.cluster.advance(ms(100)));
            }
        }
    }

    fn look(&self, node: usize) -> Look {
        let healthy = self.cluster.node(node).peering().unwrap().responsible().now();
        let nodes = 0..self.cluster.len();
        let healthy =
            nodes.filter(|other| healthy.healthy().contains(&self.address(*other))).collect();
        Look { at: self.passed_ms, node, missing: self.missing_names(node), healthy }
    }

    fn missing_names(&self, node: usize) -> BTreeSet<String> {
        let mut missing: BTreeSet<String> = (0..SERVICES).map(name).collect();
        self.cluster.node(node).read(|registry, _| {
            registry.each_instance(&mut |known, _| {
                missing.remove(facos::model::names::service_of(known.name));
            });
        });
        missing
    }

    /// How many of the instances a node does not list.
    pub fn missing(&self, node: usize) -> usize {
        self.missing_names(node).len()
    }

    /// Whether a node checks health.
    pub fn checks_health(&self, node: usize) -> bool {
        self.cluster.node(node).read(|registry, _| registry.switches().health_check_enabled)
    }
}

impl Watched {
    /// Every name that was missing at some time.
    pub fn names(&self) -> BTreeSet<&str> {
        self.looks.iter().flat_map(|look| look.missing.iter().map(String::as_str)).collect()
    }

    /// How much was missing at looks before that time.
    pub fn missing_before(&self, at: u64) -> usize {
        let before = self.looks.iter().filter(|look| look.at + STEP_MS < at);
        before.map(|look| look.missing.len()).max().unwrap_or(0)
    }

    /// When a member was first not healthy at a node.
    pub fn left_healthy(&self, node: usize, member: usize) -> Option<u64> {
        let mut looks = self.looks.iter().filter(|look| look.node == node);
        looks.find(|look| !look.healthy.contains(&member)).map(|look| look.at)
    }

    /// When a member was first healthy at a node.
    pub fn joined_healthy(&self, node: usize, member: usize) -> Option<u64> {
        let mut looks = self.looks.iter().filter(|look| look.node == node);
        looks.find(|look| look.healthy.contains(&member)).map(|look| look.at)
    }

    /// The longest time that one name was missing at one node, ms.
    pub fn longest_gap_ms(&self) -> u64 {
        let mut since: BTreeMap<(usize, &str), u64> = BTreeMap::new();
        let mut longest = 0;
        for look in &self.looks {
            since.retain(|(node, name), _| *node != look.node || look.missing.contains(*name));
            for name in &look.missing {
                let begun = *since.entry((look.node, name)).or_insert(look.at);
                longest = longest.max(look.at - begun);
            }
        }
        longest
    }
}

fn name(service: usize) -> String {
    format!("tl.{service:02}")
}

fn identity(service: usize) -> String {
    format!("serviceName=DEFAULT_GROUP%40%40{}&ip=10.9.0.{service}&port=80", name(service))
}

/// Where a beat goes, and what stands in its body.
fn beat(service: usize, habit: Habit, light: bool) -> (String, Option<String>) {
    let identity = identity(service);
    let json = format!(
        "beat=%7B%22cluster%22%3A%22DEFAULT%22%2C%22ip%22%3A%2210.9.0.{service}%22%2C%22port\
         %22%3A80%2C%22serviceName%22%3A%22DEFAULT_GROUP%40%40{}%22%2C%22weight%22%3A1.0%7D",
        name(service)
    );
    let target = format!("/nacos/v1/ns/instance/beat?{identity}");
    match habit {
        Habit::Query => (format!("{target}&{json}"), None),
        Habit::Learns if !light => (target, Some(json)),
        Habit::Learns | Habit::Light => (target, None),
    }
}
