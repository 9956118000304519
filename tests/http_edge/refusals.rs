//! What Tomcat's connector refuses before anybody else sees it.

use super::{Server, get};

/// A refusal, its page, and the end of the connection.
fn refused(server: &Server, bytes: &[u8], status: u16) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let mut client = server.connect();
    client.send(bytes);
    let reply = client.reply();
    assert_eq!(reply.status, status, "{shown}");
    assert_eq!(reply.header("Content-Type"), Some("text/html;charset=utf-8"), "{shown}");
    assert_eq!(reply.header("Connection"), Some("close"), "{shown}");
    assert!(reply.body.contains(&format!("<h1>HTTP Status {status} – ")), "{}", reply.body);
    assert!(client.is_closed(), "{shown}");
}

#[test]
fn raw_characters_in_a_target_are_bad_requests() {
    let server = Server::start();
    for byte in b"{}\"|^\\<>[]`# \x00\x01\t\x7f\x80\xe4\xff" {
        let bytes = [b"GET /text?x=", &[*byte][..], b"y HTTP/1.1\r\nHost: x\r\n\r\n"].concat();
        refused(&server, &bytes, 400);
    }
    refused(&server, b"GET /a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    refused(&server, b"GET /../b HTTP/1.1\r\nHost: x\r\n\r\n", 400);
}

#[test]
fn the_page_is_the_recorded_one() {
    let reply = Server::start().ask("GET /{ HTTP/1.1\r\nHost: x\r\n\r\n");
    let transcript = include_str!("../../fixtures/transcripts/instance/raw-query-characters.json");
    let transcript: serde_json::Value = serde_json::from_str(transcript).unwrap();
    assert_eq!(transcript["steps"][0]["response"]["2.0.2"]["text"], reply.body);
    assert_eq!(reply.header("Content-Language"), Some("en"));
}

#[test]
fn every_request_of_http_11_names_one_host() {
    let server = Server::start();
    for head in [
        "GET /text HTTP/1.1\r\n\r\n",
        "GET /text HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET /text HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET /text HTTP/1.1\r\nHost: nacos_server\r\n\r\n",
        "GET /text HTTP/1.1\r\nHost: x:port\r\n\r\n",
        "GET http://y/text HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        refused(&server, head.as_bytes(), 400);
    }
    assert_eq!(server.ask("GET /text HTTP/1.1\r\nHost:\r\n\r\n").status, 200);
    assert_eq!(server.ask("GET http://x/text HTTP/1.1\r\nHost: x\r\n\r\n").body, "ok");
    assert_eq!(server.ask("GET http://y/text HTTP/1.0\r\n\r\n").body, "ok");
}

#[test]
fn lengths_and_encodings_that_make_no_sense_are_refused() {
    let server = Server::start();
    for (headers, status) in [
        ("Content-Length: x", 400),
        ("Content-Length: -1", 400),
        ("Content-Length: +1", 400),
        ("Content-Length:", 400),
        ("Content-Length: 1, 1", 400),
        ("Content-Length: 99999999999999999999", 400),
        ("Content-Length: 1\r\nContent-Length: 1", 400),
        ("Transfer-Encoding: gzip", 501),
        ("Transfer-Encoding: chunked, x", 501),
        ("Expect: a miracle", 417),
        ("Content-Length: 17000000", 413),
        ("Transfer-Encoding: chunked\r\n\r\nno size", 400),
        ("A b: c", 400),
        (": c", 400),
        ("A: b\x01", 400),
    ] {
        let head = format!("POST /length HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n");
        refused(&server, head.as_bytes(), status);
    }
}

#[test]
fn a_head_has_bounds() {
    let server = Server::start();
    refused(&server, get(&format!("/?{}", "x".repeat(530_000)), "").as_bytes(), 400);
    refused(&server, get("/", &format!("A: {}\r\n", "x".repeat(530_000))).as_bytes(), 400);
    refused(&server, get("/", &"A: b\r\n".repeat(100)).as_bytes(), 400);
    let target = format!("/long?{}", "x".repeat(500_000));
    assert!(server.ask(get(&target, "")).body.contains(&target));
    assert_eq!(server.ask(get("/text", &"A: b\r\n".repeat(99))).status, 200);
}

#[test]
fn versions_and_lines_that_nobody_speaks_are_refused() {
    let server = Server::start();
    refused(&server, b"GET /text HTTP/1.2\r\nHost: x\r\n\r\n", 505);
    refused(&server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    refused(&server, b"GET /text\r\n", 400);
    refused(&server, b"GET text HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    refused(&server, b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    refused(&server, b"\x16\x03\x01\x02\x00\x01\x00", 400);
}

#[test]
fn options_of_the_whole_server_are_its_methods() {
    let reply = Server::start().ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!((reply.status, reply.header("Content-Length")), (200, Some("0")));
    assert_eq!(reply.header("Allow"), Some("GET, HEAD, POST, PUT, DELETE, OPTIONS"));
}

#[test]
fn a_refused_head_has_no_body_and_what_follows_is_not_read() {
    let server = Server::start();
    let mut client = server.connect();
    client.send("HEAD /{ HTTP/1.1\r\nHost: x\r\n\r\n".to_owned() + &get("/text", ""));
    assert_eq!(client.reply_to("HEAD").status, 400);
    assert!(client.is_closed());
}
