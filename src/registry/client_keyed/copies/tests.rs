//! What members tell each other of clients, as effects and lists of the registries on both sides.

use crate::model::{
    BeatCall, ClientData, ClientId, ClientNews, ConnectionId, ConnectionMeta, Deregistration,
    Instance, Metadata, Millis, Published, Registration, Responsibility, ServiceKey, ServiceRef,
};
use crate::registry::addresses::InstanceId;
use crate::registry::silent_tests::silent;
use crate::registry::{Effect, Registry};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A middle of the grids that timers keep, ms.
const START: Millis = Millis(1_600_000_000_000);

/// Answers for every address or for none.
#[derive(Debug, Default)]
struct All(AtomicBool);

impl Responsibility for All {
    fn is_mine(&self, _: &str) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct Member {
    registry: Registry,
    answers: Arc<All>,
}

fn member(answers: bool) -> Member {
    let mut registry = silent("2.0.2", START);
    let answers = Arc::new(All(AtomicBool::new(answers)));
    registry.join(START, answers.clone());
    Member { registry, answers }
}

impl Member {
    /// What is told while time passes in steps of a timer.
    fn pass(&mut self, until: Millis) -> Vec<ClientNews> {
        let mut told = Vec::new();
        while let Some(due) = self.registry.next_deadline().filter(|due| *due <= until) {
            told.extend(news(self.registry.tick(due, 1)));
        }
        told
    }

    fn hosts(&mut self) -> Vec<(String, bool)> {
        let mut hosts = Vec::new();
        self.registry.each_instance(&mut |_, entry| {
            let instance = &entry.instance;
            hosts.push((format!("{}:{}", instance.ip(), instance.port), instance.healthy));
        });
        hosts.sort();
        hosts
    }
}

fn news(effects: Vec<Effect>) -> Vec<ClientNews> {
    let told = effects.into_iter().filter_map(|effect| match effect {
        Effect::Client(news) => Some(news),
        _ => None,
    });
    told.collect()
}

fn service() -> ServiceRef<'static> {
    ServiceRef { namespace: "public", name: "DEFAULT_GROUP@@orders" }
}

fn instance(ip: &str) -> Instance {
    Instance {
        ip: Some(ip.into()),
        port: 80,
        cluster: "DEFAULT".into(),
        weight: 2.0,
        healthy: true,
        enabled: true,
        ephemeral: true,
        metadata: Some(Metadata::new()),
        app: "".into(),
    }
}

fn registration(ip: &str) -> Registration<'static> {
    Registration { service: service(), named_as: None, instance: instance(ip) }
}

