//! The planner against a model of three 1.1 members, on a clock of its own: a member is killed and
//! returns, and a consumer counts what it does not find.
//!
//! The model is what was measured (`cluster/timelines/kill-and-return`): a copy holds the beat time
//! of the last sync, peers drop a dead member after ten seconds, a new owner looks each five
//! seconds and deletes what is older than thirty, and the next full beat creates it anew.
use std::time::Duration;

use super::life::State;
use super::planner::{Answer, Job, Planner, Settings};
use super::subject::subjects;
use super::subject::tests::snapshot;
use super::views::{NodeView, Views};
use crate::client::fast::BeatAnswer;
use crate::client::fleet::{Listed, Sharding, distro_hash};

const NODES: usize = 3;
const SERVICES: usize = 24;
const STEP_MS: u64 = 10;
const NAMES: [&str; NODES] = ["a:1", "b:1", "c:1"];

/// Times of the model, in milliseconds.
const KILLED_MS: u64 = 10_000;
const DROPPED_MS: u64 = 20_300;
const RETURNED_MS: u64 = 60_000;
const SEEN_MS: u64 = 63_000;
const LOADED_MS: u64 = 64_500;
const END_MS: u64 = 240_000;

struct Member {
    alive: bool,
    /// The members that it holds for healthy, by their place.
    healthy: Vec<usize>,
    /// The last beat of each service's instance, where it has one.
    copies: [Option<u64>; SERVICES],
}

struct Cluster {
    members: Vec<Member>,
    hashes: [u32; SERVICES],
    /// Copies on their way: when, whose, and of which service. What is sent is what is there then.
    syncs: Vec<(u64, usize, usize)>,
    now_ms: u64,
}

impl Cluster {
    fn new() -> Self {
        let member = || Member { alive: true, healthy: vec![0, 1, 2], copies: [Some(0); SERVICES] };
        let hashes = std::array::from_fn(|service| distro_hash(&name(service)));
        // Everything was registered five minutes ago; only the owners know of beats since.
        let mut cluster = Self {
            members: (0..NODES).map(|_| member()).collect(),
            hashes,
            syncs: Vec::new(),
            now_ms: BEGIN_MS,
        };
        for service in 0..SERVICES {
            let owner = cluster.owner(0, service);
            cluster.members[owner].copies[service] = Some(BEGIN_MS - 1000);
        }
        cluster
    }

    fn owner(&self, node: usize, service: usize) -> usize {
        let healthy = &self.members[node].healthy;
        healthy[self.hashes[service] as usize % healthy.len()]
    }

    fn step(&mut self, at_ms: u64) {
        self.now_ms = BEGIN_MS + at_ms;
        match at_ms {
            KILLED_MS => self.members[2].alive = false,
            DROPPED_MS => (0..2).for_each(|node| self.members[node].healthy = vec![0, 1]),
            RETURNED_MS => {
                let alone = Member { alive: true, healthy: vec![2], copies: [None; SERVICES] };
                self.members[2] = alone;
            }
            SEEN_MS => (0..NODES).for_each(|node| self.members[node].healthy = vec![0, 1, 2]),
            LOADED_MS => {
                // What it is sent are the copies of the data, with the beat times of their syncs.
                for service in 0..SERVICES {
                    if self.members[2].copies[service].is_none() {
                        self.members[2].copies[service] =
                            self.members[0].copies[service].map(|_| 0);
                    }
                }
            }
            _ => {}
        }
        let now = self.now_ms;
        let due: Vec<_> = self.syncs.extract_if(.., |(at, ..)| *at <= now).collect();
        for (_, from, service) in due {
            let copy = self.members[from].copies[service];
            for member in self.members.iter_mut().filter(|member| member.alive) {
                member.copies[service] = copy;
            }
        }
        for node in 0..NODES {
            // Each service is looked at each five seconds, at a moment of its own.
            let looked = (0..SERVICES).filter(|service| {
                (at_ms + 210 * *service as u64 + 1700 * node as u64).is_multiple_of(5000)
            });
            for service in looked.collect::<Vec<_>>() {
                let Some(last) = self.members[node].copies[service] else { continue };
                let old = now - last > 30_000;
                if self.members[node].alive && self.owner(node, service) == node && old {
                    self.members[node].copies[service] = None;
                    self.syncs.push((now + 200, node, service));
                }
            }
        }
    }

