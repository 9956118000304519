//! A listener that takes and drops connections: what a TCP health check finds alive.
//!
//! Persistent instances are probed by connecting (`timing/persistent-reachable`); closing the
//! listener makes the next probe fail.
use std::io;
use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A live instance on 127.0.0.1, until it is closed or dropped.
#[derive(Debug)]
pub struct LiveListener {
    port: u16,
    accepting: JoinHandle<()>,
}

impl LiveListener {
    /// Listens on a free port.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let accepting = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        Ok(Self { port, accepting })
    }

    /// The port that answers.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops listening; when this returns, connections are refused.
    pub async fn close(mut self) {
        self.accepting.abort();
        // Cancelled is what was asked for, and the socket is closed by then.
        let _cancelled = (&mut self.accepting).await;
    }
}

impl Drop for LiveListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn connections_are_taken_until_it_closes() {
        let listener = LiveListener::open().await.unwrap();
        let address = ("127.0.0.1", listener.port());
        assert!(TcpStream::connect(address).await.is_ok());
        listener.close().await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}
