//! Parameters without end, without sense and without encoding.

use super::{Server, VERSIONS};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const INSTANCE: &str = "/nacos/v1/ns/instance";

/// The server still serves.
fn still_serves(server: &Server) {
    let target = format!("{INSTANCE}?serviceName=alive&ip=10.0.0.1&port=80");
    assert_eq!(server.ask("POST", &target, "", b""), (200, "ok".to_owned()));
}

#[test]
fn parameters_behind_the_ten_thousandth_are_not_there() {
    for version in VERSIONS {
        let server = Server::start(version);
        let mut form = String::from("serviceName=many&ip=10.0.0.1");
        for number in 0..100_000 {
            form.push_str(&format!("&p{number}=v"));
        }
        let late = format!("{form}&port=80");
        let (status, text) = server.ask("POST", INSTANCE, FORM, late.as_bytes());
        assert_eq!(status, 400, "{version}: {text}");
        assert!(text.contains("Param 'port' is required."), "{version}: {text}");
        let early = format!("port=80&{form}");
        let (status, text) = server.ask("POST", INSTANCE, FORM, early.as_bytes());
        assert_eq!((status, text.as_str()), (200, "ok"), "{version}");
    }
}

#[test]
fn a_post_form_beyond_tomcats_limit_is_not_read_and_one_below_is() {
    for version in VERSIONS {
        let server = Server::start(version);
        for (bytes, wanted) in [(2 * 1024 * 1024, 200), (2 * 1024 * 1024 + 1, 400)] {
            let mut form = String::from("serviceName=large&ip=10.0.0.1&port=80&app=");
            form.push_str(&"x".repeat(bytes - form.len()));
            let (status, text) = server.ask("POST", INSTANCE, FORM, form.as_bytes());
            assert_eq!(status, wanted, "{version}: {bytes} bytes: {text}");
        }
        still_serves(&server);
    }
}

#[test]
fn a_body_beyond_every_limit_ends_its_connection_alone() {
    for version in VERSIONS {
        let server = Server::start(version);
        let body = vec![b'x'; 17 * 1024 * 1024];
        let (status, _) = server.ask("PUT", INSTANCE, FORM, &body);
        assert!([0, 413].contains(&status), "{version}: {status}");
        still_serves(&server);
    }
}

#[test]
fn escapes_that_are_none_and_bytes_that_are_no_text_are_answered() {
    for version in VERSIONS {
        let server = Server::start(version);
        let broken = format!("{INSTANCE}?serviceName=a%zz&ip=10.0.0.1&port=80");
        let (status, text) = server.ask("POST", &broken, "", b"");
        assert_eq!(status, 400, "{version}: {text}");
        assert!(text.contains("Param 'serviceName' is required."), "{version}: {text}");
        let form = b"serviceName=%FF%FE&ip=\xff\xfe&port=80";
        let (status, text) = server.ask("POST", INSTANCE, FORM, form);
        assert!(status == 200 || text.contains("dom name can only have"), "{version}: {text}");
        let (status, text) = server.ask("PUT", INSTANCE, FORM, b"serviceName=%&ip=%4");
        assert!([401, 500].contains(&status), "{version}: {status} {text}");
        still_serves(&server);
    }
}

#[test]
fn beats_of_any_depth_and_size_are_answered() {
    for version in VERSIONS {
        let server = Server::start(version);
        let service = "serviceName=deep&beat=";
        for beat in [
            "[".repeat(200_000),
            "{\"a\":".repeat(200_000),
            format!("{{\"ip\":\"{}\"}}", "9".repeat(1_000_000)),
            format!("{{\"port\":{}}}", "9".repeat(100_000)),
            format!("{{\"weight\":1e{}}}", "9".repeat(1_000)),
            format!("{{\"metadata\":{{{}}}}}", "\"k\":\"v\",".repeat(100_000)),
        ] {
            let form = format!("{service}{beat}");
            let (status, _) =
                server.ask("PUT", "/nacos/v1/ns/instance/beat", FORM, form.as_bytes());
            assert!([200, 400, 500].contains(&status), "{version}: {status} {:.40}", beat);
        }
        still_serves(&server);
    }
}

#[test]
fn lists_of_absurd_clusters_and_ports_are_answered() {
    for version in VERSIONS {
        let server = Server::start(version);
        still_serves(&server);
        let list = "/nacos/v1/ns/instance/list?serviceName=alive";
        let clusters = "c,".repeat(20_000);
        assert_eq!(server.get(&format!("{list}&clusters={clusters}")).0, 200, "{version}");
        for port in ["65536", "2147483647", "-1", "0"] {
            let target = format!("{list}&udpPort={port}&clientIP=not.an.address");
            assert_eq!(server.get(&target).0, 200, "{version} {port}");
        }
    }
}
