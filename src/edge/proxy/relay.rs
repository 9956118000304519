//! Bytes from one port to the first registry that takes a connection, and back, unlooked at but for
//! the first that a client sends.

use crate::edge::http::{self, Shutdown};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Connections that pass at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 16_384;
/// How long a connection may take before the next registry is tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// So many of a client's first bytes are shown.
const SHOWN_BYTES: usize = 16 * 1024;

/// Looks at the beginning of a connection: who connects, and the first bytes so far. What it
/// returns is whether it has seen enough.
pub type Watch = Arc<dyn Fn(SocketAddr, &[u8]) -> bool + Send + Sync>;

/// From an HTTP port to the one of gRPC.
const GRPC_OFFSET: u16 = 1_000;

/// Passes the gRPC ports beside these HTTP ports on to those beside the registries', on a thread of
/// its own, until the shutdown. A port that is taken is said and left out.
///
/// # Errors
/// The system refuses a thread.
pub fn start(
    ports: &[SocketAddr],
    registries: &[String],
    watch: Watch,
    shutdown: &Shutdown,
) -> std::io::Result<Option<JoinHandle<()>>> {
    let remote: Arc<[String]> = registries.iter().filter_map(|to| beside(to)).collect();
    if remote.is_empty() {
        return Ok(None);
    }
    let listeners: Vec<_> = ports.iter().filter_map(listen_beside).collect();
    let shutdown = shutdown.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let relaying = move || {
        runtime.block_on(async {
            for listener in listeners {
                tokio::spawn(relay(listener, remote.clone(), watch.clone()));
            }
            shutdown.ended().await;
        });
    };
    std::thread::Builder::new().name("relay".into()).spawn(relaying).map(Some)
}

/// The address of gRPC beside one of HTTP.
fn beside(address: &str) -> Option<String> {
    let (host, port) = address.rsplit_once(':')?;
    Some(format!("{host}:{}", port.parse::<u16>().ok()?.checked_add(GRPC_OFFSET)?))
}

fn listen_beside(http: &SocketAddr) -> Option<std::net::TcpListener> {
    let address = SocketAddr::new(http.ip(), http.port().checked_add(GRPC_OFFSET)?);
    http::listen(address)
        .inspect_err(|error| tracing::warn!(%address, %error, "gRPC is not passed on"))
        .ok()
}

/// Passes every connection of the listener on, until the task that runs it is ended.
async fn relay(
    listener: std::net::TcpListener,
    registries: Arc<[String]>,
    watch: Watch,
) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let seat = Arc::clone(&seats).acquire_owned().await;
        let (client, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (registries, watch) = (Arc::clone(&registries), Arc::clone(&watch));
        tokio::spawn(async move {
            if let Err(error) = pass(client, peer, &registries, &watch).await {
                tracing::debug!(%error, %peer, "a connection ended");
            }
            drop(seat);
        });
    }
}

