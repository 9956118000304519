//! The durable store through its public face: what was acknowledged is there after any end of the
//! process, and a file that is not our store is refused and left as it was.

use facos::model::switches::HealthParams;
use facos::model::{
    Config, ConfigKey, ConfigScope, ConsoleWrite, HealthChecker, Instance, Metadata, Millis,
    Namespace, Permission, RoleGrant, Selector, ServiceKey, Switches,
};
use facos::node::store::{DiskStore, FILE_NAME, NoStore, SCHEMA, Store, StoreError};
use facos::registry::{ClusterSettings, InstanceRecord, ServiceSettings, StoreWrite};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn service(name: &str) -> ServiceKey {
    ServiceKey { namespace: "public".into(), name: name.into() }
}

fn metadata(entries: &[(&str, Option<&str>)]) -> Metadata {
    entries.iter().map(|(k, v)| ((*k).to_owned(), v.map(str::to_owned))).collect()
}

fn persistent(name: &str, port: i32) -> StoreWrite {
    let instance = Instance {
        ip: Some("10.0.0.1".into()),
        port,
        cluster: "DEFAULT".into(),
        weight: 0.1,
        healthy: true,
        enabled: false,
        ephemeral: false,
        metadata: Some(metadata(&[("z", Some("1")), ("a", None), ("m", Some("\u{4f60}\"\\"))])),
        app: "unknown".into(),
    };
    at_port(name, port, Some(instance))
}

fn no_persistent(name: &str, port: i32) -> StoreWrite {
    at_port(name, port, None)
}

fn at_port(name: &str, port: i32, instance: Option<Instance>) -> StoreWrite {
    let (service, ip, cluster) = (service(name), "10.0.0.1".into(), "DEFAULT".into());
    StoreWrite::PersistentInstance { service, ip, port, cluster, instance }
}

fn settings(name: &str) -> StoreWrite {
    let mysql = HealthChecker::Mysql { user: Some("u".into()), pwd: None, cmd: Some("q".into()) };
    let http = HealthChecker::Http {
        path: "/health".into(),
        headers: "a:b|c:d".into(),
        expected_response_code: 204,
    };
    let cluster = |checker| ClusterSettings { checker, ..ClusterSettings::default() };
    let settings = ServiceSettings {
        protect_threshold: 0.3,
        metadata: metadata(&[("owner", Some("me"))]),
        selector: Selector::Label { expression: Some("x".into()), labels: vec!["l".into()] },
        ephemeral: true,
        clusters: vec![
            ("Z".into(), cluster(mysql)),
            ("A".into(), cluster(http)),
            ("N".into(), cluster(HealthChecker::None)),
            ("T".into(), ClusterSettings { check_port: -1, ..cluster(HealthChecker::Tcp) }),
        ],
    };
    StoreWrite::Service { service: service(name), settings: Some(settings) }
}

fn record(name: &str, weight: f64) -> StoreWrite {
    let metadata = metadata(&[("k", Some(""))]);
    StoreWrite::InstanceRecord {
        service: service(name),
        metadata_id: "10.0.0.1:80:DEFAULT".into(),
        record: Some(InstanceRecord { weight, enabled: false, metadata }),
    }
}

fn switches() -> StoreWrite {
    StoreWrite::Switches(Box::new(Switches {
        masters: Some(vec!["10.0.0.9:8848".into()]),
        distro_threshold: 0.1,
        tcp_health: HealthParams { max: 9, min: 8, factor: 0.3 },
        limited_url_map: vec![("/b".into(), 503), ("/a".into(), 404)],
        overridden_server_status: Some("READ_ONLY".into()),
        ..Switches::default()
    }))
}

fn one_of_each() -> Vec<StoreWrite> {
    let mut all = vec![switches(), settings("g@@s"), persistent("g@@s", 80), record("g@@s", 2.5)];
    all.extend(console(true));
    all
}

