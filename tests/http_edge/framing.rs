//! How answers are framed and when connections end.

use super::{Server, get};

#[test]
fn a_text_has_a_length_and_tomcats_headers_alone() {
    let reply = Server::start().ask(get("/text", ""));
    assert_eq!((reply.status, reply.body.as_str()), (200, "ok"));
    assert_eq!(reply.names(), ["Content-Type", "Content-Length", "Date"]);
    assert_eq!(reply.header("Content-Length"), Some("2"));
    assert!(reply.header("Date").is_some_and(|date| date.len() == 29 && date.ends_with(" GMT")));
}

#[test]
fn an_object_is_chunked_and_its_parts_are_one_chunk() {
    let server = Server::start();
    let mut client = server.connect();
    client.send(get("/parts", "") + &get("/object", "Connection: close\r\n"));
    let reply = client.reply();
    assert_eq!(reply.names(), ["Content-Type", "Transfer-Encoding", "Date"]);
    assert_eq!(reply.body, "{\"a\":1}");
    while client.more() {}
    let raw = String::from_utf8_lossy(&client.bytes).into_owned();
    assert!(raw.ends_with("Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), "{raw}");
}

#[test]
fn a_connection_is_kept_on_http_11_and_ends_when_asked() {
    let server = Server::start();
    let mut client = server.connect();
    for _ in 0..3 {
        client.send(get("/text", ""));
        assert_eq!(client.reply().header("Connection"), None);
    }
    for asked in ["close", "Close", "keep-alive, close", "close\r\nConnection: keep-alive"] {
        let mut client = server.connect();
        client.send(get("/text", &format!("Connection: {asked}\r\n")));
        let reply = client.reply();
        assert_eq!(reply.header("Connection"), Some("close"), "{asked}");
        assert_eq!(reply.header("Keep-Alive"), None, "{asked}");
        assert!(client.is_closed(), "{asked}");
    }
}

#[test]
fn a_handlers_keep_alive_is_told_to_those_who_ask() {
    let reply = Server::start().ask(get("/text", "Connection: keep-alive\r\n"));
    assert_eq!(reply.header("Connection"), Some("keep-alive"));
    assert_eq!(reply.header("Keep-Alive"), Some("timeout=60"));
}

#[test]
fn http_10_closes_unless_asked_and_always_behind_an_object() {
    let server = Server::start();
    for (path, headers, connection) in [
        ("/text", "", "close"),
        ("/text", "Connection: keep-alive\r\n", "keep-alive"),
        ("/object", "", "close"),
        ("/object", "Connection: keep-alive\r\n", "close"),
    ] {
        let mut client = server.connect();
        client.send(format!("GET {path} HTTP/1.0\r\n{headers}\r\n"));
        let reply = client.reply();
        assert_eq!(reply.header("Connection"), Some(connection), "{path} {headers}");
        assert_eq!(reply.header("Transfer-Encoding"), None);
        assert_eq!(reply.body, if path == "/text" { "ok" } else { "{}" });
        if connection == "close" {
            assert!(client.is_closed());
        } else {
            client.send("GET /object HTTP/1.0\r\n\r\n");
            assert_eq!(client.reply().body, "{}");
        }
    }
}

#[test]
fn some_statuses_end_the_connection() {
    let server = Server::start();
    for status in [400, 408, 411, 413, 414, 500, 501, 503] {
        let mut client = server.connect();
        client.send(get(&format!("/status?{status}"), "Connection: keep-alive\r\n"));
        let reply = client.reply();
        assert_eq!((reply.status, reply.header("Connection")), (status, Some("close")));
        assert!(client.is_closed(), "{status}");
    }
    let mut client = server.connect();
    for status in [200, 401, 403, 404, 405, 406, 502, 504] {
        client.send(get(&format!("/status?{status}"), ""));
        let reply = client.reply();
        assert_eq!((reply.status, reply.header("Connection")), (status, None));
    }
}

#[test]
fn head_and_statuses_without_a_body_have_none() {
    let server = Server::start();
    let mut client = server.connect();
    let ask = |path: &str| format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    client.send(ask("/text") + &ask("/object") + &get("/status?204", "") + &get("/text", ""));
    assert_eq!(client.reply_to("HEAD").header("Content-Length"), Some("2"));
    assert_eq!(client.reply_to("HEAD").names(), ["Content-Type", "Date"]);
    assert_eq!(client.reply_to("HEAD").status, 204);
    assert_eq!(client.reply().body, "ok");
}

#[test]
fn an_answer_without_a_body_says_so() {
    let reply = Server::start().ask(get("/empty", ""));
    assert_eq!(reply.status, 401);
    assert_eq!(reply.names(), ["Content-Length", "Date"]);
}

#[test]
fn a_panicking_handler_is_answered_500_and_the_server_lives_on() {
    let server = Server::start();
    for path in ["/panic", "/panic-later"] {
        let mut client = server.connect();
        client.send(get(path, ""));
        let reply = client.reply();
        assert_eq!((reply.status, reply.body.as_str()), (500, ""));
        assert!(client.is_closed());
        assert_eq!(server.ask(get("/text", "")).status, 200);
    }
}
