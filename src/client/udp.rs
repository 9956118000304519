//! The UDP socket of a subscriber: receives pushes, plain or gzip, and acknowledges them.
//!
//! A 1.x client asks for pushes with `udpPort` and `clientIP` on a list query; the server sends
//! again, once, what is not acknowledged within ten seconds (`push/ack-stops`, `push/resent-once`,
//! `push/gzip`).
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// The largest datagram there is.
const MAX_DATAGRAM_BYTES: usize = 65_536;
/// The largest packet that is unpacked, so that a small datagram cannot fill the memory.
const MAX_PACKET_BYTES: u64 = 64 * 1024 * 1024;

/// One datagram as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Datagram {
    /// Whether it was compressed.
    pub gzip: bool,
    /// The packet: `type`, `data` (on the wire a string of JSON) and `lastRefTime`.
    pub packet: Value,
    /// Who sent it, and waits for the ack.
    pub from: SocketAddr,
}

/// Why a datagram could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The socket failed, or a compressed datagram could not be unpacked.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The packet is not JSON.
    #[error("a datagram is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
}

/// A subscriber's socket on 127.0.0.1.
#[derive(Debug)]
pub struct Subscriber {
    socket: UdpSocket,
    port: u16,
}

impl Subscriber {
    /// Binds a free port.
    pub async fn bind() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port })
    }

    /// The port to send as `udpPort`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next datagram, or `None` when none comes within `limit`.
    pub async fn receive(&self, limit: Duration) -> Result<Option<Datagram>, PushError> {
        let mut buffer = vec![0; MAX_DATAGRAM_BYTES];
        match timeout(limit, self.socket.recv_from(&mut buffer)).await {
            Err(_) => Ok(None),
            Ok(received) => {
                let (length, from) = received?;
                let (gzip, packet) = unpack(&buffer[..length])?;
                Ok(Some(Datagram { gzip, packet, from }))
            }
        }
    }

    /// Acknowledges a datagram as the Java client does, with `lastRefTime` as a string.
    pub async fn ack(&self, datagram: &Datagram) -> io::Result<()> {
        let stamp = match &datagram.packet["lastRefTime"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let body = json!({"type": "push-ack", "lastRefTime": stamp, "data": ""});
        self.reply(datagram, body.to_string().as_bytes()).await
    }

    /// Sends `body` to the sender of a datagram.
    pub async fn reply(&self, datagram: &Datagram, body: &[u8]) -> io::Result<()> {
        self.socket.send_to(body, datagram.from).await.map(|_sent| ())
    }
}

/// Whether the bytes are compressed, and the packet in them.
fn unpack(bytes: &[u8]) -> Result<(bool, Value), PushError> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return Ok((false, serde_json::from_slice(bytes)?));
    }
    let mut plain = Vec::new();
    GzDecoder::new(bytes).take(MAX_PACKET_BYTES).read_to_end(&mut plain)?;
    Ok((true, serde_json::from_slice(&plain)?))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[tokio::test]
    async fn a_datagram_is_unpacked_and_acknowledged_to_its_sender() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let subscriber = Subscriber::bind().await.unwrap();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(br#"{"type":"dom","lastRefTime":5}"#).unwrap();
        let zipped = encoder.finish().unwrap();
        server.send_to(&zipped, ("127.0.0.1", subscriber.port())).await.unwrap();

        let datagram = subscriber.receive(Duration::from_secs(5)).await.unwrap().unwrap();
        assert!(datagram.gzip);
        assert_eq!(datagram.packet, json!({"type": "dom", "lastRefTime": 5}));

        subscriber.ack(&datagram).await.unwrap();
        let mut buffer = [0; 256];
        let (length, _) = server.recv_from(&mut buffer).await.unwrap();
        let ack: Value = serde_json::from_slice(&buffer[..length]).unwrap();
        assert_eq!(ack, json!({"type": "push-ack", "lastRefTime": "5", "data": ""}));
    }

    #[tokio::test]
    async fn silence_is_no_datagram() {
        let subscriber = Subscriber::bind().await.unwrap();
        assert_eq!(subscriber.receive(Duration::from_millis(1)).await.unwrap(), None);
    }
}
