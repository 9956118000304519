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