/// One entry of each of the console's tables, there or taken away.
fn console(there: bool) -> Vec<StoreWrite> {
    let namespace = Namespace {
        show_name: "Näme".into(),
        description: None,
        created: Millis(1_795_356_407_693),
    };
    let config = Config {
        content: "a=1\n\"b\"\u{1}".into(),
        kind: Some("text".into()),
        app: None,
        modified: Millis(7),
        beta_ips: None,
    };
    let beta = Config { beta_ips: Some("10.0.0.1,10.0.0.2".into()), ..config.clone() };
    let key = ConfigKey { namespace: "n".into(), group: "g".into(), data_id: "d".into() };
    let grant = RoleGrant { user: "u".into(), role: "R".into() };
    let permission = Permission { role: "R".into(), resource: "n:*:*".into(), action: "rw".into() };
    let writes = [
        ConsoleWrite::Namespace { id: "n".into(), namespace: Some(namespace) },
        config_of(&key, ConfigScope::All, &config),
        config_of(&key, ConfigScope::Beta, &beta),
        config_of(&key, ConfigScope::Tag("blue".into()), &config),
        ConsoleWrite::User { name: "u".into(), password_hash: Some("$2a$10$x".into()) },
        ConsoleWrite::Role { grant, granted: true },
        ConsoleWrite::Permission { permission, granted: true },
    ];
    let write = |write: ConsoleWrite| if there { write } else { write.removal() };
    writes.into_iter().map(|one| StoreWrite::Console(write(one))).collect()
}

fn config_of(key: &ConfigKey, scope: ConfigScope, config: &Config) -> ConsoleWrite {
    ConsoleWrite::Config { key: key.clone(), scope, config: Some(config.clone()) }
}

fn reopened(dir: &TempDir) -> Vec<StoreWrite> {
    DiskStore::open(dir.path()).unwrap().load().unwrap()
}

#[test]
fn every_kind_of_entry_comes_back_after_a_restart() {
    let dir = directory();
    let store = DiskStore::open(dir.path()).unwrap();
    assert_eq!(store.load().unwrap(), vec![]);
    store.apply(&one_of_each()).unwrap();
    assert_eq!(store.load().unwrap(), one_of_each());
    drop(store);
    assert_eq!(reopened(&dir), one_of_each());
}

#[test]
fn a_removed_entry_stays_removed_and_others_stay() {
    let dir = directory();
    let store = DiskStore::open(dir.path()).unwrap();
    store.apply(&one_of_each()).unwrap();
    store.apply(&[persistent("g@@other", 80), persistent("g@@s", 81)]).unwrap();
    let mut removals = vec![
        no_persistent("g@@s", 80),
        StoreWrite::Service { service: service("g@@s"), settings: None },
        StoreWrite::InstanceRecord {
            service: service("g@@s"),
            metadata_id: "10.0.0.1:80:DEFAULT".into(),
            record: None,
        },
        StoreWrite::Switches(Box::default()),
    ];
    removals.extend(console(false));
    store.apply(&removals).unwrap();
    drop(store);
    let expected = vec![
        StoreWrite::Switches(Box::default()),
        persistent("g@@other", 80),
        persistent("g@@s", 81),
    ];
    assert_eq!(reopened(&dir), expected);
}

#[test]
fn the_last_write_of_a_batch_wins() {
    let dir = directory();
    let store = DiskStore::open(dir.path()).unwrap();
    store.apply(&[no_persistent("g@@s", 80), persistent("g@@s", 80)]).unwrap();
    assert_eq!(store.load().unwrap(), vec![persistent("g@@s", 80)]);
    store.apply(&[persistent("g@@s", 80), no_persistent("g@@s", 80)]).unwrap();
    assert_eq!(store.load().unwrap(), vec![]);
}

#[test]
fn not_a_number_and_infinity_come_back() {
    let dir = directory();
    let store = DiskStore::open(dir.path()).unwrap();
    for weight in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE] {
        store.apply(&[record("g@@s", weight)]).unwrap();
        let loaded = format!("{:?}", store.load().unwrap());
        assert_eq!(loaded, format!("{:?}", vec![record("g@@s", weight)]));
    }
}

#[test]
fn names_that_look_like_separators_stay_apart() {
    let dir = directory();
    let store = DiskStore::open(dir.path()).unwrap();
    let writes = ["a@@b\",\"c", "a@@b", "c", "", "\u{0}"].map(|name| persistent(name, 1));
    store.apply(&writes).unwrap();
    assert_eq!(store.load().unwrap().len(), writes.len());
}

#[test]
fn changes_of_many_callers_are_all_stored() {
    let dir = directory();
    let store = DiskStore::open(dir.path()).unwrap();
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for port in 0..25 {
                    store.apply(&[persistent(&format!("g@@s{caller}"), port)]).unwrap();
                }
            });
        }
    });
    drop(store);
    assert_eq!(reopened(&dir).len(), 200);
}

