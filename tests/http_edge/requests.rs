//! What reaches the handler.

use super::{Server, get};

#[test]
fn any_method_and_the_raw_target_arrive() {
    let server = Server::start();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "FROB", "get"] {
        let head = format!("{method} //a;b/%7B?c=%zz&d=+& HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(server.ask(head).body, format!("{method} //a;b/%7B?c=%zz&d=+& 1.1 - "));
    }
}

#[test]
fn headers_are_found_whatever_their_capitals() {
    let reply = Server::start().ask(get("/a", "uSeR-aGeNt:  Nacos-Java-Client:v1.1.4 \r\n"));
    assert_eq!(reply.body, "GET /a 1.1 Nacos-Java-Client:v1.1.4 ");
}

#[test]
fn blank_lines_in_front_and_bare_line_feeds_are_taken() {
    let server = Server::start();
    let mut client = server.connect();
    client.send("\r\n\n\r\nGET  /a  HTTP/1.1\nHost: x\n\n");
    assert_eq!(client.reply().body, "GET /a 1.1 - ");
    client.send("\r\n");
    client.send(get("/b", ""));
    assert_eq!(client.reply().body, "GET /b 1.1 - ");
}

#[test]
fn bodies_arrive_by_length_and_in_chunks_whatever_their_encoding_claims() {
    let server = Server::start();
    let mut client = server.connect();
    let head = "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n";
    client.send(format!("{head}Content-Length: 5\r\n\r\nplain"));
    assert_eq!(client.reply().body, "PUT /a 1.1 - plain");
    client.send(format!("{head}Transfer-Encoding: Chunked\r\n\r\n2;x\r\npl\r\n3\r\nain\r\n0\r\n"));
    client.send(format!("T: v\r\n\r\n{}", get("/b", "")));
    assert_eq!(client.reply().body, "PUT /a 1.1 - plain");
    assert_eq!(client.reply().body, "GET /b 1.1 - ");
    client.send("GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx");
    assert_eq!(client.reply().body, "GET /a 1.0 - x");
}

#[test]
fn a_body_announced_in_two_ways_is_the_last_of_its_connection() {
    let server = Server::start();
    let mut client = server.connect();
    let both = "Content-Length: 3\r\nTransfer-Encoding: chunked";
    client.send(format!("POST /a HTTP/1.1\r\nHost: x\r\n{both}\r\n\r\n1\r\nx\r\n0\r\n\r\n"));
    client.send(get("/b", ""));
    let reply = client.reply();
    assert_eq!(
        (reply.body.as_str(), reply.header("Connection")),
        ("POST /a 1.1 - x", Some("close"))
    );
    assert!(client.is_closed());
}

#[test]
fn a_large_body_arrives_whole() {
    let server = Server::start();
    let mut client = server.connect();
    let body = "x".repeat(3_000_000);
    client.send(format!(
        "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    client.send(&body);
    assert_eq!(client.reply().body, "3000000");
    client.send("POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..1_000 {
        client.send(format!("{:X}\r\n{}\r\n", 3_000, &body[..3_000]));
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.reply().body, "3000000");
}

#[test]
fn a_client_that_waits_for_100_gets_it_once() {
    let server = Server::start();
    let framings =
        [("Content-Length: 2", "ok"), ("Transfer-Encoding: chunked", "2\r\nok\r\n0\r\n\r\n")];
    for (framing, body) in framings {
        let mut client = server.connect();
        let head =
            format!("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n{framing}\r\n\r\n");
        client.send(&head);
        assert_eq!(client.reply().status, 100);
        for byte in body.as_bytes() {
            client.send([*byte]);
        }
        assert_eq!(client.reply().body, "POST /a 1.1 - ok");
        client.send(head + body);
        let reply = client.reply();
        assert_eq!(reply.body, "POST /a 1.1 - ok", "the body came without waiting");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order_late_answers_among_them() {
    let server = Server::start();
    let mut client = server.connect();
    let mut requests = String::new();
    for number in 0..200 {
        let path = if number % 3 == 0 { "later" } else { "echo" };
        requests += &get(&format!("/{path}?{number}"), "");
    }
    client.send(requests);
    for number in 0..200 {
        let late = number % 3 == 0;
        let expected = if late { number.to_string() } else { format!("GET /echo?{number} 1.1 - ") };
        assert_eq!(client.reply().body, expected);
    }
}

#[test]
fn a_half_closed_connection_is_answered() {
    let server = Server::start();
    for path in ["/text", "/later?ok"] {
        let mut client = server.connect();
        client.send(get(path, ""));
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(client.reply().body, "ok");
        assert!(client.is_closed());
    }
}
