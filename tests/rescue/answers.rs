//! What is answered at every address without a registry behind.

use crate::{BEAT, LIST, ask, get, known, options, rescue};
use facos::Profile;
use facos::rescue::Options;
use serde_json::json;
use std::net::SocketAddr;

const FULL_ANSWER: &str = r#"{"clientBeatInterval":1000,"code":10200,"lightBeatEnabled":false}"#;

#[test]
fn every_beat_is_answered_wherever_it_stands_and_whoever_sends_it() {
    let (standing_in, address) = rescue(options(0));
    let named = "serviceName=DEFAULT_GROUP%40%40orders&clusterName=DEFAULT&ip=10.0.0.1&port=80";
    let json = r#"{"cluster":"DEFAULT","ip":"10.0.0.1","port":80,"metadata":{"a":"50%"}}"#;
    let escaped =
        "%7B%22cluster%22%3A%22DEFAULT%22%2C%22ip%22%3A%2210.0.0.1%22%2C%22port%22%3A80%7D";
    let forms: [(&str, String, String); 9] = [
        ("light", format!("?{named}"), String::new()),
        ("form", format!("?{named}"), format!("beat={escaped}&")),
        ("raw form with a broken escape", format!("?{named}"), format!("beat={json}")),
        ("query alone", format!("?beat={escaped}&serviceName=g%40%40s"), String::new()),
        ("query and form", format!("?beat={escaped}&{named}"), format!("beat={escaped}&{named}")),
        ("form alone", String::new(), format!("beat={escaped}&{named}")),
        ("blank beat", format!("?{named}&beat="), String::new()),
        ("no service", "?ip=1.1.1.1".to_owned(), String::new()),
        ("nothing", String::new(), String::new()),
    ];
    for (what, query, form) in forms {
        let answer = ask(address, "PUT", &format!("{BEAT}{query}"), "any", &form).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, FULL_ANSWER), "{what}");
        assert!(answer.is_json(), "{what}");
    }
    let report = standing_in.report();
    assert_eq!((report.beats, report.light_beats, report.beats_not_kept), (9, 4, 2));
    // The query alone names another service; the address stands in its JSON.
    assert_eq!(report.instances.rescued + report.instances.relapsed, 1);
    assert_eq!(report.instances.full, 1);
}

#[test]
fn nothing_is_answered_200_with_anything_but_json() {
    let (_standing_in, address) = rescue(Options { lists: vec![known(1)], ..options(0) });
    let paths = [
        "/",
        "/nacos",
        "/nacos/",
        "/nacos/index.html",
        "/nacos/v1/ns/instance",
        "/nacos/v1/ns/instance/list",
        LIST,
        "/nacos/v1/ns/instance/beat",
        "/nacos/v1/ns/service",
        "/nacos/v1/ns/service/list?pageNo=1&pageSize=9",
        "/nacos/v1/ns/operator/metrics",
        "/nacos/v1/ns/operator/servers",
        "/nacos/v1/ns/operator/switches",
        "/nacos/v1/ns/raft/leader",
        "/nacos/v1/ns/health",
        "/nacos/v1/cs/configs?dataId=a&group=b",
        "/nacos/v1/console/health/readiness",
        "/nacos/v1/console/server/state",
        "/nacos/actuator/health",
        "/nacos/v1/auth/users/login",
        "/nacos/v1/ns/instance/size",
        "/nacos/v1/ns/instance/service",
        "/__rescue",
    ];
    for path in paths {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FROB"] {
            let answer = ask(address, method, path, "Nacos-Java-Client:v1.3.2", "").unwrap();
            let fine = answer.is_json() || answer.status >= 400;
            assert!(fine && answer.status != 304, "{method} {path}: {answer:?}");
            let empty = answer.body.contains("\"hosts\":[]");
            assert!(!empty, "{method} {path}: {answer:?}");
        }
    }
}

