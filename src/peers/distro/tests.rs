//! Distro, one node at a time: what comes in, and every effect that goes out.

use super::{Distro, DistroRules, Others};
use crate::model::Responsibility;
use crate::model::{
    Datum, DatumKey, DatumValue, MemberId, Millis, PeerAnswer, PeerCall, PeerFailure,
    ServiceChecksums, ServiceKey, ServiceRef,
};
use crate::peers::view::{Choose, DistroData, NamespaceChecksums, Ownership, Turn};
use crate::peers::{Deed, Engine, Token};
use std::collections::BTreeMap;
use std::sync::Arc;

const START: Millis = Millis(1_000_000);
const RULES: DistroRules = DistroRules { reload_after_ms: None, reports_empty: true };

/// Services of this node begin with `mine`, those of b with `b`.
#[derive(Debug)]
struct Names;

impl Responsibility for Names {
    fn is_mine(&self, service: &str) -> bool {
        service.starts_with("mine")
    }
}

impl Ownership for Names {
    fn owner(&self, service: &str) -> Option<MemberId> {
        Some(if self.is_mine(service) { "a:1" } else { "b:1" }.into())
    }
}

/// Lists by service, each with its checksum.
#[derive(Default)]
struct Lists(BTreeMap<&'static str, &'static str>);

fn service(name: &str) -> ServiceKey {
    ServiceKey { namespace: "public".into(), name: name.into() }
}

fn key(name: &str) -> DatumKey {
    DatumKey::Ephemeral(service(name))
}

fn list(name: &str) -> Datum {
    Datum { key: key(name), stamp: 1, value: Arc::new(DatumValue::Instances(Vec::new())) }
}

impl DistroData for Lists {
    fn keys(&mut self, choose: Choose<'_>) -> Vec<DatumKey> {
        self.0.keys().filter(|name| choose(name)).map(|name| key(name)).collect()
    }
    fn checksum(&mut self, key: &DatumKey) -> Option<String> {
        self.service(key.service()?.as_ref())
    }
    fn lists(&mut self, keys: &[DatumKey]) -> Vec<Datum> {
        let known = |key: &&DatumKey| self.0.contains_key(&*key.service().unwrap().name);
        keys.iter().filter(known).map(|key| list(&key.service().unwrap().name)).collect()
    }
    fn services(&mut self, choose: Choose<'_>, _with_empty: bool) -> Vec<NamespaceChecksums> {
        let chosen = self.0.iter().filter(|(name, _)| choose(name));
        let chosen = chosen.map(|(name, checksum)| ((*name).into(), (*checksum).to_owned()));
        vec![("public".into(), chosen.collect())]
    }
    fn service(&mut self, service: ServiceRef<'_>) -> Option<String> {
        self.0.get(service.name).map(|checksum| (*checksum).to_owned())
    }
}

fn node() -> (Distro, Lists) {
    let mut distro = Distro::new("a:1".into(), RULES, START);
    let others = vec![MemberId::from("b:1"), "c:1".into()];
    distro.members(Others { healthy: others.clone(), listed: others });
    (distro, Lists(BTreeMap::from([("mine.x", "1"), ("b.x", "2")])))
}

fn turn(lists: &mut Lists, after_ms: u64) -> Turn<'_> {
    Turn { now: START + after_ms, owners: &Names, data: lists }
}

fn call(to: &str, call: PeerCall, number: u64) -> Deed {
    Deed::Call { to: to.into(), call, token: Token { engine: Engine::Distro, number } }
}

fn put(to: &str, names: &[&str], number: u64) -> Deed {
    let lists = names.iter().map(|name| list(name)).collect();
    call(to, PeerCall::DistroPut(Arc::new(lists)), number)
}

