//! `facos upgrade watch` through histories that scripted nodes tell, and on real ones.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use facos::client::fleet::Asker;
use facos::upgrade::{History, Judgement, NodePoll, Phase, poll};
use serde_json::{Value, json};

use crate::deployment::{Scripted, nodes_of, register, server};

/// How a scripted node stands.
#[derive(Clone, Debug)]
struct Stand {
    new: bool,
    upgraded: bool,
    ready: Option<bool>,
    old_data: (i64, i64),
    new_data: (i64, i64),
    lacks: &'static str,
    waiting: i64,
}

const OLD: Stand = Stand {
    new: false,
    upgraded: false,
    ready: None,
    old_data: (9, 18),
    new_data: (0, 0),
    lacks: "",
    waiting: 0,
};
const COPYING: Stand = Stand {
    new: true,
    ready: Some(false),
    new_data: (5, 9),
    lacks: "public##g@@a\npublic##g@@b",
    waiting: 7,
    ..OLD
};
const READY: Stand =
    Stand { ready: Some(true), new_data: (9, 18), lacks: "", waiting: 0, ..COPYING };
const UPGRADED: Stand = Stand { upgraded: true, ..READY };

/// Three nodes that say how they stand.
struct Three {
    stands: Arc<Mutex<Vec<Stand>>>,
    servers: Vec<Scripted>,
    history: History,
}

impl Three {
    fn start() -> Self {
        let stands = Arc::new(Mutex::new(vec![OLD; 3]));
        let servers = (0..3)
            .map(|place| {
                let stands = Arc::clone(&stands);
                Scripted::start(move |target| Some(said(&stands.lock().unwrap(), place, target)))
            })
            .collect();
        Self { stands, servers, history: History::default() }
    }

    async fn at(&mut self, stands: [Stand; 3]) -> Judgement {
        *self.stands.lock().unwrap() = stands.to_vec();
        let mut polls: Vec<(String, NodePoll)> = Vec::new();
        for (place, server) in self.servers.iter().enumerate() {
            let node = nodes_of(std::slice::from_ref(&server.url)).remove(0);
            let asker = Asker::new(node, 2, Duration::from_secs(5));
            polls.push((format!("n{place}"), poll(&asker).await));
        }
        self.history.judge(&polls)
    }
}

