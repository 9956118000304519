//! The TCP connection under a link: where it comes from, when the server closed it, and how to
//! reset it.

use std::io::{self, Read as _};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

/// A socket that notes when the server closed it.
#[derive(Debug)]
pub struct WatchedSocket {
    stream: TcpStream,
    closed: Arc<AtomicBool>,
}

/// The handle by which a link ends its socket.
#[derive(Debug)]
pub struct Handle {
    socket: std::net::TcpStream,
    closed: Arc<AtomicBool>,
    local: SocketAddr,
}

/// Connects, from a chosen address if there is one.
pub async fn connect(to: SocketAddr, from: Option<IpAddr>) -> io::Result<(WatchedSocket, Handle)> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    let stream = stream.into_std()?;
    let handle = stream.try_clone()?;
    let closed = Arc::new(AtomicBool::new(false));
    let watched = WatchedSocket { stream: TcpStream::from_std(stream)?, closed: closed.clone() };
    Ok((watched, Handle { socket: handle, closed, local }))
}

impl Handle {
    /// The link's end of the connection.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether the server was seen to close the connection.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Reads to the end of what has come, for when nobody else reads any more, and says whether
    /// the server closed the connection there.
    pub fn reads_to_close(&self) -> bool {
        let mut room = [0; 1024];
        loop {
            match (&self.socket).read(&mut room) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
    }

    /// Makes the close of the socket a reset.
    pub fn reset_on_close(&self) -> io::Result<()> {
        socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO))
    }
}

impl AsyncRead for WatchedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let ended = match &polled {
            Poll::Ready(Ok(())) => buffer.filled().len() == before && buffer.remaining() > 0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if ended {
            self.closed.store(true, Ordering::Release);
        }
        polled
    }
}

impl AsyncWrite for WatchedSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