/// A node behind its load.
fn loaded() -> (Distro, Lists) {
    let (mut distro, mut lists) = node();
    let effects = distro.tick(&mut turn(&mut lists, 0), 5_000);
    assert_eq!(effects, [call("b:1", PeerCall::DistroAll, 1)]);
    let answer = Ok(PeerAnswer::DistroDatums(vec![list("b.y")]));
    let effects = distro.answered(&mut turn(&mut lists, 1), 1, answer);
    assert_eq!(effects, [Deed::Apply(list("b.y"))]);
    assert!(distro.is_loaded());
    (distro, lists)
}

#[test]
fn a_change_goes_to_every_healthy_member_at_once() {
    let (mut distro, mut lists) = loaded();
    let effects = distro.changed(&mut turn(&mut lists, 10), key("mine.x"));
    assert_eq!(effects, [put("b:1", &["mine.x"], 2), put("c:1", &["mine.x"], 3)]);
    // What is on its way to a member is not sent to it again.
    assert_eq!(distro.answered(&mut turn(&mut lists, 20), 2, Ok(PeerAnswer::Done)), []);
    let effects = distro.changed(&mut turn(&mut lists, 500), key("mine.x"));
    assert_eq!(effects, [put("b:1", &["mine.x"], 4)]);
}

#[test]
fn a_change_within_200_ms_of_a_flush_waits_for_the_next_change() {
    let (mut distro, mut lists) = loaded();
    distro.changed(&mut turn(&mut lists, 10), key("mine.x"));
    for number in [2, 3] {
        distro.answered(&mut turn(&mut lists, 11), number, Ok(PeerAnswer::Done));
    }
    assert_eq!(distro.changed(&mut turn(&mut lists, 210), key("mine.x")), []);
    let effects = distro.changed(&mut turn(&mut lists, 211), key("mine.x"));
    assert_eq!(effects.len(), 2);
}

#[test]
fn a_failed_delivery_is_tried_again_each_five_seconds_while_the_member_is_healthy() {
    let (mut distro, mut lists) = loaded();
    distro.changed(&mut turn(&mut lists, 10), key("mine.x"));
    let failed = || Err(PeerFailure::Status { status: 500, body: String::new() });
    distro.answered(&mut turn(&mut lists, 20), 2, Ok(PeerAnswer::Done));
    distro.answered(&mut turn(&mut lists, 20), 3, failed());
    let effects = distro.tick(&mut turn(&mut lists, 5_020), 5_000);
    assert_eq!(effects[0], put("c:1", &["mine.x"], 4));
    distro.answered(&mut turn(&mut lists, 5_030), 4, failed());
    distro
        .members(Others { healthy: vec!["b:1".into()], listed: vec!["b:1".into(), "c:1".into()] });
    let effects = distro.tick(&mut turn(&mut lists, 10_030), 5_000);
    assert!(!effects.iter().any(|one| matches!(one, Deed::Call { to, .. } if &**to == "c:1")));
}

#[test]
fn checksums_of_what_a_node_owns_go_out_each_five_seconds() {
    let (mut distro, mut lists) = loaded();
    let effects = distro.tick(&mut turn(&mut lists, 5_000), 5_000);
    let checksums = Arc::new(vec![(key("mine.x"), "1".to_owned())]);
    let checksum = |to, number| {
        let checksums = checksums.clone();
        call(to, PeerCall::DistroChecksum { source: "a:1".into(), checksums }, number)
    };
    assert_eq!(effects, [checksum("b:1", 2), checksum("c:1", 3)]);
    let mut empty = Lists::default();
    assert_eq!(distro.tick(&mut turn(&mut empty, 10_000), 5_000), []);
}

#[test]
fn differing_lists_are_fetched_once_and_lists_that_are_not_named_forgotten() {
    let (mut distro, mut lists) = loaded();
    lists.0.insert("b.gone", "9");
    let named = [(key("b.x"), "3".to_owned()), (key("b.new"), "4".to_owned())];
    let source = MemberId::from("b:1");
    let effects = distro.checksums_came(&mut turn(&mut lists, 100), &source, &named);
    let wanted = PeerCall::DistroGet(vec![key("b.x"), key("b.new")]);
    assert_eq!(effects, [Deed::ForgetList(key("b.gone")), call("b:1", wanted, 2)]);
    // Until the answer is here, further messages of that member are passed over.
    assert_eq!(distro.checksums_came(&mut turn(&mut lists, 200), &source, &named), []);
    let answer = Ok(PeerAnswer::DistroDatums(vec![list("b.x")]));
    let effects = distro.answered(&mut turn(&mut lists, 300), 2, answer);
    assert_eq!(effects, [Deed::Apply(list("b.x"))]);
}