    /// A full beat at a node; whether it was taken.
    fn beat(&mut self, node: usize, service: usize) -> bool {
        if !self.members[node].alive {
            return false;
        }
        let owner = self.owner(node, service);
        if owner != node && (!self.members[owner].alive || self.owner(owner, service) != owner) {
            return false;
        }
        let copy = &mut self.members[owner].copies[service];
        if copy.replace(self.now_ms).is_none() {
            self.syncs.push((self.now_ms + 200, owner, service));
        }
        true
    }

    fn deregister(&mut self, service: usize) {
        for member in &mut self.members {
            member.copies[service] = None;
        }
    }

    fn views(&self) -> Views {
        let view = |(node, member): (usize, &Member)| NodeView {
            answers: member.alive,
            own_address: Some(NAMES[node].to_owned()),
            members: match member.alive {
                true => member.healthy.iter().map(|other| NAMES[*other].to_owned()).collect(),
                false => Vec::new(),
            },
        };
        let nodes = self.members.iter().enumerate().map(view).collect();
        Views { sharding: Sharding::Service, nodes }
    }

    fn answer(&mut self, planner: &Planner, job: &Job) -> Answer {
        match *job {
            Job::Look { node, .. } if !self.members[node].alive => Answer::Nothing,
            Job::Look { slot, node, .. } => {
                let service = number(&planner.group_of(slot).service);
                let listed = self.members[node].copies[service].map(|at| Listed {
                    ip: "10.0.0.1".to_owned(),
                    port: 80,
                    cluster_name: None,
                    weight: 1.0,
                    healthy: true,
                    enabled: true,
                    ephemeral: true,
                    metadata: Default::default(),
                    last_beat: i64::try_from(at).ok(),
                    instance_id: None,
                });
                Answer::List(listed.into_iter().collect())
            }
            Job::Beat { node, .. } if !self.members[node].alive => Answer::Nothing,
            Job::Beat { light: true, .. } => Answer::Refused(400),
            Job::Beat { kept, node, .. } => {
                let service = number(&planner.subject(kept).0.service);
                let old = BeatAnswer { interval_ms: Some(5000), ..BeatAnswer::default() };
                if self.beat(node, service) { Answer::Beat(old) } else { Answer::Refused(500) }
            }
        }
    }
}

const BEGIN_MS: u64 = 300_000;

fn name(service: usize) -> String {
    format!("g@@s{service}")
}

fn number(name: &str) -> usize {
    name.trim_start_matches("g@@s").parse().unwrap()
}

/// What a consumer that polls all living members each 200 ms did not find.
#[derive(Debug, Default, PartialEq, Eq)]
struct Missed {
    /// Polls of one service at one member that found nothing.
    polls: usize,
    /// Services that were missing somewhere at some time.
    services: usize,
}

/// How clients end: at a time, by dying or by deregistering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Dies(u64),
    Deregisters(u64),
}

struct Run {
    missed: Missed,
    cluster: Cluster,
    states: Vec<State>,
    recreations: u32,
}