#[test]
fn reads_are_refused_and_not_empty_unless_a_snapshot_has_them() {
    let (_bare, address) = rescue(options(0));
    assert_eq!(get(address, LIST).status, 503);
    assert_eq!(get(address, "/nacos/v1/cs/configs?dataId=a&group=b").status, 503);
    let config = ask(address, "POST", "/nacos/v1/cs/configs/listener", "a", "x=y").unwrap();
    assert_eq!(config.status, 503);
    for profile in ["1.1.4", "1.2.1", "2.0.2"] {
        let lists = vec![known(1), known(2)];
        let profile = Profile::nacos(profile).unwrap();
        let (standing_in, address) = rescue(Options { lists, profile, ..options(0) });
        while get(address, LIST).status != 200 {
            std::thread::yield_now();
        }
        let list = get(address, &format!("{LIST}&clusters=DEFAULT&healthyOnly=true&udpPort=0"));
        assert_eq!(list.json()["hosts"].as_array().map(Vec::len), Some(2), "{list:?}");
        assert_eq!(get(address, &format!("{LIST}&clusters=none")).status, 503);
        assert_eq!(get(address, &LIST.replace("orders", "unknown")).status, 503);
        let one = "/nacos/v1/ns/instance?serviceName=DEFAULT_GROUP%40%40orders&ip=127.0.0.1&port=1";
        assert_eq!(get(address, one).json()["port"], 1);
        let names = get(address, "/nacos/v1/ns/service/list?pageNo=1&pageSize=9").json();
        assert_eq!(names["doms"], json!(["orders"]));
        assert!(standing_in.report().lists > 0);
    }
}

#[test]
fn writes_are_refused_so_that_clients_try_again() {
    let (_standing_in, address) = rescue(options(0));
    let named = "serviceName=DEFAULT_GROUP%40%40orders&ip=10.0.0.1&port=80";
    for method in ["POST", "PUT", "DELETE"] {
        let target = format!("/nacos/v1/ns/instance?{named}");
        let answer = ask(address, method, &target, "any", "").unwrap();
        assert_eq!(answer.status, 503, "{method}");
        assert!(answer.is_json());
    }
}

#[test]
fn the_server_says_of_itself_what_its_version_does() {
    for (version, status) in [("1.1.4", "UP"), ("2.0.2", "UP")] {
        let profile = Profile::nacos(version).unwrap();
        let (_standing_in, address) = rescue(Options { profile, ..options(0) });
        let metrics = get(address, "/nacos/v1/ns/operator/metrics");
        assert_eq!(metrics.json()["status"], status, "getServerStatus of the Java client");
    }
}

#[test]
fn the_addresses_of_the_first_recipe_work() {
    let (_standing_in, address) = rescue(options(0));
    let of = |path: &str| get(address, &format!("/nacos/v1/ns/instance/{path}")).json();
    assert_eq!((of("size"), of("service")), (json!(0), json!([])));
    let beat = |service: &str| {
        let target = format!("{BEAT}?serviceName=g%40%40{service}&ip=10.0.0.1&port=80");
        ask(address, "PUT", &target, "any", "").unwrap().json()["lightBeatEnabled"].clone()
    };
    assert_eq!((beat("b"), beat("a"), beat("a")), (json!(false), json!(false), json!(false)));
    assert_eq!((of("size"), of("service")), (json!(2), json!(["g@@a", "g@@b"])));
    let flag = |flag: &str| {
        let target = format!("/nacos/v1/ns/instance/flag?flag={flag}");
        ask(address, "PUT", &target, "any", "").unwrap()
    };
    assert_eq!(flag("true").json(), json!({"lightBeatEnabled": true}));
    assert_eq!(beat("a"), json!(true));
    assert_eq!(flag("perhaps").status, 400);
    assert_eq!(flag("false").status, 200);
    assert_eq!(beat("a"), json!(false));
}

#[test]
fn several_ports_share_one_book_and_one_report() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (standing_in, _) = rescue(Options { listen: vec![any, any], ..options(0) });
    let addresses = standing_in.addresses().to_vec();
    assert_ne!(addresses[0], addresses[1]);
    let full = "beat=%7B%22ip%22%3A%2210.0.0.1%22%7D";
    let target = format!("{BEAT}?serviceName=g%40%40a&ip=10.0.0.1&port=80");
    ask(addresses[0], "PUT", &target, "any", "").unwrap();
    ask(addresses[1], "PUT", &target, "any", full).unwrap();
    let report = get(addresses[1], "/__rescue").json();
    assert_eq!(report["rescued"], true);
    assert_eq!(report["instances"]["rescued"], 1);
}