#[tokio::test]
async fn a_receipt_is_answered_when_its_change_is_durable() {
    let dir = directory();
    let store = DiskStore::open(dir.path()).unwrap();
    let receipts: Vec<_> = (0..100).map(|port| store.begin(&[persistent("g@@s", port)])).collect();
    for receipt in receipts {
        receipt.durable().await.unwrap();
    }
    store.begin(&[]).durable().await.unwrap();
    assert_eq!(store.load().unwrap().len(), 100);
}

#[test]
fn dropping_the_store_keeps_what_was_only_queued() {
    let dir = directory();
    let store = DiskStore::open(dir.path()).unwrap();
    let receipts: Vec<_> = (0..50).map(|port| store.begin(&[persistent("g@@s", port)])).collect();
    drop(store);
    drop(receipts);
    assert_eq!(reopened(&dir).len(), 50);
}

/// Where a commit ends decides how full the file is; redb distrusts a full one that is fine.
#[test]
fn a_file_that_is_full_to_its_last_page_is_not_refused() {
    for first in 1..50 {
        let dir = directory();
        let store = DiskStore::open(dir.path()).unwrap();
        let writes: Vec<_> = (0..50).map(|port| persistent("g@@s", port)).collect();
        store.apply(&writes[..first]).unwrap();
        store.apply(&writes[first..]).unwrap();
        drop(store);
        for opening in 1..=2 {
            assert_eq!(reopened(&dir).len(), 50, "{first} in the first commit, opening {opening}");
        }
    }
}

#[tokio::test]
async fn without_a_directory_nothing_is_kept_and_nothing_waits() {
    NoStore.apply(&one_of_each()).unwrap();
    NoStore.begin(&one_of_each()).durable().await.unwrap();
    assert_eq!(NoStore.load().unwrap(), vec![]);
}

#[test]
fn a_missing_directory_is_created_with_its_parents() {
    let dir = directory();
    let deep = dir.path().join("a/b/c");
    let store = DiskStore::open(&deep).unwrap();
    assert_eq!(store.path(), deep.join("facos.redb"));
    assert!(store.path().is_file());
}

#[test]
fn a_directory_that_cannot_be_made_is_refused() {
    let dir = directory();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = DiskStore::open(&file.join("data")).unwrap_err();
    assert!(matches!(error, StoreError::Inaccessible { .. }), "{error}");
}

/// Opens a directory whose store is `content`: the refusal, after a look that nothing changed.
fn refused_untouched(content: &[u8]) -> StoreError {
    let dir = directory();
    let path = dir.path().join(FILE_NAME);
    std::fs::write(&path, content).unwrap();
    let error = DiskStore::open(dir.path()).expect_err("the file was not refused");
    assert!(std::fs::read(&path).unwrap() == content, "the refused file changed: {error}");
    assert!(!error.to_string().contains('\n') && !error.hint().is_empty(), "{error}");
    error
}

