//! Whatever arrives however it is cut: the same answers, or a page and the end.

use super::{Reply, Server, get};
use proptest::prelude::*;
use std::io::Write;
use std::sync::LazyLock;

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

/// Requests of every framing, the last of which ends the connection.
fn conversation() -> (Vec<u8>, usize) {
    let head = "POST /a?b=%7B HTTP/1.1\r\nHost: x\r\n";
    let requests = [
        get("/object", ""),
        format!("{head}Content-Length: 5\r\n\r\nab\r\nc"),
        format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n3;e\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"
        ),
        "\r\nGET  http://x/later?y HTTP/1.1\nHost: x\n\n".to_owned(),
        "HEAD /empty HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /text HTTP/1.0\r\n\r\n".to_owned(),
    ];
    (requests.concat().into_bytes(), requests.len())
}

/// Sends pieces one after the other and reads every answer until the connection ends.
fn replies(pieces: &[&[u8]], count: usize) -> Vec<Reply> {
    let mut client = SERVER.connect();
    for piece in pieces {
        client.send(piece);
        // Gives the server the chance to read the piece alone.
        std::thread::yield_now();
    }
    let methods = ["GET", "GET", "GET", "GET", "HEAD", "GET"];
    let replies = methods[..count].iter().map(|method| client.reply_to(method).timeless());
    let replies = replies.collect();
    assert!(client.is_closed());
    replies
}

#[test]
fn a_conversation_cut_at_any_byte_gets_the_same_answers() {
    let (bytes, count) = conversation();
    let expected = replies(&[&bytes], count);
    assert_eq!(
        expected.iter().map(|reply| reply.status).collect::<Vec<_>>(),
        [200, 200, 200, 200, 401, 200]
    );
    for cut in 1..bytes.len() {
        let (front, back) = bytes.split_at(cut);
        assert_eq!(replies(&[front, back], count), expected, "cut at {cut}");
    }
}

#[test]
fn a_conversation_sent_byte_by_byte_gets_the_same_answers() {
    let (bytes, count) = conversation();
    let pieces: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(replies(&pieces, count), replies(&[&bytes], count));
}

/// Bytes that often look like a piece of HTTP.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just(b"GET / HTTP/1.1\r\n".to_vec()),
        Just(b"POST /length HTTP/1.1\r\nHost: x\r\n".to_vec()),
        Just(b"Host: x\r\n".to_vec()),
        Just(b"Content-Length: 7\r\n".to_vec()),
        Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
        Just(b"Expect: 100-continue\r\n".to_vec()),
        Just(b"Connection: close\r\n".to_vec()),
        Just(b"3\r\nabc\r\n".to_vec()),
        Just(b"0\r\n\r\n".to_vec()),
        Just(b"\r\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn anything_cut_anywhere_is_answered_well_or_closed(
        bytes in soup(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut client = SERVER.connect();
        let (front, back) = bytes.split_at(cut.index(bytes.len() + 1));
        // The server may close at the first piece.
        if client.stream.write_all(front).is_ok() {
            std::thread::yield_now();
            let _ = client.stream.write_all(back);
        }
        let _ = client.stream.shutdown(std::net::Shutdown::Write);
        while !client.is_closed() {
            let status = client.reply().status;
            prop_assert!([100, 200, 400, 413, 417, 501, 505].contains(&status), "{status}");
        }
        prop_assert_eq!(SERVER.ask(get("/text", "")).body, "ok");
    }
}