#[test]
fn a_message_that_names_a_key_of_the_receivers_own_is_given_up() {
    let (mut distro, mut lists) = loaded();
    let named = [(key("b.x"), "3".to_owned()), (key("mine.x"), "4".to_owned())];
    assert_eq!(distro.checksums_came(&mut turn(&mut lists, 100), &"b:1".into(), &named), []);
}

#[test]
fn a_load_asks_one_member_after_the_other_and_then_gives_up_or_tries_again() {
    for (reload_after_ms, loaded) in [(None, true), (Some(30_000), false)] {
        let (_, mut lists) = node();
        let rules = DistroRules { reload_after_ms, ..RULES };
        let mut distro = Distro::new("a:1".into(), rules, START);
        assert_eq!(distro.tick(&mut turn(&mut lists, 0), 5_000), []);
        assert_eq!(distro.next_deadline(), START + 1_000);
        let healthy = vec![MemberId::from("b:1"), "c:1".into()];
        distro.members(Others { healthy: healthy.clone(), listed: healthy });
        let effects = distro.tick(&mut turn(&mut lists, 1_000), 5_000);
        assert_eq!(effects, [call("b:1", PeerCall::DistroAll, 1)]);
        let effects = distro.answered(&mut turn(&mut lists, 1_010), 1, Err(PeerFailure::TimedOut));
        assert_eq!(effects, [call("c:1", PeerCall::DistroAll, 2)]);
        let effects = distro.answered(&mut turn(&mut lists, 1_020), 2, Err(PeerFailure::TimedOut));
        assert_eq!((effects, distro.is_loaded()), (Vec::new(), loaded));
    }
}

#[test]
fn from_the_first_minute_on_services_are_reported_to_every_listed_member() {
    let (mut distro, mut lists) = loaded();
    let effects = distro.tick(&mut turn(&mut lists, 59_999), 5_000);
    assert!(effects.iter().all(|one| !is_status(one)), "{effects:?}");
    distro.members(Others { healthy: Vec::new(), listed: vec!["c:1".into()] });
    let effects = distro.tick(&mut turn(&mut lists, 60_000), 5_000);
    let status = ServiceChecksums {
        from: "a:1".into(),
        namespace: "public".into(),
        checksums: vec![("mine.x".into(), "1".into())],
    };
    assert_eq!(effects, [call("c:1", PeerCall::ServiceStatus(Arc::new(status)), 4)]);
}

fn is_status(effect: &Deed) -> bool {
    matches!(effect, Deed::Call { call: PeerCall::ServiceStatus(_), .. })
}

#[test]
fn who_sees_a_service_differently_asks_for_the_health_of_its_instances() {
    let (mut distro, mut lists) = loaded();
    let status = ServiceChecksums {
        from: "b:1".into(),
        namespace: "public".into(),
        checksums: vec![
            ("b.x".into(), "other".into()),
            ("mine.x".into(), "1".into()),
            ("unknown".into(), "5".into()),
        ],
    };
    let effects = distro.statuses_came(&mut turn(&mut lists, 100), &status);
    assert_eq!(effects, [call("b:1", PeerCall::Statuses(service("b.x")), 2)]);
    let statuses = vec![("10.1.1.1:80".to_owned(), false)];
    let answer = Ok(PeerAnswer::Statuses(statuses.clone()));
    let effects = distro.answered(&mut turn(&mut lists, 110), 2, answer);
    assert_eq!(effects, [Deed::SetHealth { service: service("b.x"), statuses }]);
}
