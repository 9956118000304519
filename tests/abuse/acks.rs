//! Garbage on the socket of pushes.

use super::{Server, VERSIONS};
use std::net::UdpSocket;
use std::time::Duration;

#[test]
fn garbage_is_counted_and_the_ack_among_it_is_found() {
    for version in VERSIONS {
        let server = Server::start(version);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let port = socket.local_addr().unwrap().port();
        let register = "/nacos/v1/ns/instance?serviceName=noisy&ip=10.0.0.1&port=80";
        assert_eq!(server.ask("POST", register, "", b"").0, 200);
        let agent = "User-Agent: Nacos-Java-Client:v1.1.4\r\n";
        let list = format!("/nacos/v1/ns/instance/list?serviceName=noisy&udpPort={port}");
        assert_eq!(server.ask("GET", &list, agent, b"").0, 200);
        assert_eq!(server.ask("POST", register, "", b"").0, 200);
        server.advance(Duration::from_millis(1_200));
        let mut room = [0; 65_536];
        let (length, from) = socket.recv_from(&mut room).expect("a push comes within the delay");
        let push: serde_json::Value = serde_json::from_slice(&room[..length]).unwrap();
        let pushed = server.metric("facos_pushes_waiting");
        assert!(pushed >= 1, "{version}");
        for garbage in [&b""[..], b"{", b"\xff\x00", b"{\"type\":\"push-ack\"}", &[b'['; 60_000]] {
            for _ in 0..20 {
                // The datagrams of one socket arrive in order, so the ack is read behind them.
                socket.send_to(garbage, from).unwrap();
            }
            server.advance(Duration::from_millis(1));
        }
        let ack = format!(r#"{{"type":"push-ack","lastRefTime":"{}"}}"#, push["lastRefTime"]);
        socket.send_to(ack.as_bytes(), from).unwrap();
        server.advance(Duration::from_millis(1));
        let mut acked = 0;
        for _ in 0..1_000 {
            acked = server.metric("facos_pushes_total{node=\"0\",operation=\"ack\"");
            if acked == 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(acked, 1, "{version}");
        let stray = server.metric("facos_stray_acks_total");
        assert!(stray >= 80, "{version}: {stray} of 100 pieces of garbage were counted");
    }
}