fn beat(ip: &'static str) -> BeatCall<'static> {
    BeatCall { service: service(), ip, port: 80, cluster: "DEFAULT", beat: None }
}

fn connection(id: u64) -> Arc<ConnectionMeta> {
    let remote = "127.0.0.1:5000".parse().unwrap();
    Arc::new(ConnectionMeta {
        id: ConnectionId(id),
        name: format!("{id}_127.0.0.1_5000").into(),
        remote,
        local: remote,
        client_ip: "127.0.0.1".into(),
        version: None,
        labels: Some(vec![("module".to_owned(), Some("naming".to_owned()))]),
        tenant: None,
        abilities: None,
    })
}

fn changed(id: &str) -> ClientNews {
    ClientNews::Changed(ClientId::new(id))
}

fn gone(id: &str) -> ClientNews {
    ClientNews::Gone(ClientId::new(id))
}

#[test]
fn a_registration_is_told_by_whoever_answers_for_the_address_and_nobody_else() {
    for answers in [true, false] {
        let mut member = member(answers);
        let effects = member.registry.register(START, &registration("10.0.0.1")).unwrap();
        let expected = if answers { vec![changed("10.0.0.1:80#true")] } else { Vec::new() };
        assert_eq!(news(effects), expected);
    }
}

#[test]
fn a_node_without_neighbours_tells_nothing() {
    let mut registry = silent("2.0.2", START);
    assert_eq!(registry.register(START, &registration("10.0.0.1")).unwrap(), []);
}

#[test]
fn silence_is_told_as_it_comes_to_be_known_and_a_beat_only_where_it_heals() {
    let mut member = member(true);
    member.registry.register(START, &registration("10.0.0.1")).unwrap();
    assert_eq!(member.pass(START + 15_000), []);
    assert_eq!(member.pass(START + 20_100), [changed("10.0.0.1:80#true")]);
    assert_eq!(member.hosts(), [("10.0.0.1:80".to_owned(), false)]);
    let now = START + 20_200;
    for told in [vec![changed("10.0.0.1:80#true")], Vec::new()] {
        let (_, effects) = member.registry.beat(now, &beat("10.0.0.1")).unwrap();
        assert_eq!(news(effects), told);
    }
    // Unhealthy once more, then removed, and with it the client that was not heard of meanwhile.
    let (changed, gone) = (changed("10.0.0.1:80#true"), gone("10.0.0.1:80#true"));
    assert_eq!(member.pass(START + 60_000), [changed.clone(), changed, gone]);
}

#[test]
fn a_deregistration_is_told_as_a_change_and_one_that_misses_is_not() {
    let mut member = member(true);
    member.registry.register(START, &registration("10.0.0.1")).unwrap();
    let call = Deregistration {
        service: service(),
        ip: "10.0.0.1",
        port: 80,
        cluster: "DEFAULT",
        ephemeral: true,
    };
    for told in [vec![changed("10.0.0.1:80#true")], Vec::new()] {
        assert_eq!(news(member.registry.deregister(START, &call).unwrap()), told);
    }
    assert_eq!(member.registry.client_data(&ClientId::new("10.0.0.1:80#true")).unwrap(), {
        ClientData { id: ClientId::new("10.0.0.1:80#true"), published: Vec::new() }
    });
}

#[test]
fn persistent_instances_are_no_business_of_distro() {
    let mut member = member(true);
    let mut call = registration("10.0.0.1");
    call.instance.ephemeral = false;
    assert_eq!(news(member.registry.register(START, &call).unwrap()), []);
    assert_eq!(member.registry.own_clients(START), []);
    assert_eq!(member.registry.all_client_data(), []);
}

#[test]
fn a_connection_is_told_of_while_it_lives_and_once_when_it_ends() {
    let mut member = member(false);
    let by = connection(7);
    member.registry.connect(START, by.clone());
    let id = "7_127.0.0.1_5000";
    assert_eq!(member.registry.own_clients(START), [ClientId::new(id)]);
    let given = Some((instance("10.0.0.1"), InstanceId::Absent));
    let registered = member.registry.register_connected(START, &by, service(), given).unwrap();
    assert_eq!(news(registered), [changed(id)]);
    let taken = member.registry.deregister_connected(START, &by, service()).unwrap();
    assert_eq!(news(taken), [changed(id)]);
    let given = Some((instance("10.0.0.1"), InstanceId::Absent));
    member.registry.register_connected(START, &by, service(), given).unwrap();
    assert_eq!(news(member.registry.disconnect(START, by.id)), [gone(id)]);
    assert_eq!(member.hosts(), []);
}

#[test]
fn a_copy_lists_what_its_member_said_and_comes_back_from_it_as_it_went() {
    let mut owner = member(true);
    let mut other = member(false);
    owner.registry.register(START, &registration("10.0.0.1")).unwrap();
    let by = connection(7);
    owner.registry.connect(START, by.clone());
    let given = Some((instance("10.0.0.9"), InstanceId::Own("my-id".into())));
    owner.registry.register_connected(START, &by, service(), given).unwrap();
    for told in owner.registry.all_client_data() {
        assert_eq!(news(other.registry.sync_client(START, &told).unwrap()), []);
        assert_eq!(other.registry.client_data(&told.id), Some(told));
    }
    assert_eq!(other.hosts(), owner.hosts());
    assert_eq!(other.registry.own_clients(START), []);
    assert_eq!(owner.registry.own_clients(START).len(), 2);
}

#[test]
fn what_a_client_no_longer_publishes_leaves_its_copies() {
    let mut other = member(false);
    let id = ClientId::new("1_10.0.0.1_9");
    let published = |name: &str, ip: &str| Published {
        service: ServiceKey { namespace: "public".into(), name: name.into() },
        instance: Arc::new(instance(ip)),
        instance_id: None,
        last_beat: None,
    };
    let both = vec![published("G@@a", "10.0.0.1"), published("G@@b", "10.0.0.2")];
    let one = vec![published("G@@b", "10.0.0.3")];
    for (published, hosts) in [
        (both, vec!["10.0.0.1:80", "10.0.0.2:80"]),
        (one, vec!["10.0.0.3:80"]),
        (Vec::new(), Vec::new()),
    ] {
        let told = ClientData { id: id.clone(), published };
        other.registry.sync_client(START, &told).unwrap();
        let listed: Vec<String> = other.hosts().into_iter().map(|(host, _)| host).collect();
        assert_eq!(listed, hosts);
    }
    // It is still known, and verified as such.
    assert!(other.registry.verify_client(START, &id));
    assert_eq!(other.registry.forget_client(START, &id), []);
    assert!(!other.registry.verify_client(START, &id));
}

#[test]
fn a_copied_address_does_not_expire_here_until_this_node_answers_for_it() {
    let mut owner = member(true);
    owner.registry.register(START, &registration("10.0.0.1")).unwrap();
    let id = ClientId::new("10.0.0.1:80#true");
    let told = owner.registry.client_data(&id).unwrap();
    let mut other = member(false);
    other.registry.sync_client(START, &told).unwrap();
    assert_eq!(other.pass(START + 100_000), []);
    assert_eq!(other.hosts(), [("10.0.0.1:80".to_owned(), true)]);
    // The last word of its member counts as a beat: nothing is lost when responsibility moves.
    assert!(other.registry.verify_client(START + 100_000, &id));
    other.answers.0.store(true, Ordering::Relaxed);
    other.registry.responsibility_moved(START + 101_000);
    assert_eq!(other.pass(START + 114_000), []);
    assert_eq!(other.pass(START + 121_000), [changed("10.0.0.1:80#true")]);
    assert_eq!(other.hosts(), [("10.0.0.1:80".to_owned(), false)]);
}

#[test]
fn an_address_that_this_node_no_longer_answers_for_is_left_to_the_other() {
    let mut member = member(true);
    member.registry.register(START, &registration("10.0.0.1")).unwrap();
    member.answers.0.store(false, Ordering::Relaxed);
    member.registry.responsibility_moved(START + 1_000);
    assert_eq!(member.pass(START + 60_000), []);
    assert_eq!(member.hosts(), [("10.0.0.1:80".to_owned(), true)]);
}

#[test]
fn a_copied_connection_lives_by_the_word_of_its_member() {
    let mut other = member(false);
    let id = ClientId::new("1_10.0.0.1_9");
    let published = vec![Published {
        service: service().to_key(),
        instance: Arc::new(instance("10.0.0.1")),
        instance_id: None,
        last_beat: None,
    }];
    other.registry.sync_client(START, &ClientData { id: id.clone(), published }).unwrap();
    other.pass(START + 29_000);
    assert!(other.registry.verify_client(START + 29_000, &id));
    other.pass(START + 59_000);
    assert_eq!(other.hosts().len(), 1);
    other.pass(START + 65_000);
    assert_eq!(other.hosts(), []);
    assert!(!other.registry.verify_client(START + 65_000, &id));
}

#[test]
fn a_connection_to_this_node_outlives_what_others_say_of_it() {
    let mut member = member(false);
    let by = connection(7);
    member.registry.connect(START, by.clone());
    let given = Some((instance("10.0.0.1"), InstanceId::Absent));
    member.registry.register_connected(START, &by, service(), given).unwrap();
    assert_eq!(member.registry.forget_client(START, &ClientId::new("7_127.0.0.1_5000")), []);
    assert_eq!(member.hosts().len(), 1);
}

#[test]
fn names_of_no_such_client_are_refused_and_strange_instances_passed_over() {
    let mut other = member(false);
    let published = vec![Published {
        service: service().to_key(),
        instance: Arc::new(instance("10.0.0.2")),
        instance_id: None,
        last_beat: None,
    }];
    let told = |name: &str| ClientData { id: ClientId::new(name), published: published.clone() };
    assert!(other.registry.sync_client(START, &told("10.0.0.2:80#false")).is_err());
    assert!(other.registry.sync_client(START, &told("10.0.0.1:80#true")).is_ok());
    assert_eq!(other.hosts(), []);
    assert!(!other.registry.verify_client(START, &ClientId::new("10.0.0.2:80#false")));
}
