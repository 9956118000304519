//! Ports that somebody else may still hold: the server that is being stopped while another one is
//! started in its place.

use super::server::listen;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

/// How often a port that is taken is tried again.
const TRY_EVERY: Duration = Duration::from_millis(2);

/// A port that can not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub source: std::io::Error,
}

impl ListenError {
    /// Whether somebody else listens there.
    pub fn is_taken(&self) -> bool {
        self.source.kind() == ErrorKind::AddrInUse
    }
}

/// Listens on every address; one that is taken is tried again for so long, all together.
///
/// # Errors
/// One of them stays taken, or can not be listened on at all.
pub fn take_over(
    addresses: &[SocketAddr],
    wait: Duration,
) -> Result<Vec<TcpListener>, ListenError> {
    let end = Instant::now() + wait;
    addresses.iter().map(|address| take(*address, end)).collect()
}

fn take(address: SocketAddr, end: Instant) -> Result<TcpListener, ListenError> {
    loop {
        let error = match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(source) => ListenError { address, source },
        };
        if !error.is_taken() || Instant::now() >= end {
            return Err(error);
        }
        std::thread::sleep(TRY_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_had_as_soon_as_its_holder_is_gone() {
        let holder = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = holder.local_addr().unwrap();
        let taken = take_over(&[address], Duration::ZERO).unwrap_err();
        assert!(taken.is_taken());
        assert!(taken.to_string().starts_with(&format!("cannot listen on {address}: ")));
        let waiting =
            std::thread::spawn(move || take_over(&[address], Duration::from_secs(20)).is_ok());
        drop(holder);
        assert!(waiting.join().unwrap());
    }
}