fn run(compensated: bool, ends: &[(usize, End)]) -> Run {
    let mut cluster = Cluster::new();
    let mut whole = snapshot(&[r#"{"ip":"10.0.0.1"}"#]);
    let service = whole.services[0].clone();
    whole.services = (0..SERVICES)
        .map(|number| {
            let mut service = service.clone();
            service.service = format!("s{number}");
            service
        })
        .collect();
    let kept = subjects(&whole, Duration::from_secs(5));
    let settings = Settings { max_age: Duration::from_secs(60), period: Duration::from_secs(5) };
    let mut planner = Planner::new(kept, settings, cluster.views(), BEGIN_MS);
    (0..NODES).for_each(|node| planner.clock(node, 0));
    let mut missing = [0_usize; SERVICES];
    for at_ms in (0..END_MS).step_by(STEP_MS as usize) {
        cluster.step(at_ms);
        beats_of_clients(&mut cluster, at_ms, ends);
        if compensated {
            if at_ms % 300 == 0 {
                planner.see(cluster.views(), cluster.now_ms);
            }
            while let Some(job) = planner.next(cluster.now_ms) {
                let answer = cluster.answer(&planner, &job);
                planner.answered(job, &answer, cluster.now_ms, cluster.now_ms);
            }
        }
        if at_ms % 200 == 0 {
            let ended = |service: usize| ends.iter().any(|(other, _)| *other == service);
            for service in (0..SERVICES).filter(|service| !ended(*service)) {
                // A member that has just started is empty whatever anybody does.
                let starts = RETURNED_MS..LOADED_MS + 500;
                let asked = |(node, member): &(usize, &Member)| {
                    member.alive && !(*node == 2 && starts.contains(&at_ms))
                };
                let empty = cluster.members.iter().enumerate().filter(asked);
                missing[service] +=
                    empty.filter(|(_, member)| member.copies[service].is_none()).count();
            }
        }
    }
    Run {
        missed: Missed {
            polls: missing.iter().sum(),
            services: missing.iter().filter(|polls| **polls > 0).count(),
        },
        cluster,
        states: planner.results().map(|(_, _, _, state)| state).collect(),
        recreations: planner.results().map(|(_, _, counts, _)| counts.recreations).sum(),
    }
}

/// Each client beats each five seconds and tries one member after the other.
fn beats_of_clients(cluster: &mut Cluster, at_ms: u64, ends: &[(usize, End)]) {
    for service in 0..SERVICES {
        let end = ends.iter().find(|(other, _)| *other == service).map(|(_, end)| *end);
        if end == Some(End::Deregisters(at_ms)) {
            cluster.deregister(service);
        }
        let over = |end| match end {
            End::Dies(at) | End::Deregisters(at) => at_ms >= at,
        };
        let due = (at_ms + 370 * service as u64).is_multiple_of(5000);
        if !due || end.is_some_and(over) {
            continue;
        }
        let _ = (0..NODES).any(|more| cluster.beat((service + more) % NODES, service));
    }
}

#[test]
fn a_member_that_dies_and_returns_costs_a_fraction_of_what_it_costs_alone() {
    let (alone, compensated) = (run(false, &[]).missed, run(true, &[]).missed);
    eprintln!("alone {alone:?}, compensated {compensated:?}");
    assert!(alone.services >= 8, "the model loses instances as 1.1 does: {alone:?}");
    assert!(compensated.polls * 10 <= alone.polls, "{compensated:?} of {alone:?}");
}

#[test]
fn a_provider_that_was_killed_still_disappears() {
    let died = run(true, &[(5, End::Dies(5_000)), (11, End::Dies(15_000))]);
    for service in [5, 11] {
        assert_eq!(died.states[service], State::Silent);
        for member in &died.cluster.members {
            assert_eq!(member.copies[service], None, "s{service} is still listed");
        }
    }
}

#[test]
fn nobody_who_went_offline_is_there_at_the_end() {
    // One while all is quiet, one while beats are hurried, one after the return.
    let ends = [
        (3, End::Deregisters(7_000)),
        (8, End::Deregisters(15_000)),
        (14, End::Deregisters(120_000)),
    ];
    let run = run(true, &ends);
    assert_eq!(run.states[3], State::Deregistered);
    assert_eq!(run.states[14], State::Deregistered);
    for (service, _) in ends {
        for member in &run.cluster.members {
            assert_eq!(member.copies[service], None, "s{service} is listed");
        }
    }
    assert!(run.recreations < 20, "{}", run.recreations);
}
