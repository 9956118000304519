//! A connection for a probe, and which failure to connect means what.

use super::TIMEOUT;
use crate::registry::ProbeOutcome;
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Connects within the time limit, or says what the failure counts as.
///
/// Only a refusal is hard: Java has `ConnectException` for it alone. A time-out, an unreachable
/// network, a name that does not resolve and a port that no socket has (`InetSocketAddress` throws
/// `IllegalArgumentException`) are errors like any other, which count.
pub(super) async fn connect(host: &str, port: i32) -> Result<TcpStream, ProbeOutcome> {
    let port = u16::try_from(port).map_err(|_| ProbeOutcome::SoftFailure)?;
    let connecting = async { TcpStream::connect(resolve(host, port).await?).await };
    match timeout(TIMEOUT, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
            Err(ProbeOutcome::HardFailure)
        }
        Ok(Err(_)) | Err(_) => Err(ProbeOutcome::SoftFailure),
    }
}

/// The one address that Java would take: the first, IPv4 before IPv6.
async fn resolve(host: &str, port: u16) -> Result<SocketAddr, Error> {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = literal.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, port));
    }
    let addresses: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    let first = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    first.copied().ok_or_else(|| Error::new(ErrorKind::NotFound, "the name has no address"))
}
