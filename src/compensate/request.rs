//! Beats and looks as bytes. The beat stands in the query: a 1.1 server forwards the query of a
//! request and never its body. Pure.
use std::io::Write;

use serde_json::json;

use super::planner::{Job, Planner};
use super::subject::{Group, Kept};
use crate::client::fleet::encoded;

/// The most instances that one look asks for.
const LOOK_PAGE: usize = 100_000;

/// What stands behind the target in every request to one node.
#[derive(Clone, Debug)]
pub struct Heads {
    beat: Vec<u8>,
    look: Vec<u8>,
}

impl Heads {
    /// For a node of that `host:port`.
    pub fn new(host: &str) -> Self {
        let common = format!(
            " HTTP/1.1\r\nHost: {host}\r\nUser-Agent: facos-compensate\r\nAccept: */*\r\n\
             Connection: keep-alive\r\n"
        );
        Self {
            beat: format!("{common}Content-Length: 0\r\n\r\n").into_bytes(),
            look: format!("{common}\r\n").into_bytes(),
        }
    }
}

/// Appends the request of a job.
pub fn write(planner: &Planner, job: &Job, heads: &Heads, out: &mut Vec<u8>) {
    match *job {
        Job::Look { slot, .. } => look(planner.group_of(slot), heads, out),
        Job::Beat { kept, light, .. } => {
            let (group, kept) = planner.subject(kept);
            beat(group, kept, light, heads, out);
        }
    }
}

/// Appends a beat; a light one leaves out the beat itself.
fn beat(group: &Group, kept: &Kept, light: bool, heads: &Heads, out: &mut Vec<u8>) {
    out.extend_from_slice(b"PUT /nacos/v1/ns/instance/beat?serviceName=");
    push(out, &group.service);
    out.extend_from_slice(b"&namespaceId=");
    push(out, &group.namespace);
    out.extend_from_slice(b"&clusterName=");
    push(out, &group.cluster);
    out.extend_from_slice(b"&ip=");
    push(out, &kept.ip);
    // A vector takes every write.
    let _ = write!(out, "&port={}", kept.port);
    if !light {
        out.extend_from_slice(b"&beat=");
        out.extend_from_slice(kept.full.get_or_init(|| full(group, kept)).as_bytes());
    }
    out.extend_from_slice(&heads.beat);
}

/// The JSON of a full beat, with all that a registration from it would need, as it stands in a
/// query. It is made once: to write and to encode it costs several times as much as the rest of
/// the request.
fn full(group: &Group, kept: &Kept) -> Box<str> {
    let beat = json!({
        "cluster": group.cluster,
        "ephemeral": true,
        "ip": kept.ip,
        "metadata": kept.metadata,
        "period": kept.period_ms,
        "port": kept.port,
        "scheduled": false,
        "serviceName": group.service,
        "stopped": false,
        "weight": kept.weight,
    });
    encoded(&beat.to_string()).into()
}

/// Appends a look at a service's cluster.
fn look(group: &Group, heads: &Heads, out: &mut Vec<u8>) {
    let _ = write!(
        out,
        "GET /nacos/v1/ns/catalog/instances?pageNo=1&pageSize={LOOK_PAGE}&serviceName="
    );
    push(out, &group.service);
    out.extend_from_slice(b"&namespaceId=");
    push(out, &group.namespace);
    out.extend_from_slice(b"&clusterName=");
    push(out, &group.cluster);
    out.extend_from_slice(&heads.look);
}

fn push(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    if text.as_bytes().iter().all(plain) {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.extend_from_slice(encoded(text).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::subject::subjects;
    use super::super::subject::tests::snapshot;
    use super::*;
    use std::time::Duration;

    fn written(light: bool) -> String {
        let instance = r#"{"ip":"10.0.0.1","weight":0.5,"cluster":"C","metadata":{"a":"b c"}}"#;
        let found = subjects(&snapshot(&[instance]), Duration::from_secs(5));
        let mut out = Vec::new();
        beat(&found.groups[0], &found.kept[0], light, &Heads::new("n:1"), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rule_2_a_full_beat_carries_weight_cluster_and_metadata_in_the_query() {
        let text = written(false);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(body.is_empty() && head.contains("\r\nContent-Length: 0"));
        let query = head.split(' ').nth(1).unwrap().split_once('?').unwrap().1;
        let beat = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "beat");
        let beat: serde_json::Value = serde_json::from_str(&beat.unwrap().1).unwrap();
        assert_eq!(beat["weight"], 0.5);
        assert_eq!((&beat["cluster"], &beat["metadata"]["a"]), (&json!("C"), &json!("b c")));
        assert_eq!((&beat["ephemeral"], &beat["serviceName"]), (&json!(true), &json!("g@@s")));
    }

    #[test]
    fn rule_2_a_full_beat_says_what_the_last_look_found() {
        let instance = r#"{"ip":"10.0.0.1","weight":0.5,"metadata":{"a":"b"}}"#;
        let mut found = subjects(&snapshot(&[instance]), Duration::from_secs(5));
        let beat_now = |kept: &Kept| {
            let mut out = Vec::new();
            beat(&found.groups[0], kept, false, &Heads::new("n:1"), &mut out);
            let text = String::from_utf8(out).unwrap();
            let query = text.split(' ').nth(1).unwrap().split_once('?').unwrap().1.to_owned();
            let pairs = form_urlencoded::parse(query.as_bytes());
            let beat = pairs.into_iter().find(|(name, _)| name == "beat").unwrap().1;
            let beat: serde_json::Value = serde_json::from_str(&beat).unwrap();
            (beat["weight"].as_f64().unwrap(), beat["metadata"]["a"].as_str().unwrap().to_owned())
        };
        let kept = &mut found.kept[0];
        assert_eq!(beat_now(kept), (0.5, "b".to_owned()));
        kept.becomes(7.0, &[("a".to_owned(), "c".to_owned())].into());
        assert_eq!(beat_now(kept), (7.0, "c".to_owned()));
    }

    #[test]
    fn a_light_beat_names_the_instance_and_nothing_else() {
        assert!(written(true).starts_with(
            "PUT /nacos/v1/ns/instance/beat?serviceName=g%40%40s&namespaceId=public\
             &clusterName=C&ip=10.0.0.1&port=80 HTTP/1.1\r\nHost: n:1\r\n"
        ));
    }
}
