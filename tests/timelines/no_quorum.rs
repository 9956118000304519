//! `no-quorum-1.1.4` and `-1.2.1`: two nodes, one of which is killed, so that the other has no
//! majority of raft. A leader applies what it can not spread and says after 5 s that it failed; a
//! follower of a dead leader fails at once.

use super::{ms, profile};
use facos::TestCluster;
use facos::client::http::{Request, send};
use facos::peers::Raft;
use tokio::runtime::Runtime;

/// Keys as the refusals name them.
const SERVICE: &str = "com.alibaba.nacos.naming.domains.meta.public##DEFAULT_GROUP@@";
const LIST: &str = "com.alibaba.nacos.naming.iplist.public##DEFAULT_GROUP@@";
const SWITCHES: &str =
    "com.alibaba.nacos.naming.domains.meta.00-00---000-NACOS_SWITCH_DOMAIN-000---00-00";
/// A change of a switch.
const SWITCH: &str = "/operator/switches?entry=pushCacheMillis&value=15000";
/// A persistent instance.
const PERSISTENT: &str = "/instance?serviceName=nq.p&ip=10.0.0.1&port=80&ephemeral=false";

struct Pair {
    runtime: Runtime,
    cluster: TestCluster,
}

/// What became of a request.
#[derive(Debug)]
struct Answer {
    status: u16,
    text: String,
    /// How long it took on the nodes' clock, ms.
    took_ms: u64,
}

impl Pair {
    /// Two nodes, the first of which leads.
    fn start(version: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let cluster = runtime.block_on(TestCluster::start(2, profile(version))).unwrap();
        let pair = Self { runtime, cluster };
        pair.pass(20_000);
        pair
    }

    /// Kills a node and waits until the other one answers for everything.
    fn lose(&self, node: usize) {
        assert!(self.cluster.kill(node));
        self.pass(12_000);
    }

    fn pass(&self, for_ms: u64) {
        self.runtime.block_on(self.cluster.advance(ms(for_ms)));
    }

    /// Asks a node; while it waits for a majority, time passes.
    fn ask(&self, node: usize, method: &str, target: &str) -> Answer {
        let node_asked = self.cluster.node(node);
        let request = Request::new(method, format!("/nacos/v1/ns{target}"));
        let url = self.cluster.url(node).trim_start_matches("http://").to_owned();
        let begun = node_asked.now();
        let answer = self.runtime.spawn(async move { send(&url, &request).await.unwrap() });
        while !answer.is_finished() {
            if node_asked.raft(Raft::writing) == Some(0) {
                self.runtime.block_on(tokio::task::yield_now());
            } else {
                self.pass(100);
            }
        }
        let took_ms = node_asked.now().since(begun);
        let response = self.runtime.block_on(answer).unwrap();
        Answer { status: response.status, text: response.text(), took_ms }
    }

    fn refused(&self, node: usize, (method, target): (&str, &str), key: &str) -> u64 {
        let answer = self.ask(node, method, target);
        let expected = format!("Raft put failed, key:{key}, value:");
        assert_eq!(answer.status, 500, "{answer:?}");
        assert!(answer.text.contains(&expected), "{answer:?}");
        answer.took_ms
    }
}

#[test]
fn a_leader_without_a_majority_says_so_after_five_seconds_and_keeps_what_it_was_given() {
    for version in ["1.1.4", "1.2.1"] {
        let pair = Pair::start(version);
        pair.lose(1);
        let service = ("POST", "/service?serviceName=nq.s&protectThreshold=0.5");
        let took = pair.refused(0, service, &format!("{SERVICE}nq.s"));
        assert!((5_000..=5_200).contains(&took), "{took}");
        assert_eq!(pair.ask(0, "GET", "/service?serviceName=nq.s").status, 200, "{version}");
        // The record of a new service comes first; once the service is there, the list is written.
        pair.refused(0, ("POST", PERSISTENT), &format!("{SERVICE}nq.p"));
        assert!(
            pair.ask(0, "GET", "/instance/list?serviceName=nq.p").text.contains("\"hosts\":[]")
        );
        pair.refused(0, ("POST", PERSISTENT), &format!("{LIST}nq.p"));
        assert!(pair.ask(0, "GET", "/instance/list?serviceName=nq.p").text.contains("10.0.0.1"));
        let took = pair.refused(0, ("PUT", SWITCH), SWITCHES);
        assert!((5_000..=5_200).contains(&took), "{took}");
        assert!(
            pair.ask(0, "GET", "/operator/switches")
                .text
                .contains("\"defaultPushCacheMillis\":15000")
        );
        let gone = pair.ask(0, "DELETE", "/service?serviceName=nq.s");
        assert_eq!((gone.status, gone.text.as_str(), gone.took_ms), (200, "ok", 0), "{version}");
        let kept_by_beats = "/instance?serviceName=nq.e&ip=10.0.0.2&port=80";
        assert_eq!(pair.ask(0, "POST", kept_by_beats).status, 200, "{version}");
        assert!(pair.ask(0, "GET", "/raft/leader").text.contains("LEADER"));
    }
}

#[test]
fn a_follower_of_a_dead_leader_refuses_at_once_and_names_the_leader_until_its_own_election() {
    for version in ["1.1.4", "1.2.1"] {
        let pair = Pair::start(version);
        let made = pair.ask(0, "POST", "/service?serviceName=nq.d&protectThreshold=0");
        assert_eq!(made.status, 200, "{made:?}");
        pair.pass(6_000);
        assert!(pair.cluster.kill(0));
        let named = pair.ask(1, "GET", "/raft/leader").text;
        assert!(named.contains("LEADER"), "{named}");
        // Long enough to answer for everything.
        pair.pass(12_000);
        let service = ("POST", "/service?serviceName=nq.s&protectThreshold=0");
        assert_eq!(pair.refused(1, service, &format!("{SERVICE}nq.s")), 0, "{version}");
        let absent = pair.ask(1, "GET", "/service?serviceName=nq.s");
        assert!(absent.text.contains("is not found"), "{absent:?}");
        let kept = pair.ask(1, "DELETE", "/service?serviceName=nq.d");
        assert!(kept.text.contains("Raft remove failed, key:"), "{kept:?}");
        pair.pass(10_000);
        assert_eq!(pair.ask(1, "GET", "/raft/leader").text, "{\"leader\":\"null\"}");
        assert_eq!(pair.refused(1, service, &format!("{SERVICE}nq.s")), 0, "{version}");
    }
}

#[test]
fn switches_that_a_beat_brought_can_not_be_changed_at_the_follower() {
    for version in ["1.1.4", "1.2.1"] {
        let pair = Pair::start(version);
        pair.lose(1);
        pair.refused(0, ("PUT", SWITCH), SWITCHES);
        assert!(pair.cluster.start_again(1, None).unwrap());
        pair.pass(20_000);
        let misread = pair.ask(1, "PUT", SWITCH);
        assert_eq!(misread.status, 500, "{version}");
        assert!(misread.text.contains("java.lang.ClassCastException: class "), "{misread:?}");
        assert_eq!(pair.ask(0, "PUT", SWITCH).status, 200, "{version}");
        assert_eq!(pair.ask(1, "PUT", SWITCH).status, 200, "{version}");
    }
}