#[test]
fn a_file_of_other_bytes_is_refused_and_left_alone() {
    let noise: Vec<u8> =
        (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for content in [&noise[..], b"x", b"SQLite format 3\0", &[0; 4096]] {
        let error = refused_untouched(content);
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
}

#[test]
fn an_empty_file_becomes_a_store() {
    let dir = directory();
    std::fs::write(dir.path().join(FILE_NAME), "").unwrap();
    DiskStore::open(dir.path()).unwrap().apply(&one_of_each()).unwrap();
    assert_eq!(reopened(&dir), one_of_each());
}

/// The bytes of a redb file that `fill` wrote and that was closed properly.
fn redb_file(fill: impl FnOnce(&redb::WriteTransaction)) -> Vec<u8> {
    let dir = directory();
    let path = dir.path().join("file");
    let database = redb::Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    fill(&transaction);
    transaction.commit().unwrap();
    drop(database);
    std::fs::read(&path).unwrap()
}

const ABOUT: redb::TableDefinition<'static, &str, &str> = redb::TableDefinition::new("facos");

fn about(format: &str, schema: &str) -> Vec<u8> {
    redb_file(|transaction| {
        let mut about = transaction.open_table(ABOUT).unwrap();
        about.insert("format", format).unwrap();
        about.insert("schema", schema).unwrap();
    })
}

#[test]
fn the_store_of_a_later_facos_is_refused_and_left_alone() {
    let later = SCHEMA + 1;
    match refused_untouched(&about("facos store", &later.to_string())) {
        StoreError::Newer { found, known, .. } => assert_eq!((found, known), (later, SCHEMA)),
        error => panic!("{error}"),
    }
}

#[test]
fn the_database_of_another_program_is_refused_and_left_alone() {
    let other_table = redb_file(|transaction| {
        let other = redb::TableDefinition::<&str, u64>::new("users");
        transaction.open_table(other).unwrap().insert("me", 1).unwrap();
    });
    let other_types = redb_file(|transaction| {
        let other = redb::TableDefinition::<u64, u64>::new("facos");
        transaction.open_table(other).unwrap().insert(1, 1).unwrap();
    });
    for content in [other_table, other_types, about("a diary", "1"), about("facos store", "one")] {
        let error = refused_untouched(&content);
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
}

#[test]
fn a_truncated_store_is_refused_and_left_alone() {
    let dir = directory();
    DiskStore::open(dir.path()).unwrap().apply(&one_of_each()).unwrap();
    let whole = std::fs::read(dir.path().join(FILE_NAME)).unwrap();
    for length in [9, 100, 400, 4096, whole.len() / 2, whole.len() - 1] {
        let error = refused_untouched(&whole[..length]);
        assert!(matches!(error, StoreError::Damaged { .. }), "{length}: {error}");
    }
}

#[test]
fn a_store_with_changed_bytes_is_refused_and_left_alone() {
    let dir = directory();
    DiskStore::open(dir.path()).unwrap().apply(&one_of_each()).unwrap();
    let whole = std::fs::read(dir.path().join(FILE_NAME)).unwrap();
    let mut changed = whole.clone();
    let entry = br#""protect_threshold":"0.3""#;
    for at in 0..whole.len() - entry.len() {
        // Pages that are free again may hold it as well.
        if whole[at..].starts_with(entry) {
            changed[at + entry.len() - 2] = b'9';
        }
    }
    assert!(changed != whole, "the entry is not in the file");
    let error = refused_untouched(&changed);
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    for offset in (16..320).step_by(8) {
        let mut changed = whole.clone();
        changed[offset..offset + 8].fill(0xff);
        std::fs::write(dir.path().join(FILE_NAME), &changed).unwrap();
        // Some header bytes are unused; a store that opens must be whole.
        if let Ok(store) = DiskStore::open(dir.path()) {
            assert_eq!(store.load().unwrap(), one_of_each(), "at {offset}");
        }
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_named() {
    let dir = directory();
    let content = redb_file(|transaction| {
        let mut about = transaction.open_table(ABOUT).unwrap();
        about.insert("format", "facos store").unwrap();
        about.insert("schema", SCHEMA.to_string().as_str()).unwrap();
        let services = redb::TableDefinition::<&str, &str>::new("services");
        let mut services = transaction.open_table(services).unwrap();
        services.insert(r#"["public","g@@s"]"#, r#"{"protect_threshold":"many"}"#).unwrap();
    });
    std::fs::write(dir.path().join(FILE_NAME), content).unwrap();
    let error = DiskStore::open(dir.path()).unwrap().load().unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains(r#"services ["public","g@@s"]"#), "{error}");
}

#[test]
fn a_store_in_use_is_refused_until_it_is_closed() {
    let dir = directory();
    let first = DiskStore::open(dir.path()).unwrap();
    let error = DiskStore::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    first.apply(&one_of_each()).unwrap();
    drop(first);
    assert_eq!(reopened(&dir), one_of_each());
}

const CHILD: &str = "FACOS_TEST_STORE_CHILD";

/// The body of the child process of the next test; without the variable there is nothing to do.
#[test]
fn a_child_process_writes_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let store = DiskStore::open(Path::new(&dir)).unwrap();
    let next = store.load().unwrap().len() as i32;
    println!("acknowledged {next}");
    for port in next.. {
        store.apply(&[persistent("g@@s", port)]).unwrap();
        println!("acknowledged {}", port + 1);
    }
}

#[test]
fn every_acknowledged_write_survives_a_killed_process() {
    let dir = directory();
    let mut acknowledged = 0;
    for round in 1..=3_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_child_process_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            // libtest prints the test's name before the first of our lines.
            let line = line.unwrap();
            let Some((_, count)) = line.split_once("acknowledged ") else { continue };
            let count: usize = count.parse().unwrap();
            assert!(count >= acknowledged, "round {round} began with {count} of {acknowledged}");
            acknowledged = count;
            if acknowledged >= round * 17 {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(acknowledged >= 51, "the child ended after {acknowledged} writes");
    let stored = reopened(&dir);
    // The child may have stored more than it could still say.
    assert!(stored.len() >= acknowledged, "{} of {acknowledged}", stored.len());
    for port in 0..acknowledged as i32 {
        assert!(stored.contains(&persistent("g@@s", port)), "port {port} is lost");
    }
}
