//! What real servers forwarded, request by request (`peer-wire/*`): the client's request is known
//! from the calls that were made, and what came out must be what comes out here.

use super::*;
use crate::profile::Profile;
use crate::wire::BodyForm;

const AGENT: (&str, &str) = ("User-Agent", "Nacos-Java-Client:v1.2.1");
const FORM_TYPE: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8");
const PLAIN: (&str, &str) = ("Accept-Encoding", "identity");
const IDENTITY: &str = "serviceName=DEFAULT_GROUP%40%40wire.peer1&ip=10.1.1.1&port=8080&\
                        clusterName=DEFAULT&namespaceId=public";

fn forwarded(
    version: &str,
    method: &str,
    query: Option<&str>,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let quirks = Profile::nacos(version).unwrap().quirks;
    let kind = headers.iter().find(|(name, _)| *name == "Content-Type").map(|(_, kind)| *kind);
    let form = BodyForm::of(method, kind);
    let params = Params::read(query, body.as_bytes(), form, &quirks).unwrap();
    let original = Original {
        method,
        path: "/nacos/v1/ns/instance",
        query,
        headers,
        body: body.as_bytes(),
        is_form: form != BodyForm::None,
    };
    let ends = Ends { own: "h:1", to: "h:2", identity: Some(("serverIdentity", "security")) };
    String::from_utf8(request(&original, &params, ends, &quirks)).unwrap()
}

fn target(text: &str) -> &str {
    text.split(' ').nth(1).unwrap()
}

#[test]
fn the_oldest_server_passes_its_headers_and_the_query_on_and_no_form() {
    let headers = [AGENT, ("Client-Version", "1.2.1"), ("Host", "h:1"), FORM_TYPE];
    assert_eq!(
        forwarded("1.1.4", "PUT", Some(IDENTITY), &headers, "beat=%7B%7D"),
        format!(
            "PUT /nacos/v1/ns/instance?{IDENTITY} HTTP/1.1\r\n\
             user-agent: Nacos-Java-Client:v1.2.1\r\nclient-version: 1.2.1\r\n\
             content-type: application/x-www-form-urlencoded;charset=UTF-8\r\n\
             Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\n\
             Accept-Charset: UTF-8\r\nClient-Version: 1.1.4\r\nUser-Agent: Nacos-Server:1.1.4\r\n\
             Host: h:2\r\nAccept: text/html, image/gif, image/jpeg, */*; q=0.2\r\n\
             Connection: keep-alive\r\n\r\n"
        )
    );
}

#[test]
fn without_a_query_the_form_becomes_one_in_the_order_of_a_hash_map() {
    let form = "serviceName=DEFAULT_GROUP%40%40wire.peer1&ip=10.1.1.1&port=8080&\
                clusterName=DEFAULT&namespaceId=public&weight=2&enabled=true";
    for version in ["1.1.4", "1.2.1"] {
        assert_eq!(
            target(&forwarded(version, "PUT", None, &[PLAIN, FORM_TYPE], form)),
            "/nacos/v1/ns/instance?port=8080&namespaceId=public&nofix=1&ip=10.1.1.1&\
             clusterName=DEFAULT&weight=2&serviceName=DEFAULT_GROUP%40%40wire.peer1&\
             encoding=UTF-8&enabled=true&"
        );
    }
}

#[test]
fn from_1_2_1_on_the_beat_of_the_body_reaches_the_owner() {
    assert_eq!(
        target(&forwarded("1.2.1", "PUT", Some(IDENTITY), &[AGENT, FORM_TYPE], "beat=%7B%7D")),
        "/nacos/v1/ns/instance?port=8080&namespaceId=public&nofix=1&ip=10.1.1.1&\
         clusterName=DEFAULT&beat=%7B%7D&serviceName=DEFAULT_GROUP%40%40wire.peer1&\
         encoding=UTF-8&"
    );
}

#[test]
fn blank_values_vanish_on_1_x_and_stay_on_2_x() {
    let form = "cluster=&port=8082&ip=10.1.1.1&weight=&serviceName=wire.peer";
    let one = forwarded("1.1.4", "POST", None, &[FORM_TYPE_OF_TOMCAT], form);
    assert!(!one.contains("weight") && !one.contains("cluster"), "{one}");
    assert_eq!(
        target(&forwarded("2.0.2", "POST", None, &[FORM_TYPE_OF_TOMCAT], form)),
        "/nacos/v1/ns/instance?cluster=&port=8082&ip=10.1.1.1&weight=&\
         serviceName=DEFAULT_GROUP%40%40wire.peer&encoding=UTF-8&nofix=1"
    );
}

const FORM_TYPE_OF_TOMCAT: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[test]
fn the_newest_server_sorts_its_headers_and_takes_the_agent_s_place() {
    let headers = [
        ("Host", "h:1"),
        ("User-Agent", "Nacos-Java-Client:v1.2.1"),
        ("Client-Version", "1.2.1"),
        ("Accept-Encoding", "gzip,deflate,sdch"),
        ("RequestId", "1"),
        ("Request-Module", "Naming"),
        ("Content-Length", "7"),
        ("Content-Type", "application/json"),
    ];
    let text = forwarded("2.0.2", "POST", Some("ip=10.1.1.1&port=1"), &headers, "{\"a\":1}");
    assert_eq!(
        text,
        "POST /nacos/v1/ns/instance?port=1&ip=10.1.1.1&encoding=UTF-8&nofix=1 HTTP/1.1\r\n\
         Accept-Charset: UTF-8\r\naccept-encoding: gzip,deflate,sdch\r\nclient-version: 2.0.2\r\n\
         Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\nhost: h:1\r\n\
         request-module: Naming\r\nRequest-Source: h:1\r\nrequestid: 1\r\n\
         serverIdentity: security\r\nuser-agent: Nacos-Server:2.0.2\r\nConnection: Keep-Alive\r\n\
         Content-Length: 7\r\n\r\n{\"a\":1}"
    );
}

#[test]
fn a_form_that_deletes_is_promised_by_the_newest_server_and_not_sent() {
    let headers = [PLAIN, ("Content-Length", "5"), FORM_TYPE];
    let text = forwarded("2.0.2", "DELETE", None, &headers, "ip=1a");
    assert!(text.contains("\r\ncontent-length: 5\r\nContent-Type: "), "{text}");
    assert!(text.ends_with("\r\nConnection: Keep-Alive\r\n\r\n"), "{text}");
}