async fn pass(
    client: TcpStream,
    peer: SocketAddr,
    registries: &[String],
    watch: &Watch,
) -> std::io::Result<()> {
    let registry = connect(registries).await?;
    // Frames of gRPC are small, and each side waits for the other.
    client.set_nodelay(true)?;
    registry.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_registry, mut to_registry) = registry.into_split();
    let there = async {
        show_first(&mut from_client, &mut to_registry, peer, watch).await?;
        tokio::io::copy(&mut from_client, &mut to_registry).await?;
        to_registry.shutdown().await
    };
    let back = async {
        tokio::io::copy(&mut from_registry, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(there, back).map(|_| ())
}

async fn connect(registries: &[String]) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::other("there is no registry");
    for address in registries {
        match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = std::io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// Passes bytes on one by one and shows them from the beginning, until enough was seen.
async fn show_first(
    from: &mut tokio::net::tcp::OwnedReadHalf,
    to: &mut tokio::net::tcp::OwnedWriteHalf,
    peer: SocketAddr,
    watch: &Watch,
) -> std::io::Result<()> {
    let mut first = Vec::new();
    while first.len() < SHOWN_BYTES {
        let before = first.len();
        if from.read_buf(&mut first).await? == 0 {
            return Ok(());
        }
        to.write_all(&first[before..]).await?;
        if watch(peer, &first) {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, Shutdown as Half, TcpListener, TcpStream};
    use std::sync::Mutex;

    /// An address whose neighbour a thousand above is free, too.
    fn pair() -> (SocketAddr, TcpListener) {
        loop {
            let one = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = one.local_addr().unwrap();
            let above = address.port().checked_add(GRPC_OFFSET);
            if let Some(Ok(next)) = above.map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
            {
                return (address, next);
            }
        }
    }

    /// An address beside which the relay can listen.
    fn free() -> SocketAddr {
        pair().0
    }

    /// A registry that answers whatever comes, to its end, and then names itself.
    fn echo(name: &'static str) -> String {
        let (address, listener) = pair();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut said = Vec::new();
                stream.read_to_end(&mut said).unwrap();
                stream.write_all(&said).unwrap();
                stream.write_all(name.as_bytes()).unwrap();
            }
        });
        address.to_string()
    }

    fn nobody_looks() -> Watch {
        Arc::new(|_, _| true)
    }

    fn connect_beside(http: SocketAddr) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect((http.ip(), http.port() + GRPC_OFFSET))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(stream)
    }

    /// What comes back for so many bytes.
    fn say(http: SocketAddr, said: &[u8]) -> Vec<u8> {
        let mut stream = connect_beside(http).unwrap();
        stream.write_all(said).unwrap();
        stream.shutdown(Half::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    #[test]
    fn bytes_pass_both_ways_to_the_end_of_each_and_their_beginning_is_shown() {
        let (http, registry) = (free(), echo("!"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shown = seen.clone();
        let watch: Watch = Arc::new(move |_, first| {
            *shown.lock().unwrap() = first.to_vec();
            first.len() >= 3
        });
        let shutdown = Shutdown::default();
        let thread = start(&[http], &[registry], watch, &shutdown).unwrap();
        let said: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let answer = say(http, &said);
        assert_eq!(answer.len(), said.len() + 1);
        assert!(answer.starts_with(&said) && answer.ends_with(b"!"));
        assert!(said.starts_with(&seen.lock().unwrap()), "what is shown is what was sent");
        shutdown.end();
        http::join(thread, "relay");
        assert!(connect_beside(http).is_err(), "the port is free again");
    }

    #[test]
    fn the_next_registry_is_taken_where_the_first_does_not_listen() {
        let http = free();
        let registries = [free().to_string(), echo("second")];
        let shutdown = Shutdown::default();
        let thread = start(&[http], &registries, nobody_looks(), &shutdown).unwrap();
        assert_eq!(say(http, b"hello, "), b"hello, second");
        shutdown.end();
        http::join(thread, "relay");
    }

    #[test]
    fn where_no_registry_listens_a_connection_is_closed() {
        let http = free();
        let shutdown = Shutdown::default();
        let thread = start(&[http], &[free().to_string()], nobody_looks(), &shutdown).unwrap();
        let mut stream = connect_beside(http).unwrap();
        let mut nothing = Vec::new();
        // It ends or is reset, and nothing was said.
        let _ = stream.read_to_end(&mut nothing);
        assert_eq!(nothing, b"");
        shutdown.end();
        http::join(thread, "relay");
    }

    #[test]
    fn a_port_that_is_taken_is_left_out_and_the_others_are_served() {
        let ((taken, holder), http, registry) = (pair(), free(), echo("!"));
        let shutdown = Shutdown::default();
        let thread = start(&[taken, http], &[registry], nobody_looks(), &shutdown).unwrap();
        assert_eq!(say(http, b"a"), b"a!");
        drop(holder);
        shutdown.end();
        http::join(thread, "relay");
    }

    #[test]
    fn without_registries_nothing_listens() {
        let http = free();
        let thread = start(&[http], &[], nobody_looks(), &Shutdown::default()).unwrap();
        assert!(thread.is_none() && connect_beside(http).is_err());
    }
}