fn said(stands: &[Stand], place: usize, target: &str) -> (u16, String) {
    let own = &stands[place];
    let member = |place: usize| -> Value {
        let stand = &stands[place];
        let mut extend = json!({});
        if stand.new {
            extend["version"] = json!("2.0.2");
        }
        if let Some(ready) = stand.ready {
            extend["readyToUpgrade"] = json!(ready);
        }
        json!({"address": format!("n{place}:1"), "state": "UP", "extendInfo": extend})
    };
    let page = if target.contains("/console/server/state") {
        json!({"version": if own.new { "2.0.2" } else { "1.1.4" }})
    } else if target.contains("/operator/servers") {
        json!({"servers": [{"key": "n0:1"}, {"key": "n1:1"}, {"key": "n2:1"}]})
    } else if target.contains("/raft/leader") {
        json!({"leader": r#"{"ip":"n0:1","term":3}"#})
    } else if target.contains("/operator/switches") {
        json!({"healthCheckEnabled": true})
    } else if target.contains("/operator/cluster/state") {
        json!({"ip": format!("n{place}:1")})
    } else if !own.new {
        return (401, String::new());
    } else if target.contains("/upgrade/ops/metrics") {
        json!({
            "upgraded": own.upgraded, "isAll20XVersion": stands.iter().all(|stand| stand.new),
            "isDoubleWriteEnabled": true, "doubleWriteDelayTaskCount": own.waiting,
            "serviceCountV1": own.old_data.0, "instanceCountV1": own.old_data.1,
            "serviceCountV2": own.new_data.0, "instanceCountV2": own.new_data.1,
            "service.V1.not.in.V2": own.lacks, "service.V2.not.in.V1": "",
        })
    } else if target.contains("/core/cluster/self") {
        json!({"code": 200, "data": member(place)})
    } else if target.contains("/core/cluster/nodes") {
        json!({"code": 200, "data": [member(0), member(1), member(2)]})
    } else {
        return (404, String::new());
    };
    (200, page.to_string())
}

fn phases(judgement: &Judgement) -> Vec<Phase> {
    judgement.nodes.iter().map(|state| state.phase).collect()
}

#[track_caller]
fn says(judgement: &Judgement, place: usize, words: &str) {
    let reasons = &judgement.nodes[place].reasons;
    assert!(reasons.iter().any(|reason| reason.contains(words)), "{words:?}: {reasons:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_upgrade_goes_when_the_last_node_is_upgraded() {
    let mut three = Three::start();
    let old = three.at([OLD, OLD, OLD]).await;
    assert_eq!((old.go, phases(&old)), (false, vec![Phase::Old; 3]));
    let mixed = three.at([COPYING, OLD, OLD]).await;
    assert_eq!(phases(&mixed), [Phase::Copying, Phase::Old, Phase::Old]);
    assert!(mixed.reasons[0].contains("versions 1.1.4 and 2.0.2"), "{:?}", mixed.reasons);
    let copying = three.at([READY, COPYING, READY]).await;
    assert_eq!(phases(&copying), [Phase::Ready, Phase::Copying, Phase::Ready]);
    says(&copying, 0, "waits for n1");
    says(&copying, 1, "not copied: public##g@@a, public##g@@b");
    let nearly = three.at([UPGRADED, READY, UPGRADED]).await;
    assert!(!nearly.go);
    let done = three.at([UPGRADED, UPGRADED, UPGRADED]).await;
    assert_eq!((done.go, phases(&done)), (true, vec![Phase::Upgraded; 3]), "{done:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_that_never_match_are_told_with_the_services_and_called_stuck() {
    let mut three = Three::start();
    let mut last = three.at([COPYING, COPYING, COPYING]).await;
    says(&last, 0, "1.x data hold 9 services and 18 instances, 2.x data 5 and 9");
    for _ in 0..5 {
        last = three.at([COPYING, COPYING, COPYING]).await;
    }
    assert!(!last.go);
    says(&last, 2, "unchanged for 6 polls with 7 writes waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_that_a_restart_took_blocks_the_others_and_nobody_once_all_are_upgraded() {
    let mut three = Three::start();
    three.at([READY, READY, UPGRADED]).await;
    let restarted = Stand { ready: None, ..UPGRADED };
    let blocked = three.at([READY, READY, restarted.clone()]).await;
    assert!(!blocked.go);
    says(&blocked, 0, "a flag that n2 lost in a restart");
    let done = three.at([UPGRADED, UPGRADED, restarted]).await;
    assert!(done.go, "{done:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_that_is_never_ready_keeps_the_others_waiting() {
    let mut three = Three::start();
    let silent = Stand { ready: None, ..COPYING };
    for _ in 0..3 {
        let waiting = three.at([READY, READY, silent.clone()]).await;
        assert_eq!(phases(&waiting), [Phase::Ready, Phase::Ready, Phase::Copying]);
        says(&waiting, 1, "waits for n2");
        says(&waiting, 2, "has not told yet whether it is ready");
        assert!(!waiting.go);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_that_falls_back_to_the_old_core_is_told() {
    let mut three = Three::start();
    assert!(three.at([UPGRADED, UPGRADED, UPGRADED]).await.go);
    let fell = Stand { upgraded: false, ready: Some(false), ..READY };
    let back = three.at([UPGRADED, fell, UPGRADED]).await;
    assert_eq!(phases(&back), [Phase::Upgraded, Phase::FellBack, Phase::Upgraded]);
    says(&back, 1, "fell back to its 1.x core");
    assert!(!back.go);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_node_that_stands_alone_is_upgraded_and_an_old_one_is_not() {
    let (new, old) = (server("2.0.2").await, server("1.1.4").await);
    register(&new, "serviceName=a&ip=10.0.0.1&port=80").await;
    let mut history = History::default();
    let mut judge = async |url: String| {
        let node = nodes_of(&[url]).remove(0);
        let found = poll(&Asker::new(node, 2, Duration::from_secs(5))).await;
        history.judge(&[("n".to_owned(), found)])
    };
    let judged = judge(new.url()).await;
    assert_eq!((judged.go, phases(&judged)), (true, vec![Phase::Upgraded]), "{judged:#?}");
    let judged = judge(old.url()).await;
    assert_eq!((judged.go, phases(&judged)), (false, vec![Phase::Old]));
}
